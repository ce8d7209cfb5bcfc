"""Words of a worklist row and of what is typed to find it: folded, so that `ostling` finds Östling and `oestling` too.

Nordic letters are written in several ways on other keyboards (å: a, aa; ä, æ: a, ae; ö, ø: o, oe). A word stands
in each of its forms, and what is typed is sought in each of its own: whoever writes Ærø, Aero or Aeroe is right.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

MOST_WORDS = 12
"""Of what is typed; more cannot be meant."""
LONGEST = 40

_SHORT = str.maketrans({"å": "a", "ä": "a", "æ": "ae", "ö": "o", "ø": "o", "ð": "d", "þ": "th", "đ": "d", "ł": "l", "ı": "i"})
_LONG = str.maketrans({"å": "aa", "ä": "ae", "æ": "ae", "ö": "oe", "ø": "oe", "ü": "ue", "ð": "d", "þ": "th", "đ": "d", "ł": "l"})
_BARE = str.maketrans({"æ": "a"})
# After z, in the order of the Swedish and Finnish alphabets; ä and æ, ö and ø stand together.
_SORTED = str.maketrans({"å": "{a", "ä": "{b", "æ": "{b", "ö": "{c", "ø": "{c"})


@dataclass(frozen=True, slots=True)
class Sought:
    """One typed word: `alternatives`, each of which is beginnings of words that must all be there."""

    alternatives: tuple[tuple[str, ...], ...]

    def is_in(self, words: str) -> bool:
        """Whether `words_of` a row has it."""
        return any(all(f" {part}" in words for part in parts) for parts in self.alternatives)


def words_of(texts: Iterable[str]) -> str:
    """Every form of every word once, each after a space. Numbers with hyphens stand in parts and joined as well."""
    found: dict[str, None] = {}
    for text in texts:
        for chunk in text.replace("^", " ").split():
            found |= dict.fromkeys(_chunk_forms(chunk))
    return "".join(f" {word}" for word in found)


def id_forms(patient_id: str) -> tuple[str, ...]:
    """Other ways in which a Nordic personal number is typed: without its century, and its last group alone.

    Sweden YYYYMMDDNNNN and YYMMDDNNNN, Denmark DDMMYYNNNN, Norway DDMMYYNNNNN, Finland DDMMYYANNNX; days may be of
    coordination and D-numbers. Where a sign stands between date and last group, that group is a word already.
    """
    parts = _parts(patient_id)
    whole = "".join(parts)
    last = next((length for number, length in _LAST_GROUPS if number.fullmatch(whole)), 0)
    if not last:
        return ()
    forms = [whole[2:]] if _WITH_CENTURY.fullmatch(whole) else []
    forms += [whole] if len(patient_id.split()) > 1 else []
    return (*forms, whole[-last:]) if len(parts) == 1 else tuple(forms)


# `SE1234567` is found by its digits too.
_NUMBERED = re.compile("[a-z]{1,6}([0-9]{4,40})")
_DATE = "[0-9]{2}(?:0[1-9]|1[0-2])[0-9]{2}"
_WITH_CENTURY = re.compile(f"(?:18|19|20){_DATE}[0-9]{{4}}")
_LAST_GROUPS = (
    (_WITH_CENTURY, 4),
    (re.compile(f"{_DATE}[0-9]{{4}}"), 4),
    (re.compile(f"{_DATE}[0-9]{{5}}"), 5),
    (re.compile(f"{_DATE}[a-z][0-9]{{3}}[0-9a-z]"), 4),
)


@lru_cache(maxsize=65536)
def _chunk_forms(chunk: str) -> tuple[str, ...]:
    parts = _parts(chunk)
    whole = "".join(parts)
    forms = [form for part in parts for form in _forms(part)]
    forms += [numbered[1] for part in parts if (numbered := _NUMBERED.fullmatch(part)) is not None]
    return tuple(dict.fromkeys([*forms, *(_forms(whole) if len(parts) > 1 and _has_digit(whole) else ())]))


@lru_cache(maxsize=256)
def sought(text: str) -> tuple[Sought, ...]:
    """What is typed, word by word; empty for nothing that could be found."""
    made = []
    for chunk in text.split()[:MOST_WORDS]:
        parts = _parts(chunk)
        if not parts:
            continue
        alternatives = [tuple(forms) for forms in zip(*(_two_forms(part) for part in parts), strict=True)]
        if len(parts) > 1 and _has_digit(chunk):
            alternatives.append(("".join(parts),))
        if len(parts) == 1:
            alternatives = [(form,) for form in _forms(parts[0])]
        made.append(Sought(tuple(dict.fromkeys(alternatives))))
    return tuple(dict.fromkeys(made))


def sort_key(text: str) -> str:
    """For an index that compares bytes: without case and accents, å ä ö after z."""
    return _bare(text.casefold().translate(_SORTED)) if not text.isascii() else text.casefold()


def _parts(chunk: str) -> list[str]:
    lower = unicodedata.normalize("NFC", chunk).casefold()
    return "".join(c if c.isalnum() else " " for c in lower).split()


def _two_forms(part: str) -> tuple[str, str]:
    return _bare(part.translate(_SHORT))[:LONGEST], _bare(part.translate(_LONG))[:LONGEST]


def _forms(part: str) -> tuple[str, ...]:
    if part.isascii():
        return (part[:LONGEST],)
    short, long = _two_forms(part)
    return tuple(form for form in dict.fromkeys((short, long, _bare(part.translate(_BARE).translate(_SHORT))[:LONGEST])) if form)


def _bare(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c) and (c.isalnum() or c in "{ "))


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)
