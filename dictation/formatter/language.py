"""The tables of one language, read from resources/vocabulary/<language>.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
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
class Editing:
    """What is said about the text: take it back, a capital, spelling, a heading; and whole-utterance commands."""

    scratch: frozenset[Phrase]
    capital: frozenset[Phrase]
    capitals: frozenset[Phrase]
    capital_not_after: frozenset[str]
    spell: frozenset[Phrase]
    letters: Mapping[str, str]
    heading: frozenset[Phrase]
    headings: Mapping[Phrase, str]
    commands: Mapping[Phrase, str]
    go_to: frozenset[Phrase]


@dataclass(frozen=True, slots=True)
class Language:
    values: Mapping[str, int]
    """Number words below one hundred, and those that a language writes together: "tvåhundrafemtio"."""
    genitives: Mapping[str, int]
    """The same in the case that stands before a unit: Finnish "viiden millimetrin"."""
    ranges: tuple[Mapping[str, int], Mapping[str, int]]
    """The same in the cases of a range: Finnish "viidestä kuuteen"."""
    hundred: frozenset[str]
    thousand: frozenset[str]
    conjunction: str
    article: str
    point: frozenset[str]
    oh: frozenset[str]
    by: frozenset[str]
    to: frozenset[str]
    decimal: str
    word_one: frozenset[str]
    one_is_article: bool
    """ "en tjugo millimeter stor": the "en" begins no number."""
    juxtaposed: bool
    """ "one twenty seven" is 127."""
    tens_last: bool
    """ "fem og tyve" is 25."""
    halves: frozenset[Phrase]
    fixed: Mapping[str, str]
    space_before_percent: bool
    range_openers: frozenset[str]
    ordinals: Mapping[str, int]
    counted: frozenset[str]
    ordinal_joiners: frozenset[str]
    ordinal_forms: Mapping[str, str]
    """How an ordinal is written, by its last digit or "other": "{}:e"."""
    number_nouns: Mapping[str, tuple[int, str]]
    """Numbers as names, with the ending that is written: Finnish "ykkösessä" is 1 and ":ssä"; "-" joins what follows."""
    months: Mapping[str, str]
    date_article: str
    date_of: str
    day_first: str
    """How a day is written in front of its month: "{}." in Norwegian; empty where the month comes first."""
    units: Mapping[Phrase, str]
    unit_beginnings: frozenset[str]
    per: frozenset[str]
    substances: frozenset[str]
    """What may stand between a unit and its "per": "milligram jod per milliliter"."""
    clock: Mapping[Phrase, str]
    time_openers: frozenset[str]
    time_mark: str
    time_followers: frozenset[str]
    """What may follow a time, where its opener means other things, too: "at"."""
    time_cues: frozenset[str]
    """What was said before a time that could be a number: "called"."""
    levels: Mapping[str, int]
    level_names: Mapping[str, str]
    level_letters: Mapping[str, str]
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
    editing: Editing


@lru_cache
def language(code: str) -> Language:
    """Raises Unavailable when there are no tables for it."""
    try:
        data = _tables(code)
    except FileNotFoundError as error:
        raise Unavailable("No dictation rules for this language", code, "Dictate in English, or type") from error
    return _from_tables(_with_shared(data, _tables(data["shared"])) if "shared" in data else data)


def _tables(name: str) -> dict[str, Any]:
    return tomllib.loads((files("resources") / "vocabulary" / f"{name}.toml").read_text("utf-8"))


def _with_shared(own: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """The language's tables over those of all languages: scores, abbreviations, names."""
    merged = {name: {**table, **own.get(name, {})} for name, table in shared.items()}
    return {**own, **merged}


def _from_tables(data: dict[str, Any]) -> Language:
    numbers, times = data["numbers"], data.get("times", {})
    return Language(
        values={
            word: value for word, value in number_words(numbers).items() if word not in numbers["hundred"] + numbers["thousand"]
        },
        genitives=number_words(data["genitive"]) if "genitive" in data else {},
        ranges=_range_words(data),
        hundred=frozenset(numbers["hundred"]),
        thousand=frozenset(numbers["thousand"]),
        conjunction=numbers["and"],
        article=numbers["article"],
        point=frozenset(numbers["point"]),
        oh=frozenset(numbers["oh"]),
        by=frozenset(numbers["by"]),
        to=frozenset(numbers["to"]),
        decimal=numbers["decimal"],
        word_one=frozenset(numbers["word_one"]),
        one_is_article=numbers.get("one_is_article", False),
        juxtaposed=numbers.get("juxtaposed", False),
        tens_last=numbers.get("tens_last", False),
        halves=_said(numbers.get("halves", ())),
        fixed=numbers.get("fixed", {}),
        space_before_percent=numbers.get("space_before_percent", False),
        range_openers=frozenset(numbers["range_openers"]),
        ordinals=_ordinals(data["ordinals"]),
        counted=frozenset(data["ordinal_rules"]["counted"]),
        ordinal_joiners=frozenset(data["ordinal_rules"]["joiners"]),
        ordinal_forms=data["ordinal_rules"].get("written", {}),
        number_nouns=_number_nouns(data.get("number_nouns", {})),
        months=data["months"],
        date_article=data["dates"].get("article", ""),
        date_of=data["dates"].get("of", ""),
        day_first=data["dates"].get("day_first", ""),
        units=_phrases(data["units"]),
        unit_beginnings=frozenset(said.split()[0] for said in data["units"]),
        per=frozenset(data.get("per", {}).get("words", ())),
        substances=frozenset(data.get("per", {}).get("substances", ())),
        clock=_phrases(data.get("clock", {})),
        time_openers=frozenset(times.get("openers", ())),
        time_mark=times.get("mark", ""),
        time_followers=frozenset(times.get("followers", ())),
        time_cues=frozenset(times.get("cues", ())),
        levels=data["levels"],
        level_names=data["level_rules"].get("names", {}),
        level_letters=data["level_rules"].get("letters", {}),
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
        prefixes=tuple(data.get("prefixes", {}).get("joined", ())),
        dangling=frozenset(data["endings"]["dangling"]),
        critical_words=frozenset(data["critical"]["words"]),
        critical_prefixes=tuple(data["critical"]["prefixes"]),
        marks={tuple(said.split()): _mark(mark) for mark in data["marks"] for said in mark["say"]},
        editing=_editing(data),
    )


def _editing(data: Mapping[str, Any]) -> Editing:
    table = data["editing"]
    return Editing(
        scratch=_said(data["commands"]["scratch"][:1]),  # inside an utterance only the plainest phrase deletes
        capital=_said(table["capital"]),
        capitals=_said(table["capitals"]),
        capital_not_after=frozenset(table.get("capital_not_after", ())),
        spell=_said(table["spell"]),
        letters=table.get("letters", {}),
        heading=_said(table["heading"]),
        headings=_phrases(data["headings"]),
        commands={tuple(said.split()): name for name, phrases in data["commands"].items() for said in phrases},
        go_to=_said(table["go_to"]),
    )


def number_words(table: Mapping[str, Any]) -> dict[str, int]:
    """Every number word of one form: digits, teens and tens, and what the language writes together of them."""
    digits = _numbered(table["digits"], 0)
    tens = _numbered(table["tens"], 20, 10)
    small = digits | _numbered(table["teens"], 10) | tens
    for pattern in table.get("compounds", ()):
        small |= {pattern.format(tens=t, digit=d): tens[t] + digits[d] for t in tens for d in digits if digits[d]}
    joined = dict(small)
    for heads in (_numbered(table.get("hundreds", ()), 100, 100), _numbered(table.get("thousands", ()), 1000, 1000)):
        joined |= heads
        joined |= {
            h + link + w: heads[h] + small[w] for h in heads for link in table.get("links", [""]) for w in small if small[w]
        }
    for century, words in table.get("centuries", {}).items():
        heads = words.split("|")
        joined |= {h + w: 100 * int(century) + small[w] for h in heads for w in small if small[w] >= 10 and h + w not in joined}
    return joined


def _numbered(words: Sequence[str], start: int, step: int = 1) -> dict[str, int]:
    return {word: start + step * index for index, alternatives in enumerate(words) for word in alternatives.split("|")}


def _number_nouns(table: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    """Every case of every number's name: what is said -> number and written ending."""
    said: dict[str, tuple[int, str]] = {}
    for number, stems in table.get("stems", {}).items():
        for stem in stems.split("|"):
            for ending, written in table["endings"].items():
                own = table.get("own", {}).get(number, {}).get(ending, written)
                front = own.translate(_FRONT) if int(number) in table["front"] else own
                said[stem + ending] = (int(number), front)
    return said | {word: (number, ending) for word, (number, ending) in table.get("others", {}).items()}


_FRONT = str.maketrans("aou", "äöy")


def _range_words(data: Mapping[str, Any]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    if "elative" not in data:
        return {}, {}
    return number_words(data["elative"]), number_words(data["illative"])


def _ordinals(table: Mapping[str, Any]) -> Mapping[str, int]:
    """Word -> number, or a list in order under "words" with alternatives."""
    return _numbered(table["words"], 1) if "words" in table else table


def _said(phrases: Iterable[str]) -> frozenset[Phrase]:
    return frozenset(tuple(said.split()) for said in phrases)


def _suffixes(table: Mapping[str, str]) -> dict[int, str]:
    return {int(number): letters for number, letters in table.items()}


def _phrases(table: Mapping[str, str]) -> dict[Phrase, str]:
    return {tuple(said.split()): written for said, written in table.items()}


def _mark(mark: dict[str, Any]) -> Mark:
    after, before = frozenset(mark.get("not_after", ())), frozenset(mark.get("not_before", ()))
    return Mark(mark["write"], mark.get("glue", "left"), after, before)
