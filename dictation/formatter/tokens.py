"""Text into tokens: bare words, the punctuation a recogniser wrote after them kept apart."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from dictation.formatter.language import Language, Phrase

NUMBER = r"\d+(?:[.,]\d+)?"
SIZE = re.compile(rf"{NUMBER}(?:[x×]{NUMBER})+", re.IGNORECASE)
NUMBER_AND_UNIT = re.compile(rf"({NUMBER})-?([^\W\d_]+|%)", re.IGNORECASE)
RANGE = re.compile(rf"({NUMBER})[-–]({NUMBER})(%?)")
TRAILING = re.compile(r"^([(\[\"']*)(.*?)([.,;:?!)\]\"']*)$", re.DOTALL)
SENTENCE_END = frozenset(".?!")


@dataclass(frozen=True, slots=True)
class Token:
    """`word` is the index of the whitespace-separated word it came from; several may share one.

    `opening` and `mark` are punctuation that the recogniser wrote before and after it.
    """

    text: str
    word: int
    opening: str = ""
    mark: str = ""

    @property
    def low(self) -> str:
        """For the tables: small letters, and no apostrophe of a plural that is none ("rad's")."""
        return self.text.lower().replace("rad's", "rads")


def tokens_of(text: str, language: Language) -> list[Token]:
    found: list[Token] = []
    for index, raw in enumerate(text.split()):
        parted = TRAILING.match(raw)
        assert parted is not None
        opening, core, mark = parted.groups()
        if not core:
            if mark and found:
                found[-1] = replace(found[-1], mark=found[-1].mark + mark)
            continue
        parts = _parts(core, language)
        for part in parts[:-1]:
            found.append(Token(part, index, opening))
            opening = ""
        found.append(Token(parts[-1], index, opening, mark))
    return found


def _parts(core: str, language: Language) -> list[str]:
    """Written-together numbers taken apart: "11x9x14mm", "6-millimeter", "50-60%", "fifty-six"."""
    if ranged := RANGE.fullmatch(core):
        return [ranged[1], "-", ranged[2], *([ranged[3]] if ranged[3] else [])]
    if (united := NUMBER_AND_UNIT.fullmatch(core)) and united[2].lower() in language.unit_beginnings:
        return [united[1], united[2]]
    if sized := SIZE.match(core):
        numbers = re.findall(NUMBER, sized[0])
        rest = core[sized.end() :].lstrip("-")
        apart = [part for number in numbers for part in (number, "x")][:-1]
        if not rest or (rest.lower(),) in language.units:
            return apart + ([rest] if rest else [])
    hyphened = core.split("-")
    if len(hyphened) > 1 and all(part.lower() in language.values for part in hyphened):
        return hyphened
    return [core]


def match(tokens: Sequence[Token], at: int, table: Container[Phrase], most: int = 4) -> int:
    """How many tokens from `at` the longest phrase of the table takes; 0 for none.

    Punctuation between the tokens ends a phrase.
    """
    words: list[str] = []
    best = 0
    for token in tokens[at : at + most]:
        if words and token.opening:
            break
        words.append(token.low)
        if tuple(words) in table:
            best = len(words)
        if token.mark:
            break
    return best


def phrase(tokens: Sequence[Token], at: int, count: int) -> Phrase:
    return tuple(token.low for token in tokens[at : at + count])
