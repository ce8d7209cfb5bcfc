"""Where a label hides least: off other words always, off what its drawing measures, off other lines, on what is dark and near.

Pure arithmetic on rectangles (left, top, width, height in logical pixels); how bright the image is
under one is asked of the caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Boxes = NDArray[np.float64]
    """Rows of (left, top, right, bottom)."""

Point = tuple[float, float]

MARGIN = 4.0
# How far from the drawing a label may stand, in steps outwards; then anywhere.
REACHES = (10.0, 26.0, 60.0, 120.0)
DIRECTIONS = 16
# Free space around words, and around lines.
WORDS_GAP, LINES_GAP = 2.0, 3.0
# What one unit of each fault costs, in pixels of distance.
COVERS_LINE, COVERS_AREA, BRIGHT = 40.0, 80.0, 90.0
# What costs more than this hides what others measure: then it has no place.
HIDES = 300.0
# A line back that goes over something else, and how close that is looked at.
CROSSES, LEADER_STEP = 60.0, 6.0
# What costs more near its drawing is looked for all over the view.
FAR_FROM = 110.0
# So many of the best are compared by what they hide of areas and of the image.
COMPARED = 6
# An outline needs no more corners to tell whether a label lies in it.
MOST_CORNERS = 24
# So many places of the whole view are looked at closely.
MOST_FAR = 800
# Further away than this a line leads from the label to its drawing.
LEADER_FROM = 16.0
# Where it stands already a label stays up to this far away: it must not jump while one zooms.
STAYS_WITHIN = 70.0


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

    def moved(self, dx: float, dy: float) -> Box:
        return Box(self.left + dx, self.top + dy, self.width, self.height)

    def nearest(self, point: Point) -> Point:
        return min(max(point[0], self.left), self.right), min(max(point[1], self.top), self.bottom)

    def holds(self, point: Point) -> bool:
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom


@dataclass(frozen=True, slots=True)
class Subject:
    """What a label belongs to: `points` it may stand beside, `lines` it must not touch, the `outline` of what is measured.

    `margin` is kept free around its lines; an empty outline is no area.
    """

    points: Sequence[Point]
    lines: Sequence[Point]
    outline: Sequence[Point] = ()
    margin: float = LINES_GAP


def around(points: Sequence[Point]) -> Box:
    """The smallest box that holds all points."""
    left, top = min(x for x, _ in points), min(y for _, y in points)
    return Box(left, top, max(x for x, _ in points) - left, max(y for _, y in points) - top)


def place(
    size: tuple[float, float],
    subject: Subject,
    view: tuple[float, float],
    words: Sequence[Box],
    lines: Sequence[Point] = (),
    areas: Sequence[tuple[Box, Sequence[Point]]] = (),
    brightness: Callable[[Box], float] = lambda _: 0.0,
    stands: Box | None = None,
) -> tuple[Box, bool]:
    """The best place for a label of `size`, and whether it is free of words and of what is measured.

    `words` are boxes that text stands in already, `lines` points on other drawings' lines, `areas`
    the outlines of what others measure, each with its `around`; `brightness` is 0.0 for black to 1.0 for
    white. `stands` is where the label stood: it stays there as long as it may.
    """
    search = _Search(size, subject, view, words, lines, areas)
    if stands is not None and search.may_stay(stands):
        return stands, True
    best: tuple[float, Box] | None = None
    for reach in REACHES:
        if best is not None and best[0] <= reach:
            break  # those that come are further away still
        best = min((one for one in (best, search.best(search.ring(reach), brightness)) if one), default=None, key=_cost)
    if best is None or best[0] > FAR_FROM:
        best = min((one for one in (best, search.best(search.anywhere(), brightness)) if one), default=None, key=_cost)
    if best is None:
        return search.least_bad(), False
    return best[1], best[0] <= HIDES


def _cost(found: tuple[float, Box]) -> float:
    return found[0]


def is_free(box: Box, words: Sequence[Box]) -> bool:
    """Whether no words stand in it."""
    wide = box.grown(WORDS_GAP)
    return not any(wide.shared(other) for other in words)


def inside(box: Box, view: tuple[float, float]) -> Box:
    """The box brought into the view."""
    left = min(max(box.left, MARGIN), max(view[0] - box.width - MARGIN, MARGIN))
    top = min(max(box.top, MARGIN), max(view[1] - box.height - MARGIN, MARGIN))
    return Box(left, top, box.width, box.height)


def leader(box: Box, points: Sequence[Point]) -> tuple[Point, Point] | None:
    """The line from a label to the nearest corner of its drawing; None where it stands beside it."""
    near = min(points, key=lambda p: math.dist(p, box.nearest(p)))
    start = box.nearest(near)
    return (start, near) if math.dist(start, near) > LEADER_FROM else None


class _Search:
    def __init__(
        self,
        size: tuple[float, float],
        subject: Subject,
        view: tuple[float, float],
        words: Sequence[Box],
        lines: Sequence[Point],
        areas: Sequence[tuple[Box, Sequence[Point]]],
    ) -> None:
        import numpy as np  # it takes as long as Qt, and the worklist is shown without it

        self._np = np
        self._size, self._subject, self._view = size, subject, view
        self._areas = areas
        self._words = np.array([(w.left, w.top, w.right, w.bottom) for w in words], float).reshape(-1, 4)
        self._own = np.asarray(subject.lines, float).reshape(-1, 2)
        self._others = np.asarray(lines, float).reshape(-1, 2)
        self._anchors = np.array(subject.points, float).reshape(-1, 2)
        self._around = around(subject.outline or subject.points)
        ends = () if subject.outline else (subject.points[0], subject.points[-1])
        self._centres = tuple(dict.fromkeys((*ends, self._around.middle)))
        turns = 2 * math.pi * np.arange(DIRECTIONS) / DIRECTIONS
        self._turns = np.cos(turns), np.sin(turns)

    def may_stay(self, stands: Box) -> bool:
        box = inside(stands, self._view)
        boxes = self._np.array([(box.left, box.top, box.right, box.bottom)])
        hits = self._hits(boxes, self._others, LINES_GAP)
        is_free = box == stands and self._clear_of_words(boxes)[0] and self._off_its_drawing(boxes)[0]
        return bool(is_free and not hits[0] and self._away(boxes)[0] <= STAYS_WITHIN)

    def best(self, boxes: Boxes, brightness: Callable[[Box], float]) -> tuple[float, Box] | None:
        """(cost, box) of the best of them that is free; None where none is."""
        np = self._np
        boxes = boxes[self._clear_of_words(boxes)]
        if len(boxes) > MOST_FAR:
            boxes = boxes[np.argsort(self._away(boxes), kind="stable")[:MOST_FAR]]
        boxes = boxes[self._off_its_drawing(boxes)] if len(boxes) else boxes
        if not len(boxes):
            return None
        cost = self._away(boxes) + COVERS_LINE * self._hits(boxes, self._others, LINES_GAP)
        order = np.argsort(cost, kind="stable")[:COMPARED]
        boxes, cost = boxes[order], cost[order]
        led = self._away(boxes) > LEADER_FROM
        (left, top), (right, bottom) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
        reach = Box(left, top, right - left, bottom - top)
        for held, outline in self._areas:
            if held.shared(reach):
                cost = cost + COVERS_AREA * self._in_outline(boxes, outline)
        found: tuple[float, Box] | None = None
        for price, row, is_led in sorted(zip(cost.tolist(), boxes.tolist(), led.tolist(), strict=True)):
            if found is not None and found[0] <= price:
                break
            box = _box(row)
            whole = price + BRIGHT * brightness(box)
            if is_led and (found is None or whole < found[0]):
                whole += CROSSES * self._crosses(row)
            if found is None or whole < found[0]:
                found = whole, box
        return found

    def _crosses(self, row: Sequence[float]) -> int:
        """Whether the line back to the drawing goes over other drawings, and whether over words: whose they are must be plain."""
        np, anchors = self._np, self._anchors
        starts = np.clip(anchors, row[:2], row[2:])
        nearest = int(np.argmin(((anchors - starts) ** 2).sum(axis=1)))
        start, end = starts[nearest], anchors[nearest]
        steps = max(int(math.dist(start, end) / LEADER_STEP), 2)
        way = start + (end - start) * (np.arange(1, steps) / steps)[:, None]
        way = way[((way >= 0.0) & (way <= self._view)).all(axis=1)]  # enlarged, the drawing may lie far outside
        apart = np.abs(way[:, None, :] - self._others[None, :, :]).max(axis=2)
        x, y, w = way[:, 0, None], way[:, 1, None], self._words[None, :, :]
        over_words = (x > w[..., 0]) & (x < w[..., 2]) & (y > w[..., 1]) & (y < w[..., 3])
        return int((apart < LEADER_STEP).any()) + int(over_words.any())

    def least_bad(self) -> Box:
        """Where there is room nowhere: over as few words as may be."""
        np, boxes = self._np, self._np.concatenate([self.ring(reach) for reach in REACHES])
        a, w = boxes[:, None, :], self._words[None, :, :]
        wide = np.minimum(a[..., 2], w[..., 2]) - np.maximum(a[..., 0], w[..., 0])
        high = np.minimum(a[..., 3], w[..., 3]) - np.maximum(a[..., 1], w[..., 1])
        over = (wide.clip(0) * high.clip(0)).sum(axis=1)
        return _box(boxes[int(np.argmin(over + self._away(boxes)))].tolist())

    def ring(self, reach: float) -> Boxes:
        """Around the drawing's ends, or around the whole of an area, so far away."""
        np, (wide, high) = self._np, self._size
        half = (self._around.width / 2, self._around.height / 2) if self._subject.outline else (0.0, 0.0)
        out = reach + self._subject.margin - LINES_GAP
        made = []
        for x, y in self._centres:
            left = x + self._turns[0] * (half[0] + out) + (self._turns[0] - 1) * wide / 2
            top = y + self._turns[1] * (half[1] + out) + (self._turns[1] - 1) * high / 2
            made.append(np.column_stack([left, top]))
        return self._clamped(np.concatenate(made))

    def anywhere(self) -> Boxes:
        """All over the view."""
        np, (wide, high), (width, height) = self._np, self._size, self._view
        across = np.arange(MARGIN, max(width - wide - MARGIN, MARGIN) + 1, max(wide / 8, 10.0))
        down = np.arange(MARGIN, max(height - high - MARGIN, MARGIN) + 1, max(high / 4, 8.0))
        left, top = np.meshgrid(across, down)
        return self._clamped(np.column_stack([left.ravel(), top.ravel()]))

    # ---- inside ------------------------------------------------------------------------

    def _clamped(self, corners: Boxes) -> Boxes:
        np, (wide, high), (width, height) = self._np, self._size, self._view
        left = np.clip(corners[:, 0], MARGIN, max(width - wide - MARGIN, MARGIN))
        top = np.clip(corners[:, 1], MARGIN, max(height - high - MARGIN, MARGIN))
        boxes: Boxes = np.column_stack([left, top, left + wide, top + high])
        return boxes

    def _off_its_drawing(self, boxes: Boxes) -> Any:
        """Off its line, and off what is measured."""
        free = self._hits(boxes, self._own, self._subject.margin) == 0
        return free & ~self._in_outline(boxes, self._subject.outline)

    def _clear_of_words(self, boxes: Boxes) -> Any:
        a, b = boxes[:, None, :], self._words[None, :, :]
        gap = WORDS_GAP
        over = (a[..., 0] < b[..., 2] + gap) & (a[..., 2] > b[..., 0] - gap)
        over &= (a[..., 1] < b[..., 3] + gap) & (a[..., 3] > b[..., 1] - gap)
        return ~over.any(axis=1)

    def _hits(self, boxes: Boxes, points: Boxes, grow: float) -> Any:
        """How many points lie in each box."""
        x, y, a = points[None, :, 0], points[None, :, 1], boxes[:, None, :]
        held = (x >= a[..., 0] - grow) & (x <= a[..., 2] + grow) & (y >= a[..., 1] - grow) & (y <= a[..., 3] + grow)
        return held.sum(axis=1)

    def _in_outline(self, boxes: Boxes, outline: Sequence[Point]) -> Any:
        """Whether a corner or the middle of each box is inside the outline (even-odd)."""
        np = self._np
        inside = np.zeros(len(boxes), bool)
        if len(outline) < 3:
            return inside
        ring = np.array(outline[:: max(len(outline) // MOST_CORNERS, 1)], float)
        left, top, right, bottom = boxes.T
        (x0, y0), (x1, y1) = ring.min(axis=0), ring.max(axis=0)
        near = np.flatnonzero((left < x1) & (right > x0) & (top < y1) & (bottom > y0))
        if len(near):
            left, top, right, bottom = boxes[near].T
            x = np.array([left, right, left, right, (left + right) / 2])[..., None]
            y = np.array([top, top, bottom, bottom, (top + bottom) / 2])[..., None]
            ax, ay = ring.T
            bx, by = ring[np.arange(1, len(ring) + 1) % len(ring)].T
            rise = np.where(by == ay, 1.0, by - ay)
            crosses = ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / rise + ax)
            inside[near] = (crosses.sum(axis=2) % 2 == 1).any(axis=0)
        return inside

    def _away(self, boxes: Boxes) -> Any:
        """How far each box is from the drawing."""
        np = self._np
        x, y, a = self._anchors[None, :, 0], self._anchors[None, :, 1], boxes[:, None, :]
        dx = np.maximum(np.maximum(a[..., 0] - x, x - a[..., 2]), 0.0)
        dy = np.maximum(np.maximum(a[..., 1] - y, y - a[..., 3]), 0.0)
        return np.hypot(dx, dy).min(axis=1)


def _box(row: Sequence[float]) -> Box:
    left, top, right, bottom = row
    return Box(left, top, right - left, bottom - top)
