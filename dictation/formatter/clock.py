"""Times of day: "ten thirty a m" -> "10:30 AM", "klockan fjorton trettio" -> "klockan 14.30"."""

from __future__ import annotations

from dictation.formatter.numbers import Number
from dictation.formatter.place import Piece, Place
from dictation.formatter.tokens import match, phrase

HOURS, MINUTES = 24, 60
TWO_DIGITS = 10


def half_day(place: Place, first: Number) -> Piece | None:
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
    if hour > HOURS or minute is None or minute >= MINUTES:
        return None
    on_the_hour = not minutes and not minute
    return Piece(f"{hour} {half}" if on_the_hour else f"{hour}:{minute:02d} {half}", offset + used, named=True)


def time_of_day(place: Place) -> Piece | None:
    """ "klockan fjorton trettio", "kello yhdeksän nolla viisi", "at fourteen thirty"; a lone hour stays as it is."""
    language = place.language
    if place.low() not in language.time_openers or not place.joined(2):
        return None
    found = _in_two(place) or _in_one(place)
    if found is None:
        return None
    hour, minute, count = found
    if language.time_followers and not _ends_there(place, count):
        return None
    opener = place.tokens[place.at].text
    return Piece(f"{opener} {hour}{language.time_mark}{minute:02d}", count)


def _in_two(place: Place) -> tuple[int, int, int] | None:
    """Hour and minutes said as two numbers, with the tokens that they take."""
    hour = place.number(1)
    if hour is None or hour.whole is None or hour.whole >= HOURS:
        return None
    at = 1 + hour.count
    if place.low(at) in place.language.oh and place.joined(at + 2):
        digit = place.small(at + 1, 9)
        return (hour.whole, digit.whole or 0, at + 2) if digit is not None else None
    minutes = place.number(at)
    if minutes is None or minutes.whole is None or not TWO_DIGITS <= minutes.whole < MINUTES:
        return None
    return hour.whole, minutes.whole, at + minutes.count


def _in_one(place: Place) -> tuple[int, int, int] | None:
    """ "nine forty five", "twenty fifteen" and "eight oh five", which are numbers elsewhere."""
    said = place.number(1)
    if said is None or said.whole is None or said.count == 1:
        return None
    cues = place.language.time_cues
    if cues and not any(token.low in cues for token in place.tokens[: place.at]):
        return None  # "omnipaque at three fifty" is no time
    hour, minute = divmod(said.whole, 100)
    return (hour, minute, 1 + said.count) if 0 < hour < HOURS and minute < MINUTES else None


def _ends_there(place: Place, count: int) -> bool:
    """ "at ten thirty", but "at ten thirty millimeters" and "at four twenty of the series" are no times."""
    closes = place.at + count == len(place.tokens) or bool(place.tokens[place.at + count - 1].mark)
    return closes or place.low(count) in place.language.time_followers
