"""Dates, and ordinals in front of what is counted: "March 3, 2024", "3. mars", "11th rib"."""

from __future__ import annotations

import re

from dictation.formatter.language import Language
from dictation.formatter.numbers import Number
from dictation.formatter.place import Piece, Place

ORDINAL_DIGITS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)", re.IGNORECASE)


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
    return Piece(_written_ordinal(value, language), 1)


def _written_ordinal(value: int, language: Language) -> str:
    """ "11th", "11:e", "11."; a language without a form of its own writes as English does."""
    form = language.ordinal_forms.get(str(value % 10) if value // 10 != 1 else "", language.ordinal_forms.get("other", ""))
    return form.format(value) if form else f"{value}{_english_ending(value)}"


def _english_ending(value: int) -> str:
    return "th" if 10 <= value % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
