"""From bodies to voxels: the planes of a scan, smooth fields on a coarse grid, tubes on the fine one.

A field (a signed distance or a value that varies slowly) is computed on a grid some four
times coarser than the pixels and brought to the pixels by cubic interpolation, one slice at
a time: surfaces stay smooth, memory stays small, and 160 slices of 512 x 512 take seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rendering.phantoms.shapes import Array, Number, Point, catmull_rom

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """How the patient lies: scanner point = rotation @ (anatomy point - centre) + centre + shift. Millimetres, LPS."""

    rotation: Matrix = field(default_factory=lambda: np.eye(3))
    shift: Point = (0.0, 0.0, 0.0)
    centre: Point = (0.0, 0.0, 0.0)

    @classmethod
    def turned(cls, degrees: Point, shift: Point, centre: Point = (0.0, 0.0, 0.0)) -> Pose:
        """Turned about x, then y, then z by `degrees` about `centre`, then shifted."""
        ax, ay, az = np.radians(degrees)
        rx = np.array([[1, 0, 0], [0, np.cos(ax), -np.sin(ax)], [0, np.sin(ax), np.cos(ax)]])
        ry = np.array([[np.cos(ay), 0, np.sin(ay)], [0, 1, 0], [-np.sin(ay), 0, np.cos(ay)]])
        rz = np.array([[np.cos(az), -np.sin(az), 0], [np.sin(az), np.cos(az), 0], [0, 0, 1]])
        return cls(rz @ ry @ rx, shift, centre)

    def to_scanner(self, points: npt.ArrayLike) -> Matrix:
        """Anatomy points (n, 3) to scanner points."""
        moved = (np.asarray(points, float) - self.centre) @ self.rotation.T
        return np.asarray(moved + self.centre + np.asarray(self.shift), dtype=np.float64)

    def matrix(self) -> Matrix:
        """The 4x4 matrix from anatomy to scanner."""
        result = np.eye(4)
        result[:3, :3] = self.rotation
        result[:3, 3] = np.asarray(self.centre) + np.asarray(self.shift) - self.rotation @ np.asarray(self.centre)
        return result


@dataclass(frozen=True)
class Planes:
    """A stack of parallel planes (PS3.3 C.7.6.2): where every pixel centre lies.

    `along_row` is the direction in which the column index rises, `down` that in which the
    row index rises, `spacing` (row, column) and `step` millimetres; slice k lies at
    origin + k * step * (along_row x down) * sign.
    """

    rows: int
    columns: int
    count: int
    spacing: tuple[float, float]
    step: float
    origin: Point
    along_row: Point = (1.0, 0.0, 0.0)
    down: Point = (0.0, 1.0, 0.0)
    sign: int = 1

    @property
    def normal(self) -> Matrix:
        """The unit direction from slice to slice."""
        return np.asarray(np.cross(self.along_row, self.down) * self.sign, dtype=np.float64)

    def position(self, index: int) -> Point:
        """ImagePositionPatient of slice `index`."""
        p = np.asarray(self.origin) + index * self.step * self.normal
        return float(p[0]), float(p[1]), float(p[2])

    def index_of(self, point: npt.ArrayLike) -> tuple[float, float, float]:
        """(slice, row, column), fractional, of a scanner point."""
        d = np.asarray(point, float) - np.asarray(self.origin)
        return (
            float(d @ self.normal) / self.step,
            float(d @ np.asarray(self.down)) / self.spacing[0],
            float(d @ np.asarray(self.along_row)) / self.spacing[1],
        )

    def points(self, k: Array, r: Array, c: Array) -> tuple[Array, Array, Array]:
        """Scanner coordinates x, y, z of index positions that broadcast together."""
        normal, row, down = (
            self.normal * self.step,
            np.asarray(self.along_row) * self.spacing[1],
            np.asarray(self.down) * self.spacing[0],
        )
        parts = [
            np.float32(self.origin[i]) + k * np.float32(normal[i]) + r * np.float32(down[i]) + c * np.float32(row[i])
            for i in range(3)
        ]
        return parts[0].astype(np.float32), parts[1].astype(np.float32), parts[2].astype(np.float32)


Fields = dict[str, Array]


class CoarseGrid:
    """A coarse grid over the planes and the way back to the pixels of a slice."""

    def __init__(self, planes: Planes, pose: Pose, in_plane: float, through: float) -> None:
        """`in_plane` and `through` are about the coarse spacings in millimetres; whole numbers of pixels are taken."""
        self.planes = planes
        self._pose = pose
        self._k, self._r, self._c = (
            _Cubic.over(count, step)
            for count, step in ((planes.count, through / planes.step), (planes.rows, in_plane / planes.spacing[0]),
                                (planes.columns, in_plane / planes.spacing[1]))
        )  # fmt: skip
        self.shape = (self._k.coarse, self._r.coarse, self._c.coarse)
        k = self._k.positions()[:, None, None]
        r, c = self._r.positions()[None, :, None], self._c.positions()[None, None, :]
        self.scanner = planes.points(k, r, c)
        self.anatomy = _to_anatomy(self.scanner, pose)

    def fields(self, compute: Callable[[Array, Array, Array], Fields]) -> Fields:
        """Named fields on the whole grid from a function of anatomy coordinates, a few planes at a time.

        Arrays that fit the processor's cache are worked several times faster than whole volumes.
        """
        planes = max(1, 60_000 // (self.shape[1] * self.shape[2]))
        parts = []
        for first in range(0, self.shape[0], planes):
            x, y, z = (axis[first : first + planes] for axis in self.anatomy)
            parts.append(compute(x, y, z))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def anatomy_of(self, index: int) -> tuple[Array, Array, Array]:
        """Anatomy coordinates x, y, z of the pixels of slice `index`, exactly: each (rows, columns)."""
        c = np.arange(self.planes.columns, dtype=np.float32)[None, :]
        r = np.arange(self.planes.rows, dtype=np.float32)[:, None]
        return _to_anatomy(self.planes.points(np.full((1, 1), index, dtype=np.float32), r, c), self._pose)

    def on_slice(self, values: Array, index: int) -> Array:
        """`values` of the coarse grid at the pixels of slice `index`: (rows, columns)."""
        return self._r.rows(self._c.rows(self._plane(values, index).T).T)

    def paint(self, picture: Array, index: int, distance: Array, value: Array | float, width: float) -> None:
        """Blend `value` (a field of the coarse grid, or one number) into the pixels of slice `index` that a body fills."""
        plane = self._plane(distance, index)
        window = self._window(plane, width)
        if window is None:
            return
        rows, columns = window
        part = coverage(self._on_window(plane, rows, columns), width)
        colour = self._on_window(self._plane(value, index), rows, columns) if isinstance(value, np.ndarray) else np.float32(value)
        target = picture[
            rows.start * self._r.step : rows.stop * self._r.step, columns.start * self._c.step : columns.stop * self._c.step
        ]
        blend(target, part, colour)

    def _window(self, plane: Array, within: float) -> tuple[slice, slice] | None:
        """The blocks of pixels that a body may touch."""
        slack = within + 0.8 * max(self._r.step * self.planes.spacing[0], self._c.step * self.planes.spacing[1])
        near = plane < slack
        rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
        if not rows.size:
            return None
        return (slice(max(int(rows[0]) - 2, 0), min(int(rows[-1]) + 1, self._r.coarse - 3)),
                slice(max(int(columns[0]) - 2, 0), min(int(columns[-1]) + 1, self._c.coarse - 3)))  # fmt: skip

    def _on_window(self, plane: Array, rows: slice, columns: slice) -> Array:
        part = plane[rows.start : rows.stop + 3, columns.start : columns.stop + 3]
        height = self.planes.rows - rows.start * self._r.step
        breadth = self.planes.columns - columns.start * self._c.step
        return self._r.rows(self._c.rows(part.T)[:breadth].T)[:height]

    def _plane(self, values: Array, index: int) -> Array:
        block, phase = divmod(index, self._k.step)
        weights = self._k.weights[phase]
        result = values[block + 1] * weights[1]
        if phase:
            for tap in (0, 2, 3):
                result += values[block + tap] * weights[tap]
        return np.asarray(result, dtype=np.float32)

    def reaches(self, distance: Array, index: int, within: float) -> bool:
        """Whether a signed distance comes below `within` anywhere on slice `index`."""
        return bool(self._plane(distance, index).min() < within)


def _to_anatomy(scanner: tuple[Array, Array, Array], pose: Pose) -> tuple[Array, Array, Array]:
    inverse = pose.rotation.T
    moved = [scanner[i] - np.float32(pose.centre[i] + pose.shift[i]) for i in range(3)]
    x, y, z = (
        np.asarray(sum(np.float32(inverse[i, j]) * moved[j] for j in range(3)) + np.float32(pose.centre[i]), dtype=np.float32)
        for i in range(3)
    )
    return x, y, z


@dataclass(frozen=True)
class _Cubic:
    """Cubic (Catmull-Rom) interpolation from coarse samples at (j - 1) * step to samples 0..count-1.

    Written as sums of rows and not as a product of matrices, so that no other program on the
    machine and no number of threads can change a bit of the result.
    """

    count: int
    step: int
    coarse: int
    weights: Array

    @classmethod
    def over(cls, count: int, step: float) -> _Cubic:
        whole = max(1, round(step))
        t = np.arange(whole) / whole
        taps = [
            -0.5 * t + t**2 - 0.5 * t**3,
            1 - 2.5 * t**2 + 1.5 * t**3,
            0.5 * t + 2 * t**2 - 1.5 * t**3,
            -0.5 * t**2 + 0.5 * t**3,
        ]
        return cls(count, whole, -(-count // whole) + 3, np.stack(taps, axis=1).astype(np.float32))

    def positions(self) -> Array:
        """Where the coarse samples lie, in fine ones."""
        return ((np.arange(self.coarse) - 1) * self.step).astype(np.float32)

    def rows(self, values: Array) -> Array:
        """(coarse, n) to (count, n)."""
        blocks = len(values) - 3
        result = np.empty((blocks, self.step, values.shape[1]), dtype=np.float32)
        result[:, 0] = values[1 : 1 + blocks]
        for phase in range(1, self.step):
            part = values[:blocks] * self.weights[phase, 0]
            for tap in (1, 2, 3):
                part += values[tap : tap + blocks] * self.weights[phase, tap]
            result[:, phase] = part
        return result.reshape(blocks * self.step, -1)[: self.count]


def coverage(distance: Array, width: float) -> Array:
    """The part of a pixel that a body fills: 1 inside, 0 outside, over `width` millimetres between."""
    return np.asarray(np.clip(np.float32(0.5) - distance / np.float32(width), 0.0, 1.0), dtype=np.float32)


def blend(picture: Array, part: Array, value: Number) -> None:
    """Replace `part` of each pixel of `picture` by `value`, in place."""
    picture += part * (value - picture)


Segments = npt.NDArray[np.float64]
"""Tapering rods, one a row: x0 y0 z0 r0 x1 y1 z1 r1 (scanner or anatomy millimetres)."""


def tube(points: Sequence[tuple[float, float, float, float]], pieces: int = 6) -> Segments:
    """A smooth tube through (x, y, z, radius) points as segments."""
    knots = np.arange(len(points), dtype=float)
    at = np.linspace(0, len(points) - 1, (len(points) - 1) * pieces + 1)
    curve = catmull_rom(knots, np.asarray(points, dtype=float), at)
    return np.hstack([curve[:-1], curve[1:]])


def moved_segments(segments: Segments, pose: Pose) -> Segments:
    """Segments from anatomy to scanner."""
    result = segments.copy()
    result[:, 0:3] = pose.to_scanner(segments[:, 0:3])
    result[:, 4:7] = pose.to_scanner(segments[:, 4:7])
    return result


class TubePainter:
    """Distances to many thin tubes on the pixels of one slice, each within its own small window."""

    def __init__(self, planes: Planes, segments: Segments, reach: float = 1.5) -> None:
        """`segments` in scanner millimetres; distances are right up to `reach` millimetres outside."""
        self._planes = planes
        axes = np.stack([np.asarray(planes.along_row), np.asarray(planes.down), planes.normal], axis=1)
        self._a = (segments[:, 0:3] - np.asarray(planes.origin)) @ axes
        self._b = (segments[:, 4:7] - np.asarray(planes.origin)) @ axes
        self._ra, self._rb = segments[:, 3], segments[:, 7]
        margin = np.maximum(self._ra, self._rb) + reach
        low, high = np.minimum(self._a, self._b) - margin[:, None], np.maximum(self._a, self._b) + margin[:, None]
        self._z = (low[:, 2], high[:, 2])
        self._columns = np.stack([np.ceil(low[:, 0] / planes.spacing[1]), np.floor(high[:, 0] / planes.spacing[1]) + 1], axis=1)
        self._rows = np.stack([np.ceil(low[:, 1] / planes.spacing[0]), np.floor(high[:, 1] / planes.spacing[0]) + 1], axis=1)
        self._columns = np.clip(self._columns, 0, planes.columns).astype(int)
        self._rows = np.clip(self._rows, 0, planes.rows).astype(int)

    def distances(self, index: int) -> Array | None:
        """(rows, columns) signed distance, large where no tube is near; None when the slice meets none."""
        depth = index * self._planes.step
        near = np.flatnonzero((self._z[0] <= depth) & (self._z[1] >= depth))
        if not near.size:
            return None
        result = np.full((self._planes.rows, self._planes.columns), 1e3, dtype=np.float32)
        for i in near:
            self._paint(result, int(i), depth)
        return result

    def _paint(self, result: Array, i: int, depth: float) -> None:
        (r0, r1), (c0, c1) = self._rows[i], self._columns[i]
        if r0 >= r1 or c0 >= c1:
            return
        a, b = self._a[i], self._b[i] - self._a[i]
        x = (np.arange(c0, c1, dtype=np.float32) * np.float32(self._planes.spacing[1]) - np.float32(a[0]))[None, :]
        y = (np.arange(r0, r1, dtype=np.float32) * np.float32(self._planes.spacing[0]) - np.float32(a[1]))[:, None]
        z = np.float32(depth - a[2])
        length = np.float32(b @ b + 1e-9)
        bx, by, bz = np.float32(b[0]), np.float32(b[1]), np.float32(b[2])
        t = np.clip((x * bx + y * by + z * bz) / length, 0, 1)
        distance = np.sqrt((x - t * bx) ** 2 + (y - t * by) ** 2 + (z - t * bz) ** 2)
        distance -= np.float32(self._ra[i]) + t * np.float32(self._rb[i] - self._ra[i])
        window = result[r0:r1, c0:c1]
        np.minimum(window, distance, out=window)
