"""A large frame made small: the means of blocks of its modality values, without making those of every pixel first.

A whole-number line (`values = stored * slope + intercept`) may be laid through the sum of a block as well as through each
of its pixels: what comes out is the same to the last bit, and the frame is gone through once, a part of it at a time that
stays in the processor's cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.all_cores import shared
from rendering.header import ImageHeader
from rendering.pixels import modality_values, stored_values
from rendering.pixels.modality import integer_line, stored_range
from rendering.reslice import shrink, shrink_whole


def shrunk_values(container: NDArray[Any], header: ImageHeader, frame: int, by_rows: int, by_columns: int) -> NDArray[np.float32]:
    """`shrink_whole` of a grey frame's modality values, float32."""
    line = integer_line(header, frame)
    if line is None or container.dtype.itemsize > 2:
        return shrink_whole(modality_values(container, header, frame).values, by_rows, by_columns)
    (height, width), (rows, columns) = container.shape, (container.shape[0] // by_rows, container.shape[1] // by_columns)
    means = np.empty((-(-height // by_rows), -(-width // by_columns)), np.float32)
    bottom, right = rows * by_rows, columns * by_columns
    # Sums of a column's pixels may stay as narrow as they are where none can be too large for that.
    kind = container.dtype.type if _holds(container.dtype, header, by_rows) else np.int32
    factor, whole = np.float32(1.0 / (by_rows * by_columns)), by_rows * by_columns

    def part(block_rows: slice) -> None:
        stored = stored_values(container[block_rows.start * by_rows : block_rows.stop * by_rows, :right], header)
        lines = stored[0::by_rows].astype(kind)
        for row in range(1, by_rows):
            lines += stored[row::by_rows]
        blocks = lines[:, 0::by_columns].astype(np.int64)
        for column in range(1, by_columns):
            blocks += lines[:, column::by_columns]
        blocks *= line[0]
        blocks += line[1] * whole
        np.multiply(blocks.astype(np.float32), factor, out=means[block_rows, :columns])

    shared(rows, by_rows * max(1, right), part)

    def values(piece: NDArray[Any]) -> NDArray[Any]:
        return modality_values(piece, header, frame).values

    # What is left beyond the last whole block makes blocks of its own.
    if height > bottom:
        means[rows:, :columns] = shrink(values(container[bottom:, :right]), height - bottom, by_columns)
    if width > right:
        means[:, columns:] = shrink_whole(values(container[:, right:]), by_rows, width - right)
    return means


def _holds(dtype: np.dtype[Any], header: ImageHeader, count: int) -> bool:
    """Whether the sum of so many stored values is of the container's own kind."""
    least, most = (end * count for end in stored_range(header))
    bounds = np.iinfo(dtype)
    return bool(bounds.min <= least and most <= bounds.max)
