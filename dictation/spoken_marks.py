"""From what was heard to what stands written: which spoken words each stretch of a segment's text stands for.

With their times and confidences, and what of it should stand out: what can hurt, and what was heard unsurely.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from dictation.formatter import Formatter
from dictation.formatter.written import Span
from dictation.what_hurts import Kind, what_hurts
from workstation.domain.dictation import DictatedSegment, Word
from workstation.errors import Unavailable

UNSURE_BELOW = 0.6
"""Of faster-whisper's word probability: 15.7 % of the words, 56 % of the errors in the study (speech.md 2.6)."""

_MARKS = ".,;:?!"
_PIECES = re.compile(r"\w+(?:[.,]\d+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Part:
    """`text[start:end]` of a segment was written for its spoken words `first` to `last` (inclusive).

    `begins` and `ends` are seconds from the start of the recording; both None where no times are known.
    """

    start: int
    end: int
    first: int
    last: int
    confidence: float = 1.0
    begins: float | None = None
    ends: float | None = None


class Why(StrEnum):
    """Why a word stands out."""

    NUMBER = "number"
    UNIT = "unit"
    SIDE = "side"
    NEGATION = "negation"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class SpokenMark:
    """`text[start:end]` of a segment stands out. `is_unsure`: it was heard unsurely, whatever else it is."""

    start: int
    end: int
    why: Why
    is_unsure: bool


def parts_of(segment: DictatedSegment, code: str) -> tuple[Part, ...]:
    """In the order of the text. Empty where nothing is known of what was said."""
    spoken = segment.spoken.split()
    if not spoken:
        return ()
    heard = _heard(spoken, segment.words)
    return tuple(_part(span, heard) for span in _fitted(_written(segment.spoken, code), segment.text))


def part_at(parts: Sequence[Part], start: int, end: int) -> Part | None:
    """All that was said for `text[start:end]` of the segment, as one part."""
    touched = [part for part in parts if part.start < max(end, start + 1) and part.end > start]
    if not touched:
        return None
    times = [part for part in touched if part.begins is not None]
    return Part(
        touched[0].start,
        touched[-1].end,
        min(part.first for part in touched),
        max(part.last for part in touched),
        min(part.confidence for part in touched),
        min((part.begins for part in times if part.begins is not None), default=None),
        max((part.ends for part in times if part.ends is not None), default=None),
    )


def marks_of(segment: DictatedSegment, code: str, unsure_below: float = UNSURE_BELOW) -> tuple[SpokenMark, ...]:
    """In the order of the text, none over another."""
    parts = parts_of(segment, code)
    unsure = [_bare(segment.text, part) for part in parts if part.confidence < unsure_below]
    critical = [
        SpokenMark(p.start, p.end, Why(Kind(p.kind).value), any(a < p.end and b > p.start for a, b in unsure))
        for p in what_hurts(segment.text, code)
    ]
    alone = [place for place in unsure if not any(m.start < place[1] and m.end > place[0] for m in critical)]
    doubtful = [SpokenMark(start, end, Why.UNSURE, True) for start, end in _joined(segment.text, alone) if end > start]
    return tuple(sorted((*critical, *doubtful), key=lambda mark: mark.start))


def _heard(spoken: Sequence[str], words: Sequence[Word]) -> list[tuple[Word, ...]]:
    """For each spoken word what the engine said of it."""
    if len(spoken) == len(words):
        return [(word,) for word in words]
    found: list[tuple[Word, ...]] = [()] * len(spoken)
    ours, theirs = [_plain(word) for word in spoken], [_plain(word.word) for word in words]
    for kind, first, last, low, high in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        for index in range(first, last):
            found[index] = (words[low + index - first],) if kind == "equal" else tuple(words[low:high])
    return found


def _plain(word: str) -> str:
    return word.lower().strip(_MARKS)


def _part(span: Span, heard: Sequence[tuple[Word, ...]]) -> Part:
    words = [word for index in range(span.first, span.last + 1) if index < len(heard) for word in heard[index]]
    return Part(
        span.start,
        span.end,
        span.first,
        span.last,
        min((word.confidence for word in words), default=1.0),
        min((word.start for word in words), default=None),
        max((word.end for word in words), default=None),
    )


def _written(spoken: str, code: str) -> tuple[str, tuple[Span, ...]]:
    """The written form as the grammar has it now, and where each piece of it came from."""
    try:
        written = Formatter(code).written(spoken)
    except Unavailable:
        return _as_said(spoken)
    return (written.text, written.spans) if written.text else _as_said(spoken)


def _as_said(spoken: str) -> tuple[str, tuple[Span, ...]]:
    words = spoken.split()
    starts = [sum(len(word) + 1 for word in words[:index]) for index in range(len(words))]
    return " ".join(words), tuple(Span(at, at + len(word), i, i) for i, (at, word) in enumerate(zip(starts, words, strict=True)))


def _fitted(written: tuple[str, tuple[Span, ...]], text: str) -> list[Span]:
    """The spans in the text as it was written then: other capitals, other stops, the user's own rules."""
    form, spans = written
    if form == text:
        return list(spans)
    ours, theirs = list(_PIECES.finditer(form)), list(_PIECES.finditer(text))
    to = _counterparts([piece[0].lower() for piece in ours], [piece[0].lower() for piece in theirs])
    found = []
    for span in spans:
        reached = [theirs[n] for piece, n in zip(ours, to, strict=True) if n is not None and _within(piece, span)]
        if reached:
            found.append(Span(reached[0].start(), reached[-1].end(), span.first, span.last))
    return found


def _within(piece: re.Match[str], span: Span) -> bool:
    return piece.start() < span.end and piece.end() > span.start


def _counterparts(ours: Sequence[str], theirs: Sequence[str]) -> list[int | None]:
    """For each of our pieces the one that stands there now; of changed ones by their order."""
    to: list[int | None] = [None] * len(ours)
    for _, first, last, low, high in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        for index in range(first, last):
            to[index] = low + (index - first) * (high - low) // (last - first) if high > low else None
    return to


def _bare(text: str, part: Part) -> tuple[int, int]:
    """Without the marks around the word."""
    raw = text[part.start : part.end]
    lead = len(raw) - len(raw.lstrip(" \n" + _MARKS))
    return part.start + lead, part.start + max(lead, len(raw.rstrip(" \n" + _MARKS)))


def _joined(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbours as one."""
    found: list[tuple[int, int]] = []
    for start, end in places:
        if found and text[found[-1][1] : start] == " ":
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
