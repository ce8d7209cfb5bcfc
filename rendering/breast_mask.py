"""Small masks: grown, shrunk, and their largest connected part. All in numpy, for images of some hundred pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def median_of_nine(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each value by the middle one of its neighbourhood: dust and single bright pixels go."""
    rows, columns = values.shape
    padded = np.pad(values, 1, mode="edge")
    near = np.stack([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)])
    return np.asarray(np.partition(near, 4, axis=0)[4], np.float32)


def eroded(mask: Mask, times: int) -> Mask:
    """Less by one pixel at each step; beyond the image's border all is taken for set."""
    for _ in range(times):
        padded = np.pad(mask, 1, constant_values=True)
        mask = mask & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask


def dilated(mask: Mask, times: int) -> Mask:
    """More by one pixel at each step."""
    for _ in range(times):
        padded = np.pad(mask, 1)
        mask = mask | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask


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
