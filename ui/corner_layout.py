"""Fits corner lines into a viewport: which stay, where they go, where they are cut.

Pure arithmetic on widths, so that "never cut off, doubts kept longest" can be tested
without painting. All lengths are logical pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ui.corner_line import Corners, Line, Tone

PAD = 7.0
GAP = 10.0
BADGE_PAD = 5.0
LETTER_WIDTH = 18.0
LEAST_WIDTH = 40.0
SMALL_WIDTH = 260.0
SMALL_HEIGHT = 240.0
MEDIUM_SIDE = 480.0
SMALL_PRIORITY, MEDIUM_PRIORITY, LEAST_PRIORITY = 4, 7, 99
BADGES = (Tone.DOUBT, Tone.PRIOR, Tone.ALARM)

Measure = Callable[[str], float]
Elide = Callable[[str, float], str]


@dataclass(frozen=True, slots=True)
class Placed:
    """One line where it is to be painted; badges extend `BADGE_PAD` to both sides of `width`."""

    text: str
    tone: Tone
    left: float
    top: float
    width: float

    @property
    def is_badge(self) -> bool:
        return self.tone in BADGES


@dataclass(frozen=True, slots=True)
class _Room:
    """The viewport and how to measure text in it."""

    width: float
    height: float
    line_height: float
    measure: Measure
    elide: Elide

    @property
    def is_small(self) -> bool:
        return self.width < SMALL_WIDTH or self.height < SMALL_HEIGHT

    @property
    def least_important(self) -> int:
        """Lines of a higher number are left out: in a small viewport they would stand on anatomy."""
        if self.is_small:
            return SMALL_PRIORITY
        return MEDIUM_PRIORITY if min(self.width, self.height) < MEDIUM_SIDE else LEAST_PRIORITY

    @property
    def rows(self) -> int:
        """How many rows each corner may have: the middle is for the image and its letters."""
        share = 0.4 if self.is_small else 0.36
        return max(1, int((self.height * share - PAD) / self.line_height))

    @property
    def across(self) -> float:
        return self.width - 2 * PAD

    def beside_letter(self) -> float:
        """Room on each side of the letter in the middle of the outermost row."""
        return (self.width - LETTER_WIDTH) / 2 - GAP / 2 - PAD


def fit(corners: Corners, width: float, height: float, line_height: float, measure: Measure, elide: Elide) -> list[Placed]:
    """Place what fits; the least important lines of a pair of corners go until the rest does."""
    room = _Room(width, height, line_height, measure, elide)
    placed: list[Placed] = []
    for left, right, from_top in (
        (corners.top_left, corners.top_right, True),
        (corners.bottom_left, corners.bottom_right, False),
    ):
        if height < (1 if from_top else 2) * (line_height + PAD):
            break
        placed.extend(_pair(_wanted(left, room), _wanted(right, room), from_top, room))
    return placed


def _wanted(lines: Sequence[Line], room: _Room) -> list[Line]:
    return [line for line in lines if line.priority <= room.least_important]


def _pair(left: list[Line], right: list[Line], from_top: bool, room: _Room) -> list[Placed]:
    lost: list[Line] = []
    while True:
        counted = _counted(left, lost), _counted(right, [] if left else lost)
        placed = _rows(*counted, from_top, room)
        if placed is not None or not (left or right):
            return placed or []
        lost.append(_drop_least(left, right))


def _drop_least(left: list[Line], right: list[Line]) -> Line:
    """Take away the least important line, the later one of two."""
    worst = max([*left, *right], key=lambda line: line.priority)
    side = right if any(line is worst for line in right) else left
    index = max(i for i, line in enumerate(side) if line.priority == worst.priority)
    return side.pop(index)


def _counted(lines: list[Line], lost: list[Line]) -> list[Line]:
    """Badges that found no room are counted on the last one that did: none disappears silently."""
    count = sum(line.tone is Tone.DOUBT for line in lost)
    kept = [i for i, line in enumerate(lines) if line.tone is Tone.DOUBT]
    if not count or not kept:
        return lines
    line = lines[kept[-1]]
    more = f"+{count}  "
    changed = replace(line, text=more + line.text, short=tuple(more + s for s in line.short))
    return [*lines[: kept[-1]], changed, *lines[kept[-1] + 1 :]]


def _rows(left: list[Line], right: list[Line], from_top: bool, room: _Room) -> list[Placed] | None:
    """All lines in rows from the edge inwards, or None when the rows do not suffice."""
    placed: list[Placed] = []
    waiting = [list(left), list(right)]
    for row in range(room.rows):
        top = PAD + row * room.line_height if from_top else room.height - PAD - (row + 1) * room.line_height
        pair = [side[0] if side else None for side in waiting]
        texts = _texts(pair[0], pair[1], row, room)
        for index, text in enumerate(texts):
            line = pair[index]
            if text and line is not None:
                placed.append(_placed(line, text, index == 1, top, room))
                waiting[index].pop(0)
        if not any(waiting):
            return placed
    return None


def _texts(left: Line | None, right: Line | None, row: int, room: _Room) -> tuple[str, str]:
    """What the two sides of one row say; "" makes a line wait for the next row."""
    last = row == room.rows - 1
    if row == 0:  # a letter stands in the middle
        share = room.beside_letter()
        return tuple(_fitted(line, share, room, cut=last or _is_long(line, room)) for line in (left, right))  # type: ignore[return-value]
    if left is None or right is None:
        return _fitted(left, room.across, room, True), _fitted(right, room.across, room, True)
    least = [_width(line, _shortest(line, room), room) for line in (left, right)]
    free = room.across - GAP
    if sum(least) <= free:
        first = _fitted(left, free - least[1], room, True)
        return first, _fitted(right, free - _width(left, first, room), room, True)
    if _is_badge(left) != _is_badge(right):  # a badge has the row to itself; the other waits
        return (_fitted(left, room.across, room, True), "") if _is_badge(left) else ("", _fitted(right, room.across, room, True))
    return _fitted(left, free / 2, room, True), _fitted(right, free / 2, room, True)


def _is_long(line: Line | None, room: _Room) -> bool:
    """Whether a line would have to be cut even with a row of its own: then waiting gains nothing."""
    return line is not None and _width(line, _shortest(line, room), room) > room.across


def _fitted(line: Line | None, share: float, room: _Room, cut: bool) -> str:
    """The longest wording within `share`; cut with an ellipsis only if `cut`."""
    if line is None:
        return ""
    for text in (line.text, *line.short):
        if _width(line, text, room) <= share + 0.5:
            return text
    share -= _extra(line)
    cut = cut and not line.whole and share >= LEAST_WIDTH
    return room.elide((line.text, *line.short)[-1], share) if cut else ""


def _shortest(line: Line, room: _Room) -> str:
    return min((line.text, *line.short), key=room.measure)


def _placed(line: Line, text: str, is_right: bool, top: float, room: _Room) -> Placed:
    wide, inset = room.measure(text), _extra(line) / 2
    left = room.width - PAD - wide - inset if is_right else PAD + inset
    return Placed(text, line.tone, left, top, wide)


def _width(line: Line, text: str, room: _Room) -> float:
    return room.measure(text) + _extra(line) if text else 0.0


def _extra(line: Line) -> float:
    return 2 * BADGE_PAD if _is_badge(line) else 0.0


def _is_badge(line: Line) -> bool:
    return line.tone in BADGES
