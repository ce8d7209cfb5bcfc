"""The report on the desk: bound to its accession and study, whatever window has focus.

Nothing is shown as accepted before the store has it on disk: each change goes to the
database lane, and `report_changed` follows with what the store now holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workstation.domain.delivery import Delivery
from workstation.domain.dictation import DictatedSegment
from workstation.domain.order import WorklistItem
from workstation.domain.patient import PatientKey
from workstation.domain.report import Report, ReportAction, ReportStatus, SectionCode
from workstation.errors import Refused
from workstation.jobs import DATABASE, Cancel, Jobs
from workstation.reporting.store import ReportStore, SigningEvidence
from workstation.session.viewing import ShownImage
from workstation.signals import Signal


@dataclass(frozen=True, slots=True)
class DictationTarget:
    """Where dictated words go. Taken when dictation starts; opening another case moves nothing."""

    report_uuid: str
    section: SectionCode


class ReportDesk:
    """The open report. Every method returns at once; the answer arrives as a signal."""

    def __init__(self, store: ReportStore, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs
        self.report_changed: Signal[Report | None] = Signal()
        self.segment_accepted: Signal[tuple[Report, SectionCode, DictatedSegment]] = Signal()
        self.saving_changed: Signal[int] = Signal()
        self.signed: Signal[Delivery] = Signal()
        self.problem: Signal[Exception] = Signal()
        self.leaving: Signal[None] = Signal()
        """Editors hand in typed text that waits for a pause now: the report is signed or put away next."""
        self.report: Report | None = None
        self.section = SectionCode.FINDINGS
        self._saving = 0
        # Of the database lane alone: sections whose last typed text did not reach the disk.
        self._lost: set[tuple[str, SectionCode]] = set()

    @property
    def is_open_for_writing(self) -> bool:
        return self.report is not None and self.report.status in (ReportStatus.DRAFT, ReportStatus.PRELIMINARY)

    def open(self, item: WorklistItem | None) -> None:
        """Put the report of this worklist row on the desk; None when the study has no order."""
        self.close()
        if item is not None and item.order is not None:
            self._jobs.run(DATABASE, lambda _: self._store.open_draft(item), self._set, self.problem.emit, slot="open report")

    def close(self) -> None:
        self.leaving.emit(None)
        self._set(None)

    def target(self) -> DictationTarget | None:
        return DictationTarget(self.report.report_uuid, self.section) if self.report and self.is_open_for_writing else None

    def write(self, section: SectionCode, text: str) -> None:
        """Typed text of a whole section. On disk before `report_changed`."""
        if self.report is not None:
            uuid = self.report.report_uuid
            self._save(lambda _: self._write(uuid, section, text), self._update)

    def accept(self, target: DictationTarget, segment: DictatedSegment) -> None:
        """A dictated segment for the report it was spoken for, open on the desk or not."""

        def accepted(report: Report) -> None:
            self.segment_accepted.emit((report, target.section, segment))
            self._update(report)

        self._save(lambda _: self._store.append_segment(target.report_uuid, target.section, segment), accepted)

    def sign(self, action: ReportAction, signer: str, shown: frozenset[ShownImage], patient: PatientKey, study_uid: str) -> None:
        """Sign what the store holds, once everything typed before is saved (one lane keeps the order)."""
        self.leaving.emit(None)
        report = self.report
        if report is None:
            self.problem.emit(Refused("Nothing to sign", "No report is open", "Open a case from the worklist"))
            return
        evidence = SigningEvidence(study_uid, patient, frozenset((s.study_uid, s.sop_instance_uid) for s in shown))

        def work(_: Cancel) -> tuple[Report, Delivery]:
            if any(uuid == report.report_uuid for uuid, _ in self._lost):
                raise Refused(
                    "Not signed",
                    "The last typed words are not on disk",
                    "Free space on the disk; saving is tried again by itself",
                )
            delivery = self._store.sign(report.report_uuid, action, signer, evidence)
            return self._store.report(report.report_uuid), delivery

        def done(result: tuple[Report, Delivery]) -> None:
            self._update(result[0])
            self.signed.emit(result[1])

        self._save(work, done)

    def _write(self, uuid: str, section: SectionCode, text: str) -> Report:
        self._lost.add((uuid, section))
        report = self._store.write_section(uuid, section, text)
        self._lost.discard((uuid, section))
        return report

    def _save(self, work: Callable[[Cancel], object], done: Callable[..., object]) -> None:
        def finished(receiver: Callable[..., object], value: object) -> None:
            self._saving -= 1
            receiver(value)
            self.saving_changed.emit(self._saving)

        self._saving += 1
        self.saving_changed.emit(self._saving)
        self._jobs.run(DATABASE, work, lambda v: finished(done, v), lambda e: finished(self.problem.emit, e))

    def _update(self, report: Report) -> None:
        if self.report is not None and self.report.report_uuid == report.report_uuid:
            self._set(report)

    def _set(self, report: Report | None) -> None:
        self.report = report
        self.report_changed.emit(report)
