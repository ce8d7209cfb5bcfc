"""G22: what the program costs when nothing happens, and a scroll while the next studies are fetched."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from PySide6.QtWidgets import QApplication

from benchmarks.bench_case import BenchCase, imported_ct
from benchmarks.figures import Figure, percentile
from benchmarks.seat import seated
from benchmarks.series import write_ct
from workstation.archives.config import put_archive
from workstation.domain.archive import Archive, ArchiveKind
from workstation.domain.order import Order
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.viewing import Arrangement, Cell, Layout, ViewportState

if TYPE_CHECKING:
    from ui.seat import Seat
    from ui.viewport_grid import ViewportGrid

SIZE = 1024
STEPS = 240
FETCHED = 600
IDLE_SECONDS = 10.0
MOST_IDLE = 0.01
MOST_SLOWER = 1.25
BETWEEN_STEPS = 0.02
"""Seconds: 50 steps a second, as a wheel that is turned quickly."""


def measure() -> Iterator[Figure]:
    """A 1024 x 1024 CT in one viewport; behind it a study of 600 images comes from a folder archive without a cap."""
    with imported_ct(160, SIZE) as case, tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as folder:
        write_ct(Path(folder) / "archive", FETCHED)
        with seated(case, SIZE, SIZE) as (core, grid):
            _hang(case, core)
            yield _idle()
            alone = _scroll(core, grid)
            _list_study(core, Path(folder) / "archive")
            core.start_archives()
            _await_first_images(core)
            during = _scroll(core, grid)
            state = core.prefetcher.state
            value, floor = percentile(during, 0.95), percentile(alone, 0.95)
            name = f"scroll p95 while fetching ({state.phase.value}, {state.received} images)"
            yield Figure(name, "G22", value * 1e3, floor * 1e3, "ms", "<= 1.25 x idle", value <= MOST_SLOWER * floor)


def _hang(case: BenchCase, core: Seat) -> None:
    state = ViewportState(case.study.study_instance_uid, case.series.series_instance_uid)
    core.session.viewing.show(Arrangement("bench", "bench", 0, 1, "", Layout(1, 1), (Cell(0, 0, state),), ()))
    QApplication.processEvents()


def _idle() -> Figure:
    """Processor time of the program and its processes, with the case open and nobody at work."""
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)
    before, begun = _processor_seconds(), time.monotonic()
    application = QApplication.instance()
    assert application is not None
    from PySide6.QtCore import QTimer

    QTimer.singleShot(int(IDLE_SECONDS * 1000), application.quit)
    QApplication.exec()
    share = (_processor_seconds() - before) / (time.monotonic() - begun)
    return Figure("idle, of one core", "G22", share * 100, 100.0, "%", "<= 1 %", share <= MOST_IDLE)


def _processor_seconds() -> float:
    own, total = psutil.Process(os.getpid()), 0.0
    for process in (own, *own.children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system
    return total


def _scroll(core: Seat, grid: ViewportGrid) -> list[float]:
    """Seconds from the command to the painted frame buffer for each step; the hand rests in between."""
    taken, direction = [], 1
    for _ in range(STEPS):
        state = core.session.viewing.state()
        position = state.position if state is not None else 0
        direction = -1 if position >= 150 else 1 if position <= 5 else direction
        start = time.perf_counter()
        core.session.viewing.scroll(direction)
        grid.grab()
        taken.append(time.perf_counter() - start)
        QApplication.processEvents()
        time.sleep(BETWEEN_STEPS)
    return taken


def _list_study(core: Seat, folder: Path) -> None:
    """An order for the study that the archive holds."""
    patient = Patient(PatientKey("BENCH"), "Bench^Mark", "19700101", "O")
    order = Order("bench", "BENCH1", patient, "CT", due=datetime.now(UTC))
    core.orders.replace([order])
    put_archive(core.folders.config, Archive("bench", ArchiveKind.FOLDER, folder=str(folder), is_local=True), "")
    core.archives.reload()
    policy = replace(core.prefetcher.policy, day_kilobits=0)
    core.prefetcher.policy = policy


def _await_first_images(core: Seat) -> None:
    """Until the fetch is under way, at most a minute."""
    end = time.monotonic() + 60
    while core.prefetcher.state.received < 20 and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)
