"""The grid that parallel slices lie on: step, shear, and how far each slice is from it. LPS mm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rendering.dimension_rules import Placed
from rendering.geometry import dominant_axis
from rendering.volume_order import forward_of
from workstation.domain.geometry import Affine


@dataclass(frozen=True, slots=True)
class Grid:
    """The uniform grid from the first to the last slice, in reading order.

    `gaps` are the distances between neighbours along the normal. `places` are the slices'
    positions along the normal in mm, counted up towards the patient's left, posterior or head.
    `off_along` (share of a gap) and `off_sideways` (share of a pixel) are how far the worst
    slice lies from the grid. `tilt` is in radians, `sideways_pixels` the shear of one step.
    """

    affine: Affine
    gaps: NDArray[np.float64]
    places: NDArray[np.float64]
    off_along: float
    off_sideways: float
    tilt: float
    sideways_pixels: float

    @property
    def median_gap(self) -> float:
        return float(np.median(self.gaps))


def grid_of(frames: Sequence[Placed]) -> Grid:
    """The grid of two or more parallel frames in reading order, not two of them at one place."""
    planes = [f.plane for f in frames if f.plane is not None]
    positions = np.array([p.position for p in planes])
    rights = np.array([p.row_direction for p in planes]).mean(axis=0)
    downs = np.array([p.column_direction for p in planes]).mean(axis=0)
    row_spacing = float(np.mean([p.row_spacing for p in planes]))
    column_spacing = float(np.mean([p.column_spacing for p in planes]))
    forward = np.array(forward_of(frames[0]))
    along = positions @ forward
    step = (positions[-1] - positions[0]) / (len(planes) - 1)
    off = positions - (positions[0] + np.arange(len(planes))[:, None] * step)
    shear = np.array([step @ rights, step @ downs])
    pixel = np.array([column_spacing, row_spacing])
    columns = (rights * column_spacing, downs * row_spacing, step, positions[0])
    sign = math.copysign(1.0, forward[dominant_axis(tuple(forward))])
    return Grid(
        affine=_affine(columns),
        gaps=np.diff(along),
        places=along * sign,
        off_along=float(np.abs(off @ forward).max() / (step @ forward)),
        off_sideways=float(max(np.abs(off @ rights).max() / column_spacing, np.abs(off @ downs).max() / row_spacing)),
        tilt=math.atan2(float(np.hypot(*shear)), float(step @ forward)),
        sideways_pixels=float(np.abs(shear / pixel).max()),
    )


def _affine(columns: Sequence[NDArray[np.float64]]) -> Affine:
    rows = np.stack(columns, axis=1)
    first, second, third = (tuple(float(x) for x in row) for row in rows)
    return (first, second, third)  # type: ignore[return-value]  # four each by construction
