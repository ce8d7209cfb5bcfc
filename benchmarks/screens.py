"""Viewports on two screens against as many on one: one series in memory, and each viewport painted once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from benchmarks.bench_case import BenchCase, imported_ct
from benchmarks.figures import Figure, interleaved, percentile
from benchmarks.seat import seated
from ui.main_window import MainWindow
from ui.runner import Runner
from ui.viewport_grid import ViewportGrid
from workstation.commands.command import Context
from workstation.commands.keymap import build
from workstation.commands.table import COMMANDS
from workstation.domain.viewing import Arrangement, Cell, Layout, ViewportState

if TYPE_CHECKING:
    from ui.seat import Seat

STEPS = 60
SIDE = 400
SLICES = 160
MOST = 1.15


def measure() -> Iterator[Figure]:
    """Eight linked viewports: 2 x 4 in one window, and 2 x 2 in each of two."""
    with imported_ct(SLICES, 512) as case, seated(case, 4 * SIDE, 2 * SIDE) as one, seated(case, 2 * SIDE, 2 * SIDE) as two:
        steps = _step(case, *one, Layout(2, 4)), _step(case, *two, Layout(2, 2), Layout(2, 2))
        alone, split = interleaved(steps, STEPS)
        for share, name in ((0.5, "p50"), (0.95, "p95")):
            taken, floor = percentile(split, share), percentile(alone, share)
            holds = taken <= MOST * floor or share > 0.5
            goal = f"<= {MOST} x" if share == 0.5 else "(a ratio to watch)"
            yield Figure(f"scroll, 2 screens of 4 against 1 of 8, {name}", "", taken * 1e3, floor * 1e3, "ms", goal, holds)


def _step(case: BenchCase, core: Seat, grid: ViewportGrid, *layouts: Layout) -> Callable[[], object]:
    """One image on, in every viewport, to the painted frame buffers."""
    grids = [grid]
    runner = Runner(Context(core.session, MainWindow(core), core.presets), build(COMMANDS))
    for screen in range(1, len(layouts)):
        grids.append(ViewportGrid(core, runner, screen, grid.viewports))
        grids[-1].resize(grid.size())
        grids[-1].show()
    state = ViewportState(case.study.study_instance_uid, case.series.series_instance_uid)
    cells = [
        Cell(i // layout.columns, i % layout.columns, state, link_group="all", screen=screen)
        for screen, layout in enumerate(layouts)
        for i in range(layout.count)
    ]
    viewing = core.session.viewing
    viewing.show(Arrangement("bench", "bench", 0, 1, "", layouts[0], tuple(cells), (), more_screens=layouts[1:]))
    QApplication.processEvents()
    targets = [QImage(shown.size(), QImage.Format.Format_RGB32) for shown in grids]
    direction = [1]

    def step() -> None:
        position = (viewing.state() or state).position
        direction[0] = -1 if position >= SLICES - 10 else 1 if position <= 5 else direction[0]
        viewing.scroll(direction[0])
        for shown, target in zip(grids, targets, strict=True):
            shown.render(target)

    return step
