"""Where it is, and how it is graded: levels, segments and scores of the impression that the findings do not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from workstation.colleague.facts import Remark
from workstation.colleague.reading import Sentence
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode

_SPINE = [*(f"C{n}" for n in range(1, 8)), *(f"T{n}" for n in range(1, 13)), *(f"L{n}" for n in range(1, 6)), "S1"]
_ORDER = {name: i for i, name in enumerate(_SPINE)}
_LEVELS = re.compile(r"\b(C|Th|T|D|L|S)(\d{1,2})\s*(?:(?:[-–/]|to|till)\s*(C|Th|T|D|L|S)?(\d{1,2}))?\b")
_SEGMENT = re.compile(r"\b(?:leversegment|segment|seg)\s*(\d{1,2}|[IV]{1,4})[ab]?\b", re.IGNORECASE)
_SCORES = (
    re.compile(r"\b(BI-?RADS)\s*(?:category\s*|kategori\s*|grupp\s*)?(\d)", re.IGNORECASE),
    re.compile(r"\b((?:EU-|ACR )?TI-?RADS)\s*(?:category\s*|kategori\s*|TR)?(\d)", re.IGNORECASE),
    re.compile(r"\b(Lung-?RADS)\s*(?:category\s*|kategori\s*)?(\d)", re.IGNORECASE),
    re.compile(r"\b(Bosniak)\s*(?:class\s*|category\s*|kategori\s*|typ\s*)?(\d|I{1,3}F?|IV)\b", re.IGNORECASE),
    re.compile(r"\b(Deauville)\s*(?:score\s*|grad\s*)?(\d)", re.IGNORECASE),
    re.compile(r"\b(Fazekas)\s*(?:grade\s*|grad\s*)?(\d)", re.IGNORECASE),
    re.compile(r"\b(ASPECTS)\s*(?:score\s*)?(\d{1,2})", re.IGNORECASE),
    re.compile(r"\b(Weber)\s*([ABC])\b"),
    re.compile(r"\b((?:LV)?EF)\s*(?:\w+\s+){0,2}(\d{1,3})\s*%"),
)


def places(seen: Seen) -> Iterator[Remark]:
    """`L3/4` in the findings, `L5/S1` in the impression."""
    found = {level for s in seen.read if s.section is SectionCode.FINDINGS for level in _levels(s.text)}
    segments = {number for s in seen.read if s.section is SectionCode.FINDINGS for number in _segments(s.text)}
    for sentence in (s for s in seen.read if s.section is SectionCode.IMPRESSION):
        for match in _LEVELS.finditer(sentence.text) if found and "spine" in seen.asked else ():
            told = _between(match)
            discs = {level for level in told if "-" in level}
            if told and not (discs & found if discs and any("-" in level for level in found) else told & found):
                yield _remark(seen, sentence, match.group(0))
        for match in _SEGMENT.finditer(sentence.text) if segments else ():
            if not _segments(match.group(0)) & segments:
                yield _remark(seen, sentence, match.group(0))


def scores(seen: Seen) -> Iterator[Remark]:
    """`BI-RADS 4` in the findings, `BI-RADS 2` in the impression."""
    for words in _SCORES:
        found = {m.group(2).upper() for s in seen.now if s.section is SectionCode.FINDINGS for m in words.finditer(s.text)}
        told = [(s, m) for s in seen.now if s.section is SectionCode.IMPRESSION for m in words.finditer(s.text)]
        wrong = next(((s, m) for s, m in told if found and m.group(2).upper() not in found), None)
        # Another breast, another lesion has a score of its own.
        if wrong is not None and len(found) == 1 and len(told) == 1:
            yield _remark(seen, wrong[0], wrong[1].group(0))


def _remark(seen: Seen, sentence: Sentence, words: str) -> Remark:
    return seen.remark("number", sentence, words, f'"{words}" stands in the impression and not in the findings')


def _levels(text: str) -> set[str]:
    return {level for match in _LEVELS.finditer(text) for level in _between(match)}


def _between(match: re.Match[str]) -> set[str]:
    """The vertebrae of a level, a disc or a range, and the discs between them."""
    first = _name(match.group(1), match.group(2))
    if not match.group(4):
        return {first} & _ORDER.keys()
    last = _name(match.group(3) or match.group(1), match.group(4))
    if first not in _ORDER or last not in _ORDER or _ORDER[last] < _ORDER[first]:
        return set()
    inner = _SPINE[_ORDER[first] : _ORDER[last] + 1]
    return {f"{one}-{two}" for one, two in pairwise(inner)} | set(inner)


def _name(letter: str, number: str) -> str:
    return f"{'T' if letter.upper() in ('TH', 'T', 'D') else letter.upper()}{int(number)}"


_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8}


def _segments(text: str) -> set[int]:
    said = (m.group(1).upper() for m in _SEGMENT.finditer(text))
    return {int(s) if s.isdigit() else _ROMAN.get(s, 0) for s in said}
