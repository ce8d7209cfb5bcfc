"""Work on a large picture shared by the processor's cores, one part after the other.

numpy lets go of the interpreter while it calculates. Who asks works too and waits for no one who has not begun: on a
busy machine it does everything itself.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

# Below this many pixels another thread costs more than it saves.
WORTH = 1 << 19
# Pixels of one part: enough that threads seldom meet, few enough that none waits long for the last.
PART = 1 << 17


def shared(rows: int, columns: int, work: Callable[[slice], None]) -> None:
    """Calls `work` with slices of rows that together are all of them, each once, from several threads."""
    step = max(1, PART // max(columns, 1))
    if rows * columns < WORTH or _others() == 0:
        work(slice(0, rows))
        return
    starts = itertools.count(0, step)

    def take() -> None:
        while (start := next(starts)) < rows:
            work(slice(start, min(start + step, rows)))

    helpers = [_pool().submit(take) for _ in range(_others())]
    try:
        take()
    finally:
        for helper in helpers:
            if not helper.cancel():
                helper.result()


@cache
def _others() -> int:
    """How many threads help: as many as there are other cores, no more than reading memory keeps busy."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 4) - 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_others(), thread_name_prefix="pixels")
