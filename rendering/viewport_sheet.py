"""A viewport's image as something that is placed: its size, its millimetres, and where its breast lies."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from rendering.breast import find_breast
from rendering.header import FrameFacts, ImageHeader
from rendering.images import NotYet, SeriesImages
from rendering.pixels import is_inverse, modality_values, padding_values
from workstation.domain.breast import Breast, Sheet
from workstation.domain.breast_side import is_along_the_body
from workstation.errors import Refused

# Where the chest wall lies when rows run this way (PatientOrientation's first value, PS3.3 C.7.6.1.1.1).
_WALLS = {"A": "left", "P": "right"}
# Rows that run less than this (a cosine) to front or back tell no chest wall.
LEAST = 0.5


class Sheets:
    """Of one `SeriesImages`. What was found in an image is kept: it is asked for with every change of the viewport."""

    def __init__(self, images: SeriesImages) -> None:
        self._images = images
        self._found: dict[str, Breast | None] = {}

    def sheet(self, position: int) -> Sheet:
        """The image that the frame at `position` is of. A tomosynthesis is told by the frame in its middle."""
        header, facts = self._images.header(position), self._images.facts(position)
        waiting = header.sop_instance_uid not in self._found and not self._find(position)
        breast = self._found.get(header.sop_instance_uid)
        codes = next((values for keyword, values in header.attributes if keyword == "ViewCodeSequence"), ())
        along = is_along_the_body(codes, header.view_position)
        size, lengths = (header.columns, header.rows), (facts.spacing, facts.spacing_source)
        return Sheet(header.sop_instance_uid, *size, *lengths, breast, waiting, along)

    def _find(self, position: int) -> bool:
        """False while the pixels are on their way."""
        header = self._images.header(position)
        middle = self._images.position_of(header.sop_instance_uid, header.frames // 2 + 1)
        try:
            found = self._looked_at(position if middle is None else middle)
        except NotYet:
            return False
        except Refused:
            found = None
        self._found[header.sop_instance_uid] = found
        return True

    def _looked_at(self, position: int) -> Breast | None:
        header, frame = self._images.header(position), self._images.frame(position)
        if header.is_colour:
            return None

        def as_values(stored: NDArray[Any]) -> NDArray[Any]:
            return modality_values(stored, header, frame).values

        stored, padding = self._images.container(position), padding_values(header, frame)
        expected = _expected(header, self._images.facts(position))
        return find_breast(stored, expected, not is_inverse(header), padding, as_values)


def _expected(header: ImageHeader, facts: FrameFacts) -> str:
    """The side of the chest wall by PatientOrientation, of a tomosynthesis by the direction of its rows in the patient."""
    if header.patient_orientation:
        return _WALLS.get(header.patient_orientation[0][:1], "")
    if facts.plane is None:
        return ""
    towards_the_back = facts.plane.row_direction[1]
    return "" if abs(towards_the_back) < LEAST else "right" if towards_the_back > 0.0 else "left"
