"""Dates as DICOM writes them (DA, PS3.5 6.2)."""

from __future__ import annotations

from datetime import date


def as_date(text: str) -> date | None:
    """`20261122`, or the old form `2026.11.22`; None for anything else."""
    digits = text.replace(".", "").strip()
    if len(digits) != 8 or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def days_apart(earlier: str, later: str) -> int | None:
    """From one DICOM date to another; None where one of them is none."""
    first, second = as_date(earlier), as_date(later)
    return None if first is None or second is None else (second - first).days


def interval_words(earlier: str, later: str) -> str:
    """`8 months before`, `3 days after`, `same day`: an English source text; empty where a date is not known."""
    days = days_apart(earlier, later)
    if days is None:
        return ""
    if not days:
        return "same day"
    return f"{_amount(abs(days))} {'before' if days > 0 else 'after'}"


def _amount(days: int) -> str:
    for length, most, one, many in _UNITS:
        if days < most:
            count = days // length if length == WEEK else round(days / length)
            return one if count == 1 else many.format(count)
    raise AssertionError("there is always a last unit")


WEEK = 7
_UNITS: tuple[tuple[float, float, str, str], ...] = (
    (1, 14, "1 day", "{0} days"),
    (WEEK, 60, "1 week", "{0} weeks"),
    (30.44, 24 * 30.44, "1 month", "{0} months"),
    (365.25, float("inf"), "1 year", "{0} years"),
)
