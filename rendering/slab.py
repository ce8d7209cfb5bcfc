"""Slabs along the voxels' own axes, projected in numpy: whole slices first, the screen's grid afterwards.

A projection of 25 slices is one pass over each of them; resampling every slice for itself would cost as much
25 times over (rendering.md 1.2). A mean is linear between slices, a MIP or MinIP takes whole ones. Where the slab
leaves the volume what is left of it is projected.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.sampling import ALONG_AXIS, Sampling

# A share of a slice that is rounding of millimetres.
ON_SLICE = 1e-6
# Voxels around the view that interpolation may look at.
MARGIN = 3
# Slices whose lines stay in the processor's cache while one column after the other is taken from them.
BLOCK = 8


def slab_axis(sampling: Sampling) -> int | None:
    """The index axis (0 column, 1 row, 2 slice) that a slab looks along, None when it looks across them."""
    axis = max(range(3), key=lambda one: abs(sampling.through[one]))
    aside = [abs(sampling.through[one]) for one in range(3) if one != axis]
    return axis if max(*aside, abs(sampling.right[axis]), abs(sampling.down[axis])) <= ALONG_AXIS else None


def projected(voxels: NDArray[Any], sampling: Sampling, axis: int) -> tuple[NDArray[Any], Sampling]:
    """The slab's projection as a frame, in stored values, and where the view's pixels look in it.

    NaN (and only then float32) where nothing of the slab lies in the volume.
    """
    across, down = (one for one in range(3) if one != axis)
    lefts, tops = _reach(sampling, voxels, across), _reach(sampling, voxels, down)
    shown = [slice(None)] * 3
    shown[2 - across], shown[2 - down] = slice(*lefts), slice(*tops)
    layers = np.moveaxis(voxels[tuple(shown)], 2 - axis, 0)
    places = _places(sampling, axis, layers.shape[0])
    if sampling.mode != "MEAN":
        places = _whole(places, layers.shape[0])
    if not places or 0 in layers.shape:
        frame: NDArray[Any] = np.full(layers.shape[1:] if 0 not in layers.shape else (1, 1), np.nan, np.float32)
    else:
        frame = _projected(layers, places, sampling.mode)
    first = (sampling.first[across] - lefts[0], sampling.first[down] - tops[0], 0.0)
    steps = [(step[across], step[down], 0.0) for step in (sampling.right, sampling.down)]
    return np.ascontiguousarray(frame), Sampling(first, steps[0], steps[1], sampling.width, sampling.height)


def _reach(sampling: Sampling, voxels: NDArray[Any], axis: int) -> tuple[int, int]:
    """The voxels along an axis that the view can need: the first, and one past the last."""
    start, count = sampling.first[axis], voxels.shape[2 - axis]
    ends = [start + i * sampling.right[axis] + j * sampling.down[axis] for i in (0, sampling.width) for j in (0, sampling.height)]
    low, high = math.floor(min(ends)) - MARGIN, math.ceil(max(ends)) + MARGIN + 1
    first = min(max(low, 0), count)
    return first, max(first, min(high, count))


def _places(sampling: Sampling, axis: int, count: int) -> list[tuple[int, float]]:
    """Each sample's slice and how far it lies towards the next. The outermost slices reach half a slice further."""
    middle = (sampling.samples - 1) / 2
    found = []
    for sample in range(sampling.samples):
        place = sampling.first[axis] + (sample - middle) * sampling.through[axis]
        if -0.5 - ON_SLICE <= place <= count - 0.5 + ON_SLICE:
            held = min(max(place, 0.0), count - 1.0)
            nearest = round(held)
            whole = abs(held - nearest) <= ON_SLICE
            found.append((nearest, 0.0) if whole else (math.floor(held), held - math.floor(held)))
    return found


def _whole(places: list[tuple[int, float]], count: int) -> list[tuple[int, float]]:
    """The slices whose middles lie in the slab. Between two of them there is no value that is not one of theirs: a
    brightest voxel that was mixed with its neighbour would be a smaller one than was acquired."""
    nearest = (min(math.floor(index + share + 0.5), count - 1) for index, share in places)
    return [(index, 0.0) for index in dict.fromkeys(nearest)]


def _projected(layers: NDArray[Any], places: list[tuple[int, float]], mode: str) -> NDArray[Any]:
    """Layers that do not lie one behind the other in memory are brought together first, some lines at a time."""
    low = min(index for index, _ in places)
    high = max(index + (share > 0.0) for index, share in places) + 1
    layers, places = layers[low:high], [(index - low, share) for index, share in places]
    project = _mean if mode == "MEAN" else _largest if mode == "MIP" else _smallest
    if abs(layers.strides[0]) > layers.itemsize:
        return project(layers, places)
    blocks = range(0, layers.shape[1], BLOCK)
    return np.concatenate([project(np.ascontiguousarray(layers[:, start : start + BLOCK]), places) for start in blocks])


def _largest(layers: NDArray[Any], places: list[tuple[int, float]]) -> NDArray[Any]:
    return _extreme(layers, places, np.fmax if layers.dtype.kind == "f" else np.maximum)


def _smallest(layers: NDArray[Any], places: list[tuple[int, float]]) -> NDArray[Any]:
    return _extreme(layers, places, np.fmin if layers.dtype.kind == "f" else np.minimum)


def _extreme(layers: NDArray[Any], places: list[tuple[int, float]], chosen: Any) -> NDArray[Any]:
    total: NDArray[Any] | None = None
    for index, share in places:
        layer = layers[index] if share == 0.0 else _between(layers, index, share)
        if total is None:
            total = np.array(layer)
        elif total.dtype == layer.dtype:
            chosen(total, layer, out=total)
        else:
            total = chosen(total, layer).astype(np.float32)
    assert total is not None
    return total


def _between(layers: NDArray[Any], index: int, share: float) -> NDArray[np.float32]:
    low = layers[index].astype(np.float32)
    step: NDArray[np.float32] = layers[index + 1].astype(np.float32)
    step -= low
    step *= np.float32(share)
    step += low
    return step


def _mean(layers: NDArray[Any], places: list[tuple[int, float]]) -> NDArray[np.float32]:
    weights: dict[int, float] = {}
    for index, share in places:
        weights[index] = weights.get(index, 0.0) + 1.0 - share
        if share:
            weights[index + 1] = weights.get(index + 1, 0.0) + share
    is_float = layers.dtype.kind == "f"
    kind = np.float32 if is_float else np.int32 if layers.dtype.itemsize <= 2 else np.int64
    whole = np.zeros(layers.shape[1:], kind)
    parts: NDArray[np.float32] = np.zeros(layers.shape[1:], np.float32)
    known = np.zeros(layers.shape[1:], np.float32)
    for index, weight in weights.items():
        layer = layers[index]
        if is_float:
            inside = ~np.isnan(layer)
            known += inside * np.float32(weight)
            layer = np.where(inside, layer, np.float32(0.0))
        if abs(weight - 1.0) <= ON_SLICE:
            whole += layer
        else:
            parts += layer * np.float32(weight)
    parts += whole
    if not is_float:
        parts *= np.float32(1.0 / sum(weights.values()))
        return parts
    known[known == 0.0] = np.nan
    parts /= known
    return parts
