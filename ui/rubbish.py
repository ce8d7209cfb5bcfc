"""Python's garbage collector, on the main thread only.

The collector runs in whichever thread happens to allocate. Qt's objects that lie in a cycle of references would then be
destroyed on a job's thread, which ends the program. So it is switched off, and asked from here: young objects often,
all of them only when the reader's hands have rested for a moment, so that no pause falls into scrolling.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

TICK_MS = 250
# After so long without a key, a click or a move of the mouse.
REST_SECONDS = 1.5
# Full collections are asked for after so many of the middle generation; so many are not put off any more.
FULL_AFTER, FULL_AT_LAST = 10, 60
HANDS = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
    }
)


class Rubbish(QObject):
    """While it is on, garbage is collected in the main thread's event loop and nowhere else."""

    def __init__(self) -> None:
        super().__init__()
        self._was_on = gc.isenabled()
        self._last = time.monotonic()
        self._young, self._middle, _ = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def watch(self, window: QWidget) -> None:
        """Put full collections off while the reader uses this window."""
        window.windowHandle().installEventFilter(self)

    def settle(self) -> None:
        """What is there now stays to the end: no collection looks at it again."""
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        self._timer.stop()
        if self._was_on:
            gc.enable()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in HANDS:
            self._last = time.monotonic()
        return False

    def collect(self) -> None:
        young, middle, full = gc.get_count()
        rests = time.monotonic() - self._last > REST_SECONDS
        if full > (FULL_AFTER if rests else FULL_AT_LAST):
            gc.collect()
        elif middle > self._middle:
            gc.collect(1)
        elif young > self._young:
            gc.collect(0)
