"""Which frames to decode next: the one looked at, where the scroll wheel is going, then the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

# Frames kept ready ahead of a scrolling reader, and behind for the turn back.
AHEAD = 12
BEHIND = 4

# A volume is first filled with every eighth slice, so that cuts can be drawn (marked partial)
# after an eighth of the load; then the gaps are halved.
COARSEST = 8


Span = tuple[int, int, bool]
"""First position, one past the last, and whether it is a volume: that of one dimension."""


def next_frames(
    spans: Sequence[Span], position: int, direction: int, is_waiting: Callable[[int], bool], is_scrolled: bool = True
) -> Iterator[int]:
    """Waiting positions, most wanted first, each once: those of the dimension looked at, then of its neighbours.

    `direction` is +1 or -1, the way of the last step. A volume is filled evenly, a stack outwards from `position`.
    Before anybody has scrolled, what lies ahead can wait until there is enough of a volume for a first cut.
    """
    given: set[int] = set()
    here = next((i for i, (first, end, _) in enumerate(spans) if first <= position < end), 0)
    for index in _outwards(here, len(spans), direction):
        first, end, is_volume = spans[index]
        at = position if index == here else first
        near = index == here and (is_scrolled or not is_volume)
        for wanted in _wishes(first, end, at, direction, is_volume, near):
            if first <= wanted < end and wanted not in given and is_waiting(wanted):
                given.add(wanted)
                yield wanted


def _outwards(here: int, count: int, direction: int) -> Iterator[int]:
    yield from (here,) if count else ()
    for step in range(1, count):
        yield from (other for other in (here + step * direction, here - step * direction) if 0 <= other < count)


def frames_in_order(count: int, position: int, is_waiting: Callable[[int], bool]) -> Iterator[int]:
    """Waiting positions from `position` to the end, then those before it: a video is only read forwards."""
    yield from (wanted for wanted in (*range(position, count), *range(position)) if is_waiting(wanted))


def near_frames(count: int, position: int, direction: int, is_waiting: Callable[[int], bool], most: int) -> Iterator[int]:
    """The waiting ones of the `most` positions around the one looked at: all that is read of a large series."""
    near = islice(_wishes(0, count, position, direction, False, near=True), min(most, 1 + AHEAD + BEHIND))
    yield from (wanted for wanted in near if 0 <= wanted < count and is_waiting(wanted))


def _wishes(first: int, end: int, position: int, direction: int, interleaved: bool, near: bool) -> Iterator[int]:
    yield position
    if near:
        for step in range(1, AHEAD + 1):
            yield position + step * direction
            if step <= BEHIND:
                yield position - step * direction
    if interleaved:
        yield from range(first, end, COARSEST)
        yield from (position + step * direction for step in range(1, AHEAD + 1))
        stride = COARSEST // 2
        while stride:
            yield from range(first, end, stride)
            stride //= 2
        return
    for step in range(end - first):
        yield position + step * direction
        yield position - step * direction
