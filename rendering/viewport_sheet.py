"""A viewport's image as something that is placed: its size, its millimetres, and where its breast lies."""

from __future__ import annotations

from collections.abc import Callable

from rendering.breast_known import breast_in, known_breast, looked_at_frame
from rendering.images import NotYet, SeriesImages
from workstation.domain.breast import Breast, Sheet
from workstation.domain.breast_side import is_along_the_body
from workstation.errors import Refused


class Sheets:
    """Of one `SeriesImages`. What was found in an image is kept: it is asked for with every change of the viewport."""

    def __init__(self, images: SeriesImages) -> None:
        self._images = images
        self._found: dict[str, Breast | None] = {}
        self._asked: set[str] = set()
        self.later: Callable[[Callable[[], bool]], object] | None = None
        """Has a mammogram looked at beside the window: the work says whether something came of it. None: at once."""

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
        middle = self._images.position_of(header.sop_instance_uid, looked_at_frame(header) + 1)
        at, uid = position if middle is None else middle, header.sop_instance_uid
        known = known_breast(self._images, at, self._images.notes)
        if known is not None:
            self._found[uid] = known[0]
        elif self.later is None or header.modality != "MG":
            return self._look(at, uid)
        elif uid not in self._asked:
            self._asked.add(uid)
            self.later(lambda: self._look(at, uid))
        return uid in self._found

    def _look(self, at: int, uid: str) -> bool:
        """False while the pixels are on their way. Any thread."""
        try:
            found = breast_in(self._images, at, lambda: self._images.container(at))
        except NotYet:
            self._asked.discard(uid)
            return False
        except Refused:
            found = None
        self._found[uid] = found
        return True
