"""What stands in a viewport in which nothing hangs: why, and what can be done."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from ui.plain import core_text
from ui.text_page import is_report
from workstation.session.case import Case


def empty_words(case: Case | None, reason: str, told: Callable[[str], str]) -> str:
    """`reason` is why nothing hangs there, as the protocol says it; `told` says the keys of a sentence as they are now."""
    if case is None:
        return _tr("No case is open")
    said = core_text(reason)
    words = said[:1].upper() + said[1:]
    only_reports = not case.study.image_count and any(is_report(series) for series in case.study.series)
    return ". ".join(filter(None, (words, told(_tr("Its report is in the list of series (F9)")) if only_reports else "")))


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
