"""Signed distances of smooth bodies, in millimetres: negative inside, positive outside.

Every function takes coordinates (LPS millimetres, float32 arrays of one shape or of shapes
that broadcast) and answers an array. The distances are exact or first-order near the
surface, which is all that partial volume needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float32]
Number: TypeAlias = Array | np.float32 | float
Point: TypeAlias = tuple[float, float, float]


def single(values: npt.ArrayLike) -> Array:
    """As an array of single precision."""
    return np.asarray(values, dtype=np.float32)


def ellipsoid(x: Array, y: Array, z: Array, centre: Point, axes: Point) -> Array:
    """An ellipsoid whose axes lie along the coordinates."""
    dx, dy, dz = (x - centre[0]) / axes[0], (y - centre[1]) / axes[1], (z - centre[2]) / axes[2]
    return _from_quadratic(dx, dy, dz, axes)


def turned_ellipsoid(x: Array, y: Array, z: Array, centre: Point, axes: Point, long_axis: Point) -> Array:
    """An ellipsoid of revolution-like body: `axes[0]` lies along `long_axis`, the other two across it."""
    along, across, third = frame_of(long_axis)
    dx, dy, dz = x - centre[0], y - centre[1], z - centre[2]
    a = (dx * along[0] + dy * along[1] + dz * along[2]) / axes[0]
    b = (dx * across[0] + dy * across[1] + dz * across[2]) / axes[1]
    c = (dx * third[0] + dy * third[1] + dz * third[2]) / axes[2]
    return _from_quadratic(a, b, c, axes)


def _from_quadratic(a: Array, b: Array, c: Array, axes: Point) -> Array:
    k0 = np.sqrt(a * a + b * b + c * c)
    k1 = np.sqrt((a / axes[0]) ** 2 + (b / axes[1]) ** 2 + (c / axes[2]) ** 2) + np.float32(1e-6)
    return np.asarray(k0 * (k0 - 1) / k1, dtype=np.float32)


def frame_of(direction: Point) -> tuple[Point, Point, Point]:
    """Three unit vectors at right angles, the first along `direction`."""
    first = np.asarray(direction, dtype=np.float64)
    first = first / np.linalg.norm(first)
    helper = np.array([0.0, 0.0, 1.0]) if abs(first[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    second = np.cross(helper, first)
    second = second / np.linalg.norm(second)
    third = np.cross(first, second)
    return _point(first), _point(second), _point(third)


def _point(vector: npt.NDArray[np.float64]) -> Point:
    return float(vector[0]), float(vector[1]), float(vector[2])


def capsule(x: Array, y: Array, z: Array, a: Point, b: Point, radius_a: float, radius_b: float | None = None) -> Array:
    """A tapering rod from `a` to `b` with round ends."""
    end = radius_a if radius_b is None else radius_b
    ax, ay, az = x - a[0], y - a[1], z - a[2]
    bx, by, bz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    length = bx * bx + by * by + bz * bz + 1e-9
    t = np.clip((ax * bx + ay * by + az * bz) / length, 0.0, 1.0)
    distance = np.sqrt((ax - t * bx) ** 2 + (ay - t * by) ** 2 + (az - t * bz) ** 2)
    return np.asarray(distance - (radius_a + t * (end - radius_a)), dtype=np.float32)


def smooth_union(a: Array, b: Array, reach: float) -> Array:
    """The union with the crease filled over about `reach` millimetres."""
    h = np.maximum(reach - np.abs(a - b), 0.0) / reach
    return np.asarray(np.minimum(a, b) - h * h * (reach / 4), dtype=np.float32)


def smooth_cut(a: Array, b: Array, reach: float) -> Array:
    """`a` without `b`, the edge rounded over about `reach` millimetres."""
    return np.asarray(-smooth_union(-a, b, reach), dtype=np.float32)


def smooth_overlap(a: Array, b: Array, reach: float) -> Array:
    """Where both are, the edge rounded over about `reach` millimetres."""
    return np.asarray(-smooth_union(-a, -b, reach), dtype=np.float32)


def ramp(value: Array | float, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, a smooth step between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def profile(at: Array | float, knots: Sequence[float], values: Sequence[float]) -> Array:
    """A smooth curve (Catmull-Rom) through `values` at rising `knots`; constant beyond the ends."""
    fine = np.linspace(knots[0], knots[-1], 400)
    return np.asarray(
        np.interp(at, fine, catmull_rom(np.asarray(knots, float), np.asarray(values, float), fine)), dtype=np.float32
    )


def catmull_rom(
    knots: npt.NDArray[np.float64], values: npt.NDArray[np.float64], at: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Values on a smooth curve through (knots, values); `values` may have a second axis of components."""
    slopes = np.gradient(values, knots, axis=0)
    index = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    width = knots[index + 1] - knots[index]
    t = np.clip((at - knots[index]) / width, 0.0, 1.0)
    if values.ndim > 1:
        t, width = t[:, None], width[:, None]
    h00, h10 = 2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t
    h01, h11 = -2 * t**3 + 3 * t**2, t**3 - t**2
    result = h00 * values[index] + h10 * width * slopes[index] + h01 * values[index + 1] + h11 * width * slopes[index + 1]
    return np.asarray(result, dtype=np.float64)


def superellipse(x: Array, y: Array, half_width: Array, half_depth: Array, power: float) -> Array:
    """A rounded rectangle between an ellipse (power 2) and a box; distance to first order."""
    u, v = np.abs(x / half_width) + np.float32(1e-6), np.abs(y / half_depth) + np.float32(1e-6)
    radius = (u**power + v**power) ** np.float32(1 / power)
    slope = np.sqrt((u ** (power - 1) / half_width) ** 2 + (v ** (power - 1) / half_depth) ** 2) * radius ** np.float32(1 - power)
    return np.asarray((radius - 1) / (slope + np.float32(1e-6)), dtype=np.float32)
