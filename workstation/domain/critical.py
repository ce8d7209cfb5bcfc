"""A result that somebody must be told at once: what, how soon, to whom, and whether it was understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class CriticalLevel(StrEnum):
    """How soon it must be told."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


LIMITS = {
    CriticalLevel.MINUTES: timedelta(minutes=60),
    CriticalLevel.HOURS: timedelta(hours=12),
    CriticalLevel.DAYS: timedelta(days=3),
}
"""From when it was noted until it must have been told."""


class CriticalMethod(StrEnum):
    TELEPHONE = "telephone"
    IN_PERSON = "in person"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Told:
    """Who was told, how and when. `at` carries an offset; `read_back` is whether the receiver said it again."""

    recipient: str
    role: str
    method: CriticalMethod
    at: datetime
    read_back: bool
    by: str


@dataclass(frozen=True, slots=True)
class CriticalResult:
    """Open until it is told, or found not to be one after all (`dropped` says why)."""

    critical_uuid: str
    report_uuid: str
    accession_number: str
    study_instance_uid: str
    level: CriticalLevel
    finding: str
    begun_by: str
    begun_at: datetime
    told: Told | None = None
    dropped: str = ""

    @property
    def is_open(self) -> bool:
        return self.told is None and not self.dropped

    @property
    def due(self) -> datetime:
        return self.begun_at + LIMITS[self.level]


# What stands in the report, by the report's language; English where there are no words of its own.
_WORDS = {
    "en": ("Critical result: {0}.", "Told to {0} {1} on {2} by {3}.", "Read back.", "Not read back."),
    "sv": ("Kritiskt fynd: {0}.", "Meddelat {0} {1} {2} av {3}.", "Bekräftat genom återläsning.", "Inte återläst."),
}
_METHODS = {
    "en": ("by telephone", "in person", "by message"),
    "sv": ("per telefon", "personligen", "via meddelande"),
}


def communication_words(critical: CriticalResult, language: str) -> str:
    """The lines for the report's Communication section. Empty while nobody was told."""
    told = critical.told
    if told is None:
        return ""
    found, said, read_back, not_read_back = _WORDS.get(language, _WORDS["en"])
    method = _METHODS.get(language, _METHODS["en"])[list(CriticalMethod).index(told.method)]
    who = f"{told.recipient} ({told.role})" if told.role else told.recipient
    when = told.at.astimezone().strftime("%Y-%m-%d %H:%M")
    told_words = said.format(who, method, when, told.by)
    return " ".join((found.format(critical.finding.rstrip(".")), told_words, read_back if told.read_back else not_read_back))
