"""Words for body parts, sides, views and kinds of series in English, Swedish, Norwegian, Danish, Finnish.

The lists are data (`resources/hanging_protocols/words/`, a file for each kind). A word stands for itself; with a
trailing `*` for every word that begins with it, with a leading one for every word that ends with it, because the
Nordic languages write compounds together: `*artärer` is in `bäckenartärer`. Of several words that fit the same
place the longest wins: `bröstrygg*` (thoracic spine) before `bröst*` (breast).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TypeAlias

# From this many letters on, ae and oe are taken for ä/æ and ö/ø.
SHORTEST_RESPELT = 5

# Signs that mean something and are no letters: `T2*` is not T2, `T1 +C` is after contrast.
_SIGNS = ((re.compile(r"\bt2 ?\*"), "t2star "), (re.compile(r"\+ ?[ck]\b|\b[ck]\+"), " plus c "))

# Descriptions repeat from series to series and study to study.
MOST_REMEMBERED = 2000

# Words in comparable form, whether more letters may follow, the meaning, the word as our list has it.
Entry: TypeAlias = "tuple[tuple[str, ...], bool, str, str]"

LANGUAGES = ("en", "sv", "nb", "da", "fi")


# Older designators of the same SNOMED codes (PS3.16 section 8.1.1).
_SCHEMES = {"SNM3": "SRT", "99SDM": "SRT"}


@dataclass(frozen=True, slots=True)
class Term:
    """One meaning: its codes (`CodeValue|CodingSchemeDesignator`), defined terms and words."""

    name: str
    codes: tuple[str, ...] = ()
    defined_terms: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    part_of: str = ""


class Vocabulary:
    """The terms of one kind (anatomy, laterality, view, series), searchable by code and by word."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms: Mapping[str, Term] = {term.name: term for term in terms}
        self._by_code: dict[str, list[str]] = {}
        self._by_defined_term: dict[str, list[str]] = {}
        self._remembered: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {}
        self._words: dict[str, list[Entry]] = {}
        self._endings: list[Entry] = []
        for term in self.terms.values():
            for code in term.codes:
                self._by_code.setdefault(code, []).append(term.name)
            for defined in term.defined_terms:
                self._by_defined_term.setdefault(_letters(defined), []).append(term.name)
            for word in term.words:
                self._add_word(term.name, word)

    def by_code(self, coded: str) -> tuple[str, ...]:
        """Meanings of `CodeValue|CodingSchemeDesignator|CodeMeaning`; empty when unknown."""
        value, scheme, *_ = [*coded.split("|"), "", ""]
        return tuple(self._by_code.get(f"{value}|{_SCHEMES.get(scheme, scheme)}", ()))

    def by_defined_term(self, value: str) -> tuple[str, ...]:
        """Meanings of a defined term such as BodyPartExamined `TSPINE`, blanks ignored."""
        return tuple(self._by_defined_term.get(_letters(value), ()))

    def in_text(self, text: str) -> tuple[tuple[str, str], ...]:
        """(meaning, the word of our list that was found), in the order of the text, each meaning once."""
        key = tokens(text)
        if key not in self._remembered:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            found: dict[str, str] = {}
            for name, word in self._found(key):
                found.setdefault(name, word)
            self._remembered[key] = tuple(found.items())
        return self._remembered[key]

    def with_parents(self, name: str) -> tuple[str, ...]:
        """A meaning and all that it is part of: `brain` is also `head`."""
        found: list[str] = []
        while name and name not in found:
            found.append(name)
            name = self.terms[name].part_of if name in self.terms else ""
        return tuple(found)

    def _add_word(self, name: str, word: str) -> None:
        parts = tokens(word)
        entry = (parts, word.endswith("*"), name, word.strip("*"))
        if word.startswith("*"):
            self._endings.append(entry)
        else:
            self._words.setdefault(parts[0][:1], []).append(entry)

    def _found(self, text: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        place = 0
        while place < len(text):
            fitting = [entry for entry in self._words.get(text[place][:1], ()) if _fits(entry[0], entry[1], text[place:])]
            fitting += [entry for entry in self._endings if _ends(entry, text[place])]
            longest = max((_reach(entry) for entry in fitting), default=(1, 0))
            for entry in fitting:
                if _reach(entry) == longest:
                    yield entry[2], entry[3]
            place += longest[0]


@cache
def vocabulary(kind: str) -> Vocabulary:
    """The built-in word list of a kind: anatomy, examination, laterality, series, view. Raises OSError for another."""
    text = files("resources").joinpath("hanging_protocols", "words", f"{kind}.toml").read_text(encoding="utf-8")
    return Vocabulary(_term(name, table) for name, table in tomllib.loads(text).items())


@lru_cache(MOST_REMEMBERED)
def tokens(text: str) -> tuple[str, ...]:
    """Words in comparable form: lower case, without accents, `æ`/`ä`/`ae` and `ø`/`ö`/`oe` alike."""
    spaced = "".join(letter if letter.isalnum() else " " for letter in fold(text))
    return tuple(map(_respelt, spaced.split()))


def fold(text: str) -> str:
    """Lower case, without accents; the letters that Danish and Norwegian add are those of Swedish."""
    told = text.casefold()
    for written, meant in _SIGNS:
        told = written.sub(meant, told)
    plain = unicodedata.normalize("NFKD", told.replace("ø", "o").replace("æ", "a"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _respelt(word: str) -> str:
    """`hjaerne` as `hjärne`. Short words stay: `toe` is not `to`."""
    return word if len(word) < SHORTEST_RESPELT else word.replace("ae", "a").replace("oe", "o")


def _reach(entry: Entry) -> tuple[int, int]:
    """How much text an entry accounts for: words first, then letters."""
    return len(entry[0]), sum(map(len, entry[0]))


def _ends(entry: Entry, word: str) -> bool:
    """Whether a compound ends with the one word of an entry, or goes on after it where the entry is open."""
    (ending,), open_ended, _, _ = entry
    return ending in word if open_ended else word.endswith(ending)


def _fits(parts: tuple[str, ...], open_ended: bool, text: tuple[str, ...]) -> bool:
    if len(text) < len(parts) or text[: len(parts) - 1] != parts[:-1]:
        return False
    last = text[len(parts) - 1]
    return last.startswith(parts[-1]) if open_ended else last == parts[-1]


def _letters(value: str) -> str:
    return "".join(letter for letter in value.upper() if letter.isalnum())


def _term(name: str, table: Mapping[str, object]) -> Term:
    def texts(key: str) -> tuple[str, ...]:
        values = table.get(key, [])
        return tuple(str(value) for value in values) if isinstance(values, list) else ()

    words = tuple(dict.fromkeys(word for language in LANGUAGES for word in texts(language)))
    return Term(name, texts("codes"), texts("defined_terms"), words, str(table.get("part_of", "")))
