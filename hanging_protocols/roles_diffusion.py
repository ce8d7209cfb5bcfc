"""Roles of diffusion series: by b-value, computed or measured, map or image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.role_words import roles_in_text

# In s/mm2: from HIGH an image is read for restricted diffusion, from VERY_HIGH in the prostate (PI-RADS: 1400 or above).
HIGH, VERY_HIGH = 800.0, 1400.0
AROUND_1000 = (900.0, 1100.0)
MOST_B = 10_000.0

# "b1000", "b=1400", "b 50", "b-800", "bval1500".
_B = re.compile(r"(?<![a-z0-9])b(?:val(?:ue)?)?[ _=-]{0,2}(\d{1,4})(?!\d)", re.IGNORECASE)


def of(image_set: ImageSet) -> Iterator[Fact]:
    if "ADC" in image_set.elements("ImageType"):
        return
    values, because = b_values(image_set)
    if not values or max(values) <= 0.0:
        if values and because != "DiffusionBValue":
            yield Fact("b0", f"{because} says b 0")
        return
    highest = max(values)
    why = f"{because} is {highest:g}"
    yield Fact("dwi", why)
    if highest >= HIGH:
        yield Fact("high_b", why)
    if AROUND_1000[0] <= highest <= AROUND_1000[1]:
        yield Fact("b1000", why)
    if highest >= VERY_HIGH:
        yield Fact("very_high_b", why)
    yield from roles_in_text(image_set, "synthetic_b")


def b_values(image_set: ImageSet) -> tuple[tuple[float, ...], str]:
    """In s/mm2, and where they stand: the element, or the series' name."""
    written = tuple(value for value in map(_number, image_set.elements("DiffusionBValue")) if value is not None)
    if written and max(written) > 0.0:
        return written, "DiffusionBValue"
    named = tuple(float(found[1]) for found in _B.finditer(image_set.first("SeriesDescription")) if float(found[1]) <= MOST_B)
    return (named, "the b-value in SeriesDescription") if named else (written, "DiffusionBValue")


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0.0 <= number <= MOST_B else None
