"""The core's lead times: who is told to stamp what and when, the table for a period, and its export.

An export holds no patient: no name, no number, and no accession number either. A RIS finds the patient by it at
once, and a hash of so short a number is undone by trying them all; rows are counted instead. Readers' names stay here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Protocol

from workstation.domain.lead_time import (
    MOST_SKEW,
    WAITS,
    ExamTimes,
    Grouping,
    LeadEvent,
    LeadTimeTable,
    StampSource,
    concerns,
    lead_time_table,
)
from workstation.domain.study import Study
from workstation.errors import WorkstationError
from workstation.jobs import DATABASE, Cancel, Jobs
from workstation.reporting.lead_times import Told
from workstation.reporting.store import ReportStore
from workstation.session.case import Case
from workstation.session.session import Session
from workstation.worklist_store import KnownOrder


class Period(StrEnum):
    """Whole days of this computer's zone, up to now. Values are English source strings."""

    TODAY = "Today"
    WEEK = "This week"
    MONTH = "The last 30 days"
    CHOSEN = "Chosen days"
    """Told apart by who asks; until then today."""


def begin_of(period: Period, now: datetime) -> datetime:
    """Midnight by this computer's wall clock; over a change to summer time a day has 23 or 25 hours."""
    today = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    days = {Period.WEEK: today.weekday(), Period.MONTH: 30}.get(period, 0)
    return (today - timedelta(days=days)).astimezone()


def chosen_days(first: date, last: date, now: datetime) -> tuple[datetime, datetime]:
    """From the first midnight up to the last one, at most up to now; given the wrong way round they are turned."""
    first, last = sorted((first, last))
    begin, end = (datetime.combine(day, time()).astimezone() for day in (first, last + timedelta(days=1)))
    return begin, min(end, now)


class OrdersKnown(Protocol):
    """`workstation.worklist_store.OrderStore`, as far as priorities are asked."""

    def ties(
        self, order_ids: Iterable[str] = (), accession_numbers: Iterable[str] = (), study_uids: Iterable[str] = ()
    ) -> Collection[tuple[str, str, str]]: ...
    def known_of(self, order_ids: Iterable[str]) -> Sequence[KnownOrder]: ...


def exams_between(reports: ReportStore, begin: datetime, end: datetime, orders: OrdersKnown | None = None) -> list[ExamTimes]:
    """What has a step in this time or waits then, with its order's priority. Blocks: for a job. Raises Unavailable."""
    found = [exam for exam in reports.lead_times.since(begin) if concerns(exam, begin, end)]
    if orders is None:
        return found
    named = [exam.exam for exam in found]
    # An examination is named by its accession number, or by its study where it has none.
    ties = orders.ties(accession_numbers=named, study_uids=named)
    priorities = {known.order.order_id: known.order.priority.value for known in orders.known_of(tie[0] for tie in ties)}
    by_name: dict[str, str] = {}
    for order_id, accession, uid in sorted(ties):
        if order_id in priorities:
            by_name[accession or uid] = priorities[order_id]
    return [replace(exam, priority=by_name.get(exam.exam, "")) for exam in found]


def table_of(
    reports: ReportStore,
    begin: datetime,
    end: datetime,
    orders: OrdersKnown | None = None,
    by: Grouping = Grouping.MODALITY,
) -> LeadTimeTable:
    """Blocks: for a job. Raises Unavailable."""
    return lead_time_table(exams_between(reports, begin, end, orders), begin, end, by=by)


# ---- stamping ----------------------------------------------------------------------------


def attend(session: Session, reports: ReportStore, jobs: Jobs) -> None:
    """What opens is stamped with its reader; what its images say of the end of the examination is kept."""
    reports.lead_times.reader = lambda: session.signer

    def opened(case: Case | None) -> None:
        if case is None:
            return
        steps, item = steps_of_study(case.study), case.item
        unordered = item if item is not None and item.order is None else None

        def work(_: Cancel) -> None:
            reports.lead_times.told(steps)
            if unordered is not None:  # with an order its report stamps it, in the transaction that begins it
                reports.lead_times.opened_unordered(unordered)

        if steps or unordered is not None:
            jobs.run(DATABASE, work, lambda _: None, session.report_problem)

    session.case_changed.connect(opened)


def steps_of_study(study: Study) -> Sequence[Told]:
    """The end of the performed procedure step (0040,0250) and (0040,0251), the last of its series.

    A time without its zone (0008,0201) says no instant: it is not guessed.
    """
    ends = [end for series in study.series if (end := _end_of(series.attributes)) is not None]
    exam = study.accession_number or study.study_instance_uid
    if not ends or not exam:
        return ()
    return (Told(exam, LeadEvent.EXAM_END, max(ends), StampSource.ARCHIVE, study.study_instance_uid),)


def _end_of(attributes: Mapping[str, tuple[str, ...]]) -> datetime | None:
    date, clock, zone = (
        next(iter(attributes.get(name, ())), "")
        for name in ("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime", "TimezoneOffsetFromUTC")
    )
    clock = clock.partition(".")[0]
    has_zone = len(zone) == 5 and zone[0] in "+-" and zone[1:].isdigit()
    if not has_zone or len(date) != 8 or len(clock) not in (4, 6):  # the hour alone is no instant either
        return None
    away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:])) * (-1 if zone[0] == "-" else 1)
    try:
        local = datetime.strptime(f"{date}{clock:0<6}", "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone follows
        return local.replace(tzinfo=timezone(away))
    except ValueError:
        return None


# ---- telling -----------------------------------------------------------------------------

EVENTS = tuple(LeadEvent)


def csv_of(exams: Iterable[ExamTimes]) -> str:
    """One row for each examination: instants in UTC with the zone they were stamped in, whose word each is; no names."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = [part for event in EVENTS for part in (event.value, f"{event.value} by")]
    writer.writerow(["exam", "modality", "priority", *columns, *(f"{wait.title} (min)" for wait in WAITS)])
    for number, exam in enumerate(exams, 1):
        cells = [part for event in EVENTS for part in _cells(exam, event)]
        writer.writerow([number, _plain(exam.modality), exam.priority, *cells, *(_minutes(exam.wait(wait)) for wait in WAITS)])
    return out.getvalue()


def _cells(exam: ExamTimes, event: LeadEvent) -> tuple[str, str]:
    stamp = exam.stamps.get(event)
    if stamp is None:
        return "", ""
    zone = timezone(timedelta(minutes=stamp.offset_minutes)) if stamp.offset_minutes is not None else UTC
    return stamp.at.astimezone(zone).isoformat(timespec="seconds"), stamp.source.value


def _minutes(wait: timedelta | None) -> str:
    return "" if wait is None else f"{wait.total_seconds() / 60:.1f}"


def _plain(text: str) -> str:
    """Text from outside that a spreadsheet must not take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def span_words(wait: timedelta | None) -> str:
    """`2 d 3 h`, `3 h 05 min`, `12 min`, `40 s`; a dash for what is unknown."""
    if wait is None:
        return "–"
    seconds = round(wait.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def problem_of_skew(table: LeadTimeTable) -> WorkstationError | None:
    """What must be known of the clocks beside the figures; None when there is nothing."""
    if table.skew_seconds is not None and abs(table.skew_seconds) > MOST_SKEW:
        minutes = max(1, round(abs(table.skew_seconds) / 60))
        way = "ahead of" if table.skew_seconds > 0 else "behind"
        return WorkstationError(
            f"This computer's clock was {minutes} min {way} the RIS's", "Waits from a step of the RIS to one here carry that"
        )
    if table.backwards:
        return WorkstationError(
            f"{table.backwards} waits end before they begin", "Two clocks disagree: they are not counted, and nothing is mended"
        )
    return None
