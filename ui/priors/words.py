"""A known study in words: where it is, how far back it lies, what speaks for it. Text from outside is shown as it is."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ui import plain
from ui.plain import core_text
from workstation.domain.dates import days_apart
from workstation.domain.prior import KnownStudy, Whereabouts

SIDES = {"L": "left", "R": "right", "B": "both"}


def day_of(known: KnownStudy) -> str:
    return plain.dicom_date(known.day) or _tr("no date")


def interval_of(known: KnownStudy, current_date: str) -> str:
    return plain.interval(known.day, current_date)


def exact_interval(known: KnownStudy, current_date: str) -> str:
    """To the day."""
    days = days_apart(known.day, current_date)
    if days is None:
        return ""
    words = _tr("{0} days before") if days >= 0 else _tr("{0} days after")
    return words.format(abs(days))


def modalities_of(known: KnownStudy) -> str:
    return plain.plain("/".join(known.modalities))


def sides_of(known: KnownStudy) -> str:
    return ", ".join(_tr(SIDES[side]) for side in known.relevance.sides if side in SIDES)


def relevance_of(known: KnownStudy) -> str:
    """The points; a dash where it is never hung by itself."""
    return f"{known.relevance.points:.1f}" if known.relevance.is_usable else "–"


def where_of(known: KnownStudy) -> str:
    """`here`, `in NORD`, `7 of 120 from NORD`, or why it did not come."""
    source = plain.plain(known.archives[0]) if known.archives else ""
    if known.problem:
        return _tr("not fetched: {0}").format(core_text(known.problem))
    if known.where is Whereabouts.COMING:
        share = _tr("{0} of {1}").format(known.received, known.expected) if known.expected else str(known.received)
        return _tr("coming from {0}: {1}").format(source, share)
    if known.where is Whereabouts.PARTLY:
        return _tr("partly here: {0} of {1}").format(known.received, known.expected)
    if known.where is Whereabouts.HERE:
        return _tr("here")
    more = len(known.archives) - 1
    return _tr("in {0}").format(source) if more <= 0 else _tr("in {0} and {1} more").format(source, more)


def reasons_of(known: KnownStudy) -> str:
    """What speaks for it, and why it is never hung by itself where it is not."""
    reasons = [core_text(reason) for reason in known.relevance.reasons if reason != known.relevance.refusal]
    refusal = core_text(known.relevance.refusal)
    parts = [_tr("Not hung by itself: {0}").format(refusal)] if refusal else []
    return ".  ".join(plain.plain(part) for part in (*parts, ";  ".join(reasons)) if part)


def _tr(text: str) -> str:
    return QCoreApplication.translate("priors", text)
