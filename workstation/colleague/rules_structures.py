"""Ligaments, tendons, menisci and bones that are whole in one place and torn or broken in another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workstation.colleague.facts import Remark, Side
from workstation.colleague.language import Language
from workstation.colleague.reading import Sentence, sides_in
from workstation.colleague.seen import Seen

_PART = re.compile(r"[,:]")


@dataclass(frozen=True, slots=True)
class Stated:
    """That the structure of this number is whole, or torn, on these sides (none: not said)."""

    structure: int
    words: str
    is_whole: bool
    sides: frozenset[Side]
    sentence: Sentence


def torn_and_whole(seen: Seen) -> Iterator[Remark]:
    stated = [found for sentence, heading in seen.headed for found in _stated(seen.language, sentence, heading)]
    for whole in (s for s in stated if s.is_whole):
        against = (
            s
            for s in stated
            if not s.is_whole and s.structure == whole.structure and not (s.sides and whole.sides and not s.sides & whole.sides)
        )
        torn = next(against, None)
        if torn is not None:
            why = f'"{whole.words}" is intact here and torn elsewhere'
            yield seen.remark("contradiction", whole.sentence, whole.words, why)
            return


def _stated(language: Language, sentence: Sentence, heading: frozenset[Side]) -> Iterator[Stated]:
    """What is said of structures: the word that says it is in their part of the clause, or in the next one with such a word."""
    if language.has("not_examined", sentence.text) or language.has("compared", sentence.text):
        return
    for _, clause in sentence.clauses:
        waiting: list[tuple[int, str]] = []
        last: bool | None = None
        for part in _PART.split(clause):
            named = _named(language, part)
            said = _said(language, part)
            is_part = language.has("part_of", part)
            if said is None and named and last is not None and not is_part:
                # `Intact ACL, PCL and MCL`
                yield from _all(named, last, sides_in(clause, language) or heading, sentence)
            elif said is None:
                waiting += [] if is_part else named
            else:
                both = said == (True, True) or is_part
                yield from () if both else _all(waiting + named, said[0], sides_in(clause, language) or heading, sentence)
                waiting, last = [], None if both or waiting else said[0]


def _all(named: list[tuple[int, str]], is_whole: bool, sides: frozenset[Side], sentence: Sentence) -> Iterator[Stated]:
    for number, words in named:
        yield Stated(number, words, is_whole, sides, sentence)


def _named(language: Language, part: str) -> list[tuple[int, str]]:
    found = ((i, words.search(part)) for i, words in enumerate(language.structures))
    return [(i, match.group(0)) for i, match in found if match is not None]


def _said(language: Language, part: str) -> tuple[bool, bool] | None:
    """(whole, torn) as a part of a sentence says it, None where it says neither or is not sure; (True, True) for both."""
    if any(language.has(name, part) for name in ("uncertain", "uncertain_after", "past")):
        return None
    torn, whole = language.lists["torn"].search(part), language.lists["intact"].search(part)
    is_torn = torn is not None and not _is_denied(language, part, torn)
    is_whole = whole is not None and not language.has("negation_before", part[: whole.start()])
    is_whole |= torn is not None and not is_torn
    return (is_whole, is_torn) if is_whole or is_torn else None


def _is_denied(language: Language, part: str, match: re.Match[str]) -> bool:
    return language.has("negation_before", part[: match.start()]) or language.has("negation_after", part[match.end() :])
