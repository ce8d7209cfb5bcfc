"""Mask subtraction in a space logarithmic to the X-ray intensity (PS3.3 C.7.6.10.1, C.8.19.7; PS3.4 N.2.5): pure numpy.

Stored values through the image's TO_LOG table, or where they are linear (LIN) through `log_table`; logarithmic ones (LOG) as
they are. Values of DISP, and of images that say nothing, are subtracted as they are: whoever shows that says so. A modality
LUT plays no part (N.2.5). The result has no unit; a pixel for which the mask knows no value is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.header import ImageHeader, LookupTable
from rendering.pixels.modality import stored_values
from workstation.domain.subtraction import Mask, MaskFacts, Shift

Values = NDArray[np.float32]

TOP = (1 << 16) - 1
"""What the highest linear value becomes."""
MOST_BITS = 16
LINEAR, LOGARITHMIC = "LIN", "LOG"


@lru_cache(maxsize=8)
def log_table(bits: int) -> LookupTable:
    """Linear intensities of `bits` bits to logarithmic ones: 65535 ln(1 + x) / ln(2 ^ bits), to the nearest whole number."""
    entries = np.rint(np.log1p(np.arange(1 << bits, dtype=np.float64)) * (TOP / (bits * np.log(2.0))))
    return LookupTable(0, 16, entries.astype("<u2").tobytes(), "Linear to logarithmic")


def table_to_log(header: ImageHeader, facts: MaskFacts, mask: Mask) -> LookupTable | None:
    """What takes stored values into a logarithmic space; None where they are taken as they are."""
    table = mask.to_log or facts.to_log
    if table is not None or facts.relationship != LINEAR or header.bits_stored > MOST_BITS:
        return table
    return log_table(header.bits_stored)


def in_log(container: NDArray[Any], header: ImageHeader, table: LookupTable | None) -> Values:
    stored = stored_values(container, header)
    if table is None:
        return stored.astype(np.float32)
    entries = np.frombuffer(table.data, "<u2").astype(np.float32)
    if table.first == 0 and stored.dtype.kind == "u":
        looked_up: Values = np.take(entries, stored, mode="clip")
        return looked_up
    index = np.clip(stored.astype(np.int64) - table.first, 0, table.count - 1)
    return entries[index]


def mean(frames: Sequence[Values]) -> Values:
    if len(frames) == 1:
        return frames[0]
    total = frames[0].astype(np.float64)
    for frame in frames[1:]:
        total += frame
    total /= len(frames)
    return total.astype(np.float32)


def shifted(mask: Values, shift: Shift) -> Values:
    """The mask moved by (down, right) pixels, linear between them; NaN where it has no value."""
    moved = mask
    for axis, by in enumerate(shift):
        moved = _moved(moved, by, axis)
    return moved


def _moved(values: Values, by: float, axis: int) -> Values:
    """out[i] = values[i - by]."""
    if by == 0.0:
        return values
    whole = int(np.floor(by))
    share = np.float32(by - whole)
    # i - by lies between i - whole - 1 and i - whole.
    near = _rolled(values, whole, axis)
    if share == 0.0:
        return near
    far = _rolled(values, whole + 1, axis)
    mixed: Values = near * (np.float32(1.0) - share) + far * share
    return mixed


def _rolled(values: Values, by: int, axis: int) -> Values:
    """out[i] = values[i - by], NaN beyond the edge."""
    out = np.full_like(values, np.nan)
    length = values.shape[axis]
    if abs(by) >= length:
        return out
    target = [slice(None), slice(None)]
    source = [slice(None), slice(None)]
    target[axis] = slice(max(0, by), min(length, length + by))
    source[axis] = slice(max(0, -by), min(length, length - by))
    out[tuple(target)] = values[tuple(source)]
    return out


def difference(contrast: Values, mask: Values, landmark: float) -> Values:
    """Contrast less the part of the mask that does not stay visible; `landmark` is in percent (C.8.19.7)."""
    if landmark == 0.0:
        return contrast - mask
    share = np.float32(1.0 - landmark / 100.0)
    made: Values = contrast - share * mask
    return made
