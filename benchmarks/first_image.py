"""G1: from "open" to the first image in the frame buffer, against reading and painting one file bare."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydicom import dcmread
from PySide6.QtGui import QImage, QPainter

from benchmarks.bench_case import BenchCase, imported_ct
from benchmarks.figures import Figure, compared
from rendering.images import SeriesImages
from rendering.picture import Picture
from rendering.viewport import Viewport
from ui import app
from ui.viewport_widget import paint_pixels

SIDE = 512


def measure() -> Iterator[Figure]:
    """An imported, uncompressed CT of 60 slices of 512 x 512; the decode worker is already running."""
    app.application([])
    with imported_ct(60) as case:
        offset = case.paths[0].stat().st_size - SIDE * SIDE * 2
        lut = np.clip((np.arange(65536) - 1064 + 200) * (255 / 400), 0, 255).astype(np.uint8)
        value, floor = compared(lambda: opened(case), lambda: bare(case.paths[30], offset, lut), 25)
        yield Figure(
            "first image from the cache",
            "G1",
            value * 1e3,
            floor * 1e3,
            "ms",
            "<= 5 x and <= 100 ms",
            value <= 5 * floor and value <= 0.1,
        )
        value, plain = compared(lambda: opened(case), lambda: dcmread(case.paths[30]).pixel_array, 25)
        yield Figure("first image, against pydicom's pixel_array", "G1", value * 1e3, plain * 1e3, "ms", "(for comparison)", True)


def bare(path: Path, offset: int, lut: np.ndarray) -> QImage:
    """Read the bytes, look them up, paint them: nothing is checked."""
    with path.open("rb") as file:
        file.seek(offset)
        pixels = np.frombuffer(file.read(), "<u2").reshape(SIDE, SIDE)
    return painted(lut[pixels])


def painted(grey: np.ndarray) -> QImage:
    screen = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    painter = QPainter(screen)
    painter.drawImage(0, 0, QImage(grey.data, SIDE, SIDE, SIDE, QImage.Format.Format_Grayscale8))
    painter.end()
    return screen


def opened(case: BenchCase) -> QImage:
    """Judge the series, decode its middle slice in the worker (hash checked), draw and paint it."""
    images = SeriesImages(case.study, case.series, case.worker)
    try:
        viewport = Viewport(images)
        state = viewport.default_state()
        done = False

        def arrived(_done: int, _total: int) -> None:
            nonlocal done
            done = True

        images.load(first=state.position, cancelled=lambda: done, on_progress=arrived)
        picture: Picture = viewport.picture(state, SIDE, SIDE)
        screen = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
        painter = QPainter(screen)
        paint_pixels(painter, picture, 1.0)
        painter.end()
        return screen
    finally:
        images.close()
