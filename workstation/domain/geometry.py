"""Geometry without voxels, in the DICOM patient coordinate system.

Everything is millimetres in LPS: +x to the patient's left, +y to the posterior, +z to the
head (PS3.3 C.7.6.2.1.1). Angles and matrices are plain tuples so that the domain needs no
array library.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

Vec3: TypeAlias = tuple[float, float, float]
Affine: TypeAlias = tuple[
    tuple[float, float, float, float],
    tuple[float, float, float, float],
    tuple[float, float, float, float],
]

# A direction counts as along a patient axis in the letters when its component is at least
# this share of the whole: sin(~8.6 deg). Below it the letter would claim an obliquity that
# no reader can see (Clunie's usual labelling leaves it out too).
LETTER_SHARE = 0.15


def dot(a: Vec3, b: Vec3) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vec3, b: Vec3) -> Vec3:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def add(a: Vec3, b: Vec3) -> Vec3:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def sub(a: Vec3, b: Vec3) -> Vec3:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def scale(a: Vec3, factor: float) -> Vec3:
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def length(a: Vec3) -> float:
    return math.sqrt(dot(a, a))


def unit(a: Vec3) -> Vec3:
    """`a` at length 1. Raises ValueError for a vector without length."""
    size = length(a)
    if not math.isfinite(size) or size == 0.0:
        raise ValueError("a direction needs a finite length above zero")
    return scale(a, 1.0 / size)


@lru_cache(maxsize=256)
def direction_letters(direction: Vec3) -> str:
    """The patient-side letters a direction points to, strongest first: `L`, `LP`, `HA` ...

    Head is H and feet is F, as in PatientOrientation (0020,0020), PS3.3 C.7.6.1.1.1.
    """
    towards = zip(direction, ("L", "P", "H"), ("R", "A", "F"), strict=True)
    size = length(direction)
    parts = [(abs(c), plus if c > 0 else minus) for c, plus, minus in towards]
    return "".join(letter for share, letter in sorted(parts, reverse=True) if size and share / size >= LETTER_SHARE)


@dataclass(frozen=True, slots=True)
class FramePlane:
    """One frame in space: the Image Plane Module (PS3.3 C.7.6.2) or its functional groups.

    `position` is the centre of the first transmitted pixel; `row_direction` is the direction
    in which the column index grows (first triple of ImageOrientationPatient),
    `column_direction` the one in which the row index grows. `row_spacing` is the distance
    between rows (PixelSpacing[0]), `column_spacing` between columns (PixelSpacing[1]), in mm.
    """

    position: Vec3
    row_direction: Vec3
    column_direction: Vec3
    row_spacing: float
    column_spacing: float

    @property
    def normal(self) -> Vec3:
        return cross(self.row_direction, self.column_direction)

    def to_patient(self, column: float, row: float) -> Vec3:
        """Pixel centre (0-based, fractions allowed) to LPS mm."""
        along = scale(self.row_direction, column * self.column_spacing)
        down = scale(self.column_direction, row * self.row_spacing)
        return add(self.position, add(along, down))

    def to_pixel(self, point: Vec3) -> tuple[float, float, float]:
        """LPS mm to (column, row, distance from the plane in mm along the normal)."""
        offset = sub(point, self.position)
        return (
            dot(offset, self.row_direction) / self.column_spacing,
            dot(offset, self.column_direction) / self.row_spacing,
            dot(offset, self.normal),
        )


# Each cut of a drag asks for a few indices of the same volume.
@lru_cache(maxsize=64)
def _normals(affine: Affine) -> tuple[Vec3, Vec3, Vec3, float]:
    """The normals of a grid's three faces, and the volume of a voxel in mm3, negative in a mirrored grid."""
    a, b, c = ((affine[0][i], affine[1][i], affine[2][i]) for i in range(3))
    return cross(b, c), cross(c, a), cross(a, b), dot(a, cross(b, c))


@dataclass(frozen=True, slots=True)
class VolumeGeometry:
    """A verified volume's grid: `shape` is (slices, rows, columns); no voxels.

    `affine` is the upper 3x4 of the matrix from index (column, row, slice) to LPS mm.
    """

    shape: tuple[int, int, int]
    affine: Affine

    def axis(self, index: int) -> Vec3:
        """The LPS step in mm when the column (0), row (1) or slice (2) index grows by one."""
        return (self.affine[0][index], self.affine[1][index], self.affine[2][index])

    @property
    def origin(self) -> Vec3:
        return self.axis(3)

    @property
    def spacing(self) -> Vec3:
        """(column, row, slice) step lengths in mm."""
        return (length(self.axis(0)), length(self.axis(1)), length(self.axis(2)))

    def to_patient(self, column: float, row: float, slice_: float) -> Vec3:
        point = self.origin
        for index, steps in enumerate((column, row, slice_)):
            point = add(point, scale(self.axis(index), steps))
        return point

    def to_index(self, point: Vec3) -> Vec3:
        """LPS mm to (column, row, slice), fractions kept. Holds for sheared grids too."""
        column, row, slice_, volume = _normals(self.affine)
        offset = sub(point, self.origin)
        return dot(offset, column) / volume, dot(offset, row) / volume, dot(offset, slice_) / volume

    @property
    def centre(self) -> Vec3:
        slices, rows, columns = self.shape
        return self.to_patient((columns - 1) / 2, (rows - 1) / 2, (slices - 1) / 2)
