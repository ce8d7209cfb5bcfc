"""A large frame made small in one go has the values of the long way, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from rendering.header import FrameFacts, ImageHeader, LookupTable, ModalityTransform
from rendering.pixels import modality_values
from rendering.reslice import shrink_whole
from rendering.shrinking import shrunk_values

LINES = (
    ModalityTransform(),
    ModalityTransform(1.0, -1024.0, "HU"),
    ModalityTransform(-3.0, 70000.0, "X"),
    ModalityTransform(0.37, 3.2, "X"),
    ModalityTransform(table=LookupTable(0, 16, np.arange(65535, 61439, -1).astype("<u2").tobytes())),
)


def header_of(dtype: np.dtype, bits: int, transform: ModalityTransform, rows: int, columns: int, low: int = 0) -> ImageHeader:
    width = dtype.itemsize * 8
    facts = FrameFacts(transform=transform)
    return ImageHeader(
        "1", "1.1", "1.1.1", "1.2", "1.2.840.10008.1.2.1", "MG", rows=rows, columns=columns, frames=1, photometric="MONOCHROME2",
        bits_allocated=width, bits_stored=bits, high_bit=bits + low - 1, is_signed=dtype.kind == "i", shared=facts,
    )  # fmt: skip


@pytest.mark.parametrize("transform", LINES, ids=("identity", "whole", "steep", "fractions", "table"))
@pytest.mark.parametrize(
    ("kind", "bits", "low"), [("u1", 8, 0), ("u2", 12, 0), ("i2", 12, 0), ("u2", 16, 0), ("i2", 16, 0), ("u2", 12, 4)]
)
@pytest.mark.parametrize(
    ("shape", "by"), [((41, 67), (5, 3)), ((40, 66), (5, 3)), ((7, 9), (1, 4)), ((3, 5), (4, 2)), ((1101, 803), (5, 5))]
)
def test_the_means_of_blocks_are_those_of_their_modality_values(transform, kind, bits, low, shape, by):
    """All bits of the container are used: what is no part of the value must not count."""
    dtype = np.dtype(kind)
    bounds = np.iinfo(dtype)
    container = np.random.default_rng(bits).integers(bounds.min, bounds.max, shape, dtype=dtype, endpoint=True)
    header = header_of(dtype, bits, transform, *shape, low)
    expected = shrink_whole(modality_values(container, header).values, *by)
    found = shrunk_values(container, header, 0, *by)
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)


def test_a_frame_at_the_end_of_its_range_does_not_overflow():
    for dtype, value in ((np.dtype("u2"), 65535), (np.dtype("i2"), -32768), (np.dtype("u1"), 255)):
        container = np.full((64, 64), value, dtype)
        header = header_of(dtype, dtype.itemsize * 8, ModalityTransform(), 64, 64)
        assert (shrunk_values(container, header, 0, 16, 16) == value).all()
