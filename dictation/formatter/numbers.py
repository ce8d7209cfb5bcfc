"""Number words and digits, as one number: cardinals, decimals, years, digit strings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dictation.formatter.language import Language
from dictation.formatter.tokens import Token

WRITTEN = re.compile(r"\d{1,3}(?:,\d{3})+|\d+(?:[.,]\d+)?")
THOUSANDS = re.compile(r",(?=\d{3})")
SHORTEST_WORD = 4
"""Letters of what a number is joined to: no ending of a case is as long."""


@dataclass(frozen=True, slots=True)
class Number:
    """`text` as written, taking `count` tokens. `spoken_one` marks a lone "one", which may be no number."""

    text: str
    count: int
    spoken_one: bool = False
    groups: bool = False
    """A comma in it parts thousands."""
    ending: str = ""
    """Of a number that is a name: ":ssä"; "-" where the next word is joined to it."""

    @property
    def whole(self) -> int | None:
        plain = THOUSANDS.sub("", self.text) if self.groups else self.text
        return int(plain) if plain.isdigit() else None


def number_at(tokens: Sequence[Token], at: int, language: Language) -> Number | None:
    """The longest number that begins at `at`, or None."""
    words = _run(tokens, at)
    if not words:
        return None
    if WRITTEN.fullmatch(words[0]):
        return _written_half(words, language) or Number(words[0], 1, groups=language.decimal == ".")
    if words[0] in language.fixed:
        return Number(language.fixed[words[0]], 1)
    if words[0] in language.genitives and len(words) > 1 and words[1] in language.unit_beginnings | language.by:
        return Number(str(language.genitives[words[0]]), 1)
    return (
        _decimal(words, language)
        or _half(words, language)
        or _year(words, language)
        or _digit_string(words, language)
        or _cardinal_number(words, language)
    )


def small_number_at(tokens: Sequence[Token], at: int, language: Language, most: int) -> Number | None:
    """A label of one token ("grade two"), or of several where labels run high ("image 127")."""
    if most > 99:
        found = number_at(tokens, at, language)
        return found if found and found.whole is not None and found.whole <= most else None
    if at >= len(tokens):
        return None
    low = tokens[at].low
    noun = language.number_nouns.get(low) or _first_of_compound(low, language)
    if noun is not None:
        return Number(str(noun[0]), 1, ending=noun[1]) if noun[0] <= most else None
    value = int(low) if low.isdigit() else language.values.get(low)
    return Number(str(value), 1) if value is not None and value <= most else None


def _first_of_compound(word: str, language: Language) -> tuple[int, str] | None:
    """ "viitosvälissä" is 5 and "-välissä"."""
    for said, (number, ending) in language.number_nouns.items():
        if ending == "-" and word.startswith(said) and len(word) - len(said) >= SHORTEST_WORD:
            return number, f"-{word[len(said) :]}"
    return None


def _run(tokens: Sequence[Token], at: int) -> list[str]:
    """Words from `at` up to the next punctuation: no number reaches across it."""
    words = []
    for index in range(at, min(at + 12, len(tokens))):
        if index > at and tokens[index].opening:
            break
        words.append(tokens[index].low)
        if tokens[index].mark:
            break
    return words


def _cardinal_number(words: list[str], language: Language) -> Number | None:
    value, count = cardinal(words, language)
    if not count:
        return None
    alone = count == 1 and words[0] in language.word_one
    return Number(str(value), count, spoken_one=alone)


def cardinal(words: list[str], language: Language) -> tuple[int, int]:
    """Value and number of words; (0, 0) when the words begin with no number.

    "three fifty" is 350 and "one twenty seven" 127, as radiologists count images and contrast.
    """
    if words[0] == language.article and len(words) > 1 and words[1] in language.hundred | language.thousand:
        value, count = cardinal([min(language.word_one), *words[1:]], language)
        return value, count
    if turned := _tens_last(words, language):
        return turned, 3
    total, group, count = 0, 0, 0
    room = 10_000
    for index, word in enumerate(words):
        if word in language.values:
            value = language.values[word]
            beside = language.juxtaposed and group in range(1, 10) and count == 1 and 10 <= value < 100
            if (value >= room and not beside) or _is_article(words, index, language):
                break
            group = group * 100 + value if value >= room else group + value
            room = _room_after(value)
        elif word in language.hundred and group < 20 and (group or not count):
            group = (group or 1) * 100
            room = 100
        elif word in language.thousand and (group or not count) and total == 0:
            total, group, room = (group or 1) * 1000, 0, 1_000
        elif not _joins(words, index, count, group, total, language):
            break
        else:
            continue
        count = index + 1
    return (total + group, count) if count else (0, 0)


def _room_after(value: int) -> int:
    """What may still follow in the same group: tens after hundreds, units after tens, nothing after units and teens."""
    if value and value % 100 == 0:
        return 100
    return 10 if value >= 20 and value % 10 == 0 else 0


def _tens_last(words: list[str], language: Language) -> int:
    """ "fem og tyve"; 0 when the words are no such number."""
    if not language.tens_last or len(words) < 3 or words[1] != language.conjunction:
        return 0
    unit, tens = language.values.get(words[0], 0), language.values.get(words[2], 0)
    return tens + unit if 0 < unit < 10 and tens in range(20, 100, 10) else 0


def _is_article(words: list[str], index: int, language: Language) -> bool:
    """The "en" of "tjugo en ...", which counts nothing; but "hundra och en" and "tjugo en millimeter" do."""
    if not language.one_is_article or not index or words[index] not in language.word_one:
        return False
    before_unit = index + 1 < len(words) and words[index + 1] in language.unit_beginnings
    return words[index - 1] != language.conjunction and not before_unit


def _joins(words: list[str], index: int, count: int, group: int, total: int, language: Language) -> bool:
    """The "and" of "two hundred and five"."""
    if words[index] != language.conjunction or index != count or index + 1 >= len(words):
        return False
    hundreds = group and group % 100 == 0
    return bool(hundreds or (total and not group)) and words[index + 1] in language.values


def _decimal(words: list[str], language: Language) -> Number | None:
    whole, count = cardinal(words, language)
    if words[0] in language.oh:
        whole, count = 0, 1
    if count >= len(words) or words[count] not in language.point:
        return None
    digits, used = _fraction(words[count + 1 :], language)
    if not digits:
        return None
    return Number(f"{whole}{language.decimal}{digits}", count + 1 + used)


def _fraction(words: list[str], language: Language) -> tuple[str, int]:
    if words and words[0].isdigit():
        return words[0], 1
    digits = ""
    for word in words:
        value = 0 if word in language.oh else language.values.get(word, language.genitives.get(word))
        if value is None or value > 9:
            break
        digits += str(value)
    if digits or not words:
        return digits, len(digits)
    value, count = cardinal(words[:2], language)
    return (str(value), count) if count and 10 <= value <= 99 else ("", 0)


def _half(words: list[str], language: Language) -> Number | None:
    """ "two and a half"."""
    whole, count = cardinal(words, language)
    used = next((len(half) for half in language.halves if tuple(words[count : count + len(half)]) == half), 0)
    return Number(f"{whole}{language.decimal}5", count + used) if count and used else None


def _written_half(words: list[str], language: Language) -> Number | None:
    used = next((len(half) for half in language.halves if tuple(words[1 : 1 + len(half)]) == half), 0)
    return Number(f"{words[0]}{language.decimal}5", 1 + used) if used and words[0].isdigit() else None


def _year(words: list[str], language: Language) -> Number | None:
    """ "twenty twenty four", "nineteen ninety", "twenty oh five"."""
    if len(words) < 2 or language.values.get(words[0]) not in (19, 20):
        return None
    century = language.values[words[0]]
    if words[1] in language.oh and len(words) > 2 and 0 < language.values.get(words[2], 0) < 10:
        return Number(f"{century}0{language.values[words[2]]}", 3)
    value, count = cardinal(words[1:3], language)
    return Number(f"{century}{value}", 1 + count) if count and 10 <= value <= 99 else None


def _digit_string(words: list[str], language: Language) -> Number | None:
    """ "one two three" is 1 2 3; with an "oh" in it, "five oh two", it is 502."""
    digits: list[str] = []
    for word in words:
        value = 0 if word in language.oh else language.values.get(word)
        if value is None or value > 9 or (word in language.oh and not digits):
            break
        if language.one_is_article and word in language.word_one:
            break
        digits.append(str(value))
    if len(digits) < 2 or language.values.get(words[len(digits)] if len(digits) < len(words) else "", 0) > 9:
        return None
    spoken_oh = any(word in language.oh for word in words[: len(digits)])
    return Number(("" if spoken_oh else " ").join(digits), len(digits))
