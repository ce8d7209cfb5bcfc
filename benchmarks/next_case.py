"""G17: from "next case" to every viewport painted, for CTs with two priors that were decoded when they arrived."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from benchmarks.bench_case import imported_ct
from benchmarks.figures import Figure, median, percentile
from benchmarks.scroll import bare_frames
from benchmarks.seat import seated
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, Cell, Layout, ViewportState
from workstation.session.case import Case

if TYPE_CHECKING:
    from ui.seat import Seat
    from ui.viewport_grid import ViewportGrid

SLICES, SIDE = 150, 512
SWITCHES = 21
PATIENCE = 60.0
LAYOUT = Layout(2, 2)


def measure() -> Iterator[Figure]:
    """Two cases in turn in four viewports, the middle slice of each study. The program seals what it keeps."""
    with ExitStack() as stack:
        made = [stack.enter_context(imported_ct(SLICES, SIDE, number=n)) for n in range(1, 5)]
        first, second, *priors = (case.study for case in made)
        core, grid = stack.enter_context(seated(made[0], 2 * SIDE, 2 * SIDE))
        cases = [(first, *priors), (second, *priors)]
        _decode(core, [first, second, *priors])
        times = [_switch(core, grid, cases[turn % 2], turn + 2) for turn in range(SWITCHES)][1:]
    bare = median(bare_frames(LAYOUT.count, SIDE))
    p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
    name = "next case, 3 studies, 4 viewports painted"
    yield Figure(f"{name}, p95", "G17", p95 * 1e3, bare * 1e3, "ms", "<= 300 ms", p95 <= 0.3)
    yield Figure(f"{name}, p50", "G17", p50 * 1e3, bare * 1e3, "ms", "<= 1.5 x bare paint", p50 <= 1.5 * bare)


def _decode(core: Seat, studies: Sequence[Study]) -> None:
    core.library.decode_later(studies)
    end = time.monotonic() + PATIENCE
    while core.library.queue is not None and core.library.queue.waiting and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)
    assert core.library.decoded is not None
    assert len(core.library.decoded.entries()) == len(studies)


def _switch(core: Seat, grid: ViewportGrid, studies: Sequence[Study], generation: int) -> float:
    """Seconds until all cells show a picture of the new case. Then what loads behind it may finish."""
    hung = [(s.study_instance_uid, s.series[0].series_instance_uid) for s in (*studies, studies[0])]
    states = [ViewportState(study, series, position=SLICES // 2) for study, series in hung]
    cells = tuple(Cell(i // 2, i % 2, state) for i, state in enumerate(states))
    start = time.perf_counter()
    core.library.open_case(studies, hung)
    core.session.case = Case(generation, None, studies[0], tuple(studies[1:]))
    core.session.case_changed.emit(core.session.case)
    core.session.viewing.show(Arrangement("bench", "bench", 0, 1, "", LAYOUT, cells, ()))
    while not all(w.painted and not w.painted.picture.partial and w.painted.request.state in states for w in grid.widgets):
        grid.grab()
        QApplication.processEvents()
    taken = time.perf_counter() - start
    end = time.monotonic() + PATIENCE
    while any(core.library.progress(series)[0] < SLICES for _, series in hung) and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)
    return taken
