"""The machine itself, so that runs elsewhere compare by ratio: copy, LUT, decode, fsync."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import imagecodecs
import numpy as np

from benchmarks.figures import Figure, median


def measure() -> Iterator[Figure]:
    """Four kernels. They are floors of others and have no goal of their own."""
    block = np.zeros(50_000_000, np.uint8)
    yield _kernel("copy 50 MB", median(block.copy))
    lut = np.arange(65536, dtype=np.uint16).astype(np.uint8)
    image = np.random.default_rng(1).integers(0, 4096, (2048, 2048), dtype=np.uint16)
    yield _kernel("LUT 2048 x 2048", median(lambda: lut[image]))
    coded = imagecodecs.jpeg2k_encode(image[:512, :512], level=0, reversible=True)
    yield _kernel("JPEG 2000 decode 512 x 512", median(lambda: imagecodecs.jpeg2k_decode(coded)))
    with tempfile.TemporaryFile() as file:

        def sync() -> None:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

        yield _kernel("write and fsync 4 kB", median(sync, 20))


def _kernel(name: str, value: float) -> Figure:
    return Figure(f"calibration: {name}", "-", value * 1000, value * 1000, "ms", "(a floor)", True)
