"""Numbers, units, sides and negations in a written text: what harms the patient when it is misheard.

Data: resources/vocabulary/marks.toml and the language's own tables.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any

from dictation.formatter.language import Language, language
from workstation.errors import Unavailable

_WORD = re.compile(r"\S+")
_AROUND = ".,;:?!()[]{}\"'“”„»«…"
_BETWEEN_NUMBERS = frozenset("x×-–/*:")
_SIGNS = "<>≤≥±~≈+-−–"
LONGEST_SYMBOL = 3


class Kind(StrEnum):
    NUMBER = "number"
    UNIT = "unit"
    SIDE = "side"
    NEGATION = "negation"


@dataclass(frozen=True, slots=True)
class Passage:
    """`text[start:end]`. A number has its unit with it: "3.5 x 2 cm" is one passage."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class HurtingWords:
    """One language's words. `numbers` are number words; `units` follow a number, `lone_units` stand out by themselves too."""

    sides: frozenset[str]
    side_stems: tuple[str, ...]
    negations: frozenset[str]
    negation_stems: tuple[str, ...]
    numbers: frozenset[str]
    units: frozenset[str]
    lone_units: frozenset[str]
    pairs: tuple[tuple[str, str], ...]


@lru_cache
def hurting_words(code: str) -> HurtingWords:
    """Of a language without tables: its digits alone stand out."""
    table: Mapping[str, Any] = _tables().get(code, {})
    try:
        known: Language | None = language(code)
    except Unavailable:
        known = None
    units, lone = _units(known, frozenset(table.get("no_units", ()))) if known else (frozenset[str](), frozenset[str]())
    return HurtingWords(
        sides=frozenset(table.get("sides", ())),
        side_stems=tuple(table.get("side_stems", ())),
        negations=frozenset(table.get("negations", ())),
        negation_stems=tuple(table.get("negation_stems", ())),
        numbers=_number_words(known) if known else frozenset(),
        units=units,
        lone_units=lone,
        pairs=tuple((one, other) for one, other in table.get("pairs", ())),
    )


def what_hurts(text: str, code: str) -> tuple[Passage, ...]:
    """In the order of the text, none over another."""
    words = hurting_words(code)
    found: list[Passage] = []
    for passage in _single(text, words):
        last = found[-1] if found else None
        if last is not None and _belong_together(text, last, passage):
            found[-1] = Passage(Kind.NUMBER, last.start, passage.end)
        elif passage.kind is not Kind.UNIT or text[passage.start : passage.end].lower() in words.lone_units:
            found.append(passage)
    return tuple(found)


def opposites(word: str, code: str) -> tuple[str, ...]:
    """What may have been said instead of this word, as it would be written there."""
    low = word.lower()
    others = [b if a == low else a for a, b in hurting_words(code).pairs if low in (a, b)]
    return tuple(other[0].upper() + other[1:] if word[:1].isupper() else other for other in dict.fromkeys(others))


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    return tomllib.loads((files("resources") / "vocabulary" / "marks.toml").read_text("utf-8"))


def _number_words(known: Language) -> frozenset[str]:
    """An article that is also "one" is none."""
    every = {*known.values, *known.genitives, *known.ranges[0], *known.ranges[1], *known.hundred, *known.thousand}
    return frozenset(every - known.word_one if known.one_is_article else every)


def _units(known: Language, ordinary: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """All that may follow a number, and what is a unit wherever it stands; in small letters."""
    written = {unit.lower() for unit in known.units.values()}
    spoken = {said[0] for said in known.units if len(said) == 1}
    symbols = {unit for unit in written if len(unit) >= 2 and (len(unit) <= LONGEST_SYMBOL or not unit.isalpha())}
    names = {said for said in spoken if len(said) > LONGEST_SYMBOL}
    return frozenset(written | spoken), frozenset((symbols | names) - ordinary)


def _single(text: str, words: HurtingWords) -> Iterator[Passage]:
    for found in _WORD.finditer(text):
        raw = found[0]
        word = raw.strip(_AROUND)
        if not word:
            continue
        start = found.start() + raw.index(word)
        kind = _kind(word.lower().replace("’", "'"), words)
        if kind is not None:
            yield Passage(kind, start, start + len(word))


def _kind(word: str, words: HurtingWords) -> Kind | None:
    if any(map(str.isdigit, word)) or word in words.numbers or all(part in words.numbers for part in word.split("-")):
        return Kind.NUMBER
    if word in words.units or word.strip(_SIGNS) in words.units:
        return Kind.UNIT
    if word in words.sides or word.startswith(words.side_stems):
        return Kind.SIDE
    if word in words.negations or (words.negation_stems and word.startswith(words.negation_stems)):
        return Kind.NEGATION
    parts = word.split("-") if "-" in word else word.split("/")
    kinds = [kind for part in parts if len(parts) > 1 and part and (kind := _kind(part, words)) is not None]
    return next((kind for kind in kinds if kind is not Kind.UNIT), None)


def _belong_together(text: str, before: Passage, passage: Passage) -> bool:
    """A number with its unit, or numbers with a mark of multiplication or range between them."""
    between = text[before.end : passage.start]
    if before.kind is not Kind.NUMBER or "\n" in between:
        return False
    if passage.kind is Kind.UNIT:
        return not between.strip()
    if passage.kind is not Kind.NUMBER or len(between) > LONGEST_SYMBOL:
        return False
    both = text[before.start : before.end] + text[passage.start : passage.end]
    return between.strip() in _BETWEEN_NUMBERS or (not between.strip() and not any(map(str.isdigit, both)))
