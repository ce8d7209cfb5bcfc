"""Which frames to decode next: the one looked at, where the scroll wheel is going, then the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

# Frames kept ready ahead of a scrolling reader, and behind for the turn back.
AHEAD = 12
BEHIND = 4

# A volume is first filled with every eighth slice, so that cuts can be drawn (marked partial)
# after an eighth of the load; then the gaps are halved.
COARSEST = 8


def next_frames(count: int, position: int, direction: int, is_waiting: Callable[[int], bool], interleaved: bool) -> Iterator[int]:
    """Waiting positions of `count`, most wanted first, each once.

    `direction` is +1 or -1, the way of the last step. `interleaved` is for volumes; a stack
    is filled outwards from `position`.
    """
    given: set[int] = set()
    for wanted in _wishes(count, position, direction, interleaved):
        if 0 <= wanted < count and wanted not in given and is_waiting(wanted):
            given.add(wanted)
            yield wanted


def frames_in_order(count: int, position: int, is_waiting: Callable[[int], bool]) -> Iterator[int]:
    """Waiting positions from `position` to the end, then those before it: a video is only read forwards."""
    yield from (wanted for wanted in (*range(position, count), *range(position)) if is_waiting(wanted))


def near_frames(count: int, position: int, direction: int, is_waiting: Callable[[int], bool], most: int) -> Iterator[int]:
    """The waiting ones of the `most` positions around the one looked at: all that is read of a large series."""
    near = islice(_wishes(count, position, direction, False), min(most, 1 + AHEAD + BEHIND))
    yield from (wanted for wanted in near if 0 <= wanted < count and is_waiting(wanted))


def _wishes(count: int, position: int, direction: int, interleaved: bool) -> Iterator[int]:
    yield position
    for step in range(1, AHEAD + 1):
        yield position + step * direction
        if step <= BEHIND:
            yield position - step * direction
    if interleaved:
        stride = COARSEST
        while stride > 1:
            yield from range(0, count, stride)
            stride //= 2
        yield from range(count)
    for step in range(count):
        yield position + step * direction
        yield position - step * direction
