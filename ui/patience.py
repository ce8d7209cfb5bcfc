"""A word about a wait, once it is one: what comes within a moment must not flash by as text."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

# A wait shorter than this is none to a reader.
MOMENT_MS = 300


class Patience:
    """Of one widget, which is painted again when the moment is over. Main thread."""

    def __init__(self, owner: QWidget) -> None:
        self._since: float | None = None
        self._timer = QTimer(owner)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MOMENT_MS)
        self._timer.timeout.connect(owner.update)

    def is_over(self) -> bool:
        """Asked while it waits: whether that takes longer than a moment."""
        if self._since is None:
            self._since = time.monotonic()
            self._timer.start()
        return (time.monotonic() - self._since) * 1000 >= MOMENT_MS

    def end(self) -> None:
        """What was waited for is there, or not wanted any more."""
        self._since = None
        self._timer.stop()
