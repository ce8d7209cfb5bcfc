"""What lies in a ball of the patient, and the peak of an area: values of a nuclear physician's measures.

A voxel counts as inside when its centre is. SUVpeak (PERCIST, J Nucl Med 2009;50:122S) is the highest mean
of a ball of 1 cm³ whose centre is a voxel's centre inside the region; the ball may reach out of the
region, not out of the image. Each voxel counts by the share of it that lies in the ball. The metabolic
volume (MTV) is that of the voxels of the region at or above a threshold: 41 % of the region's
maximum (EANM 2.0, Eur J Nucl Med 2015;42:328) or a fixed SUV; TLG is that volume times its mean. Lengths in mm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rendering.annotation_shapes import box, inside
from rendering.reslice import VolumeSource
from workstation.domain.annotation import AnnotationKind, MeasuredValue
from workstation.domain.geometry import Vec3, VolumeGeometry, cross, dot, length

PEAK_RADIUS = (3.0 / (4.0 * math.pi) * 1000.0) ** (1.0 / 3.0)
ISOCONTOUR = 0.41
FIXED_THRESHOLDS = (2.5, 4.0)

# Points of each voxel, along each axis, that are looked at for how much of it lies in a ball.
SUBVOXELS = 7

# Values gathered at a time.
MOST_GATHERED = 1 << 22

# A ball of more voxels is no lesion.
MOST_VOXELS = 1 << 24

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Inside:
    """The voxels (column, row, slice) of a region and their values; `beyond`: it reaches out of the image."""

    indices: Indices
    values: NDArray[np.float64]
    beyond: bool


def ball(source: VolumeSource, factor: float, centre: Vec3, radius: float) -> Inside:
    """The voxels within `radius` of an LPS point. ValueError for a ball that is no lesion any more."""
    geometry = source.geometry
    low, high, beyond = _box_around(geometry, centre, radius)
    counts = np.maximum(high - low, 0)
    if float(np.prod(counts.astype(float))) > MOST_VOXELS:
        raise ValueError("the ball is too large")
    grid = np.indices(tuple(counts)).reshape(3, -1).T + low
    away = (grid - np.array(geometry.to_index(centre))) @ _matrix(geometry).T
    indices = grid[np.einsum("ij,ij->i", away, away) <= radius * radius * (1.0 + 1e-9)].astype(np.intp)
    values = _values(source, factor, indices)
    known = np.isfinite(values)
    return Inside(indices[known], values[known], beyond)


def area_voxels(
    geometry: VolumeGeometry, kind: AnnotationKind, spanned: Sequence[tuple[float, float]], origin: Vec3, right: Vec3, down: Vec3
) -> Indices:
    """The voxels that an area of a plane lies in; `right` and `down` are the steps of (u, v) in mm."""
    fine = min(geometry.spacing) / 2.0
    u0, u1, v0, v1 = box(kind, spanned)
    us, vs = (
        np.arange(low, high + step, step) for low, high, step in ((u0, u1, fine / length(right)), (v0, v1, fine / length(down)))
    )
    if us.size * vs.size > MOST_GATHERED:
        return np.empty((0, 3), np.intp)
    rows, columns = np.nonzero(inside(kind, spanned, us, vs))
    places = np.array(origin) + us[columns, np.newaxis] * np.array(right) + vs[rows, np.newaxis] * np.array(down)
    indices = np.rint((places - np.array(geometry.origin)) @ np.linalg.inv(_matrix(geometry)).T).astype(np.intp)
    limits = np.array(geometry.shape[::-1])
    kept = indices[((indices >= 0) & (indices < limits)).all(axis=1)]
    return np.unique(kept, axis=0) if kept.size else kept.reshape(0, 3)


def peak(source: VolumeSource, factor: float, centres: Indices) -> tuple[float, tuple[int, int, int]] | None:
    """(SUVpeak, the voxel in the middle of its ball); None where no ball of 1 cm³ lies in the image."""
    offsets, weights = _kernel(source.geometry)
    limits = np.array(source.geometry.shape[::-1])
    centres = centres[((centres + offsets.min(axis=0) >= 0) & (centres + offsets.max(axis=0) < limits)).all(axis=1)]
    best: tuple[float, tuple[int, int, int]] | None = None
    step = max(1, MOST_GATHERED // len(offsets))
    for start in range(0, len(centres), step):
        some = centres[start : start + step]
        around = (some[:, np.newaxis, :] + offsets[np.newaxis, :, :]).reshape(-1, 3)
        means = _values(source, factor, around).reshape(len(some), len(offsets)) @ weights
        if not np.isfinite(means).any():
            continue
        at = int(np.nanargmax(means))
        if best is None or means[at] > best[0]:
            best = float(means[at]), (int(some[at][0]), int(some[at][1]), int(some[at][2]))
    return best


def ball_values(found: Inside, source: VolumeSource, factor: float, unit: str, is_suv: bool) -> tuple[MeasuredValue, ...]:
    """Of a ball its volume and values; of SUV the peak, the metabolic volumes and TLG too."""
    ml = _voxel_ml(source.geometry)
    volume = MeasuredValue("Volume", found.values.size * ml, "ml")
    if not found.values.size:
        return (volume,)
    top = float(found.values.max())
    mean = MeasuredValue("Mean", float(found.values.mean()), unit)
    spread = MeasuredValue("SD", float(found.values.std()), unit)
    if not is_suv:
        least = MeasuredValue("Min", float(found.values.min()), unit)
        return volume, mean, spread, least, MeasuredValue("Max", top, unit)
    values = [MeasuredValue("Max", top, unit)]
    highest = peak(source, factor, found.indices)
    if highest is not None:
        values.append(MeasuredValue("Peak", highest[0], unit))
    values += [mean, *_above("41 %", ISOCONTOUR * top, found.values, ml, unit)]
    for threshold in FIXED_THRESHOLDS:
        values += _above(f"≥ {threshold:.1f}", threshold, found.values, ml, unit)
    return (volume, *values, spread)


def _above(name: str, threshold: float, values: NDArray[np.float64], ml: float, unit: str) -> list[MeasuredValue]:
    """Metabolic volume, mean and TLG of what is at or above the threshold."""
    hot = values[values >= threshold]
    volume = hot.size * ml
    if not hot.size:
        return [MeasuredValue(f"MTV {name}", 0.0, "ml")]
    mean = float(hot.mean())
    return [
        MeasuredValue(f"MTV {name}", volume, "ml"),
        MeasuredValue(f"TLG {name}", mean * volume, "g"),
        MeasuredValue(f"Mean {name}", mean, unit),
    ]


def brightest(source: VolumeSource, indices: Indices | None = None) -> tuple[int, int, int] | None:
    """The voxel (column, row, slice) of the highest value, of these or of all; None where there is no number."""
    if indices is None:
        voxels = source.voxels if source.slope > 0 else -source.voxels
        flat = int(np.nanargmax(voxels)) if voxels.dtype.kind == "f" else int(np.argmax(voxels))
        slice_, row, column = (int(part) for part in np.unravel_index(flat, source.voxels.shape))
        return column, row, slice_
    values = _values(source, 1.0, indices)
    if not values.size or not np.isfinite(values).any():
        return None
    column, row, slice_ = (int(part) for part in indices[int(np.nanargmax(values))])
    return column, row, slice_


def _values(source: VolumeSource, factor: float, indices: Indices) -> NDArray[np.float64]:
    found = source.voxels[indices[:, 2], indices[:, 1], indices[:, 0]].astype(np.float64)
    values: NDArray[np.float64] = (found * source.slope + source.intercept) * factor
    return values


def _kernel(geometry: VolumeGeometry) -> tuple[Indices, NDArray[np.float64]]:
    """The voxels that a ball of 1 cm³ around a voxel's centre touches, and their shares; they add up to 1."""
    matrix = _matrix(geometry)
    low, high, _ = _box_around(geometry, geometry.centre, PEAK_RADIUS, clipped=False)
    reach = int((high - low).max()) // 2 + 1
    offsets = np.array(list(product(range(-reach, reach + 1), repeat=3)))
    parts = (np.arange(SUBVOXELS) + 0.5) / SUBVOXELS - 0.5
    subvoxels = np.array(list(product(parts, repeat=3)))
    weights = np.zeros(len(offsets))
    for at, offset in enumerate(offsets):
        away = (offset + subvoxels) @ matrix.T
        weights[at] = (np.einsum("ij,ij->i", away, away) <= PEAK_RADIUS**2).mean()
    touched = weights > 0.0
    return offsets[touched].astype(np.intp), weights[touched] / weights.sum()


def _box_around(geometry: VolumeGeometry, centre: Vec3, radius: float, clipped: bool = True) -> tuple[Indices, Indices, bool]:
    """First and past-last index of a box around a ball, held in the grid; and whether the ball leaves it."""
    inverse = np.linalg.inv(_matrix(geometry))
    middle = np.array(geometry.to_index(centre))
    reach = radius * np.sqrt((inverse**2).sum(axis=1))
    low, high = np.ceil(middle - reach).astype(np.intp), np.floor(middle + reach).astype(np.intp) + 1
    limits = np.array(geometry.shape[::-1])
    beyond = bool(((middle - reach < -0.5) | (middle + reach > limits - 0.5)).any())
    return (np.maximum(low, 0), np.minimum(high, limits), beyond) if clipped else (low, high, beyond)


def _matrix(geometry: VolumeGeometry) -> NDArray[np.float64]:
    return np.array([geometry.axis(i) for i in range(3)]).T


def _voxel_ml(geometry: VolumeGeometry) -> float:
    a, b, c = geometry.axis(0), geometry.axis(1), geometry.axis(2)
    return abs(dot(a, cross(b, c))) / 1000.0
