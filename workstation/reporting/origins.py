"""Which characters of a section came by voice, and from which place of which segment. Pure.

Follows a text through its changes, as journalled or as typed. What is cut out in one go and put in again in one go
(undo and redo, moving a sentence) is what it was; what is typed again letter by letter is typed. Characters are Unicode
characters, as the journal counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from workstation.reporting.journal import Change, apply, change_between

Origin = tuple[str, int]
"""Segment id and the place in the segment's written text; -1 for a space that was put around it."""

AROUND = -1
FEWEST_MOVED = 2
MOST_KEPT = 200
FEWEST_SAME = 8
MOST_COMPARED = 4_000_000
"""Letters against letters: beyond that two changes at once are one."""


@dataclass(frozen=True, slots=True)
class Run:
    """`text[start:end]` of a section is `[first : first + end - start]` of a segment's written text, letter for letter."""

    segment_id: str
    start: int
    end: int
    first: int


class Traced:
    """A section's text and where its characters came from."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self._origins: list[Origin | None] = [None] * len(text)
        self._cut: dict[str, tuple[Origin | None, ...]] = {}
        self._runs: tuple[Run, ...] | None = ()

    def change(self, change: Change) -> None:
        """Typed, or put in by the program."""
        self._put(change, self._cut.get(change.inserted) or self._kept(change))

    def become(self, text: str) -> None:
        """The text is this now, by the smallest change."""
        change = change_between(self.text, text)
        if change is not None:
            self.change(change)

    def dictate(self, change: Change, segment_id: str, words: str) -> None:
        """`change.inserted` is the segment's written text, with spaces around it, perhaps another first letter or end."""
        lead = 1 if change.inserted[:1] == " " != words[:1] else 0
        places = range(-lead, len(change.inserted) - lead)
        spoken = len(words)
        self._put(change, tuple((segment_id, place if 0 <= place < spoken else AROUND) for place in places))

    def runs(self) -> tuple[Run, ...]:
        """What came by voice and stands, in the order of the text."""
        if self._runs is None:
            self._runs = tuple(self._found_runs())
        return self._runs

    def _found_runs(self) -> Iterator[Run]:
        start, first = 0, None
        for at, origin in enumerate((*self._origins, None)):
            if first is not None and origin == (first[0], first[1] + at - start):
                continue
            if first is not None:
                yield Run(first[0], start, at, first[1])
            start, first = at, origin if origin is not None and origin[1] != AROUND else None

    def of_segment(self, segment_id: str) -> tuple[tuple[int, int], ...]:
        """The stretches (start, end) of the text that a segment brought, with the spaces put around it."""
        found: list[tuple[int, int]] = []
        for at, origin in enumerate(self._origins):
            if origin is None or origin[0] != segment_id:
                continue
            if found and found[-1][1] == at:
                found[-1] = (found[-1][0], at + 1)
            else:
                found.append((at, at + 1))
        return tuple(found)

    def place_of(self, segment_id: str, start: int, end: int) -> tuple[int, int] | None:
        """Where `[start:end]` of a segment's written text stands now; None unless all of it does, in one piece, and
        nothing was typed onto it (a 1 before the 4 of "4 mm")."""
        places = (self.placed(run, start, end) for run in self.runs() if run.segment_id == segment_id)
        return next((place for place in places if place is not None), None)

    def placed(self, run: Run, start: int, end: int) -> tuple[int, int] | None:
        """As `place_of`, for a run of this text as it is now."""
        if start < run.first or end > run.first + run.end - run.start:
            return None
        here = run.start + start - run.first
        return None if self._is_touched(here, here + end - start) else (here, here + end - start)

    def _is_touched(self, start: int, end: int) -> bool:
        before = start > 0 and self._origins[start - 1] is None and _goes_on(self.text[start - 1 : start + 1])
        after = end < len(self.text) and self._origins[end] is None and _goes_on(self.text[end - 1 : end + 1])
        return before or after

    def _kept(self, change: Change) -> list[Origin | None]:
        """The origins of what is put in: longer stretches of what goes that come again stay what they were."""
        origins: list[Origin | None] = [None] * len(change.inserted)
        gone = self._origins[change.start : change.start + change.removed]
        if any(gone) and len(gone) * len(origins) <= MOST_COMPARED:
            went = self.text[change.start : change.start + change.removed]
            for same in SequenceMatcher(None, went, change.inserted, autojunk=False).get_matching_blocks():
                if same.size >= FEWEST_SAME:
                    origins[same.b : same.b + same.size] = gone[same.a : same.a + same.size]
        return origins

    def _put(self, change: Change, origins: Sequence[Origin | None]) -> None:
        past = change.start + change.removed
        taken = self._origins[change.start : past]
        if len(taken) >= FEWEST_MOVED and any(taken):
            self._cut.pop(self.text[change.start : past], None)
            self._cut[self.text[change.start : past]] = tuple(taken)
            while len(self._cut) > MOST_KEPT:
                del self._cut[next(iter(self._cut))]
        self._origins[change.start : past] = origins
        self._runs = None
        self.text = apply(self.text, change)


def _goes_on(pair: str) -> bool:
    """Whether two neighbouring characters are of one word or number: "14", "4.", ",5" are not told apart here."""
    return len(pair) == 2 and all(c.isalnum() or c in "-–'’" for c in pair)


def retraced(changes: Iterable[tuple[Change, str, str]]) -> Traced:
    """A section from its first change on: (change, segment id, the segment's written text); both "" for what was typed."""
    traced = Traced()
    for change, segment_id, words in changes:
        if segment_id:
            traced.dictate(change, segment_id, words)
        else:
            traced.change(change)
    return traced
