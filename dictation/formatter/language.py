"""The tables of one language, read from resources/vocabulary/<language>.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from workstation.errors import Unavailable

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A spoken mark. `glue` says which side takes no space: left, right or both."""

    write: str
    glue: str
    not_after: frozenset[str]
    not_before: frozenset[str]

    @property
    def breaks_line(self) -> bool:
        return self.write.startswith("\n")


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word whose number is a label: "grade 1", "segment 4B"."""

    most: int
    suffixes: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Language:
    values: Mapping[str, int]
    """Number words below one hundred."""
    hundred: str
    thousand: str
    conjunction: str
    article: str
    point: frozenset[str]
    oh: frozenset[str]
    by: frozenset[str]
    to: frozenset[str]
    decimal: str
    word_one: str
    range_openers: frozenset[str]
    ordinals: Mapping[str, int]
    counted: frozenset[str]
    ordinal_joiners: frozenset[str]
    months: Mapping[str, str]
    date_article: str
    date_of: str
    units: Mapping[Phrase, str]
    unit_beginnings: frozenset[str]
    clock: Mapping[Phrase, str]
    levels: Mapping[str, int]
    next_level: Mapping[str, str]
    weighted: frozenset[str]
    star: frozenset[str]
    scores: Mapping[Phrase, str]
    score_between: frozenset[str]
    after_letter: frozenset[str]
    score_suffixes: Mapping[str, Mapping[int, str]]
    keywords: Mapping[str, Keyword]
    list_items: frozenset[str]
    phrases: Mapping[Phrase, str]
    casing: Mapping[str, str]
    prefixes: tuple[str, ...]
    dangling: frozenset[str]
    """Words that no sentence ends with."""
    critical_words: frozenset[str]
    critical_prefixes: tuple[str, ...]
    marks: Mapping[Phrase, Mark]


@lru_cache
def language(code: str) -> Language:
    """Raises Unavailable when there are no tables for it."""
    source = files("resources") / "vocabulary" / f"{code}.toml"
    try:
        data = tomllib.loads(source.read_text("utf-8"))
    except FileNotFoundError as error:
        raise Unavailable("No dictation rules for this language", code, "Dictate in English, or type") from error
    return _from_tables(data)


def _from_tables(data: dict[str, Any]) -> Language:
    numbers = data["numbers"]
    return Language(
        values=_values(numbers),
        hundred=numbers["hundred"],
        thousand=numbers["thousand"],
        conjunction=numbers["and"],
        article=numbers["article"],
        point=frozenset(numbers["point"]),
        oh=frozenset(numbers["oh"]),
        by=frozenset(numbers["by"]),
        to=frozenset(numbers["to"]),
        decimal=numbers["decimal"],
        word_one=numbers["word_one"],
        range_openers=frozenset(numbers["range_openers"]),
        ordinals=data["ordinals"],
        counted=frozenset(data["ordinal_rules"]["counted"]),
        ordinal_joiners=frozenset(data["ordinal_rules"]["joiners"]),
        months=data["months"],
        date_article=data["dates"]["article"],
        date_of=data["dates"]["of"],
        units=_phrases(data["units"]),
        unit_beginnings=frozenset(said.split()[0] for said in data["units"]),
        clock=_phrases(data["clock"]),
        levels=data["levels"],
        next_level=data["level_rules"]["next_of_last"],
        weighted=frozenset(data["level_rules"]["weighted"]),
        star=frozenset(data["level_rules"]["star"]),
        scores={tuple(heard.split()): name for name, variants in data["scores"].items() for heard in variants},
        score_between=frozenset(data["score_rules"]["between"]),
        after_letter=frozenset(data["score_rules"]["after_letter"]),
        score_suffixes={name: _suffixes(table) for name, table in data["score_rules"]["suffixes"].items()},
        keywords={w: Keyword(k["most"], _suffixes(k.get("suffixes", {}))) for w, k in data["keywords"].items()},
        list_items=frozenset(data["list"]["item"]),
        phrases=_phrases(data["phrases"]),
        casing=data["casing"],
        prefixes=tuple(data["prefixes"]["joined"]),
        dangling=frozenset(data["endings"]["dangling"]),
        critical_words=frozenset(data["critical"]["words"]),
        critical_prefixes=tuple(data["critical"]["prefixes"]),
        marks={tuple(said.split()): _mark(mark) for mark in data["marks"] for said in mark["say"]},
    )


def _values(numbers: dict[str, Any]) -> dict[str, int]:
    small = {word: value for value, word in enumerate(numbers["digits"] + numbers["teens"])}
    return small | {word: 10 * value for value, word in enumerate(numbers["tens"], start=2)}


def _suffixes(table: Mapping[str, str]) -> dict[int, str]:
    return {int(number): letters for number, letters in table.items()}


def _phrases(table: Mapping[str, str]) -> dict[Phrase, str]:
    return {tuple(said.split()): written for said, written in table.items()}


def _mark(mark: dict[str, Any]) -> Mark:
    after, before = frozenset(mark.get("not_after", ())), frozenset(mark.get("not_before", ()))
    return Mark(mark["write"], mark.get("glue", "left"), after, before)
