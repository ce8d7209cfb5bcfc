"""Test patterns at the levels that they are made for: AAPM TG18-LN and our own, and what a GSDF display makes of them.

A display that follows PS3.14 gets P-values from us. Nothing between file and screen may bend them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gsdf
import numpy as np
import pytest
from pydicom import dcmread
from received import dataset, save

from rendering.images import SeriesImages
from rendering.viewport import Viewport
from rendering.worker import ImageWorker

LEVELS = 18
# TG18-LN: 18 steps of 12 bit values, 240 apart, in the window 2040 / 4080.
STEP = 240
BLACK, WHITE = 1.0, 350.0


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


def shown(path: Path, worker: ImageWorker, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    parsed = worker.parse(path)
    images = SeriesImages(parsed.study, parsed.series, worker)
    images.load()
    viewport = Viewport(images)
    pixels = viewport.picture(viewport.default_state(), size, size).pixels
    images.close()
    return pixels


def own_pattern(folder: Path, number: int, size: int = 64) -> Path:
    """A square of level `number` (from 1) in a background of a fifth of white."""
    pixels = np.full((size, size), 817, "u2")
    inner = slice(size // 3, 2 * size // 3)
    pixels[inner, inner] = (number - 1) * STEP
    made = dataset(pixels, BitsStored=12, HighBit=11, WindowCenter=2040, WindowWidth=4080)
    return save(made, folder / f"{number}.dcm")


def test_our_own_patterns_are_shown_at_every_expected_level(worker: ImageWorker, tmp_path: Path) -> None:
    """F55."""
    for number in range(1, LEVELS + 1):
        for size in (64, 200, 48):
            pixels = shown(own_pattern(tmp_path, number), worker, size)
            assert pixels[size // 2, size // 2] == 15 * (number - 1)
            assert pixels[2, 2] == 51


def test_the_tg18_ln_patterns_are_shown_at_their_expected_levels(shared_data: Path, worker: ImageWorker) -> None:
    """F55."""
    paths = sorted((shared_data / "21_TG18_luminance_1k").rglob("*.dcm"))
    ladder = [path for path in paths if dcmread(path, stop_before_pixels=True).SeriesDescription == "TG18-LN"]
    assert len(ladder) == LEVELS
    for path in ladder:
        number = int(dcmread(path, stop_before_pixels=True).InstanceNumber)
        for size in (1024, 500):
            pixels = shown(path, worker, size)
            centre = pixels[size // 2 - 20 : size // 2 + 20, size // 2 - 20 : size // 2 + 20]
            assert np.unique(centre).tolist() == [15 * (number - 1)], path.name


def test_the_display_function_is_the_standards() -> None:
    """PS3.14: the ends of the table in Annex B, and both formulas of 7.1 agree with each other."""
    assert gsdf.luminance(1) == pytest.approx(0.0500, abs=5e-5)
    assert gsdf.luminance(1023) == pytest.approx(3993.33, rel=2e-4)
    indices = np.arange(1, 1024)
    assert np.abs(gsdf.jnd_index(gsdf.luminance(indices)) - indices).max() < 0.5
    assert (np.diff(gsdf.luminance(indices)) > 0).all()


def test_steps_of_the_ladder_are_equally_well_seen_on_a_calibrated_display(worker: ImageWorker, tmp_path: Path) -> None:
    """AAPM TG18, 4.3: the contrast of each step within 10 % of the one that the GSDF gives."""
    levels = np.array([int(shown(own_pattern(tmp_path, n), worker, 64)[32, 32]) for n in range(1, LEVELS + 1)])
    seen = gsdf.calibrated(levels / 255.0, BLACK, WHITE)
    meant = gsdf.calibrated(np.arange(LEVELS) * STEP / 4080.0, BLACK, WHITE)
    contrast, expected = (2 * np.diff(cd) / (cd[1:] + cd[:-1]) for cd in (seen, meant))
    assert np.abs(contrast / expected - 1.0).max() < 0.10
    steps = np.diff(gsdf.jnd_index(seen))
    assert steps.max() / steps.min() < 1.02
