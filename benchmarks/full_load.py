"""G2: a 1,000-slice CT to a full, verified volume, against the two loops that people write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from pydicom import dcmread

from benchmarks.bench_case import BenchCase, imported_ct
from benchmarks.figures import Figure, seconds
from rendering.images import SeriesImages
from workstation.domain.doubt import Verdict

SLICES = 1000


def measure() -> Iterator[Figure]:
    """Warm page cache; every byte's hash is checked on our side, nothing is on the other."""
    with imported_ct(SLICES) as case:
        works = (lambda: loaded(case), lambda: naive_volume(case.paths), lambda: itk_volume(case.paths))
        value, naive, itk = (min(times) for times in in_blocks(works))
        yield Figure(
            "1,000 slices to a verified volume / pydicom loop", "G2", value, naive, "s", "<= 0.5 x", value <= 0.5 * naive
        )
        yield Figure("1,000 slices to a verified volume / SimpleITK", "G2", value, itk, "s", "<= 0.5 x", value <= 0.5 * itk)


def in_blocks(works: Sequence[Callable[[], object]]) -> list[list[float]]:
    """Each work three times in a row, twice over.

    In a row, because half a gigabyte that another way has just given back is dear to get from a
    virtual machine's host: each way is given the memory it used itself the time before.
    """
    times: list[list[float]] = [[] for _ in works]
    for _ in range(2):
        for taken, work in zip(times, works, strict=True):
            taken.extend(seconds(work) for _ in range(3))
    return times


def loaded(case: BenchCase) -> None:
    images = SeriesImages(case.study, case.series, case.worker)
    images.load()
    assert images.complete
    assert images.verdict.verdict is Verdict.VOLUME
    images.close()


def naive_volume(paths: list[Path]) -> np.ndarray:
    return np.stack([dcmread(path).pixel_array for path in paths])


def itk_volume(paths: list[Path]) -> object:
    """On files that this benchmark wrote itself: never used on received ones."""
    reader: Any = SimpleITK.ImageSeriesReader()  # type: ignore[no-untyped-call]
    reader.SetFileNames([str(path) for path in paths])
    volume: object = reader.Execute()
    return volume
