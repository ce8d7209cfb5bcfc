"""How long ago a prior was made, in words for its label. Dates are DICOM DA (`YYYYMMDD`)."""

from __future__ import annotations

from workstation.domain.dates import as_date

DAYS_PER_MONTH = 30.44
DAYS_PER_YEAR = 365.25


def days_between(earlier: str, later: str) -> int | None:
    first, second = as_date(earlier), as_date(later)
    return None if first is None or second is None else (second - first).days


def interval(days: int) -> str:
    """`same day`, `5 days earlier`, `3 months earlier`, `2 years earlier`; `later` when negative."""
    way = "earlier" if days > 0 else "later"
    size = abs(days)
    if size == 0:
        return "same day"
    if size < 2 * DAYS_PER_MONTH:
        return f"{size} {_plural(size, 'day')} {way}"
    if size < 2 * DAYS_PER_YEAR:
        return f"{round(size / DAYS_PER_MONTH)} months {way}"
    return f"{round(size / DAYS_PER_YEAR)} years {way}"


def prior_label(number: int, prior_date: str, current_date: str) -> str:
    made = as_date(prior_date)
    if made is None:
        return f"Prior {number}, date unknown"
    days = days_between(prior_date, current_date)
    return f"Prior {number}, {made.isoformat()}" + (f", {interval(days)}" if days is not None else "")


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
