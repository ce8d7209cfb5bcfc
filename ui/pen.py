"""The left button on drawings: draws with the chosen tool, takes hold of handles and lines, chooses.

Press, move and release draws a line; so do clicks. What is hit goes before the tool, but for a
drawing that is begun. Places come in logical pixels; the drawing counts in device pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import Qt

from ui.annotation_layer import HANDLE_REACH, AnnotationLayer, Hit
from workstation.domain.annotation import AnnotationKind
from workstation.domain.viewing import Plane
from workstation.session.annotating import READER, Annotating
from workstation.session.viewing import Viewing

Point = tuple[float, float]
TREMOR = 4.0


class Pen:
    """One viewport's pen. Every method says whether it was its business."""

    def __init__(
        self, annotating: Annotating, viewing: Viewing, layer: AnnotationLayer, index: int, ratio: Callable[[], float]
    ) -> None:
        self._annotating = annotating
        self._drawing = annotating.drawing
        self._viewing = viewing
        self._layer = layer
        self._index = index
        self._ratio = ratio
        self._pressed: Point | None = None
        self._moved = False

    @property
    def shape(self) -> Qt.CursorShape | None:
        """What the mouse pointer looks like; None leaves it to the tool."""
        if self._drawing.is_held or self._annotating.labels.uid:
            return Qt.CursorShape.ClosedHandCursor
        hit = self._layer.hovered
        if hit and not self._drawing.is_begun:
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.CrossCursor if self._drawing.kind is not None else None

    def press(self, at: Point) -> bool:
        state = self._viewing.state(self._index)
        if state is None or state.plane is Plane.THREE_D:
            return False
        self._pressed, self._moved = at, False
        if self._drawing.is_by_keys:
            self._drawing.end_keys()
        self._annotating.labels.cancel()
        if not self._drawing.is_begun:
            hit = self._layer.hit(at)
            if hit is not None and (self._drawing.kind is None or hit.handle is not None):
                self._take(hit, at)
                return True
            self._annotating.select("")
        if self._drawing.kind is None:
            self._pressed = None
            return False
        if self._closes(at):
            self._drawing.finish()
        else:
            self._drawing.place(self._index, self._device(at))
        return True

    def move(self, at: Point) -> bool:
        """With the button down."""
        if self._pressed is None:
            return False
        self._moved = self._moved or math.dist(at, self._pressed) >= TREMOR
        if not self._moved:
            return True
        if self._annotating.labels.uid:
            self._annotating.labels.pull(self._device(at))
        elif self._drawing.is_held:
            self._drawing.pull(self._device(at))
        elif self._drawing.kind is AnnotationKind.FREEHAND:
            self._drawing.trace(self._index, self._device(at))
        else:
            self._drawing.aim(self._index, self._device(at))
        return True

    def release(self, at: Point) -> bool:
        if self._pressed is None:
            return False
        self._pressed = None
        if self._annotating.labels.uid and not self._annotating.labels.is_by_keys:
            self._annotating.labels.let_go()
        elif self._drawing.is_held:
            self._drawing.let_go()
        elif self._drawing.is_begun and self._moved:
            if self._drawing.kind is AnnotationKind.FREEHAND:
                self._drawing.finish()
            elif self._drawing.kind is not AnnotationKind.POLYGON:
                self._drawing.place(self._index, self._device(at))
        return True

    def double_click(self, at: Point) -> bool:
        """Ends a polygon; on a drawing asks for its words."""
        if self._drawing.is_begun:
            if self._drawing.kind is AnnotationKind.POLYGON:
                self._drawing.finish()
                return True
            return self.press(at)
        if self._drawing.kind is not None:
            return self.press(at)
        hit = self._layer.hit(at)
        if hit is None:
            return False
        self._annotating.select(hit.drawn.uid, by_hand=True)
        if hit.drawn.source.kind == READER:
            self._annotating.edit_text()
        return True

    def hover(self, at: Point) -> bool:
        """Without a button: the loose end follows, or what is under the pointer shows. True when something changed."""
        if self._drawing.is_begun:
            if not self._drawing.is_by_keys:
                self._drawing.aim(self._index, self._device(at))
            return True
        hit = self._layer.hit(at)
        uid = hit.drawn.uid if hit is not None else ""
        changed, self._layer.hovered = uid != self._layer.hovered, uid
        return changed

    def leave(self) -> None:
        self._layer.hovered = ""

    def cancel(self) -> None:
        self._pressed = None

    def _take(self, hit: Hit, at: Point) -> None:
        drawn = self._annotating.find(hit.drawn.uid)
        if drawn is None:
            return
        self._annotating.select(drawn.uid, by_hand=True)
        if hit.is_label:
            self._annotating.labels.grab(drawn, self._index, self._device(at))
        elif drawn.source.kind == READER:
            self._drawing.grab(drawn, hit.handle, self._index, self._device(at))

    def _closes(self, at: Point) -> bool:
        """Whether a click on the first point closes the polygon."""
        points = self._drawing.points(self._index)
        ratio = self._ratio()
        near = points and math.dist((points[0][0] / ratio, points[0][1] / ratio), at) <= HANDLE_REACH
        return bool(near) and self._drawing.kind is AnnotationKind.POLYGON and len(points) > 3

    def _device(self, at: Point) -> Point:
        return at[0] * self._ratio(), at[1] * self._ratio()
