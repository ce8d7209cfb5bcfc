"""Ticks for the cine: the session says what is due, the timer only asks often enough."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer

from workstation.session.cine import Cine

# The clock is asked this often for each image, so that it comes a third of its time late at the most.
ASKS = 3
LEAST_MS, MOST_MS = 5, 50


class CineTimer(QObject):
    """Runs while the cine does."""

    def __init__(self, parent: QObject, cine: Cine) -> None:
        super().__init__(parent)
        self._cine = cine
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(cine.tick)
        cine.changed.connect(self._follow)

    def _follow(self, _: object) -> None:
        if not self._cine.is_running:
            self._timer.stop()
            return
        interval = round(min(max(1000 * self._cine.shortest / ASKS, LEAST_MS), MOST_MS))
        if not self._timer.isActive() or self._timer.interval() != interval:
            self._timer.start(interval)
