"""The report store: drafts that survive anything, versions that never change, and their outbox.

Every method is on disk when it returns, and safe from any thread. Times are UTC with offset;
order comes from row ids, never from the clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from workstation.at_rest.vault import Vault
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.dictation import DictatedSegment
from workstation.domain.order import Order, WorklistItem
from workstation.domain.patient import PatientKey
from workstation.domain.report import JointOrder, Report, ReportAction, ReportSection, SectionCode
from workstation.domain.text_link import TextLink
from workstation.errors import Refused, WorkstationError
from workstation.reporting.changes import ReportChanges
from workstation.reporting.conflicts import Choice, Conflicts, Decision
from workstation.reporting.content import content_of_report
from workstation.reporting.critical import CriticalLog
from workstation.reporting.database import ReportDatabase, Row
from workstation.reporting.documents import DocumentLedger
from workstation.reporting.drafting import DraftJournal, JournalEntry
from workstation.reporting.forms import FhirForm, Form
from workstation.reporting.joint import JointOrders
from workstation.reporting.journal import Spot
from workstation.reporting.lead_times import LeadTimes
from workstation.reporting.ledger import Clock, DeliveryLedger
from workstation.reporting.life import ReportLife
from workstation.reporting.links import LinkLedger
from workstation.reporting.signed_versions import SignedVersions
from workstation.reporting.signing import NOTHING_SEEN, NotSigned, SigningEvidence, check_seen, same_text, status_after
from workstation.reporting.spoken import SpokenLedger
from workstation.reporting.standing import NothingKnown, Standing
from workstation.reporting.text import clean_line
from workstation.reporting.versions import SignedVersion, draft_of, put_together, signed_of, version_row

__all__ = ["ReportStore", "SigningEvidence"]


def utc_now() -> datetime:
    return datetime.now(UTC)


class ReportStore:
    """Reports by their `report_uuid`. `ledger` is the outbox, `links` what ties words to images.

    Opening raises `Refused` (damaged without a copy, of another key, from a newer program) or `Unavailable` (disk, lock);
    every method may raise `Unavailable` when the disk will not take what was given.
    """

    def __init__(self, path: Path, clock: Clock = utc_now, vault: Vault | None = None) -> None:
        self._database = ReportDatabase(path, vault=vault)
        self._clock = clock
        self.language = "en"
        """Of reports that are begun from now on, as `en`."""
        self._journal = DraftJournal(self._database, clock)
        self.ledger = DeliveryLedger(self._database, clock)
        self.send_as(FhirForm())
        self.joint = JointOrders(self._database, self._journal, clock)
        self.rely_on(NothingKnown())
        self.conflicts = Conflicts(self._database, self._journal, self.ledger, clock)
        self.signed_versions = SignedVersions(self._database, self.versions)
        self.documents = DocumentLedger(self._database, self.signed_versions, clock)
        self.spoken = SpokenLedger(self._database, self._journal, clock)
        self.critical = CriticalLog(self._database, clock)
        self.life = ReportLife(self._database, self._journal, self.ledger, clock)
        self.links = LinkLedger(self._database, self._journal, clock)
        self.lead_times = LeadTimes(self._database, clock)
        self.changes = ReportChanges(self._database)

    def send_as(self, form: Form) -> None:
        """In which form reports that are signed from now on go to the RIS."""
        self._form = form
        self.ledger.can_be_proved = form.can_be_proved

    def rely_on(self, standing: Standing) -> None:
        """Who tells of merged patients and of orders that stand no more."""
        self._standing = standing
        self.ledger.survivor = self.joint.survivor = standing.survivor

    @property
    def notice(self) -> str:
        """What the reader must know about the file, empty when all is well."""
        return self._database.notice

    def listen(self, on_trouble: Callable[[WorkstationError], None]) -> None:
        """`on_trouble` is told, from any thread, what threatens the store: a full disk, a lock, a log not written."""
        self._database.on_trouble = on_trouble
        for trouble in self._database.early_troubles:
            on_trouble(trouble)
        self._database.early_troubles.clear()

    def close(self) -> None:
        self._database.close()

    def open_draft(self, item: WorklistItem) -> Report:
        """The report of this row's accession (or study, without one), or a new empty draft.

        `Refused` when the accession's report belongs to another patient or study.
        """
        with self._database.writing():
            row = self._find(item.accession_number, item.study_instance_uid) or self._moved(item)
            if row is None:
                report_uuid = self._create(item)
            else:
                report_uuid = str(row["report_uuid"])
                _check_same(row, item, self._standing, self.joint.of(report_uuid))
                if item.accession_number == row["accession_number"]:
                    self._bind(row, item.order)
        return self.report(report_uuid)

    def report(self, report_uuid: str) -> Report:
        """The report as it stands: last signed status and version, text as journalled, what was begun on it."""
        row = self._required(report_uuid)
        texts = self._journal.texts(report_uuid)
        sections = tuple(ReportSection(code, texts[code]) for code in SectionCode)
        signed = self.versions(report_uuid)
        revision = self.life.of(report_uuid).revision
        joint = self.joint.of(report_uuid)
        return replace(signed[-1] if signed else draft_of(row), sections=sections, revision=revision, joint=joint)

    def report_of(self, accession_number: str, study_uid: str) -> Report | None:
        """The report of a worklist row, if one was ever opened."""
        row = self._find(accession_number, study_uid)
        return self.report(row["report_uuid"]) if row else None

    def of_order(self, order_id: str) -> Report | None:
        """The report that answers an order, begun for it or for another one."""
        row = self.joint.row_of(order_id=order_id)
        row = row or self._database.row("SELECT report_uuid FROM report WHERE order_id = ?", order_id)
        return self.report(row["report_uuid"]) if row else None

    def drafts(self) -> tuple[Report, ...]:
        """Reports with words that no signed version holds: what to offer after a restart."""
        rows = self._database.rows("SELECT report_uuid FROM report WHERE unsigned_changes > 0 ORDER BY rowid")
        return tuple(report for row in rows if self._has_unsigned_words(report := self.report(row["report_uuid"])))

    def versions(self, report_uuid: str) -> tuple[Report, ...]:
        """The signed versions that stand, oldest first, exactly as signed."""
        row = self._required(report_uuid)
        withdrawn = self.life.of(report_uuid).withdrawn
        return tuple(signed_of(row, v) for v in self._version_rows(report_uuid) if v["version"] not in withdrawn)

    def history(self, report_uuid: str) -> tuple[SignedVersion, ...]:
        """Every signature, oldest first, with its delivery; also those that were withdrawn."""
        row = self._required(report_uuid)
        withdrawn = self.life.of(report_uuid).withdrawn
        deliveries = {delivery.version: delivery for delivery in self.ledger.of_report(report_uuid)}
        return tuple(
            SignedVersion(signed_of(row, v), deliveries.get(v["version"]), withdrawn.get(v["version"]))
            for v in self._version_rows(report_uuid)
        )

    def append_segment(
        self, report_uuid: str, section: SectionCode, segment: DictatedSegment, spot: Spot | None = None
    ) -> Report:
        """Dictated words in their spot, or at the end of a section. The same `segment_id` again changes nothing."""
        with self._database.writing():
            self._required(report_uuid)
            self._journal.dictate(report_uuid, section, segment, spot)
        return self.report(report_uuid)

    def write_section(
        self, report_uuid: str, section: SectionCode, text: str, base: str | None = None, links: Sequence[TextLink] = ()
    ) -> Report:
        """Typed text of a whole section, and in the same step the `links` of words in it.

        With `base`, the text that was typed onto, words appended to the section since are kept;
        `Conflict` when more than that has changed.
        """
        with self._database.writing():
            self._required(report_uuid)
            self._journal.type(report_uuid, section, text, base)
            self.links.add(links)
        return self.report(report_uuid)

    def journal(self, report_uuid: str) -> tuple[JournalEntry, ...]:
        """Everything that ever happened to the report, in order."""
        return self._journal.entries(report_uuid)

    def segments(self, report_uuid: str) -> tuple[tuple[SectionCode, DictatedSegment], ...]:
        """Every dictated segment as the recogniser gave it, in order."""
        return self._journal.segments(report_uuid)

    def sign(
        self,
        report_uuid: str,
        action: ReportAction,
        signer: str,
        evidence: SigningEvidence,
        check: Callable[[Report], None] = lambda _: None,
    ) -> Delivery:
        """A new immutable version and its outbox row, both or neither. `Refused` with reason and remedy.

        `check` sees the text that will be signed once nothing else is against it, and may raise `Refused` too.
        """
        with self._database.writing():
            current = self.report(report_uuid)
            earlier = self.versions(report_uuid)
            last = earlier[-1] if earlier else None
            self.conflicts.check(report_uuid)
            seen = evidence.of(current, self._standing)
            status = status_after(current, last, action, signer, seen, self.ledger.of_report(report_uuid))
            check(current)
            number = len(self._version_rows(report_uuid)) + 1
            signed = put_together(current, status, number, clean_line(signer), self._clock(), earlier)
            self.life.signed(signed, action)
            delivery_id = self._write_version(signed)
        return self.ledger.delivery(delivery_id)

    def decide(
        self,
        report_uuid: str,
        decision: Decision,
        evidence: SigningEvidence | None,
        check: Callable[[Report], None] = lambda _: None,
    ) -> Delivery | None:
        """Settle what the RIS holds against ours; the delivery of the version that is signed by it, if any.

        Nothing is signed without `evidence`. Raises as `sign` does, and `Conflict` when the RIS's version is another by now.
        """
        with self._database.writing():
            current, earlier = self.report(report_uuid), self.versions(report_uuid)
            if decision.choice is not Choice.DISCARD:
                check_seen(current, (evidence or NOTHING_SEEN).of(current, self._standing))
            elif current.revision is not None:
                raise Refused("Not done", "An addendum or correction of this report is open", "Put it away first")
            last, number = earlier[-1] if earlier else None, len(self._version_rows(report_uuid)) + 1

            def write(signed: Report) -> int:
                self.life.signed(signed, ReportAction.CORRECT if decision.choice is Choice.CORRECTION else ReportAction.APPEND)
                return self._write_version(signed)

            delivery_id = self.conflicts.decide(decision, current, last, number, check, write)
        return self.ledger.delivery(delivery_id) if delivery_id else None

    def untold_studies(self) -> frozenset[str]:
        """The Study Instance UIDs of the reports whose critical result nobody was told of."""
        return frozenset(critical.study_instance_uid for critical in self.critical.open())

    def deliveries(self, open_only: bool = False) -> tuple[Delivery, ...]:
        return self.ledger.deliveries(open_only)

    def delivery_of(self, report_uuid: str) -> Delivery | None:
        """The delivery of the newest signed version that stands."""
        rows = [row for row in self.ledger.of_report(report_uuid) if row.state is not DeliveryState.WITHDRAWN]
        return rows[-1] if rows else None

    def _version_rows(self, report_uuid: str) -> list[Row]:
        return self._database.rows("SELECT * FROM report_version WHERE report_uuid = ? ORDER BY version", report_uuid)

    def is_left_to_ris(self, report_uuid: str) -> bool:
        """Whether a reader let the RIS's version stand, and nothing of ours was signed on top of it."""
        return self.conflicts.let_stand(report_uuid) is not None

    def _required(self, report_uuid: str) -> Row:
        row = self._database.row("SELECT * FROM report WHERE report_uuid = ?", report_uuid)
        if row is None:
            raise Refused("No such report", "The report store has none with this id", "Open it from the worklist")
        return row

    def _find(self, accession_number: str, study_uid: str) -> Row | None:
        if accession_number:
            if (joint := self.joint.row_of(accession_number)) is not None:
                return joint
            return self._database.row("SELECT * FROM report WHERE accession_number = ?", accession_number)
        sql = "SELECT * FROM report WHERE accession_number = '' AND study_instance_uid = ?"
        return self._database.row(sql, study_uid)

    def _moved(self, item: WorklistItem) -> Row | None:
        """The draft of this very order and study from before the RIS changed its accession number (F69)."""
        if item.order is None or not item.accession_number:
            return None
        sql = "SELECT * FROM report WHERE order_id = ? AND study_instance_uid = ?"
        row = self._database.row(sql, item.order.order_id, item.study_instance_uid)
        if row is None or self._version_rows(row["report_uuid"]):
            return None
        sql = "UPDATE report SET accession_number = ? WHERE report_uuid = ?"
        self._database.execute(sql, item.accession_number, row["report_uuid"])
        self._journal.record(row["report_uuid"], "bound", item.order.order_id)
        return row

    def _create(self, item: WorklistItem) -> str:
        report_uuid = str(uuid.uuid4())
        self._database.insert(
            "report",
            report_uuid=report_uuid,
            accession_number=item.accession_number,
            study_instance_uid=item.study_instance_uid,
            patient_id=item.patient.key.patient_id,
            patient_issuer=item.patient.key.issuer,
            order_id=item.order.order_id if item.order else "",
            ris_patient_reference=item.order.ris_patient_reference if item.order else "",
            procedure=clean_line(item.procedure),
            procedure_code=item.order.procedure_code if item.order else "",
            study_date=item.study_date,
            language=self.language,
            created=self._clock().isoformat(),
        )
        self._journal.record(report_uuid, "opened")
        self.lead_times.opened(item)
        return report_uuid

    def _bind(self, row: Row, order: Order | None) -> None:
        """An order that came, or came anew, after the draft was opened. A signed report keeps its own."""
        if order is None or (order.order_id, order.ris_patient_reference) == (row["order_id"], row["ris_patient_reference"]):
            return
        if self.versions(row["report_uuid"]):
            return
        sql = "UPDATE report SET order_id = ?, ris_patient_reference = ?, procedure_code = ? WHERE report_uuid = ?"
        self._database.execute(sql, order.order_id, order.ris_patient_reference, order.procedure_code, row["report_uuid"])
        self._journal.record(row["report_uuid"], "bound", order.order_id)

    def _write_version(self, signed: Report) -> int:
        if doubt := self._standing.doubt_of(signed):
            raise NotSigned(doubt, "Ask the RIS desk, refresh the worklist and open the study from it again. The text is kept")
        rendered = self._form.render(signed)
        sha256 = content_of_report(signed).sha256()
        journal_id = self._journal.record(signed.report_uuid, "signed", f"version {signed.version}")
        self._database.insert("report_version", **version_row(signed), sha256=sha256, journal_id=journal_id)
        return self.ledger.enqueue(signed, rendered)

    def _has_unsigned_words(self, report: Report) -> bool:
        signed = self.versions(report.report_uuid)
        return not same_text(report, signed[-1]) if signed else any(s.text.strip() for s in report.sections)


def _check_same(row: Row, item: WorklistItem, standing: Standing, joint: Sequence[JointOrder] = ()) -> None:
    key = PatientKey(row["patient_id"], row["patient_issuer"])
    if standing.survivor(key) != standing.survivor(item.patient.key):
        raise Refused(
            "The report of this accession number belongs to another patient",
            "The order and the report on disk do not agree on the patient",
            "Do not report from this row: ask the RIS desk which patient the examination is of",
        )
    if item.study_instance_uid not in (row["study_instance_uid"], *(one.study_instance_uid for one in joint)):
        raise Refused(
            "The report of this accession number belongs to another study",
            "The order and the report on disk do not agree on the study",
            "Open the study that the report was begun for, or ask the RIS desk for an accession number of its own",
        )
