"""Planes of view and the order in which slices are read. Millimetres in LPS (see workstation.domain.geometry).

On screen: axial is seen from the feet (patient's left on the right, anterior up), coronal from
the front (patient's left on the right, head up), sagittal from the patient's left (anterior on the
left, head up). Scrolling on goes from head to feet, from anterior to posterior, and from the
patient's right to left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from workstation.domain.crosshair import PLANE_DIRECTIONS
from workstation.domain.geometry import Vec3, VolumeGeometry, add, cross, dot, scale, sub, unit
from workstation.domain.viewing import Plane

# Two components of a normal this close are a tie (an exact 45 degree cut written with six
# decimals); the earlier axis of READING_AXES then decides, so that the order cannot flicker.
TIE = 1e-4

# Depths are rounded to a millionth of a nanometre (mm, digits): a focus that moves inside a plane leaves its
# picture what it was, to the last bit.
DEPTH_DIGITS = 9

# A share of a step that rounding may take from the last slice of a volume without losing it.
COUNT_SLACK = 1e-6

# Index of the LPS axis, and the sign of the way it is read: head to feet, anterior to
# posterior, right to left.
READING_AXES: tuple[tuple[int, float], ...] = ((2, -1.0), (1, 1.0), (0, 1.0))


def reading_direction(normal: Vec3) -> Vec3:
    """`normal` at length 1, turned so that slices are read along it. See the module's text."""
    best, sign = READING_AXES[0]
    for axis, way in READING_AXES[1:]:
        if abs(normal[axis]) > abs(normal[best]) + TIE:
            best, sign = axis, way
    return unit(scale(normal, math.copysign(1.0, normal[best]) * sign))


def dominant_axis(direction: Vec3) -> int:
    """The LPS axis (0, 1, 2) that `direction` is most along, by the same rule as `reading_direction`."""
    best = READING_AXES[0][0]
    for axis, _ in READING_AXES[1:]:
        if abs(direction[axis]) > abs(direction[best]) + TIE:
            best = axis
    return best


@dataclass(frozen=True, slots=True)
class CutPlane:
    """A family of parallel cuts through a volume.

    `right` and `down` are unit vectors of the view's x and y, `forward` the reading direction.
    `anchor` lies on slice 0; slice k lies `k * step` mm further along `forward`, `count` of
    them cover the volume. `index` is the (fractional) slice of the state's focus. `origin` is
    the point of that slice from which in-plane millimetres are counted. `extent` is
    (left, right, top, bottom) in those millimetres: the volume's edges, not its voxel centres.
    """

    right: Vec3
    down: Vec3
    forward: Vec3
    anchor: Vec3
    step: float
    count: int
    index: float
    origin: Vec3
    extent: tuple[float, float, float, float]

    def through(self, geometry: VolumeGeometry, apart: float = 0.0) -> Vec3:
        """The way from one slice to the next (or to what lies `apart` mm further) in a volume's indices."""
        return geometry.to_index(add(geometry.origin, scale(self.forward, apart or self.step)))

    def to_patient(self, u: float, v: float) -> Vec3:
        """In-plane mm to LPS mm."""
        return add(self.origin, add(scale(self.right, u), scale(self.down, v)))

    def to_plane(self, point: Vec3) -> tuple[float, float, float]:
        """LPS mm to in-plane mm and the distance from the cut along `forward`."""
        offset = sub(point, self.origin)
        return dot(offset, self.right), dot(offset, self.down), dot(offset, self.forward)


def cut_directions(plane: Plane, oblique: tuple[Vec3, Vec3] | None) -> tuple[Vec3, Vec3]:
    """Unit right and down of the view. Raises ValueError for an oblique without two directions."""
    if plane is not Plane.OBLIQUE:
        return PLANE_DIRECTIONS[plane]
    if oblique is None:
        raise ValueError("an oblique cut needs its two directions")
    right = unit(oblique[0])
    down = sub(oblique[1], scale(right, dot(oblique[1], right)))
    return right, unit(down)


# Everything asked of one view (picture, letters, index, probe) starts from the same cut.
@lru_cache(maxsize=64)
def cut_plane(geometry: VolumeGeometry, plane: Plane, focus: Vec3 | None, oblique: tuple[Vec3, Vec3] | None = None) -> CutPlane:
    """The cut of `geometry` through `focus` (None: through the middle voxel).

    Slices are one voxel apart along the volume axis that runs most along the cut's normal, and
    slice 0 goes through voxel centres, so that a cut along the acquired planes shows them
    as acquired.
    """
    family = _family(geometry, plane, oblique)
    centre, middle = middle_voxel(geometry) if focus is None else focus, geometry.centre
    depth = dot(sub(centre, family.anchor), family.forward)
    origin = add(middle, scale(family.forward, round(dot(sub(centre, middle), family.forward), DEPTH_DIGITS)))
    return replace(family, index=depth / family.step, origin=origin)


@lru_cache(maxsize=64)
def _family(geometry: VolumeGeometry, plane: Plane, oblique: tuple[Vec3, Vec3] | None) -> CutPlane:
    """The parallel cuts that one of these directions is of, at the one through the middle of the grid."""
    right, down = cut_directions(plane, oblique)
    forward = reading_direction(cross(right, down))
    axis = max(range(3), key=lambda i: abs(dot(unit(geometry.axis(i)), forward)))
    step = abs(dot(geometry.axis(axis), forward))
    slices, rows, columns = geometry.shape
    corners = [geometry.to_patient(*c) for c in product((0, columns - 1), (0, rows - 1), (0, slices - 1))]
    anchor = min(corners, key=lambda c: dot(c, forward))
    reach = max(dot(sub(c, anchor), forward) for c in corners)
    middle = geometry.centre
    count = int(reach / step + COUNT_SLACK) + 1
    return CutPlane(right, down, forward, anchor, step, count, 0.0, middle, _extent(geometry, middle, right, down))


def middle_voxel(geometry: VolumeGeometry) -> Vec3:
    """The centre of the voxel in the middle of the grid (the later one of two)."""
    slices, rows, columns = geometry.shape
    return geometry.to_patient(columns // 2, rows // 2, slices // 2)


def _extent(geometry: VolumeGeometry, origin: Vec3, right: Vec3, down: Vec3) -> tuple[float, float, float, float]:
    slices, rows, columns = geometry.shape
    edges = [geometry.to_patient(*c) for c in product((-0.5, columns - 0.5), (-0.5, rows - 0.5), (-0.5, slices - 0.5))]
    us = [dot(sub(e, origin), right) for e in edges]
    vs = [dot(sub(e, origin), down) for e in edges]
    return min(us), max(us), min(vs), max(vs)
