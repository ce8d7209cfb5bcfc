"""G18: memory of the whole program with a CT open, against the decoded volume."""

from __future__ import annotations

from collections.abc import Iterator

import psutil

from benchmarks.bench_case import imported_ct
from benchmarks.figures import Figure
from benchmarks.seat import seated
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState

SLICES = 800
MB = 1 << 20


def measure() -> Iterator[Figure]:
    """800 slices of 512 x 512, hung in three planes. PSS: shared memory counts once for all processes."""
    with imported_ct(SLICES) as case, seated(case, 1200, 900) as (core, grid):
        cells = tuple(
            Cell(i // 2, i % 2, ViewportState(case.study.study_instance_uid, case.series.series_instance_uid, plane))
            for i, plane in enumerate((Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.STACK))
        )
        core.session.viewing.show(Arrangement("bench", "bench", 0, 1, "", Layout(2, 2), cells, ()))
        grid.grab()
        volume = SLICES * 512 * 512 * 2
        used = _pss()
        goal = 1.25 * volume + 400 * MB
        yield Figure(
            "memory with 800 slices in three planes",
            "G18",
            used / MB,
            volume / MB,
            "MB",
            "<= 1.25 x volume + 400 MB",
            used <= goal,
        )


def _pss() -> int:
    """Proportional set size of this process and its children, in bytes."""
    own = psutil.Process()
    return sum(process.memory_full_info().pss for process in (own, *own.children(recursive=True)))
