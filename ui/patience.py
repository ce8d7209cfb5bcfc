"""A word about a wait, once it is one: what comes within a moment must not flash by as text."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

# A wait shorter than this is none to a reader.
MOMENT_MS = 300


class Patience:
    """Of one widget, which is painted again when the moment is over. Main thread.

    Only the timer says that it is over: asked of a second clock, a timer that rings a little early would be the last
    word, and the wait never told.
    """

    def __init__(self, owner: QWidget) -> None:
        self._owner = owner
        self._is_over = False
        self._timer = QTimer(owner)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MOMENT_MS)
        self._timer.timeout.connect(self._ring)

    def is_over(self) -> bool:
        """Asked while it waits: whether that takes longer than a moment."""
        if not self._is_over and not self._timer.isActive():
            self._timer.start()
        return self._is_over

    def end(self) -> None:
        """What was waited for is there, or not wanted any more."""
        self._is_over = False
        self._timer.stop()

    def _ring(self) -> None:
        self._is_over = True
        self._owner.update()
