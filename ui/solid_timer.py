"""Ticks for the 3D view that turns, and repaints for what changes in 3D without changing a view."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

from workstation.session.solid import Solid

ASKS = 3
LEAST_MS, MOST_MS = 5, 50


class SolidTimer(QObject):
    """Runs while the loop does."""

    def __init__(
        self, parent: QObject, solid: Solid, repaint: Callable[[int], object], size_of: Callable[[int], tuple[int, int]]
    ) -> None:
        super().__init__(parent)
        self._turn = solid.turn
        self._turn.size_of = size_of
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._turn.tick)
        self._turn.changed.connect(self._follow)
        solid.changed.connect(repaint)
        self._turn.changed.connect(repaint)

    def _follow(self, _: int) -> None:
        if not self._turn.is_running:
            self._timer.stop()
            return
        interval = round(min(max(1000 / self._turn.rate / ASKS, LEAST_MS), MOST_MS))
        if not self._timer.isActive() or self._timer.interval() != interval:
            self._timer.start(interval)
