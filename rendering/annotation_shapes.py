"""Shapes of drawings in a plane: outline, area, and which pixels lie inside. Pure geometry, no unit.

A point is (u, v). A pixel is inside a shape when its centre is: on the line of a rectangle,
ellipse or circle counts as inside, of a polygon the even-odd rule decides with its left and upper
edges inside. RECTANGLE and ELLIPSE are given by two opposite corners and a third one beside
both, CIRCLE by its centre and two points of its line a quarter turn apart, so that the same shape
can be told in pixels that are not square and in a plane that lies askew to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from workstation.domain.annotation import AnnotationKind

Point = tuple[float, float]

SPANNED = frozenset({AnnotationKind.RECTANGLE, AnnotationKind.ELLIPSE, AnnotationKind.CIRCLE})
"""Kinds of two points that need a third one to be placed in space."""

AREAS = SPANNED | {AnnotationKind.POLYGON, AnnotationKind.FREEHAND}

# Corners of the polygon that a curve is drawn as.
CURVE_STEPS = 72


def with_span(kind: AnnotationKind, points: Sequence[Point], pitch: Point) -> list[Point]:
    """The points, and of a spanned kind the third one. `pitch` is the length of one step of (u, v)."""
    if kind not in SPANNED:
        return list(points)
    (u0, v0), (u1, v1) = points[:2]
    if kind is AnnotationKind.CIRCLE:
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
    if kind is AnnotationKind.CIRCLE:
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
