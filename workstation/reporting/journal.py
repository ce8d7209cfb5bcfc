"""A section's text as the sum of its changes: what is on disk is what the editor shows."""

from __future__ import annotations

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
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    return Change(start, len(old) - start - tail, new[start : len(new) - tail])


def dictated_change(text: str, segment: DictatedSegment) -> Change:
    """The segment at the end of the text, with a space before it where words would run together."""
    words = clean(segment.text)
    spaced = bool(text and words) and not segment.joins and not text[-1].isspace()
    return Change(len(text), 0, f" {words}" if spaced else words)


def rebased(base: str, typed: str, current: str) -> str:
    """What was typed onto `base`, with what has been appended since. `Conflict` if more changed."""
    if current.startswith(base):
        return typed + current[len(base) :]
    raise Conflict(
        "The section has changed meanwhile",
        "What was typed and what is saved do not fit together",
        "Both texts are kept: compare them and type again what is missing",
    )
