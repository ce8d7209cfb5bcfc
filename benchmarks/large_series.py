"""G18, G19: a photon-counting CT of 2,000 x 1024 x 1024 (4.2 GB) as on a machine of 8 GB, from the decoded store."""

from __future__ import annotations

import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from benchmarks.bench_case import VAULTS, imported_ct
from benchmarks.figures import Figure, percentile
from rendering.decoded import DecodedStore
from rendering.header import ImageHeader
from rendering.images import SeriesImages
from rendering.series_frames import SeriesFrames
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.domain.study import Study

SLICES, SIDE = 2000, 1024
FRAME = SIDE * SIDE * 2
MB = 1 << 20
MACHINE = 8 << 30
VIEWS = 1200
"""Slices looked at: 600 there, more than are held at a time, and back again."""


def measure() -> Iterator[Figure]:
    """The address space is capped at 8 GB and a series may take what it may there; the first image from a cold disk."""
    resource.setrlimit(resource.RLIMIT_AS, (MACHINE, MACHINE))
    study = _study()
    for kind in VAULTS:
        with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as folder:
            store = DecodedStore(Path(folder), VAULTS[kind])
            _write(store, study)
            _forget_pages(Path(folder))
            yield from _read(store, study, kind)
            store.close()


def _study() -> Study:
    """Two imported slices, as often as it takes; only their headers are used."""
    with imported_ct(2, SIDE) as case:
        first, second = (ImageHeader.from_json(i.header) for i in case.series.instances)
        series, study = case.series, case.study
    low, high = sorted((first, second), key=_z)
    instances = []
    for k in range(SLICES):
        plane = low.shared.plane
        assert plane is not None
        x, y, z = plane.position
        uid = f"{low.sop_instance_uid}.{k}"
        shared = replace(low.shared, plane=replace(plane, position=(x, y, z + k * (_z(high) - _z(low)))))
        header = replace(low, sop_instance_uid=uid, shared=shared)
        own = replace(series.instances[0], sop_instance_uid=uid, instance_number=k, sha256=f"{k:064x}", header=header.to_json())
        instances.append(own)
    return replace(study, series=(replace(series, instances=tuple(instances)),))


def _z(header: ImageHeader) -> float:
    assert header.shared.plane is not None
    return header.shared.plane.position[2]


def _write(store: DecodedStore, study: Study) -> None:
    stored = SeriesFrames(study, study.series[0]).stored
    assert stored is not None
    frames = np.random.default_rng(5).integers(0, 4096, (8, SIDE, SIDE), dtype=np.uint16)
    with store.writer(stored) as writer:
        for position in range(SLICES):
            writer.put(position, frames[position % 8])


def _forget_pages(folder: Path) -> None:
    """What was just written is not in memory when it is opened."""
    for path in folder.rglob("*.frames"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read(store: DecodedStore, study: Study, kind: str) -> Iterator[Figure]:
    worker, volume = ImageWorker(), SLICES * FRAME
    with _watched() as peaks:
        images = SeriesImages(study, study.series[0], worker, store, MACHINE // 4)
        viewport = Viewport(images)
        state = viewport.default_state()
        start = time.perf_counter()
        picture = viewport.picture(state, SIDE, SIDE)
        first = time.perf_counter() - start
        assert picture.error is None
        assert not picture.partial
        times = []
        for position in [*range(VIEWS // 2), *range(VIEWS // 2 - 1, -1, -1)]:
            start = time.perf_counter()
            viewport.picture(viewport.at_index(state, position), SIDE, SIDE)
            times.append(time.perf_counter() - start)
            if images.needs_load:
                images.load()
        fetched = images.fetched_bytes / FRAME
    images.close()
    worker.close()
    name = f"4.2 GB on 8 GB, {kind}"
    yield Figure(f"{name}: first slice, cold", "G18", first * 1e3, 50.0, "ms", "<= 50 ms", first <= 0.05)
    used = max(peaks)
    yield Figure(
        f"{name}: peak memory", "G18", used / MB, volume / MB, "MB", "<= 1.25 x + 400 MB", used <= 1.25 * volume + 400 * MB
    )
    slow = percentile(times, 0.95)
    yield Figure(f"{name}: scroll, p95", "G18", slow * 1e3, 16.7, "ms", "<= 16.7 ms", slow <= 0.0167)
    yield Figure(f"{name}: frames fetched / viewed", "G19", fetched, float(VIEWS), "", "<= 1.2 x", fetched <= 1.2 * VIEWS)


@contextmanager
def _watched() -> Iterator[list[int]]:
    """The resident memory of this process, mapped files included, looked at again and again."""
    seen: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            seen.append(psutil.Process().memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
