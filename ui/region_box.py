"""A box dragged in an image whose values make the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ui import theme
from ui.reference_lines import View
from workstation.errors import WorkstationError
from workstation.session.looking import Looking

Point = tuple[float, float]


class RegionBox:
    """One viewport's box, in logical pixels. Takes the mouse while the session waits for a box."""

    def __init__(self, looking: Looking, view: Callable[[], View | None], refused: Callable[[WorkstationError], object]) -> None:
        self._looking, self._view, self._refused = looking, view, refused
        self._start: Point | None = None
        self._now: Point | None = None

    @property
    def is_drawn(self) -> bool:
        return self._start is not None

    def press(self, at: Point) -> bool:
        """True when the press begins a box and nothing else."""
        if not self._looking.picks_region:
            return False
        self._start = self._now = at
        return True

    def move(self, at: Point) -> None:
        self._now = at

    def cancel(self) -> None:
        self._start = self._now = None

    def release(self, at: Point, ratio: float) -> None:
        """The window of what was inside; a box over nothing is refused and may be drawn again."""
        start, view = self._start, self._view()
        self.cancel()
        if start is None or view is None:
            return
        a, b = ((x * ratio, y * ratio) for x, y in (start, at))
        try:
            self._looking.window_from_region(view.viewport.window_in(view.state, view.width, view.height, a, b))
        except WorkstationError as refusal:
            self._refused(refusal)

    def paint(self, painter: QPainter) -> None:
        if self._start is None or self._now is None:
            return
        box = QRectF(QPointF(*self._start), QPointF(*self._now)).normalized()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, thick in ((QColor(0, 0, 0, 190), 3.4), (QColor(theme.ACCENT), 1.4)):
            painter.setPen(QPen(colour, thick))
            painter.drawRect(box)
