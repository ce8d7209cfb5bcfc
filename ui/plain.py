"""Text from outside made fit for the screen: shown literally, never interpreted (reliability F85).

Names, descriptions and messages come from files and other systems. Markup is kept as the
characters it is (every widget shows plain text); characters that would hide or turn
text around are shown as their code point.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from PySide6.QtCore import QCoreApplication

from workstation.domain.dates import as_date

# Cf: bidirectional overrides and zero-width characters; Cc: control; Cs: broken halves.
_HIDDEN = {"Cf", "Cc", "Cs", "Co", "Zl", "Zp"}
_BELOW_ZERO = re.compile(r"(?<![\w.)-])-(?=\d)")


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """One line of visible characters: white space becomes spaces, hidden characters `‹202E›`."""
    return "".join(_visible(c) for c in text).strip()


def _visible(character: str) -> str:
    if character in "\t\r\n\v\f":
        return " "
    if unicodedata.category(character) in _HIDDEN:
        return f"‹{ord(character):04X}›"
    return character


def tooltip(*lines: str) -> str:
    """A tool tip that shows the lines literally; tool tips are the one place that guesses at markup."""
    return "<qt>" + "<br>".join(html.escape(plain(line)) for line in lines if line) + "</qt>"


def core_text(text: str) -> str:
    """The translation of an English source text made outside the window (titles, doubts, reasons)."""
    return QCoreApplication.translate("core", text) if text else ""


def number(text: str) -> str:
    """Numbers with their units: below zero by the sign of a minus and not a hyphen, as everywhere on screen and in reports."""
    return _BELOW_ZERO.sub("\u2212", plain(text))


def person_name(name: str) -> str:
    """A DICOM person name (PS3.5 6.2.1) as `Family, Given Middle`; the alphabetic group only."""
    family, given, middle, prefix, suffix = ([plain(p) for p in name.split("=", maxsplit=1)[0].split("^")] + [""] * 5)[:5]
    first = " ".join(part for part in (prefix, given, middle) if part)
    return ", ".join(part for part in (family, first, suffix) if part)


def dicom_date(text: str) -> str:
    """`20261122` as `2026-11-22`; anything else as it came."""
    parsed = as_date(text)
    return parsed.isoformat() if parsed else plain(text)


def dicom_time(text: str) -> str:
    """`143059.12` as `14:30`; anything else as it came."""
    return f"{text[:2]}:{text[2:4]}" if len(text) >= 4 and text[:4].isdigit() else plain(text)


def interval(earlier: str, later: str) -> str:
    """How long `earlier` lies before `later` (DICOM dates) in words; empty when unknown."""
    start, end = as_date(earlier), as_date(later)
    if start is None or end is None:
        return ""
    days = (end - start).days
    amount = _amount(abs(days))
    if days == 0:
        return _tr("same day")
    return (_tr("{0} before") if days > 0 else _tr("{0} after")).format(amount)


def short_interval(earlier: str, later: str) -> str:
    """As few letters as can be: `9mo`, `3y`, `5d`; empty when unknown."""
    start, end = as_date(earlier), as_date(later)
    if start is None or end is None:
        return ""
    days = abs((end - start).days)
    if days < 60:
        return _tr("{0}d").format(days)
    return _tr("{0}mo").format(round(days / 30.44)) if days < 24 * 30.44 else _tr("{0}y").format(round(days / 365.25))


def relation(date: str, current: str) -> tuple[str, str, str]:
    """What a study is beside the current one (DICOM dates): (`Prior`, `9 months before`, `9 months`)."""
    other, now = as_date(date), as_date(current)
    if other is None or now is None:
        return _tr("Other study"), "", ""
    label = _tr("Prior") if other < now else _tr("Later study") if other > now else _tr("Other study")
    words = interval(date, current)
    return label, words, _amount(abs((now - other).days)) if other != now else words


def _amount(days: int) -> str:
    if days < 14:
        return _counted(days, _tr("1 day"), _tr("{0} days"))
    if days < 60:
        return _tr("{0} weeks").format(days // 7)
    months = round(days / 30.44)
    if months < 24:
        return _tr("{0} months").format(months)
    return _counted(round(days / 365.25), _tr("1 year"), _tr("{0} years"))


def _counted(count: int, one: str, many: str) -> str:
    return one if count == 1 else many.format(count)


def age(birth_date: str, on: str) -> str:
    """Age in years (months below two years) on a day; empty when unknown."""
    born, day = as_date(birth_date), as_date(on)
    if born is None or day is None or day < born:
        return ""
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    return _tr("{0} y").format(months // 12) if months >= 24 else _tr("{0} mo").format(months)


def _tr(text: str) -> str:
    return QCoreApplication.translate("plain", text)
