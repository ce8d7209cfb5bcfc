"""Where image boxes lie on the screens (PS3.3 C.23.2.1.1), and the grids of ours that they make.

Positions are left, top, right, bottom of the upper left and lower right corner, 0 to 1 of all screens together,
with 0 at the lower left: the top is above the bottom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Position = tuple[float, float, float, float]
Grid = tuple[int, int]

MOST_ROWS = 4
MOST_SCREENS = 4
WHOLE: Position = (0.0, 1.0, 1.0, 0.0)
_NEAR = 0.02
"""Edges this near to each other are one: many writers round."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of ours. `is_larger`: the box spanned several places of the grid that the others make."""

    screen: int
    row: int
    column: int
    is_larger: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """`places` has None for a box that finds none; `is_even`: all boxes are of one size on their screen."""

    grids: tuple[Grid, ...]
    places: tuple[Place | None, ...]
    is_even: bool = True


def screen_position(screen: int, screens: int) -> Position:
    """Screens of one size, side by side."""
    return (screen / screens, 1.0, (screen + 1) / screens, 0.0)


def position_of(place: Place, grids: Sequence[Grid], screens: int) -> Position:
    """The box of a place, where so many screens lie side by side; a stage may use fewer of them."""
    left, _, right, _ = screen_position(place.screen, screens)
    rows, columns = grids[place.screen]
    width = (right - left) / columns
    return (left + place.column * width, 1 - place.row / rows, left + (place.column + 1) * width, 1 - (place.row + 1) / rows)


def placed(boxes: Sequence[Position], screens: Sequence[Position]) -> Placed:
    """Every box in a grid on the screen that its middle lies on. A screen between that stays empty has one place."""
    by_screen: dict[int, list[int]] = {}
    for index, box in enumerate(boxes):
        by_screen.setdefault(_screen_of(box, screens), []).append(index)
    places: list[Place | None] = [None] * len(boxes)
    used = [screen for screen in sorted(by_screen) if screen < MOST_SCREENS]
    grids: list[Grid] = [(1, 1)] * (max(used, default=0) + 1)
    is_even = True
    for screen in used:
        on_it = [_within(boxes[index], screens[screen]) for index in by_screen[screen]]
        grids[screen], found, even = _in_grid(on_it, screen)
        is_even = is_even and even
        for index, place in zip(by_screen[screen], found, strict=True):
            places[index] = place
    return Placed(tuple(grids), tuple(places), is_even)


def _screen_of(box: Position, screens: Sequence[Position]) -> int:
    across, up = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for index, (left, top, right, bottom) in enumerate(screens):
        if left <= across <= right and min(top, bottom) <= up <= max(top, bottom):
            return index
    return 0


def _within(box: Position, screen: Position) -> Position:
    """As shares of its screen, counted from the upper left downwards."""
    left, top, right, bottom = screen
    width, height = (right - left) or 1.0, (top - bottom) or 1.0
    return ((box[0] - left) / width, (top - box[1]) / height, (box[2] - left) / width, (top - box[3]) / height)


def _in_grid(boxes: Sequence[Position], screen: int) -> tuple[Grid, list[Place | None], bool]:
    lefts = _lines([(box[0], box[2]) for box in boxes])
    tops = _lines([(box[1], box[3]) for box in boxes])
    taken: set[tuple[int, int]] = set()
    places: list[Place | None] = []
    for box in boxes:
        at = (_index(box[1], tops), _index(box[0], lefts))
        if -1 in at or at in taken:
            places.append(None)
            continue
        taken.add(at)
        spans = _inside(box[0], box[2], lefts) > 1 or _inside(box[1], box[3], tops) > 1
        places.append(Place(screen, *at, is_larger=spans))
    sizes = [(box[2] - box[0], box[3] - box[1]) for box in boxes]
    even = all(abs(size[i] - sizes[0][i]) <= _NEAR for size in sizes for i in (0, 1))
    return (len(tops), len(lefts)), places, even


def _lines(spans: Sequence[tuple[float, float]]) -> list[float]:
    """Where rows or columns begin: those of an even grid if all spans are of one, else where any of them begins."""
    size = spans[0][1] - spans[0][0]
    count = round(1 / size) if size > _NEAR else 0
    pitch = 1 / count if 1 <= count <= MOST_ROWS else 0.0
    if pitch and all(
        abs(end - start - pitch) <= _NEAR and abs(start / pitch - round(start / pitch)) * pitch <= _NEAR for start, end in spans
    ):
        return [number * pitch for number in range(count)]
    return _edges([start for start, _ in spans])[:MOST_ROWS]


def _edges(values: Sequence[float]) -> list[float]:
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _NEAR:
            found.append(value)
    return found


def _index(value: float, edges: Sequence[float]) -> int:
    return next((index for index, edge in enumerate(edges) if abs(value - edge) <= _NEAR), -1)


def _inside(start: float, end: float, edges: Sequence[float]) -> int:
    return sum(start - _NEAR <= edge < end - _NEAR for edge in edges)
