"""What the worker process may use of the machine, set by itself on itself at its start."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

if sys.platform != "win32":
    import resource

# Address space that is reserved and hardly used: each thread's stack, and the allocator's arenas
# (64 MB each; MALLOC_ARENA_MAX in worker_child keeps them at two).
_STACK_SPACE = 16 << 20
_ARENA_SPACE = 128 << 20
_NICENESS = 5
# The parent ends a job that takes too long; this only counts if the parent is gone.
_CPU_GRACE = 6


class ProcessLimits:
    """RLIMIT_AS follows what is mapped on purpose (target blocks, large files); the rest is capped."""

    def __init__(self, memory: int, seconds: float, threads: int) -> None:
        self._lock = threading.Lock()
        self._seconds = seconds
        self._allowed = 0
        if sys.platform != "linux":
            # Nothing else measures the address space; the parent's clock still ends what hangs.
            return
        self._allowed = _address_space() + memory + threads * _STACK_SPACE + _ARENA_SPACE
        os.nice(_NICENESS)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Nothing this process does may write a file.
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        self._apply(0)

    def mapped(self, size: int) -> None:
        """`size` more bytes are about to be mapped, or have been unmapped when negative."""
        self._apply(size)

    def job_begins(self) -> None:
        """Gives the process its CPU seconds anew."""
        if not self._allowed:
            return
        until = int(time.process_time() + self._seconds * _CPU_GRACE * (os.cpu_count() or 1)) + 1
        _lower_soft(resource.RLIMIT_CPU, until)

    def _apply(self, size: int) -> None:
        with self._lock:
            if not self._allowed:
                return
            self._allowed += size
            _lower_soft(resource.RLIMIT_AS, self._allowed)


def _lower_soft(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
