"""Two hearings of the same sound, laid side by side word for word.

"6-millimeter", "6mm" and "six mm" are the same here: words are compared as atoms, which are
small letters with numbers as digits, units in short and hyphens taken apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dictation.formatter.language import Language
from dictation.formatter.language import language as tables_of
from dictation.formatter.tokens import Token, tokens_of
from workstation.errors import Unavailable

MARKS = ".,;:?!"


@dataclass(frozen=True, slots=True)
class Atom:
    """`word` is the index of the word it is a part of."""

    text: str
    word: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """`kind` is equal, replace, delete (only we heard it) or insert (only they did), as in difflib;
    our atoms `first` to `last` stand against their atoms `low` to `high` (ends excluded)."""

    kind: str
    first: int
    last: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Alignment:
    ours: tuple[Atom, ...]
    theirs: tuple[Atom, ...]
    stretches: tuple[Stretch, ...]


def align(ours: Sequence[str], theirs: Sequence[str], tables: Language | None) -> Alignment:
    """Both are words without spaces in them."""
    left, right = atoms(ours, tables), atoms(theirs, tables)
    matcher = SequenceMatcher(None, [a.text for a in left], [a.text for a in right], autojunk=False)
    return Alignment(left, right, tuple(Stretch(*found) for found in matcher.get_opcodes()))


def atoms(words: Sequence[str], tables: Language | None) -> tuple[Atom, ...]:
    """What each word consists of; a word of nothing but marks has none."""
    if tables is None:
        return tuple(Atom(bare, index) for index, word in enumerate(words) if (bare := word.lower().strip(MARKS)))
    tokens = tokens_of(" ".join(words), tables)
    return tuple(Atom(part, token.word) for token in tokens for part in _parts(token, tables))


def known_tables(language: str) -> Language | None:
    """None for a language without tables: its words are compared as they are."""
    try:
        return tables_of(language)
    except Unavailable:
        return None


def _parts(token: Token, tables: Language) -> list[str]:
    return [_canonical(part, tables) for part in token.low.split("-") if part]


def _canonical(part: str, tables: Language) -> str:
    if part in tables.values:
        return str(tables.values[part])
    if part in tables.by:
        return min(tables.by)
    return tables.units.get((part,), part)
