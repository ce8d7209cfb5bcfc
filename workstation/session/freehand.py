"""A free line through the places that a fast hand left behind: a curve, not a string of chords."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]
# Points of the curve lie at most so far apart, in pixels of the view.
STEP = 4.0


def smooth(points: Sequence[Point], most: int = 10_000) -> list[Point]:
    """The points with others between those that lie far apart, on a Catmull-Rom curve through all of them.

    Its knots are centripetal: it makes no loops where places lie unevenly. Never more than `most` points.
    """
    if len(points) < 3:
        return list(points)
    found = [points[0]]
    ends = (_beyond(points[0], points[1]), _beyond(points[-1], points[-2]))
    padded = [ends[0], *points, ends[1]]
    for number in range(len(points) - 1):
        before, a, b, after = padded[number : number + 4]
        count = math.ceil(math.dist(a, b) / STEP)
        left = most - len(found) - (len(points) - 1 - number)
        found.extend(_between(before, a, b, after, i / count) for i in range(1, min(count, left + 1)))
        found.append(b)
    return found


def _beyond(end: Point, inner: Point) -> Point:
    return 2 * end[0] - inner[0], 2 * end[1] - inner[1]


def _between(p0: Point, p1: Point, p2: Point, p3: Point, share: float) -> Point:
    """Barry and Goldman's form, knots at the square roots of the distances."""
    t0 = 0.0
    t1 = t0 + max(math.dist(p0, p1), 1e-6) ** 0.5
    t2 = t1 + max(math.dist(p1, p2), 1e-6) ** 0.5
    t3 = t2 + max(math.dist(p2, p3), 1e-6) ** 0.5
    t = t1 + share * (t2 - t1)
    a1, a2, a3 = _mix(p0, p1, t0, t1, t), _mix(p1, p2, t1, t2, t), _mix(p2, p3, t2, t3, t)
    b1, b2 = _mix(a1, a2, t0, t2, t), _mix(a2, a3, t1, t3, t)
    return _mix(b1, b2, t1, t2, t)


def _mix(a: Point, b: Point, start: float, end: float, t: float) -> Point:
    share = (t - start) / (end - start)
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
