"""A drawing's words moved: taken hold of with the mouse, or by keys, and kept where they are let go.

Works on view pixels (device pixels). The words' place is kept on the image, like the drawing: it stays beside
what it was put beside while one zooms and pans.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workstation.domain.annotation import Annotation, AnnotationKind, LabelPlace
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.session.drawing import Drawing
from workstation.session.viewing import Viewing

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Held:
    """Whose words, in which viewport, where their middle was, and where they were taken hold of."""

    drawn: Annotation
    index: int
    middle: Point
    start: Point


class LabelHand:
    """`keep(uid, place)` writes where words stand; None is where they hide least."""

    def __init__(self, viewing: Viewing, drawing: Drawing, keep: Callable[[str, LabelPlace | None], object]) -> None:
        self._viewing = viewing
        self._drawing = drawing
        self._keep = keep
        self.standing: dict[tuple[int, str], Point] = {}
        """(viewport, uid) to the middle of the words there: the window tells where it placed them."""
        self._held: _Held | None = None
        self._at: Point | None = None
        self.is_by_keys = False

    @property
    def uid(self) -> str:
        """Whose words are in the hand; "" when none are."""
        return self._held.drawn.uid if self._held is not None else ""

    def shown(self, drawn: Annotation) -> Annotation:
        """The drawing with its words where the hand has them now."""
        held, at = self._held, self._at
        if held is None or at is None or held.drawn.uid != drawn.uid:
            return drawn
        where = self._place(held, at)
        return drawn if where is None else replace(drawn, label_at=where)

    # ---- with the mouse ----------------------------------------------------------------

    def grab(self, drawn: Annotation, index: int, at: Point) -> bool:
        """Take hold of the words. False where they stand nowhere."""
        middle = self.standing.get((index, drawn.uid))
        if middle is None or drawn.kind is AnnotationKind.TEXT:
            return False
        self._held, self._at, self.is_by_keys = _Held(drawn, index, middle, at), None, False
        return True

    def pull(self, at: Point) -> None:
        held = self._held
        if held is not None:
            self._at = held.middle[0] + at[0] - held.start[0], held.middle[1] + at[1] - held.start[1]
            self._drawing.changed.emit(held.index)

    def let_go(self) -> None:
        """Keep where they are. Nothing changes when they were not moved."""
        held, at = self._held, self._at
        self._forget()
        if held is not None and at is not None:
            where = self._place(held, at)
            if where is not None:
                self._keep(held.drawn.uid, where)

    def cancel(self) -> bool:
        """They go back to where they were. False when none were in the hand."""
        held = self._held
        self._forget()
        if held is not None:
            self._drawing.changed.emit(held.index)
        return held is not None

    # ---- by keys -----------------------------------------------------------------------

    def take(self, drawn: Annotation | None) -> None:
        """Take the words of a drawing in the active viewport: arrows move them, Return keeps, Esc puts them back.

        Again: the words are let go of. Raises Refused where there is nothing to move.
        """
        if self.is_by_keys:
            self.let_go()
            return
        index = self._viewing.active
        if drawn is None:
            raise Refused("No words to move", "No drawing is selected", "Click one, or press J to go to one")
        if drawn.kind is AnnotationKind.TEXT:
            raise Refused("These words are the drawing", "They move with it", "Move it with the arrow keys")
        seen = self._drawing.seen(drawn, index)
        middle = self.standing.get((index, drawn.uid)) or (seen[0] if seen else None)
        if middle is None:
            raise Refused("No words to move", "The drawing is not on the image that is shown", "Press J to go to it")
        self._held, self._at, self.is_by_keys = _Held(drawn, index, middle, middle), middle, True
        self._drawing.changed.emit(index)

    def move(self, right: float, down: float) -> None:
        """An arrow key: pixels of the view, held inside it."""
        held, at = self._held, self._at
        if held is not None and at is not None:
            width, height = self._drawing.size(held.index)
            self._at = min(max(at[0] + right, 0.0), float(width)), min(max(at[1] + down, 0.0), float(height))
            self._drawing.changed.emit(held.index)

    def put_back(self) -> None:
        """Where they hide least again."""
        held = self._held
        self._forget()
        if held is not None:
            self._keep(held.drawn.uid, None)

    # ---- inside ------------------------------------------------------------------------

    def _forget(self) -> None:
        self._held = self._at = None
        self.is_by_keys = False

    def _place(self, held: _Held, at: Point) -> LabelPlace | None:
        made = self._drawing.made(held.index, [at], AnnotationKind.PROBE)
        if made is None or (made.study_uid, made.series_uid) != (held.drawn.study_uid, held.drawn.series_uid):
            return None
        on_frame = held.drawn.plane is Plane.STACK and made.plane is Plane.STACK
        return LabelPlace(made.points[0] if on_frame else None, made.patient_points[0] if made.patient_points else None)
