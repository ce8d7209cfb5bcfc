"""When background fetching may go on: the reader comes first, then whoever fetches by hand, then we.

`is_to_stop` is what a fetch is given as its `cancelled`. It is asked at every step of the work, so
that waiting inside it holds the whole fetch still; it answers True when the work must be put away.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

GLANCE = 0.05
"""Seconds between looks while waiting."""


class Manners:
    """Thread-safe. `reader_moved` is called at every step of a scroll: it costs one assignment.

    Times in seconds: nothing goes on until `quiet` has passed since the reader's last move; a fetch
    that was held still for longer than `put_away` ends and is taken up later.
    """

    def __init__(self, quiet: float, put_away: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._quiet = quiet
        self._put_away = put_away
        self._monotonic = monotonic
        self._moved = float("-inf")
        self._interactive = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.waiting_changed: Callable[[bool], None] = lambda _: None
        """Called in the fetch's thread when it begins and ceases to be held still."""

    def reader_moved(self) -> None:
        """The reader scrolled, loads, turns or opens something."""
        self._moved = self._monotonic()

    @contextlib.contextmanager
    def stepping_aside(self) -> Iterator[None]:
        """Around a fetch that somebody waits for: the one in the background ends at once, to be taken up later."""
        with self._lock:
            self._interactive += 1
        try:
            yield
        finally:
            with self._lock:
                self._interactive -= 1
            self.reader_moved()

    def stop(self) -> None:
        """End what is under way; `go_on` lets the next begin."""
        self._stopped.set()

    def go_on(self) -> None:
        self._stopped.clear()

    def is_busy(self) -> bool:
        """Whether the reader is at work with the images, or waits for some."""
        return self._interactive > 0 or self._monotonic() - self._moved < self._quiet

    def is_to_stop(self) -> bool:
        """Waits while the reader is at work. True: end now."""
        if not self.is_busy():
            return self._stopped.is_set()
        begun = self._monotonic()
        self.waiting_changed(True)
        try:
            while self.is_busy():
                if self._interactive or self._monotonic() - begun > self._put_away or self._stopped.wait(GLANCE):
                    return True
        finally:
            self.waiting_changed(False)
        return self._stopped.is_set()

    def wait_until_quiet(self) -> bool:
        """Between two fetches: waits for as long as it takes. False when stopped meanwhile."""
        while self.is_busy():
            if self._stopped.wait(GLANCE):
                return False
        return not self._stopped.is_set()
