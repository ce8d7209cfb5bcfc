"""Opening a series that was decoded when it arrived, against reading it again with what people use, and against its bare bytes.

All in one run, on the same uncompressed files, page cache warm. On our side every byte is proved
(or unsealed) before it is shown, on the others nothing is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.bench_case import BenchCase, imported_ct, stored
from benchmarks.figures import Figure
from benchmarks.full_load import in_blocks, itk_volume, naive_volume
from rendering.decoded import DecodedStore
from rendering.images import SeriesImages
from rendering.judged_series import JudgedSeries, judged
from rendering.viewport import Viewport

SIDE = 512


def measure() -> Iterator[Figure]:
    """400 and 1,000 slices of 512 x 512."""
    for slices in (400, 1000):
        with imported_ct(slices) as case:
            yield from _measured(case, slices)


def _measured(case: BenchCase, slices: int) -> Iterator[Figure]:
    known = judged(case.study, case.series)
    with stored(case, "plain") as plain, stored(case, "sealed") as sealed:
        floors = (partial(naive_volume, case.paths), partial(itk_volume, case.paths), partial(bare, case.paths))
        ours = [
            work
            for store in (plain, sealed)
            for work in (
                partial(first_picture, case, store, known),
                partial(first_picture, case, store, None),
                partial(whole_volume, case, store, known),
            )
        ]
        times = [min(taken) for taken in in_blocks((*ours, *floors), rounds=2, runs=2)]
    for kind, own in (("plain", times[:3]), ("sealed", times[3:6])):
        yield from _figures(f"{slices} slices, {kind}", (*own, *times[6:]))


def _figures(name: str, times: Sequence[float]) -> Iterator[Figure]:
    first, unjudged, whole, naive, itk, read = times
    fastest = min(naive, itk, read)
    yield Figure(
        f"{name}: to reading / best of the others", "R5", first * 1e3, fastest * 1e3, "ms", "<= 0.2 x", 5 * first <= fastest
    )
    yield Figure(f"{name}: first image, headers unread", "R5", unjudged * 1e3, read * 1e3, "ms", "<= 100 ms", unjudged <= 0.1)
    yield Figure(f"{name}: whole volume / pydicom", "R5", whole * 1e3, naive * 1e3, "ms", "<= 0.2 x", 5 * whole <= naive)
    yield Figure(f"{name}: whole volume / SimpleITK", "R5", whole * 1e3, itk * 1e3, "ms", "<= 0.2 x", 5 * whole <= itk)
    yield Figure(f"{name}: whole volume / bare file read", "R5", whole * 1e3, read * 1e3, "ms", "(for comparison)", True)


def first_picture(case: BenchCase, store: DecodedStore, known: JudgedSeries | None) -> None:
    """From here on any slice is shown as soon as it is asked for; one is."""
    images = SeriesImages(case.study, case.series, case.worker, store, known=known)
    viewport = Viewport(images)
    picture = viewport.picture(viewport.at_index(viewport.default_state(), images.frame_count // 2), SIDE, SIDE)
    assert picture.error is None
    assert not picture.partial
    images.close()


def whole_volume(case: BenchCase, store: DecodedStore, known: JudgedSeries) -> None:
    """Every frame proved, ready to be cut in any plane."""
    images = SeriesImages(case.study, case.series, case.worker, store, known=known)
    images.load()
    assert not images.volume().partial
    images.close()


def bare(paths: Sequence[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]
