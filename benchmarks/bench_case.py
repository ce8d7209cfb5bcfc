"""A case in a cache of its own for one benchmark, and what it is made of."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.series import write_ct, write_mammogram
from rendering.decoded import DecodedStore
from rendering.images import SeriesImages
from rendering.worker import ImageWorker
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.domain.study import Series, Study

# As a site that encrypts its disks itself, and as everybody else.
VAULTS = {"plain": Vault.plain(), "sealed": Vault.with_key(bytes(range(32)))}


@dataclass(frozen=True)
class BenchCase:
    """`paths` are the files as written, in slice order; the study lies in a cache as after an import."""

    paths: list[Path]
    worker: ImageWorker
    study: Study

    @property
    def series(self) -> Series:
        return self.study.series[0]

    def images(self, store: DecodedStore | None = None) -> SeriesImages:
        return SeriesImages(self.study, self.series, self.worker, store)


@contextmanager
def imported_ct(slices: int, size: int = 512, codec: str = "", number: int = 1) -> Iterator[BenchCase]:
    """A CT, uncompressed or by a codec of `benchmarks.series`, imported; the worker is warm. Everything is removed afterwards."""
    with imported(lambda folder: write_ct(folder, slices, size, codec, number)) as case:
        yield case


@contextmanager
def imported_mammogram(rows: int, columns: int) -> Iterator[BenchCase]:
    """One image of this size, imported as above."""
    with imported(lambda folder: [write_mammogram(folder / "mg.dcm", rows, columns)]) as case:
        yield case


@contextmanager
def imported(write: Callable[[Path], list[Path]]) -> Iterator[BenchCase]:
    """What `write` puts into a folder, imported."""
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as folder, ImageWorker() as worker:
        files = Path(folder) / "files"
        files.mkdir()
        paths = write(files)
        cache = StudyCache(Path(folder) / "cache", worker)
        try:
            cache.add([files])
            yield BenchCase(paths, worker, cache.study(cache.studies()[0].study_instance_uid))
        finally:
            cache.close()


@contextmanager
def stored(case: BenchCase, kind: str, folder: Path | None = None) -> Iterator[DecodedStore]:
    """A decoded store ("plain" or "sealed") that holds the case, as after its arrival."""
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as own:
        store = DecodedStore(folder or Path(own), VAULTS[kind])
        images = case.images(store)
        images.load()
        assert images.stored is not None
        with store.writer(images.stored) as writer:
            for position in range(images.frame_count):
                writer.put(position, images.container(position))
        images.close()
        try:
            yield store
        finally:
            store.close()
