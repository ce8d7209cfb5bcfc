"""What was added to a text and what was taken away, word by word. Pure: strings in, pieces out.

The pieces are exact: the same and removed ones make the text before, the same and added ones
the text after. A number with its separators (`1.5`, `12/3-2026`), a level (`L4-L5`) and a word
with a hyphen are one token, so that a changed digit shows the whole number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from workstation.domain.report import ReportSection, SectionCode

_TOKENS = re.compile(r"\n|[^\S\n]+|\w+(?:[-.,:/']\w+)*|[^\w\s]")


class ChangeKind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring words with the same fate. `text` holds the white space between them too."""

    kind: ChangeKind
    text: str


@dataclass(frozen=True, slots=True)
class SectionChanges:
    """One section of two versions. Empty sections that stayed empty are not among them."""

    code: SectionCode
    pieces: tuple[Piece, ...]

    @property
    def is_changed(self) -> bool:
        return any(piece.kind is not ChangeKind.SAME for piece in self.pieces)


def word_changes(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces in reading order; where words were exchanged, the removed come first."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    pieces: list[tuple[ChangeKind, str]] = []
    for verb, i1, i2, j1, j2 in matcher.get_opcodes():
        if verb == "equal":
            pieces.append((ChangeKind.SAME, "".join(old[i1:i2])))
            continue
        pieces.append((ChangeKind.REMOVED, "".join(old[i1:i2])))
        pieces.append((ChangeKind.ADDED, "".join(new[j1:j2])))
    return tuple(Piece(kind, text) for kind, text in _gathered([p for p in pieces if p[1]]))


def section_changes(before: Iterable[ReportSection], after: Iterable[ReportSection]) -> tuple[SectionChanges, ...]:
    """By section, in the order of a report."""
    old, new = ({s.code: s.text for s in sections} for sections in (before, after))
    texts = ((code, old.get(code, ""), new.get(code, "")) for code in SectionCode)
    return tuple(SectionChanges(code, word_changes(a, b)) for code, a, b in texts if a or b)


def text_before(pieces: Iterable[Piece]) -> str:
    return "".join(p.text for p in pieces if p.kind is not ChangeKind.ADDED)


def text_after(pieces: Iterable[Piece]) -> str:
    return "".join(p.text for p in pieces if p.kind is not ChangeKind.REMOVED)


def _gathered(pieces: Sequence[tuple[ChangeKind, str]]) -> Iterator[tuple[ChangeKind, str]]:
    """Runs of change as one removed and one added piece.

    A lone space or comma that stayed the same between two exchanged words belongs to the run:
    two sentences that differ in each word are read as two sentences.
    """
    removed = added = ""
    for number, (kind, text) in enumerate(pieces):
        inside = 0 < number < len(pieces) - 1 and not any(c.isalnum() or c == "\n" for c in text)
        if kind is ChangeKind.REMOVED:
            removed += text
        elif kind is ChangeKind.ADDED:
            added += text
        elif inside and removed and added and _exchanges(pieces, number):
            removed, added = removed + text, added + text
        else:
            yield from ((k, t) for k, t in ((ChangeKind.REMOVED, removed), (ChangeKind.ADDED, added)) if t)
            removed = added = ""
            yield kind, text
    yield from ((k, t) for k, t in ((ChangeKind.REMOVED, removed), (ChangeKind.ADDED, added)) if t)


def _exchanges(pieces: Sequence[tuple[ChangeKind, str]], number: int) -> bool:
    """Whether words were exchanged, and not only added or removed, right behind this piece."""
    behind = [kind for kind, _ in pieces[number + 1 : number + 3]]
    return behind == [ChangeKind.REMOVED, ChangeKind.ADDED]
