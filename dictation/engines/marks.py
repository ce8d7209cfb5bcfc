"""Stops and commas for a biased decoding, taken from the plain one.

Expected terms are a list without sentences, and a decoder that was shown them writes so: no
stops, stray commas. The plain decoding of the same sound mishears terms but hears sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from dictation.engines.alignment import MARKS, Alignment, Atom, Stretch, align
from dictation.formatter.language import Language

STOPS = ".?!"
TRAILING_OFF = ".."


def punctuated(words: Sequence[list[Any]], plain: str, tables: Language | None) -> list[list[Any]]:
    """The [word, confidence, start, end] with the marks of `plain` where both heard the same, and no others.

    A sentence's stop is taken over a misheard word too. Between two numbers goes no mark.
    """
    ours, theirs = [str(word[0]) for word in words], plain.split()
    marks = _marks_for(align(ours, theirs, tables), [_mark_after(word) for word in theirs])
    if theirs:
        marks[len(ours) - 1] = _mark_after(theirs[-1])
    texts = [word.rstrip(MARKS) for word in ours]
    for index, (before, word) in enumerate(pairwise(ours)):
        if before[-1:] in STOPS and not marks.get(index):  # a capital after a stop that is none
            texts[index + 1] = _uncapitalised(word.rstrip(MARKS), tables)
    return [[text + marks.get(index, ""), *words[index][1:]] for index, text in enumerate(texts) if text]


def _mark_after(word: str) -> str:
    """The mark after a word; none where the speaker seems to trail off."""
    tail = word[len(word.rstrip(MARKS)) :]
    return "" if tail.startswith(TRAILING_OFF) else tail[:1]


def _marks_for(found: Alignment, marks: Sequence[str]) -> dict[int, str]:
    """Index of our word -> the mark of theirs that goes after it."""
    placed = {}
    for ours, theirs, same in _pairs(found.stretches):
        if not _ends_word(found.ours, ours) or not _ends_word(found.theirs, theirs) or _in_number(found.ours, ours):
            continue
        mark = marks[found.theirs[theirs].word]
        if same or mark in STOPS:
            placed[found.ours[ours].word] = mark
    return placed


def _pairs(stretches: Sequence[Stretch]) -> Iterator[tuple[int, int, bool]]:
    """Atoms that stand against each other, and whether they are the same; of other words the last of each side."""
    for stretch in stretches:
        if stretch.kind == "equal":
            yield from ((stretch.first + n, stretch.low + n, True) for n in range(stretch.last - stretch.first))
        elif stretch.kind == "replace":
            yield stretch.last - 1, stretch.high - 1, False


def _ends_word(atoms: Sequence[Atom], index: int) -> bool:
    return index + 1 == len(atoms) or atoms[index + 1].word != atoms[index].word


def _in_number(atoms: Sequence[Atom], index: int) -> bool:
    return len(atoms) > index + 1 and all(any(map(str.isdigit, atom.text)) for atom in atoms[index : index + 2])


def _uncapitalised(word: str, tables: Language | None) -> str:
    named = tables is not None and word.lower() in tables.casing
    return word.lower() if word[:1].isupper() and word[1:].islower() and not named else word
