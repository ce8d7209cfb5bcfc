"""Lead-time stamps on disk (see `schema_lead_times`): what is told of an examination, and all of them again.

What happens in the report store stamps itself, by triggers. Nothing here changes a stamp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workstation.domain.lead_time import ExamTimes, LeadEvent, LeadStamp, StampSource
from workstation.domain.order import Order, WorklistItem
from workstation.reporting.database import ReportDatabase, Row
from workstation.reporting.text import clean_line

Clock = Callable[[], datetime]

STILL_WAITING = timedelta(days=14)
"""So long an examination that is not signed counts as waiting; one that is read elsewhere is never signed here."""
WITHDRAWN = "withdrawn"
ASKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Told:
    """A step that somebody told of. `exam` is an accession number, or a Study Instance UID where there is none."""

    exam: str
    event: LeadEvent
    at: datetime
    source: StampSource
    study_instance_uid: str = ""
    modality: str = ""


class LeadTimes:
    """On disk when a method returns; any thread. Raises `Unavailable` when the disk will not take what was given."""

    def __init__(self, database: ReportDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: set[tuple[str, str]] = set()
        self.reader: Callable[[], str] = lambda: ""
        """Who reads here now."""

    def opened(self, item: WorklistItem) -> None:
        """First opened, by whom: inside the transaction that begins its report."""
        exam = item.accession_number or item.study_instance_uid
        now = self._clock()
        if exam:
            told = Told(exam, LeadEvent.OPENED, now, StampSource.US, item.study_instance_uid, item.modality)
            self._insert(told, _local_offset(now), clean_line(self.reader()), None)

    def opened_unordered(self, item: WorklistItem) -> None:
        """First opened, where no order means no report. Opened again it changes nothing."""
        exam = item.accession_number or item.study_instance_uid
        if self._database.row("SELECT 1 FROM lead_time WHERE exam = ? AND event = 'opened'", exam) is None:
            with self._database.writing():
                self.opened(item)

    def told(self, steps: Iterable[Told], skew_seconds: float | None = None) -> None:
        """What the RIS or an archive says of examinations. What was told before is not told again."""
        wanted = [step for step in steps if step.exam and (step.exam, step.event.value) not in self._known]
        self._look_up(sorted({step.exam for step in wanted}))
        new = [step for step in wanted if (step.exam, step.event.value) not in self._known]
        if not new:
            return
        with self._database.writing():
            for step in new:
                offset = step.at.utcoffset()
                self._insert(step, None if offset is None else int(offset.total_seconds() // 60), "", skew_seconds)
        self._known.update((step.exam, step.event.value) for step in new)

    def of(self, accession_number: str, study_instance_uid: str) -> ExamTimes:
        """Of one row of the worklist; without stamps where nothing is known of it."""
        exam = accession_number or study_instance_uid
        rows = self._database.rows("SELECT * FROM lead_time WHERE exam = ? ORDER BY id", exam)
        return next(iter(_exams(rows)), ExamTimes(exam, study_instance_uid))

    def since(self, begin: datetime) -> tuple[ExamTimes, ...]:
        """Every examination with a step after `begin`, and those before that wait for a signature."""
        moment, waiting = begin.astimezone(UTC).isoformat(), (begin - STILL_WAITING).astimezone(UTC).isoformat()
        sql = """
            SELECT * FROM lead_time WHERE exam IN (
                SELECT exam FROM lead_time WHERE at >= ?
                UNION SELECT exam FROM lead_time AS one WHERE at >= ? AND event IN ('exam end', 'opened') AND NOT EXISTS (
                    SELECT 1 FROM lead_time AS signed WHERE signed.exam = one.exam AND signed.event = 'signed')
            ) ORDER BY exam, id
        """
        return _exams(self._database.rows(sql, moment, waiting))

    # ---- within --------------------------------------------------------------------------

    def _look_up(self, exams: Sequence[str]) -> None:
        """Learn what is on disk of these; a list that is polled asks once for each of its examinations."""
        for start in range(0, len(exams), ASKED_AT_ONCE):
            some = exams[start : start + ASKED_AT_ONCE]
            sql = f"SELECT exam, event FROM lead_time WHERE exam IN ({', '.join('?' * len(some))})"
            self._known.update((row["exam"], row["event"]) for row in self._database.rows(sql, *some))

    def _insert(self, step: Told, offset_minutes: int | None, who: str, skew_seconds: float | None) -> None:
        sql = (
            "INSERT OR IGNORE INTO lead_time"
            " (exam, study_instance_uid, event, at, offset_minutes, source, who, modality, skew_seconds)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        at = step.at.astimezone(UTC).isoformat()
        values = (step.exam, step.study_instance_uid, step.event.value, at, offset_minutes, step.source.value)
        self._database.execute(sql, *values, who, clean_line(step.modality)[:16], skew_seconds)


def steps_of_orders(orders: Iterable[Order]) -> Sequence[Told]:
    """What orders of the RIS say of their examinations. One without an instant says nothing."""
    found = []
    for order in orders:
        exam = order.accession_number or order.study_instance_uid
        for event, at in ((LeadEvent.ORDERED, order.ordered), (LeadEvent.EXAM_END, order.exam_end)):
            if exam and at is not None and at.tzinfo is not None:
                found.append(Told(exam, event, at, StampSource.RIS, order.study_instance_uid, order.modality))
    return found


def _local_offset(moment: datetime) -> int:
    offset = moment.astimezone().utcoffset()
    return int(offset.total_seconds() // 60) if offset is not None else 0


def _exams(rows: Sequence[Row]) -> tuple[ExamTimes, ...]:
    by_exam: dict[str, list[Row]] = {}
    for row in rows:
        by_exam.setdefault(row["exam"], []).append(row)
    return tuple(_exam(exam, held) for exam, held in by_exam.items())


def _exam(exam: str, rows: Sequence[Row]) -> ExamTimes:
    """The first signature that was not taken back, and the first delivery that was confirmed."""
    withdrawn = {row["version"] for row in rows if row["event"] == WITHDRAWN}
    standing = [
        row
        for row in rows
        if row["event"] != WITHDRAWN and not (row["event"] == LeadEvent.SIGNED.value and row["version"] in withdrawn)
    ]
    stamps: dict[LeadEvent, LeadStamp] = {}
    for row in sorted(standing, key=lambda row: int(row["version"])):
        stamps.setdefault(LeadEvent(row["event"]), _stamp(row))
    uid = next((row["study_instance_uid"] for row in rows if row["study_instance_uid"]), "")
    modality = next((row["modality"] for row in rows if row["modality"] and row["event"] == "opened"), "")
    return ExamTimes(exam, uid, modality or next((row["modality"] for row in rows if row["modality"]), ""), stamps)


def _stamp(row: Row) -> LeadStamp:
    return LeadStamp(
        LeadEvent(row["event"]),
        datetime.fromisoformat(row["at"]).astimezone(UTC),
        StampSource(row["source"]),
        row["offset_minutes"],
        row["who"],
        row["skew_seconds"],
    )
