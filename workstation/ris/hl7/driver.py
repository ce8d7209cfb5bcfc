"""A RIS that takes reports as HL7 v2.5.1 ORU^R01 over MLLP, and shows them again over FHIR where it can.

The message is what was frozen when the report was signed: every sending has the same bytes and the same
MSH-10, by which a receiver knows that it has it already. Where the RIS cannot be read back, its yes is all
there is, and the delivery stays "acknowledged".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from workstation.domain.claim import ClaimSource
from workstation.domain.delivery import FHIR_REPORT, HL7_REPORT, UNPROVABLE, Submission
from workstation.domain.fhir import Resource
from workstation.domain.hl7 import control_id_of
from workstation.domain.order import Order
from workstation.domain.report import JointOrder
from workstation.ris.hl7.acks import answer_in
from workstation.ris.hl7.mllp import MllpLink
from workstation.ris.hl7.reading import AccessionReader
from workstation.ris.no_answer import NoAnswer
from workstation.ris.ris import OTHER_FORM, Answer, AnswerKind, Holding, HoldingKind, OrderCheck, OrderCheckKind
from workstation.ris.wire import Query


class Hl7Ris:
    """Cannot be read: its yes is all there is. Thread-safe; every call is bounded in time.

    `doubt` says from the orders on this machine why a report must not be sent for its order, or "".
    """

    def __init__(self, link: MllpLink, doubt: Callable[[Submission], str]) -> None:
        self._link = link
        self._doubt = doubt
        self._rejections: dict[str, int] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        self._link.abort()

    def abort(self) -> None:
        self._link.abort()

    def is_available(self) -> str:
        """Empty when the RIS can be reached, and read where it should be; else why not."""
        return self._link.is_available()

    def orders(self) -> tuple[Order, ...]:
        """None of its own: an engine's orders come in by themselves."""
        return ()

    def check_order(self, submission: Submission) -> OrderCheck:
        if submission.kind != HL7_REPORT:
            return OrderCheck(OrderCheckKind.DOUBT, OTHER_FORM)
        if doubt := self._doubt(submission):
            return OrderCheck(OrderCheckKind.DOUBT, doubt)
        return OrderCheck(OrderCheckKind.STANDS)

    def deliver(self, submission: Submission, replaces: Holding | None) -> Answer:
        answer = self._delivered(submission)
        return Answer(AnswerKind.ACKNOWLEDGED, UNPROVABLE) if answer.kind is AnswerKind.ACKNOWLEDGED else answer

    def read_back(self, report_uuid: str) -> Holding:
        return Holding(HoldingKind.UNPROVABLE)

    def _delivered(self, submission: Submission) -> Answer:
        number = control_id_of(submission.payload)
        with self._lock:
            earlier = self._rejections.get(number, 0)
        try:
            answer = self._link.exchange(submission.payload, lambda content: answer_in(content, number, earlier))
        except NoAnswer as error:
            return Answer(AnswerKind.UNKNOWN, str(error))
        with self._lock:
            self._rejections[number] = earlier + 1 if answer.kind is AnswerKind.UNKNOWN else 0
        return answer


class ReadableHl7Ris(Hl7Ris):
    """Shows over FHIR what it took over HL7: reports are read back by accession number, orders and claims are there.

    `accession_of` gives the accession number of a report of ours.
    """

    def __init__(
        self, link: MllpLink, doubt: Callable[[Submission], str], reader: AccessionReader, accession_of: Callable[[str], str]
    ) -> None:
        super().__init__(link, doubt)
        self._reader = reader
        self._accession_of = accession_of

    def close(self) -> None:
        super().close()
        self._reader.close()

    def abort(self) -> None:
        super().abort()
        self._reader.abort()

    def is_available(self) -> str:
        return super().is_available() or self._reader.is_available()

    def orders(self) -> tuple[Order, ...]:
        return self._reader.orders()

    def check_order(self, submission: Submission) -> OrderCheck:
        check = super().check_order(submission)
        if check.kind is OrderCheckKind.STANDS and submission.ris_patient_reference.startswith("Patient/"):
            return self._reader.check_order(replace(submission, kind=FHIR_REPORT))
        return check

    def deliver(self, submission: Submission, replaces: Holding | None) -> Answer:
        return self._delivered(submission)

    def read_back(self, report_uuid: str) -> Holding:
        return self._reader.report_for(self._accession_of(report_uuid))

    def held_under(self, order: JointOrder) -> tuple[Resource, ...]:
        return self._reader.held_under(order)

    # ---- what is asked of a RIS that can be read -----------------------------------------

    @property
    def claims(self) -> ClaimSource:
        return self._reader.claims

    def reports_of(self, order_id: str) -> tuple[Holding, ...]:
        return self._reader.reports_of(order_id)

    def holding_at(self, ris_report_id: str) -> Holding:
        return self._reader.holding_at(ris_report_id)

    def search(self, resource_type: str, query: Query) -> list[Resource]:
        return self._reader.search(resource_type, query)
