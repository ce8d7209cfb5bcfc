"""The labels of one viewport put in their places: by hand where somebody put them, else where they hide nothing.

A label never lies on corner text, on another label or on what its own drawing measures. Where there is no room for
all of it its first line stands alone; where there is none for that either it shows only while its drawing is chosen,
and the viewport says how many are so.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from rendering.picture import Picture
from ui import halo
from ui.annotation_labels import LINES_GAP, Box, Subject, around, inside, is_free, leader, place
from ui.annotation_shapes import LABEL_POINTS, Mark, Shape
from ui.annotation_words import label_lines
from workstation.domain.annotation import AnnotationKind
from workstation.session.handles import AREAS

Point = tuple[float, float]
MOST_LABEL = 250.0
# So many labels are placed however long it takes.
ALWAYS_PLACED = 4
STEP = 10.0
# A drawing of the next image is taken for the same one going on where no point lies further away.
LIKE_WITHIN = 40.0
# Beside a line lies what it measures: so much of its length is kept free, within bounds.
BESIDE, LEAST_BESIDE, MOST_BESIDE = 0.3, 6.0, 36.0
# Of these the words stand at their point, and move with it.
STANDS_ITSELF = (AnnotationKind.TEXT,)
# What lies between their points is what they measure.
_HULLS = (AnnotationKind.ANGLE, AnnotationKind.BIDIRECTIONAL)
_LINES = (AnnotationKind.LENGTH, AnnotationKind.BIDIRECTIONAL, AnnotationKind.CALIBRATION)
_LOUD = (Mark.SELECTED, Mark.CHOSEN, Mark.HOVERED, Mark.DRAFT)


@dataclass(frozen=True, slots=True)
class Room:
    """The viewport in logical pixels: its size, the boxes of its words, how bright the image is under a box."""

    size: tuple[float, float]
    words: Sequence[Box]
    brightness: Callable[[Box], float]


def placed(
    shapes: Sequence[Shape], room: Room, before: Mapping[str, Shape], seconds: float = math.inf
) -> tuple[list[Shape], bool]:
    """All shapes with their labels, and whether there was time for all of them.

    `before` are the shapes as they were painted last, by the drawings' uids. After `seconds` the others stay without.
    """
    import numpy as np  # see ui.annotation_labels

    until = time.perf_counter() + seconds
    made: dict[int, Shape] = {}
    taken: list[Box] = []
    lines = [np.array(_along(shape.corners, room.size), float).reshape(-1, 2) for shape in shapes]
    outlines = [(around(outline), outline) if (outline := _outline(shape)) else None for shape in shapes]
    for number in sorted(range(len(shapes)), key=lambda i: _rank(shapes[i], before)):
        shape = shapes[number]
        if len(made) >= ALWAYS_PLACED and time.perf_counter() > until:
            break
        others = _Others(
            np.concatenate([line for i, line in enumerate(lines) if i != number] or [np.empty((0, 2))]),
            [held for i, held in enumerate(outlines) if i != number and held],
        )
        here = replace(room, words=[*room.words, *taken])
        own = lines[number] if len(lines[number]) else shape.points
        made[number] = _placed(shape, own, others, here, before.get(shape.drawn.uid))
        box = made[number].box
        if box is not None:
            taken.append(box)
    return [made.get(number, shape) for number, shape in enumerate(shapes)], len(made) == len(shapes)


def still_free(shapes: Sequence[Shape], words: Sequence[Box]) -> bool:
    """Whether no corner text came to lie under a label since they were placed."""
    return all(s.box is None or s.label_middle is not None or _is_fixed(s) or is_free(s.box, words) for s in shapes)


def brightness_of(picture: Picture, ratio: float) -> Callable[[Box], float]:
    """How bright the shown image is under a box, 0.0 to 1.0."""

    def under(box: Box) -> float:
        top, bottom = round(box.top * ratio), round(box.bottom * ratio)
        left, right = round(box.left * ratio), round(box.right * ratio)
        part = picture.pixels[max(top, 0) : max(bottom, 0) : 3, max(left, 0) : max(right, 0) : 3]
        return float(part.mean()) / 255.0 if part.size else 0.0

    return under


def words_of(shape: Shape) -> tuple[str, ...]:
    """The lines of its label, none longer than MOST_LABEL unless a word is."""
    return tuple(part for line in label_lines(shape.drawn) for part in _wrapped(line))


# ---- inside ----------------------------------------------------------------------------


def _rank(shape: Shape, before: Mapping[str, Shape]) -> int:
    """What stands fast goes first, then what stood somewhere, then what is new."""
    if shape.label_middle is not None or _is_fixed(shape):
        return 0
    old = before.get(shape.drawn.uid)
    return 1 if old is not None and old.box is not None else 2


def _is_fixed(shape: Shape) -> bool:
    return shape.drawn.kind in STANDS_ITSELF


@dataclass(frozen=True, slots=True)
class _Others:
    """Points on the lines of other drawings (rows of x, y), and the outlines of what they measure with their boxes."""

    lines: Any
    areas: Sequence[tuple[Box, Sequence[Point]]]


def _placed(shape: Shape, own: Any, others: _Others, room: Room, before: Shape | None) -> Shape:
    text = words_of(shape)
    if not text:
        return replace(shape, label=(), box=None, leader=None, is_crowded=False)
    if _is_fixed(shape):
        return replace(shape, label=text, box=Box(*shape.points[0], *_size(text)), is_crowded=False)
    points = _anchors(shape)
    if shape.label_middle is not None:
        (x, y), (wide, high) = shape.label_middle, _size(text)
        box = inside(Box(x - wide / 2, y - high / 2, wide, high), room.size)
        return replace(shape, label=text, box=box, leader=leader(box, points), is_crowded=False)
    subject = Subject(points, own, _outline(shape), _margin(shape))
    shorter = (f"{text[0]} …",) if len(text) > 1 else text
    for words in dict.fromkeys((text, shorter)):
        stands = _moved_with(before, shape, words)
        box, is_free_there = place(
            _size(words), subject, room.size, room.words, others.lines, others.areas, room.brightness, stands
        )
        if is_free_there or shape.mark in _LOUD:
            return replace(shape, label=words, box=box, leader=leader(box, points), is_crowded=False)
    return replace(shape, label=(), box=None, leader=None, is_crowded=True)


def _moved_with(before: Shape | None, shape: Shape, words: Sequence[str]) -> Box | None:
    """Where the label stood, beside the drawing where it is now; as large as its words are now."""
    if before is None or before.box is None or len(before.label) != len(words) or not before.points or not shape.points:
        return None
    dx, dy = shape.points[0][0] - before.points[0][0], shape.points[0][1] - before.points[0][1]
    stood = before.box.moved(dx, dy)
    return stood if before.label == tuple(words) else Box(stood.left, stood.top, *_size(words))


def like(shape: Shape, shown: Sequence[Shape]) -> Shape | None:
    """The drawing of the image before that this one goes on from: of its kind, in its place. Its words stand alike."""
    for other in shown:
        if other.box is None or other.drawn.kind is not shape.drawn.kind or len(other.points) != len(shape.points):
            continue
        if all(math.dist(a, b) <= LIKE_WITHIN for a, b in zip(other.points, shape.points, strict=True)):
            return other
    return None


def _size(text: Sequence[str]) -> tuple[float, float]:
    return max(halo.width(line, LABEL_POINTS) for line in text), halo.metrics(LABEL_POINTS).height() * len(text)


def _anchors(shape: Shape) -> Sequence[Point]:
    if shape.drawn.kind is AnnotationKind.ARROW:
        return shape.points[-1:]
    return [p for line in shape.corners for p in line] if shape.drawn.kind in AREAS else shape.points


def _outline(shape: Shape) -> Sequence[Point]:
    if shape.drawn.kind in AREAS and shape.corners:
        return shape.corners[0]
    if shape.drawn.kind in _HULLS and len(shape.points) > 2:
        a, b, *rest = shape.points
        return (a, rest[0], b, *rest[1:]) if len(rest) > 1 else (a, b, *rest)
    return ()


def _margin(shape: Shape) -> float:
    if shape.drawn.kind in _LINES and len(shape.points) > 1:
        return min(max(BESIDE * math.dist(shape.points[0], shape.points[1]), LEAST_BESIDE), MOST_BESIDE)
    return LINES_GAP


def _wrapped(line: str) -> list[str]:
    """Lines of MOST_LABEL, broken between values first, then between words: half a value would be a wrong one."""
    return [part for values in _joined(line.split("  "), "  ") for part in _joined(values.split(" "), " ")]


def _joined(words: Sequence[str], between: str) -> list[str]:
    parts: list[str] = []
    for word in words:
        longer = f"{parts[-1]}{between}{word}" if parts else word
        if parts and halo.width(longer, LABEL_POINTS) <= MOST_LABEL:
            parts[-1] = longer
        else:
            parts.append(word)
    return parts


def _along(lines: Sequence[Sequence[Point]], view: tuple[float, float]) -> list[Point]:
    """Places along lines about STEP pixels apart: a label must not lie on their middle either.

    Only near the view: enlarged, a line may go on for thousands of pixels outside it.
    """
    found: list[Point] = []
    near = Box(0.0, 0.0, *view).grown(STEP)
    for line in lines:
        last = line[0] if line else None
        found.extend(point for point in line[:1] if near.holds(point))
        for (x0, y0), (x1, y1) in pairwise(line):
            if last is None or math.dist(last, (x1, y1)) < STEP:
                continue
            steps = max(int(max(abs(x1 - x0), abs(y1 - y0)) // STEP), 1)
            dx, dy = (x1 - x0) / steps, (y1 - y0) / steps
            first, last_one = _steps_in(x0, dx, near.left, near.right, *_steps_in(y0, dy, near.top, near.bottom, 1, steps))
            found.extend((x0 + dx * i, y0 + dy * i) for i in range(first, last_one + 1))
            last = (x1, y1)
    return found


def _steps_in(start: float, step: float, low: float, high: float, first: int, last: int) -> tuple[int, int]:
    """Which of the steps from `first` to `last` lie between two borders: the first and the last of them, or none."""
    if not step:
        return (first, last) if low <= start <= high else (1, 0)
    ends = sorted(((low - start) / step, (high - start) / step))
    return max(first, math.ceil(ends[0])), min(last, math.floor(ends[1]))
