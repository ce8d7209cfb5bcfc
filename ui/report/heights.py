"""How the sections of the report share the height there is: pure arithmetic.

Empty sections are one line, written ones as high as their text; findings and impression take
what is left, so that nothing has to be scrolled to and nothing jumps about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """One box: never under `least` (unless the window is tiny), `wanted` for all its text.

    `share` > 0 marks a box that takes what is left over, by weight. It may give way down to `floor`.
    """

    least: int
    wanted: int
    share: int = 0
    floor: int = 0

    @property
    def lowest(self) -> int:
        return self.floor if self.share else self.least


def heights(available: int, wishes: Sequence[Wish]) -> list[int]:
    """A height for each wish, together exactly `available` when there is a sharing box.

    Short of room, text is scrolled inside the boxes that want most; the leasts go last.
    """
    given = [wish.least for wish in wishes]
    room = available - sum(given)
    if room < 0:
        return _squeezed(available, wishes)
    room = _grow(given, wishes, room)
    sharing = [i for i, wish in enumerate(wishes) if wish.share]
    if sharing and room > 0:
        _share_out(given, wishes, sharing, room)
    return given


def _grow(given: list[int], wishes: Sequence[Wish], room: int) -> int:
    """Let every box grow towards its wish, evenly; returns what is left."""
    hungry = [i for i, wish in enumerate(wishes) if wish.wanted > given[i]]
    while hungry and room >= len(hungry):
        step = min(room // len(hungry), *(wishes[i].wanted - given[i] for i in hungry))
        for i in hungry:
            given[i] += step
        room -= step * len(hungry)
        hungry = [i for i in hungry if wishes[i].wanted > given[i]]
    return room


def _share_out(given: list[int], wishes: Sequence[Wish], sharing: Sequence[int], room: int) -> None:
    """Fill up towards the boxes' weights: a box that already has more than its part gets nothing."""
    total = sum(given[i] for i in sharing) + room
    weight = sum(wishes[i].share for i in sharing)
    short = {i: max(0, total * wishes[i].share // weight - given[i]) for i in sharing}
    missing = sum(short.values())
    for i in sharing:
        given[i] += min(short[i], room * short[i] // missing if missing else 0)
    given[sharing[0]] += total - sum(given[i] for i in sharing)


def _squeezed(available: int, wishes: Sequence[Wish]) -> list[int]:
    """Too little for the leasts: the large boxes give way first, so that no line is cut in half."""
    fixed = sum(wish.least for wish in wishes if not wish.share)
    large = sum(wish.least for wish in wishes if wish.share)
    rest = available - fixed
    floors = [wish.lowest for wish in wishes]
    if any(wish.floor for wish in wishes) and sum(floors) <= available:
        _grow(floors, [Wish(wish.lowest, wish.least) for wish in wishes], available - sum(floors))
        return floors
    if large and rest * 5 >= large * 2:
        return [wish.least * rest // large if wish.share else wish.least for wish in wishes]
    return [max(0, available) * wish.least // (fixed + large) for wish in wishes]
