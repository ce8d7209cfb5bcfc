"""Fits corner lines into a viewport: which stay, where they go, where they are cut.

Pure arithmetic on widths, so that "never cut off, doubts kept longest" can be tested
without painting. All lengths are logical pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ui.corner_text import Corners, Line, Tone

PAD = 7.0
GAP = 12.0
BADGE_PAD = 5.0
LEAST_WIDTH = 34.0
SMALL_WIDTH = 260.0
SMALL_PRIORITY = 6

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
        return self.tone in (Tone.DOUBT, Tone.PRIOR, Tone.ALARM)


def fit(corners: Corners, width: float, height: float, line_height: float, measure: Measure, elide: Elide) -> list[Placed]:
    """Place what fits. Left and right lines of one row share its width; the middle stays free."""
    rows = rows_for(height, line_height)
    placed: list[Placed] = []
    for left, right, from_top in (
        (corners.top_left, corners.top_right, True),
        (corners.bottom_left, corners.bottom_right, False),
    ):
        kept_left, kept_right = (keep(lines, rows, width) for lines in (left, right))
        for row in range(max(len(kept_left), len(kept_right))):
            first = kept_left[row] if row < len(kept_left) else None
            second = kept_right[row] if row < len(kept_right) else None
            top = PAD + row * line_height if from_top else height - PAD - (row + 1) * line_height
            placed.extend(_row(first, second, top, width, measure, elide, letter=row == 0))
    return placed


def rows_for(height: float, line_height: float) -> int:
    """How many rows each corner may have: the middle third is for the image and its letters."""
    return max(1, int((height * 0.36 - PAD) / line_height))


def keep(lines: tuple[Line, ...], rows: int, width: float) -> list[Line]:
    """The `rows` most important lines in their order; badges that do not fit are counted on the last one."""
    wanted = [line for line in lines if width >= SMALL_WIDTH or line.priority < SMALL_PRIORITY]
    chosen = sorted(range(len(wanted)), key=lambda i: (wanted[i].priority, i))[:rows]
    kept = [wanted[i] for i in sorted(chosen)]
    lost = sum(line.tone is Tone.DOUBT for line in wanted) - sum(line.tone is Tone.DOUBT for line in kept)
    if lost:
        last = max(i for i, line in enumerate(kept) if line.tone is Tone.DOUBT or line.priority == 0)
        line = kept[last]
        more = f"+{lost}  "
        kept[last] = Line(more + line.text, line.priority, line.tone, more + line.short if line.short else "")
    return kept


def _row(
    left: Line | None, right: Line | None, top: float, width: float, measure: Measure, elide: Elide, letter: bool
) -> list[Placed]:
    room = width - 2 * PAD - (2 * GAP + 10 if letter else GAP)
    extra = [2 * BADGE_PAD if line and _is_badge(line) else 0.0 for line in (left, right)]
    wishes = [measure(line.text) + more if line else 0.0 for line, more in zip((left, right), extra, strict=True)]
    shares = _shares(wishes[0], wishes[1], room)
    if letter:  # the top and bottom letters stand in the middle of this row
        shares = (min(shares[0], room / 2), min(shares[1], room / 2))
    placed = []
    for line, share, more, is_right in ((left, shares[0], extra[0], False), (right, shares[1], extra[1], True)):
        text = _fitted(line, share - more, measure, elide) if line else ""
        if line and text:
            wide = measure(text)
            x = width - PAD - wide - more / 2 if is_right else PAD + more / 2
            placed.append(Placed(text, line.tone, x, top, wide))
    return placed


def _shares(left: float, right: float, room: float) -> tuple[float, float]:
    """Each side has its half for certain and the rest of the other's half when that is free."""
    half = room / 2
    if left + right <= room:
        return left, right
    if left <= half:
        return left, room - left
    if right <= half:
        return room - right, right
    return half, half


def _fitted(line: Line, room: float, measure: Measure, elide: Elide) -> str:
    if measure(line.text) <= room + 0.5:
        return line.text
    if line.short and measure(line.short) <= room + 0.5:
        return line.short
    return elide(line.text, room) if room >= LEAST_WIDTH else ""


def _is_badge(line: Line) -> bool:
    return line.tone in (Tone.DOUBT, Tone.PRIOR, Tone.ALARM)
