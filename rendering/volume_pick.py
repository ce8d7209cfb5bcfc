"""Which place in the patient a pixel of a 3D picture means: found on its line of sight in the series' own voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rendering.reslice import VolumeSource
from rendering.viewport_solid import SolidView
from rendering.volume_body import Look
from rendering.volume_hidden import Hidden
from rendering.volume_presets import Blend
from workstation.domain.geometry import Vec3, add, cross, scale

# Samples for each voxel that the line goes through.
SAMPLES_PER_VOXEL = 2.0
# A line that gathers less opacity than this shows nothing to point at.
LEAST_OPACITY = 0.03
# The surface is where half of what is seen was gathered.
SURFACE = 0.5


def pick(view: SolidView, source: VolumeSource, look: Look, x: float, y: float, hidden: Hidden | None) -> Vec3 | None:
    """LPS mm: the middle of the brightest (MinIP: darkest) voxel on the line, or the surface of an opaque look. None: nothing."""
    geometry = source.geometry
    u, v = view.screen.to_source(x, y)
    forward = cross(view.right, view.down)
    middle = add(geometry.centre, add(scale(view.right, u), scale(view.down, v)))
    reach = sum(pitch * count for pitch, count in zip(geometry.spacing, reversed(geometry.shape), strict=True))
    step = min(geometry.spacing) / SAMPLES_PER_VOXEL
    places = np.arange(-reach, reach, step)
    matrix = np.array(geometry.affine)
    points = np.array(middle) + places[:, None] * np.array(forward)
    index = np.linalg.solve(matrix[:, :3], (points - matrix[:, 3]).T).T
    seen = _inside(index, source, look)
    if hidden is not None:
        seen[seen] = ~_is_hidden(np.rint(index[seen]).astype(np.intp), hidden, look)
    if not seen.any():
        return None
    voxels = np.rint(index[seen]).astype(np.intp)
    values = source.voxels[voxels[:, 2], voxels[:, 1], voxels[:, 0]].astype(np.float64)
    if look.preset.blend is Blend.COMPOSITE:
        place = _surface(values, look, step)
        return None if place is None else _vec(points[seen][place])
    best = values.argmax() if look.preset.blend is Blend.MIP else values.argmin()
    column, row, slice_ = (float(i) for i in voxels[best])
    return geometry.to_patient(column, row, slice_)


def _inside(index: NDArray[np.float64], source: VolumeSource, look: Look) -> NDArray[np.bool_]:
    """Whether places (column, row, slice) lie in the volume and in the box that is left of it."""
    counts = np.array(source.geometry.shape[::-1])
    low, high = (np.array([edge[end] for edge in look.crop]) * counts - 0.5 for end in (0, 1))
    inside: NDArray[np.bool_] = ((index >= np.maximum(low, -0.5)) & (index < np.minimum(high, counts - 0.5))).all(axis=1)
    return inside


def _is_hidden(voxels: NDArray[np.intp], hidden: Hidden, look: Look) -> NDArray[np.bool_]:
    mask = hidden.tight if look.preset.hidden_is_high else hidden.mask
    slices, rows, columns = (np.minimum(voxels[:, 2 - axis] // hidden.by[axis], mask.shape[axis] - 1) for axis in range(3))
    found: NDArray[np.bool_] = mask[slices, rows, columns]
    return found


def _surface(values: NDArray[np.float64], look: Look, step: float) -> int | None:
    shares = (values - look.low) / look.width
    known = np.array([look.alpha_of(share) for share in np.unique(shares)])
    alphas = known[np.unique(shares, return_inverse=True)[1]]
    passed = np.cumprod((1.0 - alphas) ** step)
    gathered = 1.0 - passed
    if gathered[-1] < LEAST_OPACITY:
        return None
    return int(np.argmax(gathered >= SURFACE * gathered[-1]))


def _vec(point: NDArray[np.float64]) -> Vec3:
    return float(point[0]), float(point[1]), float(point[2])
