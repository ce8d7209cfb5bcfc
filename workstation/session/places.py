"""Where viewports stand: the places of all screens, one after the other, row by row on each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from workstation.domain.hanging import ScreenFacts
from workstation.domain.viewing import Arrangement, Cell, Layout

Layouts = tuple[Layout, ...]


def places(layouts: Layouts, screen: int) -> range:
    """The indices that stand on one screen; empty for a screen that there is not."""
    if not 0 <= screen < len(layouts):
        return range(0)
    ends = list(accumulate(layout.count for layout in layouts))
    return range(ends[screen] - layouts[screen].count, ends[screen])


def screen_of(layouts: Layouts, index: int) -> int:
    """The screen on which an index stands; the first one for an index that is none."""
    return next((screen for screen in range(len(layouts)) if index in places(layouts, screen)), 0)


def filled(layouts: Layouts, cells: Iterable[Cell]) -> list[Cell]:
    """Every place of every screen in order, with an empty cell where nothing was given."""
    by_place = {(c.screen, c.row, c.column): c for c in cells}
    return [
        by_place.get((screen, row, column)) or Cell(row, column, None, screen=screen)
        for screen, layout in enumerate(layouts)
        for row in range(layout.rows)
        for column in range(layout.columns)
    ]


def in_rows(layout: Layout, cells: Sequence[Cell], screen: int) -> list[Cell]:
    """The cells one after the other on that screen, as far as there are places."""
    columns = layout.columns
    return [replace(c, row=i // columns, column=i % columns, screen=screen) for i, c in enumerate(cells[: layout.count])]


def spread(arrangement: Arrangement, screens: Sequence[ScreenFacts]) -> Arrangement:
    """What was made for one screen, over all that images hang on: in columns or in rows, whichever leaves larger places.

    A screen for which nothing is left gets one empty place. What already says where each screen's images
    hang stays as it is, and so does what was made for more screens than there are.
    """
    first, count = arrangement.layout, len(screens)
    made_for = 1 + len(arrangement.more_screens)
    if made_for >= count:
        return arrangement
    if made_for > 1 or first.count == 1:
        return replace(arrangement, more_screens=(*arrangement.more_screens, *(Layout(1, 1),) * (count - made_for)))
    by_columns, by_rows = _parts(first.columns, count), _parts(first.rows, count)
    ways = [
        (tuple(Layout(first.rows, max(len(part), 1)) for part in by_columns), by_columns, True),
        (tuple(Layout(max(len(part), 1), first.columns) for part in by_rows), by_rows, False),
    ]
    # Equal ones keep their columns: current and earlier images stand side by side.
    layouts, parts, in_columns = max(ways, key=lambda way: _smallest(way[0], way[1], screens))
    layouts = tuple(layout if part else Layout(1, 1) for layout, part in zip(layouts, parts, strict=True))
    cells = tuple(_moved(cell, parts, in_columns) for cell in arrangement.cells)
    return replace(arrangement, layout=layouts[0], more_screens=layouts[1:], cells=cells)


def _parts(count: int, screens: int) -> list[range]:
    """`count` columns or rows on so many screens, the first ones not fewer than the last."""
    ends = [-(-count * (screen + 1) // screens) for screen in range(screens)]
    return [range(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]


def _smallest(layouts: Layouts, parts: Sequence[range], screens: Sequence[ScreenFacts]) -> tuple[int, float]:
    """How many screens get images, then the shorter side of the smallest place, in pixels."""
    used = [(layout, screen) for layout, part, screen in zip(layouts, parts, screens, strict=True) if part]
    return len(used), min(min(screen.width / layout.columns, screen.height / layout.rows) for layout, screen in used)


def _moved(cell: Cell, parts: Sequence[range], in_columns: bool) -> Cell:
    line = cell.column if in_columns else cell.row
    screen = next(number for number, part in enumerate(parts) if line in part)
    left = line - parts[screen].start
    return replace(cell, screen=screen, column=left) if in_columns else replace(cell, screen=screen, row=left)
