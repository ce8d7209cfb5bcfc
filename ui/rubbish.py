"""Python's garbage collector, on the main thread only.

The collector runs in whichever thread happens to allocate. Qt's objects that lie in a cycle of references would then be
destroyed on a job's thread, which ends the program. So it is switched off, and asked from here: young objects often,
all of them only when the reader's hands have rested for a moment, so that no pause falls into scrolling. Once they have
rested for longer, what the C library keeps of memory that was given back goes to the system (40 MB after 800 images).
"""

from __future__ import annotations

import gc
import sys
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

TICK_MS = 250
# After so long without a key, a click or a move of the mouse.
REST_SECONDS = 1.5
# After so long the next piece of work is a while away.
LONG_REST_SECONDS = 10.0
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
        self._has_given_back = True
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
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        self._timer.stop()
        if self._was_on:
            gc.enable()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in HANDS:
            self._last = time.monotonic()
            self._has_given_back = False
        return False

    def collect(self) -> None:
        young, middle, full = gc.get_count()
        rested = time.monotonic() - self._last
        if rested > LONG_REST_SECONDS and not self._has_given_back:
            self._has_given_back = True
            gc.collect()
            give_back()
            return
        rests = rested > REST_SECONDS
        if full > (FULL_AFTER if rests else FULL_AT_LAST):
            gc.collect()
        elif middle > self._middle:
            gc.collect(1)
        elif young > self._young:
            gc.collect(0)


def give_back() -> None:
    """Free memory inside the C library's heap goes back to the system; nothing where that is another library than glibc."""
    if sys.platform.startswith("linux"):
        import ctypes  # later than the first window

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
