"""Polygons on a grid of pixels: inside by the even-odd rule, and the pixels of a line."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
# A line far outside the view is not followed further than this many pixels.
LONGEST = 1 << 16


def filled(points: Sequence[Sequence[float]], rows: int, columns: int) -> Mask:
    """The pixels whose centre (column, row; 0.0 is the first one's) is inside; left and upper edges count as inside."""
    toggles = np.zeros((rows, columns + 1), np.bool_)
    for (u0, v0), (u1, v1) in zip(points, [*points[1:], points[0]], strict=True):
        low, high = (v0, v1) if v0 < v1 else (v1, v0)
        lines = np.arange(max(0, math.ceil(low)), min(rows, math.ceil(high)))
        if not lines.size:
            continue
        crossings = u0 + (lines - v0) * ((u1 - u0) / (v1 - v0))
        toggles[lines, np.clip(np.ceil(crossings), 0, columns).astype(np.intp)] ^= True
    inside: Mask = np.logical_xor.accumulate(toggles, axis=1)[:, :columns]
    return inside


def line_pixels(target: Mask, points: Sequence[Sequence[float]], closed: bool) -> None:
    """Sets the pixels that a line through view points (pixel edges on whole numbers) runs through."""
    height, width = target.shape
    ends = [*points[1:], points[0]] if closed else points[1:]
    if len(points) == 1:
        ends = points
    for (x0, y0), (x1, y1) in zip(points, ends, strict=False):
        steps = min(LONGEST, max(1, math.ceil(2 * max(abs(x1 - x0), abs(y1 - y0)))))
        share = np.linspace(0.0, 1.0, steps + 1)
        x, y = np.floor(x0 + share * (x1 - x0)), np.floor(y0 + share * (y1 - y0))
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        target[y[inside].astype(np.intp), x[inside].astype(np.intp)] = True
