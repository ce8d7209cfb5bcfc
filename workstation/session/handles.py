"""What can be taken hold of in a drawing, and what moves with it. Pure geometry on view pixels.

A view shows millimetres equally long in all directions, so that a right angle and a circle
here are a right angle and a circle in the patient. Turning a view goes by right angles, so that
a box along the frame's rows is a box here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from workstation.domain.annotation import POINTS_NEEDED, AnnotationKind

Point = tuple[float, float]
BOXES = (AnnotationKind.RECTANGLE, AnnotationKind.ELLIPSE)
ROUND = (AnnotationKind.CIRCLE, AnnotationKind.SPHERE)
AREAS = (*BOXES, *ROUND, AnnotationKind.POLYGON, AnnotationKind.FREEHAND)
OPEN_ENDED = (AnnotationKind.POLYGON, AnnotationKind.FREEHAND)
CURVE_STEPS = 72


def handles(kind: AnnotationKind, points: Sequence[Point]) -> list[Point]:
    """Where a hand can take hold. Of boxes all four corners or axis ends, of a free line none: it moves as a whole."""
    if len(points) < 2:
        return list(points)
    if kind is AnnotationKind.FREEHAND:
        return []
    if kind is AnnotationKind.RECTANGLE:
        (x0, y0), (x1, y1) = points[:2]
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    if kind is AnnotationKind.ELLIPSE:
        (x0, y0), (x1, y1) = points[:2]
        across, down = (x0 + x1) / 2, (y0 + y1) / 2
        return [(x0, down), (across, y0), (x1, down), (across, y1)]
    return list(points)


def dragged(kind: AnnotationKind, points: Sequence[Point], handle: int, to: Point) -> list[Point]:
    """The points after handle number `handle` was taken to `to`."""
    if kind is AnnotationKind.RECTANGLE:
        (x0, y0), (x1, y1) = points[:2]
        return [
            (to[0] if handle in (0, 3) else x0, to[1] if handle in (0, 1) else y0),
            (to[0] if handle in (1, 2) else x1, to[1] if handle in (2, 3) else y1),
        ]
    if kind is AnnotationKind.ELLIPSE:
        (x0, y0), (x1, y1) = points[:2]
        return [
            (to[0] if handle == 0 else x0, to[1] if handle == 1 else y0),
            (to[0] if handle == 2 else x1, to[1] if handle == 3 else y1),
        ]
    if kind in ROUND and handle == 0:
        return moved(points, to[0] - points[0][0], to[1] - points[0][1])
    if kind is AnnotationKind.BIDIRECTIONAL and len(points) == 4:
        return _axes_dragged(points, handle, to)
    return [to if i == handle else p for i, p in enumerate(points)]


def moved(points: Sequence[Point], dx: float, dy: float) -> list[Point]:
    return [(x + dx, y + dy) for x, y in points]


def constrained(kind: AnnotationKind, points: Sequence[Point], to: Point) -> Point:
    """Where the next point of an unfinished drawing goes: the short axis stands at right angles on the long one."""
    if kind is AnnotationKind.BIDIRECTIONAL and len(points) == 3:
        return _across(points[0], points[1], points[2], to)
    return to


def is_whole(kind: AnnotationKind, points: Sequence[Point], least: float) -> bool:
    """Whether the points make the drawing: none of its lines, nor its box, is shorter than `least` pixels."""
    if len(points) < POINTS_NEEDED[kind][0]:
        return False
    if kind in BOXES:
        return min(abs(points[0][0] - points[1][0]), abs(points[0][1] - points[1][1])) >= least
    if kind in OPEN_ENDED:
        wide = max(x for x, _ in points) - min(x for x, _ in points)
        return max(wide, max(y for _, y in points) - min(y for _, y in points)) >= least
    pairs = zip(points[::2], points[1::2], strict=False) if kind is not AnnotationKind.ANGLE else _pairs(points)
    return all(math.dist(a, b) >= least for a, b in pairs)


def lines(kind: AnnotationKind, points: Sequence[Point]) -> list[list[Point]]:
    """The open or closed lines of a drawing or of its beginning; a closed one ends where it starts."""
    if len(points) < 2:
        return []
    if kind in (AnnotationKind.BIDIRECTIONAL, AnnotationKind.COBB):
        return [list(points[i : i + 2]) for i in range(0, len(points) - 1, 2)]
    if kind is AnnotationKind.RECTANGLE:
        corners = handles(kind, points)
        return [[*corners, corners[0]]]
    if kind is AnnotationKind.ELLIPSE or kind in ROUND:
        return [_curve(kind, points)]
    if kind in OPEN_ENDED:
        return [[*points, points[0]]]
    return [list(points)]


def distance(kind: AnnotationKind, points: Sequence[Point], at: Point) -> float:
    """From a place to the nearest part of the drawing's line, in pixels."""
    if len(points) == 1:
        return math.dist(points[0], at)
    return min((_to_segment(at, a, b) for line in lines(kind, points) for a, b in _pairs(line)), default=math.inf)


def _curve(kind: AnnotationKind, points: Sequence[Point]) -> list[Point]:
    (x0, y0), (x1, y1) = points[:2]
    if kind in ROUND:
        centre, radii = (x0, y0), (math.dist(points[0], points[1]),) * 2
    else:
        centre, radii = ((x0 + x1) / 2, (y0 + y1) / 2), (abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    turns = [2 * math.pi * step / CURVE_STEPS for step in range(CURVE_STEPS + 1)]
    return [(centre[0] + radii[0] * math.cos(t), centre[1] + radii[1] * math.sin(t)) for t in turns]


def _axes_dragged(points: Sequence[Point], handle: int, to: Point) -> list[Point]:
    """The long axis takes the short one with it; the short one stays at right angles."""
    a, b, c, d = points
    if handle >= 2:
        fixed = d if handle == 2 else c
        end = _across(a, b, fixed, to)
        return [a, b, end, fixed] if handle == 2 else [a, b, fixed, end]
    new_a, new_b = (to, b) if handle == 0 else (a, to)
    return [new_a, new_b, *(_carried((a, b), (new_a, new_b), p) for p in (c, d))]


def _carried(old: tuple[Point, Point], new: tuple[Point, Point], point: Point) -> Point:
    """A point that keeps its share along an axis and its distance beside it."""
    (ax, ay), (bx, by) = old
    size = math.dist(*old)
    if size == 0 or math.dist(*new) == 0:
        return point
    ux, uy = (bx - ax) / size, (by - ay) / size
    share = ((point[0] - ax) * ux + (point[1] - ay) * uy) / size
    beside = (point[1] - ay) * ux - (point[0] - ax) * uy
    (cx, cy), (dx, dy) = new
    vx, vy = (dx - cx) / math.dist(*new), (dy - cy) / math.dist(*new)
    return cx + share * (dx - cx) - beside * vy, cy + share * (dy - cy) + beside * vx


def _across(a: Point, b: Point, start: Point, to: Point) -> Point:
    """`to` brought onto the line through `start` at right angles to a-b."""
    size = math.dist(a, b)
    if size == 0:
        return to
    nx, ny = -(b[1] - a[1]) / size, (b[0] - a[0]) / size
    reach = (to[0] - start[0]) * nx + (to[1] - start[1]) * ny
    return start[0] + reach * nx, start[1] + reach * ny


def _pairs(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(pairwise(points))


def _to_segment(at: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    size = dx * dx + dy * dy
    share = 0.0 if size == 0 else min(max(((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / size, 0.0), 1.0)
    return math.dist(at, (a[0] + share * dx, a[1] + share * dy))
