"""The drawing that is not finished, the pointer that keys move, and what is being dragged.

Points that are set are kept on the image, not on the screen: zooming, panning and scrolling go on
while something is drawn. Works on view pixels (device pixels) of viewport `index`, whose size the
window tells; without a window a viewport counts as SIZE.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from workstation.domain.annotation import POINTS_NEEDED, Annotation, AnnotationKind, Measured
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import WorkstationError
from workstation.ports import SeriesViewer
from workstation.session.freehand import smooth
from workstation.session.handles import constrained, dragged, handles, is_whole, moved
from workstation.session.label_places import carried_label
from workstation.session.tool import DRAWS, Tool
from workstation.session.viewing import Viewing
from workstation.signals import Signal

Point = tuple[float, float]
SIZE = (1000, 1000)
# A drawing smaller than this on screen (pixels) is a slip of the hand.
LEAST = 3.0
# Points of a free line lie at least so far apart on screen.
TRACE = 2.0
# A value that takes longer than this is told when the hand lets go, not while it moves.
LIVE_SECONDS = 0.012


@dataclass(frozen=True, slots=True)
class Held:
    """What is being dragged: the drawing as it was, its view points then, and where it was taken hold of."""

    drawn: Annotation
    handle: int | None
    index: int
    state: ViewportState
    points: tuple[Point, ...]
    start: Point


class Drawing:
    """`finished` is given a whole new drawing, `changed_shape` one whose points were moved."""

    def __init__(
        self,
        viewing: Viewing,
        viewer_of: Callable[[str, str], SeriesViewer | None],
        measure: Callable[[Annotation], Measured],
        finished: Callable[[Annotation, int], object],
        changed_shape: Callable[[Annotation], object],
        refused: Callable[[Exception], object],
    ) -> None:
        self._viewing = viewing
        self._viewer_of = viewer_of
        self._measure = measure
        self._finished = finished
        self._changed_shape = changed_shape
        self._refused = refused
        self.changed: Signal[int] = Signal()
        """Something of the unfinished drawing, the cursor or what is dragged in this viewport is to be painted again."""
        self.sizes: dict[int, tuple[int, int]] = {}
        self.cursor: Point | None = None
        self.is_by_keys = False
        self.index = 0
        self._anchors: list[Annotation] = []
        self._loose: Point | None = None
        self._held: Held | None = None
        self.preview: Annotation | None = None
        """The drawing in the hand, as it would be after letting go."""
        self._slow: set[AnnotationKind] = set()
        self._seen_as: tuple[tuple[object, ...], Sequence[Point] | None] | None = None

    # ---- what is there -----------------------------------------------------------------

    @property
    def kind(self) -> AnnotationKind | None:
        return DRAWS.get(self._viewing.tool)

    @property
    def is_begun(self) -> bool:
        return bool(self._anchors)

    @property
    def is_held(self) -> bool:
        return self._held is not None

    def points(self, index: int) -> list[Point]:
        """The points set so far and the loose end, in the view; empty when they are of another image."""
        if index != self.index or not self._anchors:
            return []
        seen = self._seen()
        if seen is None or self.kind is None:
            return []
        if self.kind is AnnotationKind.FREEHAND:
            return smooth(seen)
        return [*seen, constrained(self.kind, seen, self._loose)] if self._loose is not None else seen

    def draft(self, index: int) -> Annotation | None:
        """The unfinished drawing with its loose end and its value so far, once it is enough for one."""
        kind, points = self.kind, self.points(index)
        if kind is None or not is_whole(kind, points, LEAST):
            return None
        made = self.made(index, points, kind)
        return replace(made, measured=self._live(made)) if made is not None else None

    def size(self, index: int) -> tuple[int, int]:
        return self.sizes.get(index, SIZE)

    # ---- drawing -----------------------------------------------------------------------

    def place(self, index: int, at: Point) -> None:
        """Set a point; the last one of its kind finishes the drawing."""
        kind = self.kind
        if kind is None:
            return
        if index != self.index or (self._anchors and self._seen() is None):
            self._drop()
        self.index = index
        at = constrained(kind, self._seen() or [], at)
        anchor = self.made(index, [at], AnnotationKind.PROBE)
        if anchor is None:
            return
        self._anchors.append(anchor)
        self._loose = None
        if len(self._anchors) == POINTS_NEEDED[kind][1]:
            self.finish()
        else:
            self.changed.emit(index)

    def aim(self, index: int, at: Point) -> None:
        """Move the loose end."""
        if self._anchors and index == self.index:
            self._loose = at
            self.changed.emit(index)

    def trace(self, index: int, at: Point) -> None:
        """Draw a free line on to here."""
        seen = self._seen() if index == self.index else None
        if seen and math.dist(seen[-1], at) >= TRACE:
            self.place(index, at)

    def finish(self) -> None:
        """End the drawing where it is. Too small or too few points: it is dropped."""
        kind, seen, index = self.kind, self._seen(), self.index
        self._drop()
        if kind is None or seen is None or not is_whole(kind, seen, LEAST):
            return
        made = self.made(index, smooth(seen) if kind is AnnotationKind.FREEHAND else seen, kind)
        if made is not None:
            self._finished(made, index)

    def take_back(self) -> None:
        """Take the last point back."""
        if self._anchors:
            self._anchors.pop()
            self.changed.emit(self.index)

    def cancel(self) -> bool:
        """Give up what is unfinished, or let go of what is dragged. False when there was nothing."""
        was = bool(self._anchors) or self._held is not None
        self._held = self.preview = None
        self._drop()
        return was

    # ---- by keys -----------------------------------------------------------------------

    def begin_by_keys(self) -> None:
        """Show the cursor in the middle of the active viewport: arrows move it from now on."""
        state = self._viewing.state()
        if state is None or (state.plane is Plane.THREE_D and self._viewing.tool is not Tool.CROSSHAIR):
            return
        index = self._viewing.active
        width, height = self.size(index)
        seen = self._seen() if index == self.index else None
        self.is_by_keys = True
        self.cursor = seen[-1] if seen else (width / 2, height / 2)
        self.changed.emit(index)

    def end_keys(self) -> bool:
        was, self.is_by_keys, self.cursor = self.is_by_keys, False, None
        if was:
            self.changed.emit(self._viewing.active)
        return was

    def move_cursor(self, dx: float, dy: float) -> None:
        if self.cursor is None:
            return
        index = self._viewing.active
        width, height = self.size(index)
        self.cursor = (min(max(self.cursor[0] + dx, 0.0), width - 1.0), min(max(self.cursor[1] + dy, 0.0), height - 1.0))
        if self.kind is AnnotationKind.FREEHAND and self._anchors:
            self.trace(index, self.cursor)
        self.aim(index, self.cursor)
        self.changed.emit(index)

    def set_point(self) -> None:
        """Return: a point where the cursor is. A line of any length ends where its last or first point is set again."""
        index, at = self._viewing.active, self.cursor
        if at is None:
            return
        seen = (self._seen() or []) if index == self.index else []
        if len(seen) >= 3 and self._ends(seen, at):
            self.finish()
        else:
            self.place(index, at)

    def _ends(self, seen: Sequence[Point], at: Point) -> bool:
        closes = self.kind is AnnotationKind.POLYGON and any(math.dist(at, end) < LEAST for end in (seen[0], seen[-1]))
        return closes or self.kind is AnnotationKind.FREEHAND

    # ---- moving what is there ----------------------------------------------------------

    def grab(self, drawn: Annotation, handle: int | None, index: int, at: Point) -> bool:
        """Take hold of a handle, or of the whole with None. False when it is not on this image."""
        viewer, state = self._viewer(index), self._viewing.state(index)
        if viewer is None or state is None:
            return False
        points = self.seen(drawn, index)
        if points is None:
            return False
        self._held = Held(drawn, handle, index, state, tuple(points), at)
        return True

    def pull(self, at: Point) -> None:
        """The hand moved."""
        held = self._held
        if held is None:
            return
        if self._viewing.state(held.index) != held.state:  # scrolled or zoomed meanwhile: it stays as it was
            self.cancel()
            return
        self.preview = self._pulled(held, at)
        self.changed.emit(held.index)

    def let_go(self) -> None:
        held, preview = self._held, self.preview
        self._held = self.preview = None
        if held is not None:
            if preview is not None:
                self._changed_shape(replace(preview, measured=held.drawn.measured))
            self.changed.emit(held.index)

    def shifted(self, drawn: Annotation, index: int, dx: float, dy: float, handle: int | None = None) -> Annotation | None:
        """The drawing, or one handle of it, moved in the view by (dx, dy) pixels; None where it is not on this image."""
        points = self.seen(drawn, index)
        if points is None:
            return None
        if handle is None:
            return self._same(drawn, self.made(index, moved(points, dx, dy), drawn.kind), is_whole=True)
        held = handles(drawn.kind, points)
        if handle >= len(held):
            return None
        taken = dragged(drawn.kind, points, handle, (held[handle][0] + dx, held[handle][1] + dy))
        return self._same(drawn, self.made(index, taken, drawn.kind)) if is_whole(drawn.kind, taken, LEAST) else drawn

    def seen(self, drawn: Annotation, index: int) -> Sequence[Point] | None:
        """The view points of a drawing, None where it is not on the image that is shown."""
        viewer, state = self._viewer(index), self._viewing.state(index)
        if viewer is None or state is None or state.plane is Plane.THREE_D:
            return None
        try:
            return viewer.on_view(drawn, state, *self.size(index))
        except WorkstationError:
            return None  # the tile says why there is no image

    # ---- inside ------------------------------------------------------------------------

    def _pulled(self, held: Held, at: Point) -> Annotation | None:
        dx, dy = at[0] - held.start[0], at[1] - held.start[1]
        kind = held.drawn.kind
        if held.handle is None:
            points = moved(held.points, dx, dy)
        else:
            points = dragged(kind, held.points, held.handle, at)
            if not is_whole(kind, points, LEAST):
                return self.preview
        made = self._same(held.drawn, self.made(held.index, points, kind), held.handle is None)
        return replace(made, measured=self._live(made)) if made is not None else self.preview

    @staticmethod
    def _same(drawn: Annotation, made: Annotation | None, is_whole: bool = False) -> Annotation | None:
        """The old drawing at the new place; None when that is on another image. Words go with the whole."""
        if made is None or (made.plane, made.sop_instance_uid, made.frame_number) != (
            drawn.plane,
            drawn.sop_instance_uid,
            drawn.frame_number,
        ):
            return None
        label = carried_label(drawn, made) if is_whole else drawn.label_at
        return replace(drawn, points=made.points, patient_points=made.patient_points, label_at=label)

    def _live(self, drawn: Annotation) -> Measured:
        if drawn.kind in self._slow:
            return Measured()
        started = time.perf_counter()
        measured = self._measure(drawn)
        if time.perf_counter() - started > LIVE_SECONDS:
            self._slow.add(drawn.kind)
        return measured

    def made(self, index: int, points: Sequence[Point], kind: AnnotationKind) -> Annotation | None:
        viewer, state = self._viewer(index), self._viewing.state(index)
        if viewer is None or state is None or state.plane is Plane.THREE_D:
            return None
        try:
            return viewer.annotation_at(state, *self.size(index), points, kind)
        except WorkstationError as error:
            self._refused(error)
            return None

    def _seen(self) -> list[Point] | None:
        """The set points in the view of `index`; None when it shows another image by now."""
        if not self._anchors:
            return None
        key = len(self._anchors), self._anchors[-1].uid, self._viewing.state(self.index), self.size(self.index)
        if self._seen_as is None or self._seen_as[0] != key:
            self._seen_as = key, self._look()
        seen = self._seen_as[1]
        return list(seen) if seen is not None else None

    def _look(self) -> Sequence[Point] | None:
        first = self._anchors[0]
        line = replace(
            first,
            kind=AnnotationKind.FREEHAND,
            points=tuple(p for a in self._anchors for p in a.points),
            patient_points=tuple(p for a in self._anchors for p in a.patient_points),
        )
        return self.seen(line, self.index)

    def _drop(self) -> None:
        had = bool(self._anchors)
        self._anchors.clear()
        self._loose = None
        if had:
            self.changed.emit(self.index)

    def _viewer(self, index: int) -> SeriesViewer | None:
        state = self._viewing.state(index)
        return self._viewer_of(state.study_uid, state.series_uid) if state else None
