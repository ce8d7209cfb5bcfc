"""Whether an order still stands, by what this machine was told of it: what must be settled before a report leaves (F61, F69)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from workstation.domain.delivery import HL7_REPORT, Submission
from workstation.domain.hl7 import BadMessage, Segment, read_message
from workstation.domain.order import Order, OrderStatus
from workstation.domain.patient import PatientKey
from workstation.domain.report import JointOrder, Report

WORDS = {
    OrderStatus.REVOKED: "The order was cancelled in the RIS",
    OrderStatus.ON_HOLD: "The order was put on hold in the RIS",
    OrderStatus.ENTERED_IN_ERROR: "The order was marked as an error in the RIS",
}
ACCESSION_CHANGED = "The order's accession number has changed in the RIS"
OTHER_PATIENT = "The order belongs to another patient in the RIS now"
MERGED = "The patient was merged into another in the RIS after the report was signed"


class Orders(Protocol):
    """`workstation.worklist_store.OrderStore`, as far as it is asked here."""

    def order(self, order_id: str) -> Order | None: ...
    def survivor(self, key: PatientKey) -> PatientKey: ...
    def merged_at(self, key: PatientKey) -> datetime | None: ...


class Standing:
    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def doubt(self, submission: Submission) -> str:
        """Why the report must not be sent for its order, or "".

        A reader who has looked and sends again has verified what happened before that.
        """
        if doubt := self._of_order(submission.order_id, submission.accession_number, submission.patient):
            return doubt
        if doubt := self._of_joint(submission.joint, submission.patient):
            return doubt
        named = _named_in(submission)
        merged = self._orders.merged_at(named) if named else None
        return MERGED if merged and (submission.verified is None or submission.verified < merged) else ""

    # ---- for reports that are being written (`workstation.reporting.standing.Standing`) ----

    def survivor(self, key: PatientKey) -> PatientKey:
        return self._orders.survivor(key)

    def doubt_of(self, report: Report) -> str:
        patient = PatientKey(report.patient_id, report.patient_issuer)
        return self._of_order(report.order_id, report.accession_number, patient) or self._of_joint(report.joint, patient)

    def _of_joint(self, joint: Iterable[JointOrder], patient: PatientKey) -> str:
        for one in joint:
            if doubt := self._of_order(one.order_id, one.accession_number, patient):
                return f"{doubt} ({one.accession_number}, which is read together)"
        return ""

    def _of_order(self, order_id: str, accession_number: str, patient: PatientKey) -> str:
        order = self._orders.order(order_id) if order_id else None
        if order is None:
            return ""
        if order.status in WORDS:
            return WORDS[order.status]
        if order.accession_number != accession_number:
            return ACCESSION_CHANGED
        return "" if order.patient.key == self._orders.survivor(patient) else OTHER_PATIENT


def patient_in(identification: Segment) -> PatientKey | None:
    """PID-3 (or MRG-1) as a key: the number of type MR, else the first."""
    numbers = identification.repetitions(3 if identification.name == "PID" else 1)
    chosen = next((each for each in numbers if each.value(5) == "MR"), numbers[0] if numbers else None)
    if chosen is None or not chosen.value(1):
        return None
    return PatientKey(chosen.value(1), chosen.value(4, 1) or chosen.value(4, 2))


def _named_in(submission: Submission) -> PatientKey | None:
    """The patient that the frozen message names."""
    if submission.kind != HL7_REPORT:
        return None
    try:
        identification = read_message(submission.payload).first("PID")
    except BadMessage:
        return None
    return patient_in(identification) if identification else None
