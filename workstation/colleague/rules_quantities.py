"""Quantities that are no lengths: volumes, shares, angles, grades; what cannot be, and what the impression has otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workstation.colleague.facts import Remark
from workstation.colleague.reading import Sentence
from workstation.colleague.scales import ANY, LETTERED, NUMBERED, number_of
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode

_UNITS = {
    "ml": ("ml", "mL", "cc", "cm3", "cm³"),
    "%": ("%", "percent", "per cent", "procent"),
    "°": ("°", "degrees", "degree", "grader"),
    "HU": ("HU", "Hounsfield"),
    "cm/s": ("cm/s",),
    "m/s": ("m/s",),
    "mmHg": ("mmHg", "mm Hg"),
}
_MOST = {"°": 180.0, "ml": 9000.0, "mmHg": 300.0, "m/s": 9.0, "cm/s": 900.0}
"""More than this nothing has."""
_NUMBER = r"-?\d{1,5}(?:[.,]\d{1,2})?"
_QUANTITY = re.compile(
    rf"(?<![\w.,/])({_NUMBER})(?:\s*(?:-|–|to|till)\s*({_NUMBER}))?\s*("
    + "|".join(re.escape(unit) for units in _UNITS.values() for unit in units)
    + r")(?![\w/²])",
    re.IGNORECASE,
)
_UNIT = {written.lower(): unit for unit, units in _UNITS.items() for written in units}
CLOSE_SHARE, CLOSE = 0.15, 1.0
"""So far apart, as a share or in the unit, two values may be rounded from one."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """From `least` to `most` in `unit`, the same where one value was said."""

    sentence: Sentence
    words: str
    unit: str
    least: float
    most: float


def quantities(seen: Seen) -> list[Quantity]:
    return seen.once(_quantities)


def _quantities(seen: Seen) -> list[Quantity]:
    found = []
    for sentence in seen.now:
        for match in _QUANTITY.finditer(sentence.text):
            values = [float(value.replace(",", ".")) for value in match.groups()[:2] if value]
            unit = _UNIT[match.group(3).lower()]
            # `-25 %` is a loss of 25 %.
            values = values if unit == "HU" else [abs(value) for value in values]
            found.append(Quantity(sentence, match.group(0), unit, min(values), max(values)))
    return found


def impossible(seen: Seen) -> Iterator[Remark]:
    """`A Cobb angle of 240 degrees`, `a residual of 4500 ml`, `Weber D`."""
    for quantity in quantities(seen):
        most = _MOST.get(quantity.unit, float("inf"))
        if quantity.unit == "ml" and seen.language.has("held_ml", quantity.sentence.text):
            most = MOST_HELD
        if quantity.most > most:
            yield seen.remark("number", quantity.sentence, quantity.words, f'"{quantity.words}" is more than can be')
    for sentence in (s for s in seen.read if ANY.search(s.text)):
        for name, words, least, highest in NUMBERED:
            for match in words.finditer(sentence.text):
                if not least <= number_of(match.group(1)) <= highest:
                    yield seen.remark("number", sentence, match.group(0), f"{name} goes from {least} to {highest}")
        for name, words, letters in LETTERED:
            for match in words.finditer(sentence.text):
                if match.group(1) not in letters:
                    why = f"{name} goes from {letters[0]} to {letters[-1]}"
                    yield seen.remark("number", sentence, match.group(0), why)


MOST_HELD = 2500.0
"""In ml: more a bladder, a gland or a cyst of these hardly holds."""


def otherwise(seen: Seen) -> Iterator[Remark]:
    """`40 %` in the findings, `80 %` in the impression."""
    known = quantities(seen)
    for told in (q for q in known if q.sentence.section is SectionCode.IMPRESSION):
        found = [q for q in known if q.unit == told.unit and q.sentence.section is SectionCode.FINDINGS]
        # One of several values may be summed or left out: only where there is one is it meant.
        if len({(q.least, q.most) for q in found}) == 1 and not _fits(told, found[0]):
            why = f'"{told.words}" stands in the impression, "{found[0].words}" in the findings'
            yield seen.remark("number", told.sentence, told.words, why)


def _fits(one: Quantity, other: Quantity) -> bool:
    slack = max(CLOSE, CLOSE_SHARE * max(abs(one.most), abs(other.most)))
    return one.least - slack <= other.most and other.least - slack <= one.most
