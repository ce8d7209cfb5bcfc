"""How measurements are written in a language: numbers, units, and the words around them (`resources/measured_words`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from workstation.domain.annotation import MeasuredValue
from workstation.errors import Refused

WHOLE_FROM = 10.0
"""Lengths from here on are written whole: two readings of one differ by more than the tenths (Fleischner 2017)."""
_SOURCES = {
    "at detector": "detector",
    "(ERMF)": "ermf",
    "calibrated": "calibrated",
    "(calibrated)": "calibrated",
    "on film": "nominal",
    "calibrated by reader": "by_reader",
}
_PIXELS = ("px", "px²")


class MeasuredWords:
    """The words of one language by their keys in the file."""

    def __init__(self, say: Mapping[str, str]) -> None:
        self._say = say

    def __getitem__(self, key: str) -> str:
        return self._say[key]

    def number(self, value: float, digits: int) -> str:
        """With the language's decimal sign; no zeros behind it, and no minus before nothing."""
        text = f"{value:.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return ("0" if text == "-0" else text).replace(".", self["decimal"]).replace("-", "\u2212")

    def uptake(self, value: float) -> str:
        """An SUV, always to a tenth."""
        return f"{value:.1f}".replace(".", self["decimal"])

    def percent(self, share: float) -> str:
        """`+14 %`, `−8 %`"""
        whole = round(share * 100.0)
        return f"{'+' if whole > 0 else ''}{self.number(whole, 0)} %"

    def unit(self, unit: str) -> str:
        """A unit with the source of its spacing, where that is not the patient's. Raises Refused for pixels."""
        if unit.startswith(_PIXELS):
            raise Refused("Not put into the report", "The spacing of this image is not known", "Calibrate it with a known length")
        base, _, source = unit.partition(" ")
        key = _SOURCES.get(source)
        return f"{base} {self[key]}" if key else unit

    def quantity(self, value: MeasuredValue) -> str:
        """`12 mm`, `45 HU`, `5.1` (SUV: its name stands before it)."""
        if value.unit.startswith("SUV"):
            return self.uptake(value.value)
        if value.unit == "°":
            return f"{self.number(value.value, 0)}°"
        return f"{self.number(value.value, digits_of(value))} {self.unit(value.unit)}".strip()

    def size(self, values: tuple[MeasuredValue, ...]) -> str:
        """`12 mm`, `12 x 9 mm`: as many digits for all as the longest is worth."""
        digits = max(digits_of(max(values, key=lambda v: v.value)), 0)
        numbers = self["by"].join(self.number(v.value, digits) for v in values)
        return f"{numbers} {self.unit(values[0].unit)}"


def digits_of(value: MeasuredValue) -> int:
    """How many decimals a value is worth in a sentence."""
    size = abs(value.value)
    if value.unit.startswith(("mm²", "HU", "Bq")) or value.unit in ("%", "counts"):
        return 0 if size >= WHOLE_FROM or value.unit.startswith("HU") else 1
    if value.unit.startswith("mm"):
        return 0 if size >= WHOLE_FROM else 1
    return 1 if size >= 1.0 else 3


@cache
def measured_words(language: str) -> MeasuredWords:
    """English for a language that has no words of its own here."""
    folder = resources.files("resources") / "measured_words"
    file = folder / f"{language}.toml"
    if not language.isalpha() or not file.is_file():
        file = folder / "en.toml"
    return MeasuredWords(tomllib.loads(file.read_text("utf-8")))
