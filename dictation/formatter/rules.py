"""The grammar: each rule looks at the tokens from one place on and writes what it knows, or passes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dictation.formatter.language import Language
from dictation.formatter.numbers import Number, number_at, small_number_at
from dictation.formatter.tokens import Token, match, phrase

LEVEL = re.compile(r"(th|[ctls])-?(\d{1,2})", re.IGNORECASE)
LEVEL_PAIR = re.compile(r"(th|[ctls])(\d{1,2})[-/]((?:th|[ctls])?)(\d{1,2})", re.IGNORECASE)
SCORE_WITH_NUMBER = re.compile(r"([a-z]+-?rads)-?(\d)([a-z]?)", re.IGNORECASE)
ORDINAL_DIGITS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)", re.IGNORECASE)
PERCENT = "%"


@dataclass(frozen=True, slots=True)
class Piece:
    """`text` written for `count` tokens. `glue`: the sides that take no space (left, right, both)."""

    text: str
    count: int
    glue: str = ""
    named: bool = False
    """A name or code whose letters keep their case, whatever stands before it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule looks: `tokens[at:]`, with the pieces already written before it."""

    tokens: Sequence[Token]
    at: int
    before: Sequence[Piece]
    language: Language

    def low(self, offset: int = 0) -> str:
        index = self.at + offset
        return self.tokens[index].low if 0 <= index < len(self.tokens) else ""

    def joined(self, count: int) -> bool:
        """No punctuation of the recogniser's own between the first `count` tokens."""
        inner = self.tokens[self.at : self.at + count - 1]
        return len(inner) == count - 1 and not any(token.mark for token in inner)

    def number(self, offset: int = 0) -> Number | None:
        if self.at + offset >= len(self.tokens) or (offset and not self.joined(offset + 1)):
            return None
        return number_at(self.tokens, self.at + offset, self.language)

    def small(self, offset: int, most: int) -> Number | None:
        if not self.joined(offset + 1):
            return None
        return small_number_at(self.tokens, self.at + offset, self.language, most)

    def unit(self, offset: int) -> tuple[str, int]:
        """The written unit at `offset` and its number of tokens, or ("", 0)."""
        if not self.joined(offset + 1):
            return "", 0
        count = match(self.tokens, self.at + offset, self.language.units)
        return (self.language.units[phrase(self.tokens, self.at + offset, count)], count) if count else ("", 0)


Rule = Callable[[Place], Piece | None]


def score(place: Place) -> Piece | None:
    """ "bi rads four a" -> "BI-RADS 4A"."""
    language = place.language
    count = match(place.tokens, place.at, language.scores)
    if count:
        name = language.scores[phrase(place.tokens, place.at, count)]
    elif written := SCORE_WITH_NUMBER.fullmatch(place.low()):
        name = _score_name(written[1], language)
        return Piece(f"{name} {written[2]}{written[3].upper()}", 1, named=True) if name else None
    else:
        name, count = _score_name(place.low(), language), 1
        if not name:
            return None
    between = ""
    if place.joined(count + 1) and place.low(count) in language.score_between:
        between, count = f" {place.low(count)}", count + 1
    found = place.small(count, 6)
    if found is None:
        return Piece(name + between, count, named=True)
    letter = _suffix(place, count + 1, language.score_suffixes.get(name, {}).get(int(found.text), ""))
    return Piece(f"{name}{between} {found.text}{letter.upper()}", count + 1 + bool(letter), named=True)


def _score_name(word: str, language: Language) -> str:
    letters = word.replace("-", "")
    return language.scores.get((letters,), "") if letters.endswith("rads") else ""


def _suffix(place: Place, offset: int, allowed: str) -> str:
    """The letter of "4A". A letter that is also a word ("a") counts at the end of its phrase only."""
    letter = place.low(offset)
    if not place.joined(offset + 1) or len(letter) != 1 or letter not in allowed:
        return ""
    if letter != place.language.article:
        return letter
    closes = place.tokens[place.at + offset].mark or place.at + offset + 1 == len(place.tokens)
    following = place.low(offset + 1)
    return letter if closes or following in place.language.after_letter else ""


def level(place: Place) -> Piece | None:
    """Vertebrae, discs, and the MR weightings that sound alike: "L4-L5", "T11", "T2-weighted"."""
    pair = LEVEL_PAIR.fullmatch(place.low())
    if pair and _is_level(pair[1], int(pair[2]), place.language) and int(pair[4]) <= 12:
        names = place.language.level_names
        upper, lower = (names.get(letter, letter.upper()) for letter in (pair[1], pair[3] or pair[1]))
        return Piece(f"{upper}{pair[2]}-{lower}{pair[4]}", 1, named=True)
    first = _level_at(place, 0)
    if first is None:
        return None
    letter, number, count = first
    name = _level_name(letter, number, place.language)
    if letter == "t" and number <= 2 and place.joined(count + 1):
        if place.low(count) in place.language.weighted:
            return Piece(f"{name}-{place.low(count)}", count + 1, named=True)
        if place.low(count) in place.language.star:
            return Piece(f"{name}*", count + 1, named=True)
    below = _disc_below(place, count, letter, number)
    if below is not None:
        return Piece(f"{name}-{below[0]}", count + below[1], named=True)
    return Piece(name, count, named=True)


def _level_name(letter: str, number: int, language: Language) -> str:
    return f"{language.level_names.get(letter, letter.upper())}{number}"


def _disc_below(place: Place, offset: int, letter: str, number: int) -> tuple[str, int] | None:
    """The next vertebra, said right after: "l four l five", "l five s one", "c five six"."""
    follows = place.language.next_level.get(f"{letter}{number}")
    expected = {f"{letter}{number + 1}", follows}
    if not place.joined(offset + 1):
        return None
    second = _level_at(place, offset)
    if second is not None and f"{second[0]}{second[1]}" in expected:
        return _level_name(second[0], second[1], place.language), second[2]
    bare = place.small(offset, 12)
    if bare is not None and bare.whole == number + 1 and letter != "t":
        has_unit = place.unit(offset + 1)[1] or place.low(offset + 1) in place.language.by | place.language.point
        return None if has_unit else (_level_name(letter, number + 1, place.language), 1)
    return None


def _level_at(place: Place, offset: int) -> tuple[str, int, int] | None:
    """Letter, number and tokens of the level at `offset`."""
    written = LEVEL.fullmatch(place.low(offset))
    if written and _is_level(written[1], int(written[2]), place.language):
        return written[1].lower(), int(written[2]), 1
    letter = place.language.level_letters.get(place.low(offset), place.low(offset))
    if letter not in place.language.levels:
        return None
    beyond = Place(place.tokens, place.at + offset, (), place.language)
    found = beyond.small(1, place.language.levels[letter])
    if found is None or found.whole == 0:
        return None
    return letter, int(found.text), 2


def _is_level(letter: str, number: int, language: Language) -> bool:
    return 1 <= number <= language.levels.get(letter.lower(), 0)


def keyword(place: Place) -> Piece | None:
    """ "grade one" -> "grade 1", "segment four b" -> "segment 4B"; at a line's start, list numbers."""
    known = place.language.keywords.get(place.low())
    if known is None:
        return None
    found = place.small(1, known.most)
    if found is not None and not _is_label(place, found):
        return None
    if found is None or (known.most <= 99 and place.unit(2)[1]):
        return None
    starts_line = not place.before or place.before[-1].text[-1:] in ("\n", ":")
    if place.low() in place.language.list_items and starts_line:
        return Piece(f"{found.text}.", 1 + found.count)
    word = place.language.casing.get(place.low(), place.tokens[place.at].text)
    letter = _suffix(place, 2, known.suffixes.get(found.whole or 0, ""))
    return Piece(f"{word} {found.text}{letter.upper()}", 1 + found.count + bool(letter))


def _is_label(place: Place, found: Number) -> bool:
    """ "segment en liten" has no label, where "en" is the article too; "segment ett." has one."""
    if not place.language.one_is_article or place.low(1) not in place.language.word_one:
        return True
    last = place.at + found.count
    closes = bool(place.tokens[last].mark) or last + 1 == len(place.tokens)
    return closes or place.low(1 + found.count) in place.language.after_letter


def date(place: Place) -> Piece | None:
    """ "march third twenty twenty four" -> "March 3, 2024"; "the third of march" -> "3 March";
    "tredje mars tjugotjugofyra" -> "3 mars 2024"."""
    if place.language.day_first:
        return _day_first(place)
    month = place.language.months.get(place.low())
    if month is not None:
        return _month_first(place, month)
    article = place.low() == place.language.date_article
    day = _ordinal(place, int(article))
    if day is None or place.low(day[1] + article) != place.language.date_of:
        return None
    count = day[1] + article + 1
    month = place.language.months.get(place.low(count))
    if month is None or not place.joined(count + 1):
        return None
    year = _year(place, count + 1)
    return Piece(f"{day[0]} {month}" + (f" {year.text}" if year else ""), count + 1 + (year.count if year else 0))


def _day_first(place: Place) -> Piece | None:
    """Also "3. mars", where the point is the ordinal's."""
    month = place.language.months.get(place.low())
    if month is not None:
        year = _year(place, 1)
        return Piece(f"{month} {year.text}", 1 + year.count) if year else None
    day = _ordinal(place, 0)
    if day is None or place.tokens[place.at + day[1] - 1].mark not in ("", "."):
        return None
    month = place.language.months.get(place.low(day[1]))
    if month is None or day[0] > 31:
        return None
    beyond = Place(place.tokens, place.at + day[1], (), place.language)
    year = _year(beyond, 1)
    written = f"{place.language.day_first.format(day[0])} {month}" + (f" {year.text}" if year else "")
    return Piece(written, day[1] + 1 + (year.count if year else 0), named=True)


def _month_first(place: Place, month: str) -> Piece | None:
    day = _ordinal(place, 1) if place.joined(2) else None
    if day is None:
        year = _year(place, 1)
        return Piece(f"{month} {year.text}", 1 + year.count, named=True) if year else None
    day_mark = place.tokens[place.at + day[1]].mark
    beyond = Place(place.tokens, place.at + 1 + day[1], (), place.language)
    year = _year(beyond, 0) if day_mark in ("", ",") else None
    if year is None:
        return Piece(f"{month} {day[0]}", 1 + day[1], named=True)
    return Piece(f"{month} {day[0]}, {year.text}", 1 + day[1] + year.count, named=True)


def _year(place: Place, offset: int) -> Number | None:
    found = place.number(offset)
    return found if found and found.whole is not None and 1900 <= found.whole <= 2099 else None


def _ordinal(place: Place, offset: int) -> tuple[int, int] | None:
    """Day number and tokens: "third", "twenty third", "3rd", and plain "3" or "three"."""
    language, low = place.language, place.low(offset)
    if written := ORDINAL_DIGITS.fullmatch(low):
        return int(written[1]), 1
    if low in language.ordinals:
        return language.ordinals[low], 1
    tens = language.values.get(low, 0)
    units = language.ordinals.get(place.low(offset + 1), 99)
    if tens in (20, 30) and units < 10 and place.joined(offset + 2):
        return tens + units, 2
    head = low.split("-")
    if len(head) == 2 and language.values.get(head[0], 0) in (20, 30) and head[1] in language.ordinals:
        return language.values[head[0]] + language.ordinals[head[1]], 1
    plain = int(low) if low.isdigit() else language.values.get(low, 0)
    return (plain, 1) if 1 <= plain <= 31 and place.low(offset + 1) not in language.hundred and plain != 20 else None


def ordinal(place: Place) -> Piece | None:
    """ "second rib" -> "2nd rib", but "third ventricle" stays."""
    language = place.language
    value = language.ordinals.get(place.low())
    if value is None:
        return None
    offset = 1
    while place.low(offset) in language.ordinal_joiners and place.low(offset + 1) in language.ordinals:
        offset += 2
    if place.low(offset) not in language.counted or not place.joined(offset + 1):
        return None
    return Piece(f"{value}{_ordinal_ending(value)}", 1)


def _ordinal_ending(value: int) -> str:
    return "th" if 10 <= value % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def quantity(place: Place) -> Piece | None:
    """Everything that begins with a number: sizes, ranges, amounts with a unit, times, bare numbers."""
    first = place.number()
    if first is None:
        return None
    return _size(place, first) or _range(place, first) or _clock(place, first) or _amount(place, first)


def _size(place: Place, first: Number) -> Piece | None:
    """ "twenty by thirteen millimeters" -> "20 x 13 mm"; a unit said twice is written once."""
    numbers, units, count = [first.text], [], first.count
    while True:
        unit, used = place.unit(count)
        units.append(unit)
        count += used
        if place.low(count) not in place.language.by or not place.joined(count + 1):
            break
        further = place.number(count + 1)
        if further is None:
            break
        numbers.append(further.text)
        count += 1 + further.count
    if len(numbers) < 2:
        return None
    said = [unit for unit in units if unit]
    if len(set(said)) > 1:
        text = " x ".join(f"{number} {unit}".strip() for number, unit in zip(numbers, units, strict=True))
    else:
        text = " x ".join(numbers) + (f" {said[0]}" if said else "")
    return Piece(text, count)


def _range(place: Place, first: Number) -> Piece | None:
    """ "fifty to sixty percent" -> "50-60%"; after "from" it stays "4 to 6 mm"."""
    joiner = place.low(first.count)
    if joiner not in place.language.to | {"-"} or not place.joined(first.count + 1):
        return None
    second = place.number(first.count + 1)
    if second is None:
        return None
    count = first.count + 1 + second.count
    unit, used = place.unit(count)
    if not unit and joiner != "-":
        return Piece(f"{first.text} {joiner} {second.text}", count) if not first.spoken_one else None
    opened = any(place.low(-back) in place.language.range_openers for back in (1, 2)) and joiner != "-"
    both = f"{first.text} {joiner} {second.text}" if opened else f"{first.text}-{second.text}"
    return Piece(_with_unit(both, unit, place.language), count + used)


def _clock(place: Place, first: Number) -> Piece | None:
    """ "ten thirty a m" -> "10:30 AM"; "eight fifteen a m" has been heard as 815."""
    minutes = place.number(first.count)
    offset = first.count + (minutes.count if minutes else 0)
    used = match(place.tokens, place.at + offset, place.language.clock) if place.joined(offset + 1) else 0
    if not used or first.whole is None:
        return None
    half = place.language.clock[phrase(place.tokens, place.at + offset, used)]
    hour, minute = (first.whole, minutes.whole) if minutes else divmod(first.whole, 100)
    if not minutes and first.whole < 100:
        hour, minute = first.whole, 0
    if hour > 24 or minute is None or minute > 59:
        return None
    on_the_hour = not minutes and not minute
    return Piece(f"{hour} {half}" if on_the_hour else f"{hour}:{minute:02d} {half}", offset + used, named=True)


def _amount(place: Place, number: Number) -> Piece | None:
    unit, used = place.unit(number.count)
    if unit:
        return Piece(_with_unit(number.text, unit, place.language), number.count + used)
    if number.spoken_one:
        return None
    return Piece(number.text, number.count)


def _with_unit(number: str, unit: str, language: Language) -> str:
    tight = unit.startswith("-") or (unit.startswith(PERCENT) and not language.space_before_percent)
    return f"{number}{unit}" if tight else f"{number} {unit}"


def case_range(place: Place) -> Piece | None:
    """ "viidestä kuuteen millimetriin" -> "5-6 mm": the cases say that it is a range."""
    first, last = (table.get(place.low(offset)) for offset, table in enumerate(place.language.ranges))
    if first is None or last is None or not place.joined(2):
        return None
    unit, used = place.unit(2)
    return Piece(_with_unit(f"{first}-{last}", unit, place.language) if unit else f"{first}-{last}", 2 + used)


def term(place: Place) -> Piece | None:
    """Phrases and names with a written form of their own: "ground-glass", "CT", "Bosniak"."""
    token = place.tokens[place.at]
    count = match(place.tokens, place.at, place.language.phrases)
    if count:
        written = place.language.phrases[phrase(place.tokens, place.at, count)]
        named = written != written.lower()
        return Piece(written if named or not token.text[:1].isupper() else written[0].upper() + written[1:], count, named=named)
    if token.low in place.language.casing and token.text + token.mark != "Mr.":
        return Piece(place.language.casing[token.low], 1, named=True)
    return None


def prefixed(place: Place) -> Piece | None:
    """ "hyper-intense" -> "hyperintense"; two vowels stay apart ("extra-axial")."""
    head, hyphen, rest = place.tokens[place.at].text.partition("-")
    if not hyphen or head.lower() not in place.language.prefixes or not rest.isalpha() or len(rest) < 4:
        return None
    vowels = "aeiou"
    return None if head[-1].lower() in vowels and rest[0].lower() in vowels else Piece(head + rest.lower(), 1)


RULES: tuple[Rule, ...] = (date, score, level, keyword, ordinal, case_range, quantity, term, prefixed)
