"""Small images: between which levels their tissue begins, and masks grown, shrunk, and their largest connected part.

All in numpy, for images of some hundred pixels; levels and steps also for a stack of such images, image by image.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def threshold(values: NDArray[np.float32]) -> float | None:
    """Between the dark and the bright part of values (Otsu); None when they have but one level."""
    low, high = (float(v) for v in np.percentile(values, (0.1, 99.5)))
    if not high > low:
        return None
    counts, edges = np.histogram(np.clip(values, low, high), bins=256, range=(low, high))
    middles = (edges[1:] + edges[:-1]) / 2
    weight, moment = np.cumsum(counts)[:-1], np.cumsum(counts * middles)
    total, count = moment[-1], counts.sum()
    between = (total * weight / count - moment[:-1]) ** 2 / np.maximum(weight * (count - weight), 1)
    return float(middles[int(between.argmax())])


def air_level(values: NDArray[np.float32], tissue: float) -> tuple[float, float]:
    """Level and noise (1.48 x the median deviation) of what is darker than tissue."""
    air = values[values < tissue]
    level = float(np.median(air))
    return level, 1.48 * float(np.median(np.abs(air - level)))


def median_of_nine(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each value by the middle one of its neighbourhood: dust and single bright pixels go."""
    rows, columns = values.shape
    padded = np.pad(values, 1, mode="edge")
    near = np.stack([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)])
    return np.asarray(np.partition(near, 4, axis=0)[4], np.float32)


def eroded(mask: Mask, times: int) -> Mask:
    """Less by one pixel at each step; beyond the images' border all is taken for set."""
    for _ in range(times):
        padded = _padded(mask, constant_values=True)
        mask = mask & padded[..., :-2, 1:-1] & padded[..., 2:, 1:-1] & padded[..., 1:-1, :-2] & padded[..., 1:-1, 2:]
    return mask


def dilated(mask: Mask, times: int) -> Mask:
    """More by one pixel at each step."""
    for _ in range(times):
        padded = _padded(mask)
        mask = mask | padded[..., :-2, 1:-1] | padded[..., 2:, 1:-1] | padded[..., 1:-1, :-2] | padded[..., 1:-1, 2:]
    return mask


def _padded(mask: Mask, **how: Any) -> Mask:
    return np.pad(mask, [(0, 0)] * (mask.ndim - 2) + [(1, 1)] * 2, **how)


def largest_part(mask: Mask) -> Mask:
    """The connected part (over edges) with most pixels; nothing of an empty mask."""
    runs: list[tuple[int, int, int]] = []
    parent: list[int] = []
    above: list[int] = []
    for row in range(len(mask)):
        ends = np.flatnonzero(np.diff(np.concatenate(([0], mask[row].view(np.int8), [0])))).tolist()
        here = []
        for first, last in zip(ends[::2], ends[1::2], strict=True):
            number = len(runs)
            runs.append((row, first, last))
            parent.append(number)
            here.append(number)
            for other in above:
                if runs[other][1] < last and first < runs[other][2]:
                    parent[_root(parent, other)] = _root(parent, number)
        above = here
    sizes: dict[int, int] = {}
    for number, (_, first, last) in enumerate(runs):
        root = _root(parent, number)
        sizes[root] = sizes.get(root, 0) + last - first
    part = np.zeros_like(mask)
    best = max(sizes, key=lambda root: sizes[root], default=-1)
    for number, (row, first, last) in enumerate(runs):
        if _root(parent, number) == best:
            part[row, first:last] = True
    return part


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number
