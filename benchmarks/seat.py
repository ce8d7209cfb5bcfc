"""A reading seat with the real viewport grid, without RIS, worklist or microphone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from benchmarks.bench_case import BenchCase
from main import open_core
from ui import app
from ui.main_window import MainWindow
from ui.runner import Runner
from ui.viewport_grid import ViewportGrid
from workstation.commands.command import Context
from workstation.commands.keymap import build
from workstation.commands.table import COMMANDS
from workstation.domain.study import Study
from workstation.jobs import Jobs
from workstation.session.case import Case
from workstation.settings import Folders

if TYPE_CHECKING:
    from ui.seat import Seat


@contextmanager
def seated(case: BenchCase, width: int, height: int, loaded: bool = True) -> Iterator[tuple[Seat, ViewportGrid]]:
    """The case open in a grid of this size (pixels); loaded, or just begun to load."""
    app.application([])
    poster = app.MainPoster()
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as folder:
        root = Path(folder)
        core = open_core(lambda: Jobs(poster.post), "", Folders(root / "data", root / "config", root / "cache"))
        try:
            grid = ViewportGrid(core, Runner(Context(core.session, MainWindow(core), core.presets), build(COMMANDS)))
            grid.resize(width, height)
            _open(core, case.study)
            if loaded:
                wait_for_images(core, case.study)
            grid.show()
            yield core, grid
            grid.close()
        finally:
            core.close()
            QApplication.processEvents()


def _open(core: Seat, study: Study) -> None:
    series = study.series[0].series_instance_uid
    core.library.open_case((study,), [(study.study_instance_uid, series)])
    core.session.case = Case(1, None, study, ())
    core.session.case_changed.emit(core.session.case)


def wait_until_painted(grid: ViewportGrid) -> None:
    """Until every viewport has a whole picture: the first of a large image is made beside the window."""
    end = time.monotonic() + 120
    while any(w.painted is None or w.painted.picture.partial for w in grid.widgets) and time.monotonic() < end:
        grid.grab()
        QApplication.processEvents()
        time.sleep(0.005)


def wait_for_images(core: Seat, study: Study) -> None:
    series = study.series[0].series_instance_uid
    end = time.monotonic() + 120
    while core.library.progress(series)[0] < study.image_count and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)
