"""G18: memory of the whole program with a CT open, against the decoded volume."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
from PySide6.QtWidgets import QApplication

from benchmarks.bench_case import BenchCase, imported_ct
from benchmarks.figures import Figure
from benchmarks.seat import seated, wait_for_images
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState

if TYPE_CHECKING:
    from ui.seat import Seat
    from ui.viewport_grid import ViewportGrid

SLICES = 800
MB = 1 << 20
GLANCE = 0.05
PATIENCE = 120.0


def measure() -> Iterator[Figure]:
    """800 slices of 512 x 512, opened and hung in three planes. The peak, of the program and its worker.

    PSS: what processes share counts once. The worker that made the files ready is no part of it.
    """
    with imported_ct(SLICES) as case:
        case.worker.close()
        with watched() as seen, seated(case, 1200, 900, loaded=False) as (core, grid):
            _hang(case, core, grid)
            seen.append(_pss())
        used, volume = max(seen), SLICES * 512 * 512 * 2
        goal = 1.25 * volume + 400 * MB
        name = "peak memory, 800 slices in three planes"
        yield Figure(name, "G18", used / MB, volume / MB, "MB", "<= 1.25 x volume + 400 MB", used <= goal)


def _hang(case: BenchCase, core: Seat, grid: ViewportGrid) -> None:
    """Three planes and the stack, drawn while the images load and then to the end."""
    series = case.series.series_instance_uid
    planes = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.STACK)
    cells = tuple(Cell(i // 2, i % 2, ViewportState(case.study.study_instance_uid, series, p)) for i, p in enumerate(planes))
    core.session.viewing.show(Arrangement("bench", "bench", 0, 1, "", Layout(2, 2), cells, ()))
    end = time.monotonic() + PATIENCE
    while not all(w.painted and not w.painted.picture.partial for w in grid.widgets) and time.monotonic() < end:
        grid.grab()
        QApplication.processEvents()
        time.sleep(GLANCE)
    wait_for_images(core, case.study)


@contextmanager
def watched() -> Iterator[list[int]]:
    """Looks at the memory again and again; the list fills meanwhile."""
    seen: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(GLANCE):
            seen.append(_pss())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _pss() -> int:
    """Proportional set size of this process and its children, in bytes."""
    own, total = psutil.Process(), 0
    for process in (own, *own.children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:  # it has just ended
            continue
    return total
