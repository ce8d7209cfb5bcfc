"""The magnifier: a square over the image that shows what lies under the pointer, larger, drawn anew from the image.

The place under the pointer stays under the pointer; the square never leaves its viewport. It is a
picture of the same series and place as the viewport's, with a window of its own when one is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from rendering.picture import Picture
from ui import halo, plain, theme
from ui.reference_lines import View
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import WorkstationError
from workstation.session.magnifying import Magnifier

SIDE = 280
# Of the shorter side of a small viewport.
MOST_SHARE = 0.55

Point = tuple[float, float]


class Loupe(QWidget):
    """Lies over one viewport and takes no mouse. `view` gives the viewport as it stands, None when it shows no picture."""

    def __init__(self, owner: QWidget, magnifier: Magnifier, view: Callable[[], View | None]) -> None:
        super().__init__(owner)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._owner, self._magnifier, self._view = owner, magnifier, view
        self._at: Point | None = None
        self._made: tuple[ViewportState, int, Picture] | None = None
        self.hide()

    def follow(self, at: Point | None) -> None:
        """The pointer is at `at` (logical pixels of the viewport), or has left it."""
        self._at = at
        self.refresh()

    def refresh(self) -> None:
        """Another image, window or size below: what is shown follows at once."""
        if self._at is None or not self._magnifier.is_on or not self._can_show():
            self._made = None
            self.hide()
            return
        side = self.side
        self.setGeometry(*corner(self._at, side, self._owner.width(), self._owner.height()), side, side)
        self.show()
        self.update()

    @property
    def side(self) -> int:
        return int(min(SIDE, MOST_SHARE * min(self._owner.width(), self._owner.height())))

    def picture(self) -> Picture | None:
        """What is to be seen in it now; None where that is not the viewport's own image."""
        view, at = self._view(), self._at
        if view is None or at is None:
            return None
        ratio = self._owner.devicePixelRatioF()
        side = max(1, round(self.side * ratio))
        keep = (at[0] - self.x()) * ratio, (at[1] - self.y()) * ratio
        here = at[0] * ratio, at[1] * ratio
        try:
            times = _times(view, self._magnifier)
            state = view.viewport.loupe_state(view.state, view.width, view.height, here, times, side, keep)
        except WorkstationError:
            return None
        state = replace(state, inverted=state.inverted is not self._magnifier.is_inverted)
        if self._magnifier.window is not None:
            state = replace(state, window=self._magnifier.window)
        if self._made is None or self._made[:2] != (state, side):
            self._made = state, side, view.viewport.picture(state, side, side)
        picture = self._made[2]
        own = (view.state.study_uid, view.state.series_uid)
        is_strange = picture.identity is not None and (picture.identity.study_uid, picture.identity.series_uid) != own
        return None if is_strange or picture.error is not None or picture.partial else picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.IMAGE))
        picture = self.picture()
        if picture is not None:
            height, width = picture.pixels.shape[:2]
            kind = QImage.Format.Format_Grayscale8 if picture.pixels.ndim == 2 else QImage.Format.Format_RGB888
            image = QImage(picture.pixels.data, width, height, picture.pixels.strides[0], kind)
            ratio = self._owner.devicePixelRatioF()
            painter.drawImage(QRectF(0, 0, width / ratio, height / ratio), image)
        painter.setPen(QPen(QColor(theme.ACCENT), 2))
        painter.drawRect(QRectF(1, 1, self.width() - 2, self.height() - 2))
        halo.draw(painter, 8, 6, self._words(picture), theme.TEXT)
        painter.end()

    def _words(self, picture: Picture | None) -> str:
        if picture is None:
            return self.tr("No image here")
        window = self._magnifier.window
        named = plain.core_text(window.explanation) if window is not None else ""
        inverted = self.tr("Inverted") if self._magnifier.is_inverted else ""
        size = f"{self._magnifier.times}:1" if self._magnifier.by_pixel else f"{self._magnifier.times}×"
        return "   ".join(part for part in (size, named, inverted) if part)

    def _can_show(self) -> bool:
        view = self._view()
        return view is not None and view.state.plane is not Plane.THREE_D


def _times(view: View, magnifier: Magnifier) -> float:
    """How many times as large as the view; by pixels never smaller than it. Cuts have no pixels of their own."""
    if not magnifier.by_pixel:
        return magnifier.times
    ends = [view.viewport.frame_to_view(view.state, view.width, view.height, *at) for at in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))]
    if ends[0] is None or ends[1] is None or ends[2] is None:
        return 2.0 * magnifier.times
    per_pixel = max(math.dist(ends[0], ends[1]), math.dist(ends[0], ends[2]))
    return max(magnifier.times / per_pixel, 1.0)


def corner(at: Point, side: int, width: int, height: int) -> tuple[int, int]:
    """Where the upper left corner lies so that the square is around the pointer and inside the viewport."""
    left, top = at[0] - side / 2, at[1] - side / 2
    return round(min(max(left, 0), max(width - side, 0))), round(min(max(top, 0), max(height - side, 0)))
