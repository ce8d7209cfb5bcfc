"""A case in a cache of its own for one benchmark, and what it is made of."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.series import write_ct
from rendering.worker import ImageWorker
from workstation.cache.cache import StudyCache
from workstation.domain.study import Series, Study


@dataclass(frozen=True)
class BenchCase:
    """`paths` are the files as written, in slice order; the study lies in a cache as after an import."""

    paths: list[Path]
    worker: ImageWorker
    study: Study

    @property
    def series(self) -> Series:
        return self.study.series[0]


@contextmanager
def imported_ct(slices: int, size: int = 512) -> Iterator[BenchCase]:
    """An uncompressed CT, imported; the worker is warm. Everything is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as folder, ImageWorker() as worker:
        paths = write_ct(Path(folder) / "files", slices, size)
        cache = StudyCache(Path(folder) / "cache", worker)
        try:
            cache.add([Path(folder) / "files"])
            yield BenchCase(paths, worker, cache.study(cache.studies()[0].study_instance_uid))
        finally:
            cache.close()
