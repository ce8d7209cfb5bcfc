"""Where breasts lie in images, kept by the images' bytes: found when an image is decoded ahead, at once when it is hung."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

from rendering.breast import find_breast
from rendering.breast_notes import note_of, noted
from rendering.header import FrameFacts, ImageHeader
from rendering.latest import Latest
from rendering.pixels import is_inverse, modality_values, padding_values
from rendering.series_frames import SeriesFrames
from workstation.domain.breast import Breast

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Images of which it is known: those of some hundred examinations, a few kilobytes each.
KEPT = 1024
# Where the chest wall lies when rows run this way (PatientOrientation's first value, PS3.3 C.7.6.1.1.1).
_WALLS = {"A": "left", "P": "right"}
# Rows that run less than this (a cosine) to front or back tell no chest wall.
LEAST = 0.5
_KNOWN: Latest[Breast | None] = Latest(KEPT)


def looked_at_frame(header: ImageHeader) -> int:
    """The frame (0-based) that an image is told by: of a tomosynthesis the one in its middle."""
    return header.frames // 2


def look_ahead(frames: SeriesFrames, position: int, stored: NDArray[Any], notes: dict[str, Any]) -> None:
    """A frame was decoded in the background: of a mammogram its breast is found now, and noted by position."""
    header = frames.header(position)
    if header.modality == "MG" and frames.frame(position) == looked_at_frame(header):
        notes[str(position)] = note_of(breast_in(frames, position, lambda: stored))


def known_breast(frames: SeriesFrames, position: int, notes: Mapping[str, Any]) -> tuple[Breast | None] | None:
    """What was found in a frame before: since the program runs, or earlier, as `notes` say; None where nobody looked."""

    def from_notes() -> Breast | None:
        found = noted(notes, position)
        if found is None:
            raise LookupError
        return found[0]

    try:
        is_kept = bool(frames.instance(position).sha256)
        return (_KNOWN.get(_key(frames, position), from_notes) if is_kept else from_notes(),)
    except LookupError:
        return None


def breast_in(frames: SeriesFrames, position: int, stored: Callable[[], NDArray[Any]]) -> Breast | None:
    """Where the breast lies in a frame, decoded by `stored`; None of a colour image, and where nothing is certain.

    Raises what `stored` raises.
    """
    header, frame = frames.header(position), frames.frame(position)

    def find() -> Breast | None:
        if header.is_colour:
            return None

        def as_values(part: NDArray[Any]) -> NDArray[Any]:
            return modality_values(part, header, frame).values

        padding, expected = padding_values(header, frame), _expected(header, frames.facts(position))
        return find_breast(stored(), expected, not is_inverse(header), padding, as_values)

    return _KNOWN.get(_key(frames, position), find) if frames.instance(position).sha256 else find()


def _key(frames: SeriesFrames, position: int) -> Hashable:
    return frames.instance(position).sha256, frames.header(position).sop_instance_uid, frames.frame(position)


def _expected(header: ImageHeader, facts: FrameFacts) -> str:
    """The side of the chest wall by PatientOrientation, of a tomosynthesis by the direction of its rows in the patient."""
    if header.patient_orientation:
        return _WALLS.get(header.patient_orientation[0][:1], "")
    if facts.plane is None:
        return ""
    towards_the_back = facts.plane.row_direction[1]
    return "" if abs(towards_the_back) < LEAST else "right" if towards_the_back > 0.0 else "left"
