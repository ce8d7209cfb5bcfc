"""Lesions over time in words. English source strings; numbers and units as measured."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.domain.annotation import MeasuredValue


def size_words(values: Sequence[MeasuredValue]) -> str:
    """`14.2 x 11.0 mm`, with the unit as it was measured."""
    if len(values) == 2 and values[0].unit == values[1].unit:
        return f"{values[0].value:.1f} x {values[1].value:.1f} {values[0].unit}"
    return ", ".join(v.text for v in values)


def change_words(share: float) -> str:
    return f"{share * 100:+.0f} %"


def doubling_words(days: float) -> str:
    if days < 0:
        return f"volume halved in {-days:.0f} days"
    return f"volume doubling time {days:.0f} days"
