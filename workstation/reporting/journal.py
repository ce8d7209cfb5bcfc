"""A section's text as the sum of its changes: what is on disk is what the editor shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workstation.domain.dictation import DictatedSegment
from workstation.errors import Conflict
from workstation.reporting.text import clean


@dataclass(frozen=True, slots=True)
class Change:
    """At `start`, `removed` characters go and `inserted` comes. Counted in Unicode characters."""

    start: int
    removed: int
    inserted: str


def apply(text: str, change: Change) -> str:
    return text[: change.start] + change.inserted + text[change.start + change.removed :]


def change_between(old: str, new: str) -> Change | None:
    """The smallest single change that makes `new` of `old`; None when they are equal."""
    if old == new:
        return None
    shorter = min(len(old), len(new))
    start = _longest(shorter, lambda low, high: old[low:high] == new[low:high])
    ends = len(old), len(new)
    tail = _longest(shorter - start, lambda low, high: old[ends[0] - high : ends[0] - low] == new[ends[1] - high : ends[1] - low])
    return Change(start, len(old) - start - tail, new[start : len(new) - tail])


def _longest(most: int, same: Callable[[int, int], bool]) -> int:
    """How many letters are the same in a row, `most` at most: halves are compared, for this is done at each key press."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if same(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


OPENING = "([/"
"""No space goes after these."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where `words` go: in the place of `text[start:end]`, `text` being the section as its reader saw it."""

    text: str
    start: int
    end: int
    words: str


def dictated_change(text: str, segment: DictatedSegment, spot: Spot | None = None) -> Change:
    """The segment in its spot, or at the end of the text; with spaces where words would run together.

    What has changed since the spot was taken stays: before or behind it the spot moves, in it nothing is taken
    away and the words go to the end.
    """
    moved = _moved(spot, text) if spot is not None else None
    start, end = moved or (len(text), len(text))
    words = clean(spot.words if spot is not None and moved is not None else segment.text)
    if not words:
        return Change(start, 0, "")
    return Change(start, end - start, spaced(text[:start], words, text[end:], segment.joins))


def _moved(spot: Spot, text: str) -> tuple[int, int] | None:
    """The spot in the text as it is now; None where that is not known."""
    change = change_between(clean(spot.text), text)
    if change is None:
        return spot.start, spot.end
    if change.start + change.removed <= spot.start:  # typed right before it: the words go behind
        shift = len(change.inserted) - change.removed
        return spot.start + shift, spot.end + shift
    return (spot.start, spot.end) if change.start >= spot.end else None


def spaced(before: str, words: str, after: str, joins: bool) -> str:
    """Words with the spaces that keep them from running into their neighbours; `joins`: none goes before them."""
    lead = " " if before and not joins and not before[-1].isspace() and before[-1] not in OPENING else ""
    tail = " " if after and not words[-1].isspace() and (after[0].isalnum() or after[0] in OPENING) else ""
    return f"{lead}{words}{tail}"


def rebased(base: str, typed: str, current: str) -> str:
    """What was typed onto `base`, with what has been appended since. `Conflict` if more changed."""
    if current.startswith(base):
        return typed + current[len(base) :]
    raise Conflict(
        "The section has changed meanwhile",
        "What was typed and what is saved do not fit together",
        "Both texts are kept: compare them and type again what is missing",
    )
