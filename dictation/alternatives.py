"""What else may have been meant by a stretch of dictated text: as it was said, as others heard it, what sounds like it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from dictation.formatter import Formatter
from dictation.formatter.language import Language, language
from dictation.retrieval import Lexicon, like
from dictation.spoken_marks import Part
from dictation.what_hurts import opposites
from workstation.domain.dictation import DictatedSegment
from workstation.errors import Unavailable

MOST_LIKE = 4
MOST = 9
"""One number key each."""

_MARKS = ".,;:?!"


class Source(StrEnum):
    """Where an alternative comes from."""

    SAID = "as it was said"
    WRITTEN = "as it was written"
    HEARD = "heard otherwise"
    OTHER = "easily mistaken for"
    TERM = "sounds like it"
    CASE = "capitals"


@dataclass(frozen=True, slots=True)
class Alternative:
    words: str
    source: Source


def alternatives(
    segment: DictatedSegment, part: Part, now: str, code: str, lexicon: Lexicon | None = None, hearings: Iterable[str] = ()
) -> tuple[Alternative, ...]:
    """For `part` of a segment, of which `now` stands in the report. The likeliest first, none twice, none that stands there.

    `hearings` are whole other hearings of the segment (the other engine's, the one without expected terms).
    """
    spoken = segment.spoken.split()
    said = " ".join(spoken[part.first : part.last + 1])
    plain = said.strip(_MARKS)
    found = [Alternative(segment.text[part.start : part.end].strip(" \n"), Source.WRITTEN), Alternative(plain, Source.SAID)]
    for hearing in hearings:
        other = _heard_there(spoken, part, hearing.split())
        if other:
            found.append(Alternative(_written(other, code, now), Source.HEARD))
    found += [Alternative(word, Source.OTHER) for word in opposites(now, code)]
    found += [Alternative(_written(other, code, now), Source.OTHER) for other in _numbers_that_sound_alike(plain, code)]
    if lexicon is not None and not any(map(str.isdigit, now)):
        found += [Alternative(_cased_as(now, term), Source.TERM) for term in like(plain, lexicon, MOST_LIKE)]
    found += [Alternative(word, Source.CASE) for word in _cases(now)]
    return _told_apart(found, now)


def _told_apart(found: Sequence[Alternative], now: str) -> tuple[Alternative, ...]:
    apart: dict[str, Alternative] = {}
    for alternative in found:
        if alternative.words and alternative.words != now:
            apart.setdefault(alternative.words, alternative)
    return tuple(apart.values())[:MOST]


def _heard_there(spoken: Sequence[str], part: Part, other: Sequence[str]) -> str:
    """What the other hearing has where `part` was heard; empty where it has the same or nothing."""
    ours, theirs = [_plain(word) for word in spoken], [_plain(word) for word in other]
    low, high = None, None
    for kind, first, last, begin, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if first > part.last or last <= part.first:
            continue
        cut_front = max(0, part.first - first) if kind == "equal" else 0
        cut_back = max(0, last - 1 - part.last) if kind == "equal" else 0
        low = begin + cut_front if low is None else low
        high = end - cut_back
    if low is None or high is None or theirs[low:high] == ours[part.first : part.last + 1]:
        return ""
    return " ".join(other[low:high]).strip(_MARKS)


def _plain(word: str) -> str:
    return word.lower().strip(_MARKS)


def _numbers_that_sound_alike(said: str, code: str) -> list[str]:
    """ "fourteen" and "forty": the teen for the ten and the other way round, one at a time."""
    tables = _known(code)
    if tables is None:
        return []
    by_value = {value: word for word, value in tables.values.items()}
    words = said.split()
    found = []
    for index, word in enumerate(words):
        value = tables.values.get(word.lower())
        other = None if value is None else value % 10 * 10 if 13 <= value <= 19 else value // 10 + 10 if _is_ten(value) else None
        if other is not None and other in by_value:
            found.append(" ".join([*words[:index], by_value[other], *words[index + 1 :]]))
    return found


def _is_ten(value: int) -> bool:
    return 30 <= value <= 90 and value % 10 == 0


def _known(code: str) -> Language | None:
    try:
        return language(code)
    except Unavailable:
        return None


def _written(said: str, code: str, now: str) -> str:
    try:
        text = Formatter(code).written(said, "a").text
    except Unavailable:
        text = said
    return _cased_as(now, text.strip(" \n" + _MARKS))


def _cased_as(now: str, words: str) -> str:
    return words[0].upper() + words[1:] if words and now[:1].isupper() and words[1:].islower() else words


def _cases(now: str) -> list[str]:
    if not any(map(str.isalpha, now)) or any(map(str.isdigit, now)):
        return []
    return [now[0].upper() + now[1:], now.lower(), now.upper()]
