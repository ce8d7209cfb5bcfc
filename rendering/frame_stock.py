"""Memory of series that were closed, kept for those that open next, and cleared: no pixel of one patient is left in it.

Where a machine lends its memory to many, the first touch of a fresh page asks the machine below for it: 14 MB take 45 ms
instead of 3. What was touched once is therefore used again, within a bound.
"""

from __future__ import annotations

import ctypes
import mmap
import threading
import weakref
from collections.abc import Callable

# A room is also given to who needs a little less.
MOST_SPARE = 1.5


class FrameStock:
    """Rooms of whole large blocks. Thread-safe, also where the garbage collector calls it in the middle of a call."""

    def __init__(self, most_bytes: int, make: Callable[[int], mmap.mmap]) -> None:
        """Keeps up to `most_bytes`; `make` gives fresh memory of at least so many bytes, all zero."""
        self._most = most_bytes
        self._make = make
        self._lock = threading.RLock()
        self._rooms: list[mmap.mmap] = []

    @property
    def bytes(self) -> int:
        """What lies here unused."""
        with self._lock:
            return sum(map(len, self._rooms))

    def room(self, size: int) -> memoryview:
        """`size` zeros nobody else has; they come back by themselves once nobody looks into them. Raises as `make` does."""
        kept = self._fitting(size)
        block = self._make(size) if kept is None else kept
        lease = (ctypes.c_char * size).from_buffer(block)
        weakref.finalize(lease, self._back, block, size).atexit = False
        return memoryview(lease)

    def _fitting(self, size: int) -> mmap.mmap | None:
        with self._lock:
            fitting = [room for room in self._rooms if size <= len(room) <= size * MOST_SPARE]
            for room in sorted(fitting, key=len):
                try:
                    self._rooms.remove(room)
                except ValueError:  # a collection in this very thread brought others, for which it had to go
                    continue
                return room
        return None

    def _back(self, block: mmap.mmap, used: int) -> None:
        if len(block) > self._most:
            return
        ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(block)), 0, used)
        with self._lock:
            self._rooms.append(block)
            while sum(map(len, self._rooms)) > self._most:
                self._rooms.pop(0)
