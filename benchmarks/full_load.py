"""G2-G4: a series that was never opened to a full, verified volume, against the loops that people write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import SimpleITK
from pydicom import dcmread
from pydicom.encaps import generate_frames

from benchmarks.bench_case import BenchCase, imported_ct, stored
from benchmarks.figures import Figure, seconds
from benchmarks.series import CODECS
from rendering.decoded import DecodedStore
from rendering.images import NotYet
from workstation.domain.doubt import Verdict

SLICES = 1000
COMPRESSED = 64
BARE: dict[str, Callable[[bytes], object]] = {"JPEG 2000": imagecodecs.jpeg2k_decode, "JPEG-LS": imagecodecs.jpegls_decode}


def measure() -> Iterator[Figure]:
    """Warm page cache; every byte's hash is checked on our side, nothing is on the other."""
    with imported_ct(SLICES) as case:
        works = (lambda: loaded(case), lambda: naive_volume(case.paths), lambda: itk_volume(case.paths))
        value, naive, itk = (min(times) for times in in_blocks(works))
        yield Figure(
            "1,000 slices to a verified volume / pydicom loop", "G2", value, naive, "s", "<= 0.5 x", value <= 0.5 * naive
        )
        yield Figure("1,000 slices to a verified volume / SimpleITK", "G2", value, itk, "s", "<= 0.5 x", value <= 0.5 * itk)
        first, whole = min(first_cut(case) for _ in range(3))
        yield Figure("first cut (every 8th slice) / full load", "G4", first, whole, "s", "<= 0.15 x", first <= 0.15 * whole)
    for codec in CODECS:
        yield from compressed(codec)


def compressed(codec: str) -> Iterator[Figure]:
    """Opened for the first time, and again; pydicom decodes with what it finds installed (Pillow, pyjpegls)."""
    with imported_ct(COMPRESSED, codec=codec) as case, stored(case, "sealed") as store:
        ways = (
            lambda: loaded(case),
            lambda: loaded(case, store),
            lambda: decoded_bare(case.paths, codec),
            lambda: naive_volume(case.paths),
        )
        value, again, bare, naive = (min(times) for times in in_blocks(ways, runs=2))
        name = f"{COMPRESSED} slices of {codec}"
        yield Figure(f"{name} / bare decode, one core", "G3", value, bare, "s", "<= 0.55 x", value <= 0.55 * bare)
        yield Figure(f"{name} / pydicom's pixel_array", "G3", value, naive, "s", "(for comparison)", True)
        yield Figure(f"{name}, opened again, sealed / pydicom", "R5", again, naive, "s", "<= 0.2 x", 5 * again <= naive)


def first_cut(case: BenchCase) -> tuple[float, float]:
    """Seconds until the volume can be cut, marked partial; and until all of it is there."""
    images = case.images()
    start = time.perf_counter()
    first = 0.0

    def arrived(done: int, _total: int) -> None:
        nonlocal first
        if not first and done >= SLICES // 8:
            try:
                first = time.perf_counter() - start if images.volume().partial else 0.0
            except NotYet:
                return

    images.load(on_progress=arrived)
    whole = time.perf_counter() - start
    images.close()
    return first, whole


def decoded_bare(paths: Sequence[Path], codec: str) -> None:
    """pydicom finds the codestreams, one core decodes them, nothing is kept."""
    for path in paths:
        BARE[codec](next(generate_frames(dcmread(path).PixelData, number_of_frames=1)))


def in_blocks(works: Sequence[Callable[[], object]], rounds: int = 2, runs: int = 3) -> list[list[float]]:
    """Each work `runs` times in a row, `rounds` times over.

    In a row, because half a gigabyte that another way has just given back is dear to get from a
    virtual machine's host: each way is given the memory it used itself the time before.
    """
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for taken, work in zip(times, works, strict=True):
            taken.extend(seconds(work) for _ in range(runs))
    return times


def loaded(case: BenchCase, store: DecodedStore | None = None) -> None:
    images = case.images(store)
    images.load()
    assert images.complete
    assert images.verdict.verdict is Verdict.VOLUME
    images.close()


def naive_volume(paths: list[Path]) -> np.ndarray:
    return np.stack([dcmread(path).pixel_array for path in paths])


def itk_volume(paths: list[Path]) -> object:
    """On files that this benchmark wrote itself: never used on received ones."""
    reader: Any = SimpleITK.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in paths])
    volume: object = reader.Execute()
    return volume
