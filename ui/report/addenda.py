"""The addenda of a signed report, as they stand below it."""

from __future__ import annotations

from ui.plain import plain
from workstation.domain.report import Report


def addenda_words(report: Report | None) -> str:
    """Each under its time, local, and its author; oldest first."""
    addenda = report.addenda if report is not None else ()
    return "\n\n".join(f"{a.at.astimezone().strftime('%Y-%m-%d %H:%M')}, {plain(a.signed_by)}\n{a.text}" for a in addenda)
