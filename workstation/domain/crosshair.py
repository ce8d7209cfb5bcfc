"""Three planes at right angles through one point, and how they turn. Directions and points in LPS mm.

Each plane keeps its own right and down on the screen. When the planes turn, these are carried along the
shortest way: what a view shows turns no more than its plane does, and nothing ever flips.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from workstation.domain.geometry import Vec3, add, cross, dot, scale, sub, unit
from workstation.domain.viewing import Plane, ViewportState

Directions: TypeAlias = tuple[Vec3, Vec3]
"""What grows to the right and what grows downwards in a view, at length 1."""

# Axial is seen from the feet, coronal from the front, sagittal from the patient's left.
PLANE_DIRECTIONS: dict[Plane, Directions] = {
    Plane.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    Plane.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Plane.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
BORN = tuple(PLANE_DIRECTIONS)
"""The planes of a crosshair by what they were before anything was turned: a plane's place in `Crosshair.planes`."""

STRAIGHT: tuple[Directions, Directions, Directions] = (
    PLANE_DIRECTIONS[Plane.AXIAL],
    PLANE_DIRECTIONS[Plane.CORONAL],
    PLANE_DIRECTIONS[Plane.SAGITTAL],
)

# The shortest way between two normals is the way they were turned only for small turns.
MOST_DEGREES = 10.0
# A plane turned back is the straight one again, without the rounding of the way there.
ROUNDING = 1e-9
# Planes whose normals differ by less than this (cosine of half a minute of arc) are one plane.
ONE_PLANE = 1.0 - 1e-8


@dataclass(frozen=True, slots=True)
class Crosshair:
    """`planes` are those born axial, coronal and sagittal; their normals are at right angles, however they are turned."""

    focus: Vec3
    planes: tuple[Directions, Directions, Directions] = STRAIGHT

    def normal(self, which: int) -> Vec3:
        return cross(*self.planes[which])

    @property
    def is_straight(self) -> bool:
        return self.planes == STRAIGHT

    def place_of(self, directions: Directions) -> int | None:
        """Which of the planes has these directions' normal, None when it is none of them."""
        normal = cross(*directions)
        return next((which for which in range(3) if abs(dot(self.normal(which), normal)) >= ONE_PLANE), None)

    def nearest(self, normal: Vec3) -> int:
        """The plane that faces most along `normal`."""
        return max(range(3), key=lambda which: abs(dot(self.normal(which), normal)))

    def turned(self, axis: Vec3, degrees: float) -> Crosshair:
        """Turned about `axis` through the focus, by the right hand. A plane that the axis stands on stays as it is."""
        axis, planes = unit(axis), self.planes
        steps = max(1, math.ceil(abs(degrees) / MOST_DEGREES))
        for _ in range(steps):
            normals = _right_angled([rotated(cross(*plane), axis, degrees / steps) for plane in planes])
            first, second, third = (_carried(plane, normal) for plane, normal in zip(planes, normals, strict=True))
            planes = (first, second, third)
        first, second, third = (_snapped(plane) for plane in planes)
        return replace(self, planes=(first, second, third))

    def through(self, places: Sequence[tuple[int, Vec3]]) -> Crosshair:
        """With each named plane going through the point named with it."""
        focus = self.focus
        for which, point in places:
            normal = self.normal(which)
            focus = add(focus, scale(normal, dot(sub(point, focus), normal)))
        return replace(self, focus=focus)


def directions_of(state: ViewportState) -> Directions | None:
    """Of a plane; None for images as acquired and 3D."""
    if state.plane is Plane.OBLIQUE:
        return state.oblique
    return PLANE_DIRECTIONS.get(state.plane)


def shown_as(state: ViewportState, directions: Directions) -> ViewportState:
    """`state` with the plane of these directions: a straight one by its name."""
    plane = next((plane for plane, straight in PLANE_DIRECTIONS.items() if straight == directions), Plane.OBLIQUE)
    return replace(state, plane=plane, oblique=directions if plane is Plane.OBLIQUE else None)


def rotated(vector: Vec3, axis: Vec3, degrees: float) -> Vec3:
    """`vector` about the unit `axis`, by the right hand."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    along = scale(axis, dot(axis, vector) * (1.0 - cos))
    return add(add(scale(vector, cos), scale(cross(axis, vector), sin)), along)


def _right_angled(normals: Sequence[Vec3]) -> list[Vec3]:
    """Rounding taken out: the second and third made to stand on those before them."""
    first = unit(normals[0])
    second = unit(sub(normals[1], scale(first, dot(normals[1], first))))
    third = cross(first, second)
    return [first, second, scale(third, math.copysign(1.0, dot(third, normals[2])))]


def _carried(directions: Directions, normal: Vec3) -> Directions:
    """Right and down brought into the plane of `normal` by the shortest turn."""
    right, before = directions[0], cross(*directions)
    both = add(before, normal)
    right = sub(right, scale(both, dot(normal, right) / (1.0 + dot(before, normal))))
    right = unit(sub(right, scale(normal, dot(right, normal))))
    return right, cross(normal, right)


def _snapped(directions: Directions) -> Directions:
    for straight in STRAIGHT:
        pairs = zip((*directions[0], *directions[1]), (*straight[0], *straight[1]), strict=True)
        if all(abs(a - b) < ROUNDING for a, b in pairs):
            return straight
    return directions
