"""Lead times: when an examination was ordered, done, opened, dictated, signed, confirmed; and the waits between.

A step that nobody told of is unknown and stays so. Instants are UTC; the zone of whoever stamped them stands beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from statistics import median

from workstation.domain.order import Priority


class Grouping(StrEnum):
    """What examinations are counted by. Values are English source strings."""

    MODALITY = "Modality"
    PRIORITY = "Priority"
    BOTH = "Modality and priority"


class LeadEvent(StrEnum):
    ORDERED = "ordered"
    EXAM_END = "exam end"
    OPENED = "opened"
    DICTATED = "dictated"
    SIGNED = "signed"
    CONFIRMED = "confirmed"


class StampSource(StrEnum):
    """Whose word it is."""

    RIS = "RIS"
    US = "us"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class LeadStamp:
    """`offset_minutes` is the zone of whoever stamped it, None where it is not known; `who` the reader, if it was one.

    `skew_seconds`: by how much this computer's clock was ahead of the teller's when it was told; None: not known.
    """

    event: LeadEvent
    at: datetime
    source: StampSource
    offset_minutes: int | None = None
    who: str = ""
    skew_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ExamTimes:
    """One examination. `exam` is its accession number, or its Study Instance UID where it has none."""

    exam: str
    study_instance_uid: str = ""
    modality: str = ""
    stamps: Mapping[LeadEvent, LeadStamp] = field(default_factory=dict)
    priority: str = ""
    """A `Priority` of its order, as it was told last; empty where nobody told it."""

    def at(self, event: LeadEvent) -> datetime | None:
        stamp = self.stamps.get(event)
        return stamp.at if stamp is not None else None

    def wait(self, wait: Wait) -> timedelta | None:
        """None where one of its ends is unknown. Below zero where two clocks disagree: it is told, not mended."""
        begin, end = self.at(wait.begin), self.at(wait.end)
        return end - begin if begin is not None and end is not None else None


@dataclass(frozen=True, slots=True)
class Wait:
    """From one event to another. `title` is an English source string."""

    title: str
    begin: LeadEvent
    end: LeadEvent


TO_READ = Wait("Exam end to signed", LeadEvent.EXAM_END, LeadEvent.SIGNED)
WAITS: tuple[Wait, ...] = (
    Wait("Ordered to exam end", LeadEvent.ORDERED, LeadEvent.EXAM_END),
    Wait("Exam end to opened", LeadEvent.EXAM_END, LeadEvent.OPENED),
    Wait("Opened to dictated", LeadEvent.OPENED, LeadEvent.DICTATED),
    Wait("Opened to signed", LeadEvent.OPENED, LeadEvent.SIGNED),
    TO_READ,
    Wait("Signed to confirmed", LeadEvent.SIGNED, LeadEvent.CONFIRMED),
)

UNKNOWN_MODALITY = ""
_URGENCY = tuple(reversed(Priority))
MOST_SKEW = 60.0
"""Seconds of difference between two clocks from which on it is told."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Of one wait: its median, its longest, of how many; `backwards` have an end before their beginning, and count not.

    `ninth`: nine of ten did not take longer; a wait that was really waited, nothing between two.
    """

    count: int = 0
    median: timedelta | None = None
    longest: timedelta | None = None
    backwards: int = 0
    ninth: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ModalityTimes:
    """`modality` is UNKNOWN_MODALITY where no source said it; both names are empty where it is not counted by them."""

    modality: str
    exams: int
    measures: tuple[Measure, ...]
    """As WAITS."""
    priority: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An examination that took or takes long. `since` is its end, or when it was first opened where that is unknown."""

    exam: ExamTimes
    since: LeadEvent
    wait: timedelta
    is_open: bool
    """Whether it still waits for a signature."""


@dataclass(frozen=True, slots=True)
class LeadTimeTable:
    """What was in `begin` to `end`; `modalities` are its groups, as `by` says.

    `skew_seconds` is the largest known difference of clocks, None where none is.
    """

    begin: datetime
    end: datetime
    everything: ModalityTimes
    modalities: tuple[ModalityTimes, ...]
    longest: tuple[Waiting, ...]
    skew_seconds: float | None = None
    by: Grouping = Grouping.MODALITY

    @property
    def backwards(self) -> int:
        return sum(measure.backwards for measure in self.everything.measures)


def lead_time_table(
    exams: Iterable[ExamTimes], begin: datetime, end: datetime, most: int = 10, by: Grouping = Grouping.MODALITY
) -> LeadTimeTable:
    """Each wait counts when it ended within the time; what waits for a signature counts as it stands at its end."""
    found = [exam for exam in exams if concerns(exam, begin, end)]
    groups: dict[tuple[str, str], list[ExamTimes]] = {}
    for exam in found:
        groups.setdefault(_group_of(exam, by), []).append(exam)
    modalities = tuple(
        replace(_times(kind, groups[kind, priority], begin, end), priority=priority)
        for kind, priority in sorted(groups, key=_rank)
    )
    longest = sorted(filter(None, (_waiting(exam, begin, end) for exam in found)), key=lambda one: one.wait, reverse=True)
    skews = [stamp.skew_seconds for exam in found for stamp in exam.stamps.values() if stamp.skew_seconds is not None]
    skew = max(skews, key=abs) if skews else None
    return LeadTimeTable(begin, end, _times("", found, begin, end), modalities, tuple(longest[:most]), skew, by)


def _group_of(exam: ExamTimes, by: Grouping) -> tuple[str, str]:
    return "" if by is Grouping.PRIORITY else exam.modality, "" if by is Grouping.MODALITY else exam.priority


def _rank(group: tuple[str, str]) -> tuple[bool, str, int]:
    """By modality, the most urgent first, what is unknown last."""
    modality, priority = group
    urgency = _URGENCY.index(priority) if priority in _URGENCY else len(_URGENCY)
    return modality == UNKNOWN_MODALITY, modality, urgency


def concerns(exam: ExamTimes, begin: datetime, end: datetime) -> bool:
    """Whether a step of it lies in this time, or it waits for a signature then."""
    return _waiting(exam, begin, end) is not None or any(begin <= stamp.at < end for stamp in exam.stamps.values())


def _times(modality: str, exams: Sequence[ExamTimes], begin: datetime, end: datetime) -> ModalityTimes:
    return ModalityTimes(modality, len(exams), tuple(_measure(wait, exams, begin, end) for wait in WAITS))


def _measure(wait: Wait, exams: Sequence[ExamTimes], begin: datetime, end: datetime) -> Measure:
    ended = [exam for exam in exams if (at := exam.at(wait.end)) is not None and begin <= at < end]
    waits = [length for exam in ended if (length := exam.wait(wait)) is not None]
    forwards = [length for length in waits if length >= timedelta(0)]
    backwards = len(waits) - len(forwards)
    if not forwards:
        return Measure(backwards=backwards)
    middle = timedelta(seconds=median(length.total_seconds() for length in forwards))
    ninth = sorted(forwards)[ceil(len(forwards) * 0.9) - 1]
    return Measure(len(forwards), middle, max(forwards), backwards, ninth)


def _waiting(exam: ExamTimes, begin: datetime, end: datetime) -> Waiting | None:
    since = LeadEvent.EXAM_END if exam.at(LeadEvent.EXAM_END) is not None else LeadEvent.OPENED
    started, signed = exam.at(since), exam.at(LeadEvent.SIGNED)
    if started is None or started >= end or (signed is not None and not begin <= signed < end):
        return None
    wait = (signed or end) - started
    return Waiting(exam, since, wait, signed is None) if wait >= timedelta(0) else None
