"""Turning the view of a volume: which way the eye looks, as the view's right and down in LPS."""

from __future__ import annotations

import math

from workstation.domain.geometry import Vec3, add, cross, scale, sub, unit

Directions = tuple[Vec3, Vec3]

# The patient seen from the front: the left hand on the right of the image, the head up.
FROM_THE_FRONT: Directions = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))


def turned(directions: Directions | None, right_degrees: float, down_degrees: float) -> Directions:
    """The directions after the side that faces the eye was pushed to the right and down, as if by hand.

    None is the view from the front. The result is right-angled and of length 1, however often
    it is turned.
    """
    right, down = directions or FROM_THE_FRONT
    right, forward = _pushed(unit(right), unit(cross(right, down)), right_degrees)
    down = unit(cross(forward, right))
    down, _ = _pushed(down, forward, down_degrees)
    return right, down


def about_the_length(directions: Directions | None, degrees: float) -> Directions:
    """The directions after the eye went round the patient's head-feet axis (LPS z); seen from the front to the left side."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    right, down = ((cos * x - sin * y, sin * x + cos * y, z) for x, y, z in directions or FROM_THE_FRONT)
    return right, down


def way_round(directions: Directions | None, step_degrees: float) -> tuple[Directions, ...]:
    """Once round in equal steps, from where the eye is."""
    return tuple(about_the_length(directions, k * step_degrees) for k in range(round(360.0 / step_degrees)))


def _pushed(side: Vec3, forward: Vec3, degrees: float) -> tuple[Vec3, Vec3]:
    """`side` and `forward` of the eye when what it sees turns towards `side`."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (
        unit(sub(scale(side, cos), scale(forward, sin))),
        unit(add(scale(forward, cos), scale(side, sin))),
    )
