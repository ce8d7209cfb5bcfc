"""Shapes of drawings in a plane: outline, area, and which pixels lie inside. Pure geometry, no unit.

A point is (u, v). A pixel is inside a shape when its centre is: on the line of a rectangle,
ellipse or circle counts as inside, of a polygon the even-odd rule decides with its left and upper
edges inside. RECTANGLE and ELLIPSE are given by two opposite corners and a third one beside
both, CIRCLE and SPHERE by the centre and two points of the line a quarter turn apart, so that the same shape
can be told in pixels that are not square and in a plane that lies askew to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workstation.domain.annotation import AnnotationKind

Point = tuple[float, float]

ROUND = frozenset({AnnotationKind.CIRCLE, AnnotationKind.SPHERE})
"""Kinds given by a centre and a point on their line; a sphere by its circle in the plane that it was drawn in."""

SPANNED = ROUND | {AnnotationKind.RECTANGLE, AnnotationKind.ELLIPSE}
"""Kinds of two points that need a third one to be placed in space."""

AREAS = SPANNED | {AnnotationKind.POLYGON, AnnotationKind.FREEHAND}

# A centre this near to the line (share of the shape) is on it: rounding of the corners.
ON_LINE = 1e-9

# Edges compared with each other while a long line is drawn: a million pairs take some 30 ms.
MOST_EDGES = 1000

# Corners of the polygon that a curve is drawn as.
CURVE_STEPS = 72


def with_span(kind: AnnotationKind, points: Sequence[Point], pitch: Point) -> list[Point]:
    """The points, and of a spanned kind the third one. `pitch` is the length of one step of (u, v)."""
    if kind not in SPANNED:
        return list(points)
    (u0, v0), (u1, v1) = points[:2]
    if kind in ROUND:
        across, down = (u1 - u0) * pitch[0], (v1 - v0) * pitch[1]
        third = (u0 - down / pitch[0], v0 + across / pitch[1])
    else:
        third = (u1, v0)
    return [(u0, v0), (u1, v1), third]


def spanned_from(kind: AnnotationKind, points: Sequence[Point]) -> list[Point] | None:
    """As `with_span` for points that came from the patient; None when the third one is missing."""
    if kind in SPANNED and len(points) != 3:
        return None
    return list(points)


def axes(kind: AnnotationKind, spanned: Sequence[Point]) -> tuple[Point, Point, Point]:
    """(centre, half axis, other half axis) of a spanned shape."""
    a, b, c = spanned
    if kind in ROUND:
        return a, (b[0] - a[0], b[1] - a[1]), (c[0] - a[0], c[1] - a[1])
    centre = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    return centre, ((c[0] - a[0]) / 2, (c[1] - a[1]) / 2), ((b[0] - c[0]) / 2, (b[1] - c[1]) / 2)


def outline(kind: AnnotationKind, spanned: Sequence[Point]) -> list[Point]:
    """The corners of the shape's line: of curves those of a polygon of CURVE_STEPS corners."""
    if kind not in SPANNED:
        return list(spanned)
    (u, v), (au, av), (bu, bv) = axes(kind, spanned)
    if kind is AnnotationKind.RECTANGLE:
        ways = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
    else:
        turns = [2.0 * math.pi * step / CURVE_STEPS for step in range(CURVE_STEPS)]
        ways = [(math.cos(turn), math.sin(turn)) for turn in turns]
    return [(u + p * au + q * bu, v + p * av + q * bv) for p, q in ways]


def box(kind: AnnotationKind, spanned: Sequence[Point]) -> tuple[float, float, float, float]:
    """(u0, u1, v0, v1) around the shape."""
    if kind in SPANNED and kind is not AnnotationKind.RECTANGLE:
        (u, v), (au, av), (bu, bv) = axes(kind, spanned)
        wide, high = math.hypot(au, bu), math.hypot(av, bv)
        return u - wide, u + wide, v - high, v + high
    us, vs = zip(*outline(kind, spanned), strict=True)
    return min(us), max(us), min(vs), max(vs)


def area(kind: AnnotationKind, spanned: Sequence[Point]) -> float:
    """The area in units of u x v; of a line that does not cross itself (see `crosses_itself`)."""
    if kind in SPANNED:
        _, (au, av), (bu, bv) = axes(kind, spanned)
        return abs(au * bv - av * bu) * (4.0 if kind is AnnotationKind.RECTANGLE else math.pi)
    corners = np.asarray(spanned, np.float64)
    u, v = (corners - corners.mean(axis=0)).T
    return abs(float(u @ np.roll(v, -1) - v @ np.roll(u, -1))) / 2.0


def inside(kind: AnnotationKind, spanned: Sequence[Point], us: NDArray[np.float64], vs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pixels of the grid with centres at columns `us` (ascending) and rows `vs` lie inside: (rows, columns)."""
    if kind not in SPANNED:
        return _inside_polygon(spanned, us, vs)
    (u, v), (au, av), (bu, bv) = axes(kind, spanned)
    size = au * bv - av * bu
    if size == 0.0:
        return np.zeros((vs.size, us.size), bool)
    across, down = (us - u)[np.newaxis, :], (vs - v)[:, np.newaxis]
    p, q = (across * bv - down * bu) / size, (down * au - across * av) / size
    found: NDArray[np.bool_]
    if kind is AnnotationKind.RECTANGLE:
        found = (np.abs(p) <= 1.0 + ON_LINE) & (np.abs(q) <= 1.0 + ON_LINE)
    else:
        found = p * p + q * q <= 1.0 + ON_LINE
    return found


def _inside_polygon(corners: Sequence[Point], us: NDArray[np.float64], vs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Even-odd, a row of pixels at a time for each edge that crosses it."""
    found = np.zeros((vs.size, us.size), bool)
    for (u0, v0), (u1, v1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        first, last = np.searchsorted(vs, sorted((v0, v1)))
        if first < last:
            edge = u0 + (vs[first:last] - v0) * ((u1 - u0) / (v1 - v0))
            found[first:last] ^= us[np.newaxis, :] >= edge[:, np.newaxis]
    return found


def crosses_itself(corners: Sequence[Point]) -> bool:
    """Whether a closed line crosses itself, so that it has no one area. Long lines are looked at in MOST_EDGES steps."""
    points = np.asarray(corners, np.float64)
    points = points[:: max(1, -(-len(points) // MOST_EDGES))]
    ends = np.roll(points, -1, axis=0)
    count = len(points)
    if count < 4:
        return False
    # Side of each edge's ends (columns) seen from each other edge (rows).
    way = ends - points
    of_start = _sides(way, points, points)
    of_end = _sides(way, points, ends)
    apart = of_start * of_end < 0.0
    index = np.arange(count)
    distance = np.abs(index[:, np.newaxis] - index[np.newaxis, :])
    beside = (distance <= 1) | (distance == count - 1)
    return bool((apart & apart.T & ~beside).any())


def _sides(way: NDArray[np.float64], start: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    offset = points[np.newaxis, :, :] - start[:, np.newaxis, :]
    sides: NDArray[np.float64] = way[:, np.newaxis, 0] * offset[..., 1] - way[:, np.newaxis, 1] * offset[..., 0]
    return sides


def angle_at(vertex: Point, a: Point, b: Point) -> float | None:
    """The angle in degrees (0 to 180) at `vertex`, None when an arm has no length. Points in one length unit."""
    return _between((a[0] - vertex[0], a[1] - vertex[1]), (b[0] - vertex[0], b[1] - vertex[1]))


def cobb_angle(a: Point, b: Point, c: Point, d: Point) -> float | None:
    """The angle between the lines ab and cd in degrees, as they lean against the way from one to the other.

    The order of a line's two ends does not matter, and a curve of more than 90 degrees is told as such.
    """
    spine = ((c[0] + d[0] - a[0] - b[0]) / 2, (c[1] + d[1] - a[1] - b[1]) / 2)
    first, second = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1])
    found = _between(_beside(first, spine), _beside(second, spine))
    crosses = spine == (0.0, 0.0)
    return min(found, 180.0 - found) if found is not None and crosses else found


def line_angle(a: Point, b: Point, c: Point, d: Point) -> float | None:
    """The smaller angle (0 to 90 degrees) between the lines ab and cd."""
    found = _between((b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1]))
    return None if found is None else min(found, 180.0 - found)


def _beside(way: Point, spine: Point) -> Point:
    """`way` turned round where needed, so that it points to one side of `spine`."""
    return way if spine[0] * way[1] - spine[1] * way[0] >= 0.0 else (-way[0], -way[1])


def _between(a: Point, b: Point) -> float | None:
    if a == (0.0, 0.0) or b == (0.0, 0.0):
        return None
    return math.degrees(math.atan2(abs(a[0] * b[1] - a[1] * b[0]), a[0] * b[0] + a[1] * b[1]))
