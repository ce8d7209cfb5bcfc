"""A report's life after its first signature, read from what happened to it in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from workstation.domain.report import Revision, SectionCode


class LifeEvent(StrEnum):
    BEGUN = "begun"
    PUT_AWAY = "put away"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"
    PASTED = "pasted"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A signature that was taken back before it was sent."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PutAway:
    """A revision that was begun and put away, with its words: it can be taken up again."""

    revision: Revision
    texts: Mapping[SectionCode, str]


@dataclass(frozen=True, slots=True)
class ForeignText:
    """Words that were copied from another patient's report and put in all the same (F73)."""

    section: SectionCode
    text: str
    from_report: str


@dataclass(frozen=True, slots=True)
class Life:
    """Where a report stands. `withdrawn` is by version."""

    revision: Revision | None = None
    put_away: PutAway | None = None
    withdrawn: Mapping[int, Withdrawal] = field(default_factory=dict)
    foreign: tuple[ForeignText, ...] = ()
