"""G18: memory of the whole program with a CT open, against the decoded volume, which is the floor.

Three planes and the stack; then six viewports of the same volume, one of them in 3D: however many show it, the voxels
are there once.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
from PySide6.QtWidgets import QApplication

from benchmarks.bench_case import BenchCase, imported_ct
from benchmarks.figures import Figure
from benchmarks.seat import seated, wait_for_images
from ui.rubbish import give_back
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState

if TYPE_CHECKING:
    from ui.seat import Seat
    from ui.viewport_grid import ViewportGrid

SLICES = 800
FOUR = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.STACK)
SIX = (*FOUR, Plane.AXIAL, Plane.THREE_D)
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
        with seated(case, 1200, 900, loaded=False) as (core, grid):
            _hang(case, core, grid, SIX)
            solid = next(w.viewport() for w in grid.widgets if w.cell and w.cell.state and w.cell.state.plane is Plane.THREE_D)
            assert solid is not None
            settled = _settled(grid, lambda: solid.solid.has_settled)
        name = "memory at rest, 800 slices in six viewports, one 3D"
        yield Figure(name, "G18", settled / MB, volume / MB, "MB", "<= 1.25 x volume + 400 MB", settled <= goal)


def _settled(grid: ViewportGrid, is_done: Callable[[], bool]) -> int:
    """The least of a few looks once everything is made and painted: what stays, not what a step needed.

    The program collects garbage and gives free memory back once the hands have rested: so is it done here.
    """
    end, seen = time.monotonic() + PATIENCE, []
    while not is_done() and time.monotonic() < end:
        grid.grab()
        QApplication.processEvents()
        time.sleep(GLANCE)
    gc.collect()
    give_back()
    for _ in range(20):
        QApplication.processEvents()
        time.sleep(GLANCE)
        seen.append(_pss())
    return min(seen)


def _hang(case: BenchCase, core: Seat, grid: ViewportGrid, planes: tuple[Plane, ...] = FOUR) -> None:
    """These planes in two rows, drawn while the images load and then to the end."""
    series, columns = case.series.series_instance_uid, len(planes) // 2
    states = [ViewportState(case.study.study_instance_uid, series, p) for p in planes]
    cells = tuple(Cell(i // columns, i % columns, state) for i, state in enumerate(states))
    core.session.viewing.show(Arrangement("bench", "bench", 0, 1, "", Layout(2, columns), cells, ()))
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
