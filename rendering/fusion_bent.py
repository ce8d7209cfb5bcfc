"""A volume seen through a displacement field: each pixel of a view looks for itself where its place has gone.

The field is smooth: it is asked for at every fourth pixel and filled in between. Values are linear between voxels.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rendering.reslice import VolumeSource
from rendering.viewport_views import CutView, FrameView
from workstation.domain.geometry import VolumeGeometry
from workstation.errors import Refused

COARSE = 4
# A slab is looked through at so many depths at most.
MOST_DEPTHS = 9

Points = NDArray[np.float64]


class Moved(Protocol):
    """The way from the shown series to the laid-over one (rendering.fusion.LaidOver)."""

    def points(self, points: Points) -> Points: ...


def bent_values(
    source: VolumeSource, view: FrameView | CutView, found: Moved, width: int, height: int, slab_mode: str
) -> NDArray[np.float32]:
    """Modality values (height, width) under the view's pixels, NaN outside. Raises Refused for a frame that lies nowhere."""
    corner, right, down = (view.to_patient(*at) for at in ((0.5, 0.5), (1.5, 0.5), (0.5, 1.5)))
    if corner is None or right is None or down is None:
        raise Refused("Not fused", "This image does not say where in the patient it lies")
    first = np.array(corner)
    steps = np.array(right) - first, np.array(down) - first
    depths = [np.zeros(3)]
    if isinstance(view, CutView) and view.samples > 1:
        count = min(view.samples, MOST_DEPTHS)
        reach = (view.samples - 1) / 2 * view.cut.step
        depths = [np.array(view.cut.forward) * away for away in np.linspace(-reach, reach, count)]
    layers = [_layer(source, found, first + depth, steps, width, height) for depth in depths]
    if len(layers) == 1:
        return layers[0]
    together = {"MIP": np.fmax.reduce, "MIN": np.fmin.reduce}.get(slab_mode)
    if together is not None:
        extreme: NDArray[np.float32] = together(layers)
        return extreme
    stack = np.stack(layers)
    known = np.isfinite(stack)
    counts = known.sum(axis=0)
    mean = np.where(known, stack, 0.0).sum(axis=0) / np.maximum(counts, 1)
    return np.where(counts > 0, mean, np.nan).astype(np.float32)


def _layer(
    source: VolumeSource, found: Moved, first: Points, steps: tuple[Points, Points], width: int, height: int
) -> NDArray[np.float32]:
    columns, rows = np.arange(0, width + COARSE, COARSE), np.arange(0, height + COARSE, COARSE)
    places = first + columns[np.newaxis, :, np.newaxis] * steps[0] + rows[:, np.newaxis, np.newaxis] * steps[1]
    indices = _to_index(source.geometry, found.points(places))
    fine = np.stack([_filled(indices[..., axis], width, height) for axis in range(3)], axis=-1)
    return _between(source, fine)


def _filled(coarse: Points, width: int, height: int) -> Points:
    """Every pixel's value out of every fourth's, linearly."""
    x, y = np.arange(width) / COARSE, np.arange(height) / COARSE
    left, top = x.astype(np.intp), y.astype(np.intp)
    across, along = (x - left)[np.newaxis, :], (y - top)[:, np.newaxis]
    upper = coarse[np.ix_(top, left)] * (1 - across) + coarse[np.ix_(top, left + 1)] * across
    lower = coarse[np.ix_(top + 1, left)] * (1 - across) + coarse[np.ix_(top + 1, left + 1)] * across
    filled: Points = upper * (1 - along) + lower * along
    return filled


def _to_index(geometry: VolumeGeometry, points: Points) -> Points:
    matrix = np.array([geometry.axis(i) for i in range(3)]).T
    indices: Points = (points - np.array(geometry.origin)) @ np.linalg.inv(matrix).T
    return indices


def _between(source: VolumeSource, indices: Points) -> NDArray[np.float32]:
    """Linear between voxels; the outermost reach half a voxel further than their centres."""
    sizes = np.array(source.voxels.shape[::-1])
    inside = ((indices >= -0.5) & (indices <= sizes - 0.5)).all(axis=-1)
    held = np.clip(indices[inside], 0.0, sizes - 1.0)
    low = np.minimum(held.astype(np.intp), np.maximum(sizes - 2, 0))
    share = held - low
    total = np.zeros(len(held))
    for corner in np.ndindex(2, 2, 2):
        step = np.array(corner)
        at = np.minimum(low + step, sizes - 1)
        weight = np.where(step == 1, share, 1.0 - share).prod(axis=1)
        total += weight * source.voxels[at[:, 2], at[:, 1], at[:, 0]]
    values = np.full(inside.shape, np.nan, np.float32)
    values[inside] = total * source.slope + source.intercept
    return values
