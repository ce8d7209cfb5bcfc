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


def _pushed(side: Vec3, forward: Vec3, degrees: float) -> tuple[Vec3, Vec3]:
    """`side` and `forward` of the eye when what it sees turns towards `side`."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (
        unit(sub(scale(side, cos), scale(forward, sin))),
        unit(add(scale(forward, cos), scale(side, sin))),
    )
