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
