"""The grammar: each rule looks at the tokens from one place on and writes what it knows, or passes."""

from __future__ import annotations

import re

from dictation.formatter.clock import half_day, time_of_day
from dictation.formatter.dates import date, ordinal
from dictation.formatter.language import Language
from dictation.formatter.numbers import Number
from dictation.formatter.place import Piece, Place, Rule
from dictation.formatter.tokens import match, phrase

LEVEL = re.compile(r"(th|[ctls])-?(\d{1,2})", re.IGNORECASE)
LEVEL_PAIR = re.compile(r"(th|[ctls])(\d{1,2})[-/]((?:th|[ctls])?)(\d{1,2})", re.IGNORECASE)
SCORE_WITH_NUMBER = re.compile(r"([a-z]+-?rads)-?(\d)([a-z]?)", re.IGNORECASE)
PERCENT = "%"
JOINS = "-"
"""The ending of a number whose name is the first part of a compound: "viitosväli"."""


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
    return Piece(f"{name}{between} {found.text}{letter.upper()}{_case(found)}", count + 1 + bool(letter), named=True)


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
    letter, number, count, ending = first
    name = _level_name(letter, number, place.language)
    if letter == "t" and number <= 2 and place.joined(count + 1):
        if place.low(count) in place.language.weighted:
            return Piece(f"{name}-{place.low(count)}", count + 1, named=True)
        if place.low(count) in place.language.star:
            return Piece(f"{name}*", count + 1, named=True)
    below = _disc_below(place, count, letter, number)
    if below is not None:
        name, count, ending = f"{name}-{below[0]}", count + below[1], below[2]
    if ending == JOINS:
        joined = place.low(count) if place.joined(count + 1) and place.low(count).isalpha() else ""
        return Piece(f"{name}-{joined}" if joined else name, count + bool(joined), named=True)
    return Piece(name + ending, count, named=True)


def _level_name(letter: str, number: int, language: Language) -> str:
    return f"{language.level_names.get(letter, letter.upper())}{number}"


def _disc_below(place: Place, offset: int, letter: str, number: int) -> tuple[str, int, str] | None:
    """The next vertebra, said right after: "l four l five", "l five s one", "c five six"; its tokens and case."""
    follows = place.language.next_level.get(f"{letter}{number}")
    expected = {f"{letter}{number + 1}", follows}
    if not place.joined(offset + 1):
        return None
    second = _level_at(place, offset)
    if second is not None and f"{second[0]}{second[1]}" in expected:
        return _level_name(second[0], second[1], place.language), second[2], second[3]
    bare = place.small(offset, 12)
    if bare is not None and bare.whole == number + 1 and letter != "t":
        has_unit = place.unit(offset + 1)[1] or place.low(offset + 1) in place.language.by | place.language.point
        return None if has_unit else (_level_name(letter, number + 1, place.language), 1, bare.ending)
    return None


def _level_at(place: Place, offset: int) -> tuple[str, int, int, str] | None:
    """Letter, number and tokens of the level at `offset`, and the case it is in."""
    written = LEVEL.fullmatch(place.low(offset))
    if written and _is_level(written[1], int(written[2]), place.language):
        return written[1].lower(), int(written[2]), 1, ""
    letter = place.language.level_letters.get(place.low(offset), place.low(offset))
    if letter not in place.language.levels:
        return None
    beyond = Place(place.tokens, place.at + offset, (), place.language)
    found = beyond.small(1, place.language.levels[letter])
    if found is None or found.whole == 0:
        return None
    return letter, int(found.text), 2, found.ending


def _is_level(letter: str, number: int, language: Language) -> bool:
    return 1 <= number <= language.levels.get(letter.lower(), 0)


def keyword(place: Place) -> Piece | None:
    """ "grade one" -> "grade 1", "segment four b" -> "segment 4B"; at a line's start, list numbers."""
    known = place.language.keywords.get(place.low())
    if known is None:
        return None
    found = place.small(1, known.most)
    if found is None or (known.most <= 99 and place.unit(2)[1]):
        return None
    starts_line = not place.before or place.before[-1].text[-1:] in ("\n", ":")
    if place.low() in place.language.list_items and starts_line:
        return Piece(f"{found.text}.", 1 + found.count)
    if not _is_label(place, found):
        return None
    word = place.language.casing.get(place.low(), place.tokens[place.at].text)
    letter = _suffix(place, 2, known.suffixes.get(found.whole or 0, ""))
    return Piece(f"{word} {found.text}{letter.upper()}{_case(found)}", 1 + found.count + bool(letter))


def _case(number: Number) -> str:
    """ ":ssä" of a number that is a name."""
    return number.ending if number.ending != JOINS else ""


def _is_label(place: Place, found: Number) -> bool:
    """ "segment en liten" has no label, where "en" is the article too; "segment ett." has one."""
    if not place.language.one_is_article or place.low(1) not in place.language.word_one:
        return True
    last = place.at + found.count
    closes = bool(place.tokens[last].mark) or last + 1 == len(place.tokens)
    return closes or place.low(1 + found.count) in place.language.after_letter


def quantity(place: Place) -> Piece | None:
    """Everything that begins with a number: sizes, ranges, amounts with a unit, times, bare numbers."""
    first = place.number()
    if first is None:
        return None
    return _size(place, first) or _range(place, first) or half_day(place, first) or _amount(place, first)


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


RULES: tuple[Rule, ...] = (date, time_of_day, score, level, keyword, ordinal, case_range, quantity, term, prefixed)
