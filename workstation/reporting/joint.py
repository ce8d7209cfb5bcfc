"""JointOrders: orders of one patient that are read and reported together (a trauma CT ordered region by region).

One report answers them all: it is begun for one order, and others are joined to it until it is signed. What is signed
names them all, and the RIS holds each only when it was read back for each. On disk when a method returns; any thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from workstation.domain.order import WorklistItem
from workstation.domain.patient import PatientKey
from workstation.domain.report import JointOrder, Report, ReportAction, ReportStatus
from workstation.errors import Refused
from workstation.reporting.database import ReportDatabase, Row
from workstation.reporting.drafting import DraftJournal
from workstation.reporting.text import clean_line

if TYPE_CHECKING:
    from datetime import datetime

Clock = Callable[[], "datetime"]
NOT_JOINED = "Not read together"
NOT_TAKEN_OUT = "Not taken out"
_STANDS = (
    "NOT EXISTS (SELECT 1 FROM report_joint o WHERE o.report_uuid = j.report_uuid AND o.order_id = j.order_id AND o.id > j.id)"
)
_NOW = f"SELECT * FROM report_joint j WHERE j.event = 'joined' AND {_STANDS}"
_UNSIGNED = (ReportStatus.DRAFT, ReportStatus.PRELIMINARY)


class JointOrders:
    """`survivor` gives whom a patient was merged into."""

    def __init__(self, database: ReportDatabase, journal: DraftJournal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self.survivor: Callable[[PatientKey], PatientKey] = lambda key: key

    def of(self, report_uuid: str) -> tuple[JointOrder, ...]:
        """What is read with the report's own order now, in the order in which it was joined."""
        return tuple(map(_joint, self._database.rows(f"{_NOW} AND j.report_uuid = ? ORDER BY j.id", report_uuid)))

    def row_of(self, accession_number: str = "", order_id: str = "") -> Row | None:
        """The row of `report` that answers this order, though it was begun for another one."""
        sql = f"SELECT r.* FROM report r WHERE r.report_uuid = ({_NOW.replace('*', 'j.report_uuid')} AND {{0}} = ? LIMIT 1)"
        column, value = ("accession_number", accession_number) if accession_number else ("order_id", order_id)
        return self._database.row(sql.format(f"j.{column}"), value) if value else None

    def join(self, report: Report, item: WorklistItem, by: str) -> None:
        """Read this row's order in the report as well; the same again changes nothing. `Refused` where it may not be."""
        with self._database.writing():
            if any(one.order_id == (item.order.order_id if item.order else "") for one in self.of(report.report_uuid)):
                return
            self._may_join(report, item)
            assert item.order is not None
            self._record("joined", report.report_uuid, joint_order(item), by, item.modality)

    def leave(self, report: Report, order_id: str, by: str, signed: Iterable[Report]) -> None:
        """Take an order out again. `Refused` once a version that answers it was `signed`."""
        with self._database.writing():
            one = next((one for one in self.of(report.report_uuid) if one.order_id == order_id), None)
            if one is None:
                raise Refused(NOT_TAKEN_OUT, "This order is not read in the report", "Open the list again")
            _check_open(report, NOT_TAKEN_OUT)
            if any(each.order_id == order_id for version in signed for each in version.joint):
                why = "A signed version of this report answers it, and the RIS has that version or gets it"
                raise Refused(NOT_TAKEN_OUT, why, "Correct the report, and say there what is not reported")
            self._record("left", report.report_uuid, one, by, "")

    # ---- within --------------------------------------------------------------------------

    def _may_join(self, report: Report, item: WorklistItem) -> None:
        _check_open(report, NOT_JOINED)
        order = item.order
        if order is None or not (order.order_id and item.accession_number and order.ris_patient_reference):
            raise Refused(NOT_JOINED, "It has no order in the RIS", "Ask for one; the report would have no way home to it")
        if not report.order_id:
            raise Refused(NOT_JOINED, "The open report has no order in the RIS itself", "Open the study from its order")
        if order.order_id == report.order_id or item.accession_number == report.accession_number:
            raise Refused(NOT_JOINED, "It is the order of this report itself")
        own = self.survivor(PatientKey(report.patient_id, report.patient_issuer))
        if own not in (self.survivor(item.patient.key),) or own != self.survivor(order.patient.key):
            raise Refused(NOT_JOINED, "It is of another patient", "Report it by itself")
        if order.ris_patient_reference != report.ris_patient_reference:
            why = "The RIS has the two orders under two records of the patient"
            raise Refused(NOT_JOINED, why, "Have the RIS desk merge them, or report it by itself")
        self._check_free(report, item, order.order_id)

    def _check_free(self, report: Report, item: WorklistItem, order_id: str) -> None:
        """No other report answers it, or has words for it."""
        other = self.row_of(item.accession_number) or self.row_of(order_id=order_id)
        if other is not None and other["report_uuid"] != report.report_uuid:
            raise Refused(NOT_JOINED, "It is read in another report already", "Take it out there first")
        own = self._database.row("SELECT report_uuid FROM report WHERE accession_number = ?", item.accession_number)
        if own is None:
            return
        uuid = own["report_uuid"]
        if self._database.row("SELECT 1 FROM report_version WHERE report_uuid = ?", uuid) is not None:
            raise Refused(NOT_JOINED, "It has a signed report of its own", "Add to that one, or correct it")
        if any(text.strip() for text in self._journal.texts(uuid).values()):
            raise Refused(NOT_JOINED, "A report of its own was begun for it", "Open it and empty it first: no words are lost so")
        if self.of(uuid):
            raise Refused(NOT_JOINED, "Other orders are read in its own report", "Take them out there first")

    def _record(self, event: str, report_uuid: str, one: JointOrder, by: str, modality: str) -> None:
        facts = {**asdict(one), "modality": clean_line(modality)[:16]}
        now = self._clock().isoformat()
        self._database.insert("report_joint", report_uuid=report_uuid, event=event, **facts, by_whom=clean_line(by), at=now)


def joint_order(item: WorklistItem) -> JointOrder:
    """A row of the worklist that has an order, as a report names it."""
    order = item.order
    assert order is not None
    uid = item.study_instance_uid or order.study_instance_uid
    return JointOrder(
        order.order_id, item.accession_number, uid, clean_line(order.procedure or item.procedure), order.procedure_code
    )


def as_text(joint: Iterable[JointOrder]) -> str:
    """For the row of a signed version."""
    return json.dumps([asdict(one) for one in joint], ensure_ascii=False)


def from_text(text: str) -> tuple[JointOrder, ...]:
    return tuple(JointOrder(**facts) for facts in json.loads(text))


def _joint(row: Row) -> JointOrder:
    names = ("order_id", "accession_number", "study_instance_uid", "procedure", "procedure_code")
    return JointOrder(*(row[name] for name in names))


def _check_open(report: Report, title: str) -> None:
    """Until it is signed, and while it is corrected: an addendum changes nothing of what was signed."""
    revision = report.revision
    if revision.action is ReportAction.APPEND if revision is not None else report.status not in _UNSIGNED:
        raise Refused(title, "The report is signed", "Begin a correction: it may answer other orders than before")
