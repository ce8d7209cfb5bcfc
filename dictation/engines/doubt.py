"""Words that two decodings of the same sound disagree on, where a mistake would harm the patient.

"14 mm" heard as "40 mm", left as right, "no" dropped, hypodense as hyperdense: fluent, plausible
and wrong. Nothing is changed; the word's confidence falls, so that the editor marks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from dictation.formatter.language import language as tables_of
from workstation.errors import Unavailable

UNSURE = 0.3


@dataclass(frozen=True, slots=True)
class Critical:
    """`numbers` gives digits for number words, so that "six" and "6" agree."""

    words: frozenset[str]
    prefixes: tuple[str, ...]
    numbers: dict[str, str]

    def plain(self, word: str) -> str:
        bare = word.lower().strip(".,;:?!()")
        return self.numbers.get(bare, bare)

    def holds(self, word: str) -> bool:
        numeric = any(character.isdigit() for character in word)
        return numeric or word in self.words or (bool(self.prefixes) and word.startswith(self.prefixes))


def critical_words(language: str) -> Critical:
    try:
        tables = tables_of(language)
    except Unavailable:
        return Critical(frozenset(), (), {})
    numbers = {word: str(value) for word, value in tables.values.items()}
    return Critical(tables.critical_words, tables.critical_prefixes, numbers)


def unsure(words: Sequence[list[Any]], other: str, critical: Critical) -> list[list[Any]]:
    """The [word, confidence, start, end] with confidence at most `UNSURE` where `other` differs critically."""
    ours = [critical.plain(str(word[0])) for word in words]
    theirs = [critical.plain(word) for word in other.split()]
    marked = [list(word) for word in words]
    for kind, first, last, low, high in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal" or not any(critical.holds(word) for word in ours[first:last] + theirs[low:high]):
            continue
        for index in range(first, max(last, first + 1)):
            if index < len(marked):
                marked[index][1] = min(marked[index][1], UNSURE)
    return marked
