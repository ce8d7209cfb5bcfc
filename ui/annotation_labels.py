"""Where a label hides least: outside its area, inside the viewport, off other words, on what is dark and near.

Pure arithmetic on rectangles (left, top, width, height in logical pixels); how bright the image is
under one is asked of the caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Point = tuple[float, float]

MARGIN = 4.0
# How far from the drawing a label may stand, in steps outwards.
REACHES = (10.0, 26.0, 60.0, 120.0)
DIRECTIONS = 16
# What one unit of each fault costs, in pixels of distance.
COVERS_WORDS, COVERS_DRAWING, BRIGHT, LEAVES_VIEW = 6.0, 3.0, 90.0, 1e6
# Further away than this a line leads from the label to its drawing.
LEADER_FROM = 16.0


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> Point:
        return self.left + self.width / 2, self.top + self.height / 2

    def shared(self, other: Box) -> float:
        """The area that both cover, in square pixels."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide * high if wide > 0 and high > 0 else 0.0

    def grown(self, by: float) -> Box:
        return Box(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)

    def nearest(self, point: Point) -> Point:
        return min(max(point[0], self.left), self.right), min(max(point[1], self.top), self.bottom)

    def holds(self, point: Point) -> bool:
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom


def around(points: Sequence[Point]) -> Box:
    """The smallest box that holds all points."""
    left, top = min(x for x, _ in points), min(y for _, y in points)
    return Box(left, top, max(x for x, _ in points) - left, max(y for _, y in points) - top)


def place(
    size: tuple[float, float],
    points: Sequence[Point],
    is_area: bool,
    view: tuple[float, float],
    words: Sequence[Box],
    drawings: Sequence[Sequence[Point]],
    brightness: Callable[[Box], float] = lambda _: 0.0,
) -> Box:
    """The best place for a label of `size` beside the drawing through `points`.

    `words` are boxes that text stands in already, `drawings` the corners of all lines (this one's
    too), `brightness` is 0.0 for black to 1.0 for white.
    """
    own = around(points)
    corners = [p for line in drawings for p in line]
    best, best_cost = Box(own.right, own.top, *size), math.inf
    for box, reach in _candidates(size, points, own, is_area, view):
        if reach >= best_cost:
            break  # those that come are further away still
        cost = reach + (LEAVES_VIEW if _leaves(box, view) else 0.0)
        wide = box.grown(2)
        cost += COVERS_WORDS * sum(math.sqrt(wide.shared(other)) for other in words)
        if is_area:
            cost += COVERS_DRAWING * math.sqrt(box.shared(own))
        if cost < best_cost:
            near = box.grown(3)
            cost += COVERS_DRAWING * 8 * sum(map(near.holds, corners))
        if cost < best_cost:
            cost += BRIGHT * brightness(box)
        if cost < best_cost:
            best, best_cost = box, cost
    return _inside(best, view)


def leader(box: Box, points: Sequence[Point]) -> tuple[Point, Point] | None:
    """The line from a label to the nearest corner of its drawing; None where it stands beside it."""
    near = min(points, key=lambda p: math.dist(p, box.nearest(p)))
    start = box.nearest(near)
    return (start, near) if math.dist(start, near) > LEADER_FROM else None


def _candidates(
    size: tuple[float, float], points: Sequence[Point], own: Box, is_area: bool, view: tuple[float, float]
) -> Iterator[tuple[Box, float]]:
    """Boxes around the drawing's ends, or around the whole of an area, near ones first."""
    anchors = [own.middle] if is_area else list(dict.fromkeys((points[0], points[-1], own.middle)))
    for reach in REACHES:
        for anchor in anchors:
            half = (own.width / 2, own.height / 2) if is_area else (0.0, 0.0)
            for step in range(DIRECTIONS):
                turn = 2 * math.pi * step / DIRECTIONS
                dx, dy = math.cos(turn), math.sin(turn)
                x = anchor[0] + dx * (half[0] + reach) + (dx - 1) * size[0] / 2
                y = anchor[1] + dy * (half[1] + reach) + (dy - 1) * size[1] / 2
                yield _inside(Box(x, y, *size), view) if not is_area else Box(x, y, *size), reach


def _leaves(box: Box, view: tuple[float, float]) -> bool:
    return box.left < MARGIN or box.top < MARGIN or box.right > view[0] - MARGIN or box.bottom > view[1] - MARGIN


def _inside(box: Box, view: tuple[float, float]) -> Box:
    left = min(max(box.left, MARGIN), max(view[0] - box.width - MARGIN, MARGIN))
    top = min(max(box.top, MARGIN), max(view[1] - box.height - MARGIN, MARGIN))
    return Box(left, top, box.width, box.height)
