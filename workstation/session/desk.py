"""The report on the desk: bound to its accession and study, whatever window has focus.

Nothing is shown as accepted before the store has it on disk: each change goes to the
database lane, and `report_changed` follows with what the store now holds. What the disk
refused stays here, with its report, until it takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from workstation.domain.delivery import Delivery
from workstation.domain.dictation import DictatedSegment
from workstation.domain.order import WorklistItem
from workstation.domain.patient import PatientKey
from workstation.domain.report import Report, ReportAction, ReportStatus, SectionCode
from workstation.domain.study import Study
from workstation.domain.text_link import TextLink
from workstation.errors import Refused
from workstation.jobs import DATABASE, Cancel, Jobs
from workstation.reporting.journal import Change, Spot
from workstation.reporting.links import LinkLedger
from workstation.reporting.signing import Missing, NotSigned
from workstation.reporting.spoken import SpokenLedger
from workstation.reporting.store import ReportStore, SigningEvidence
from workstation.reporting.text import clean
from workstation.session.ties import Ties
from workstation.session.tool import ShownImage
from workstation.signals import Signal

Found = TypeVar("Found")
Place = tuple[str, SectionCode]
"""A section of a report: (report UUID, section)."""


@dataclass(frozen=True, slots=True)
class DictationTarget:
    """Where dictated words go. Taken when they are spoken; opening another case moves nothing."""

    report_uuid: str
    section: SectionCode


@dataclass(frozen=True, slots=True)
class OpenReport:
    """What the store holds about a case: its report, the report's delivery, the priors' signed reports."""

    report: Report
    delivery: Delivery | None
    prior_reports: tuple[Report, ...]


class ReportDesk:
    """The open report. Every method returns at once; the answer arrives as a signal."""

    def __init__(self, store: ReportStore, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs
        self.report_changed: Signal[Report | None] = Signal()
        self.opened: Signal[Report] = Signal()
        """A report was put on the desk; `report_changed` went before."""
        self.segment_accepted: Signal[tuple[Report, SectionCode, DictatedSegment]] = Signal()
        self.segment_placed: Signal[tuple[Report, SectionCode, DictatedSegment, Change]] = Signal()
        """As `segment_accepted`, with how it changed the stored text; told first."""
        self.spoken_for: Signal[tuple[str, DictationTarget]] = Signal()
        """Somebody began to speak: the segment and where its words will go."""
        self.saving_changed: Signal[int] = Signal()
        """How many writes are under way; also told when `unsaved` changes."""
        self.signed: Signal[Delivery] = Signal()
        self.problem: Signal[Exception] = Signal()
        self.leaving: Signal[None] = Signal()
        """Editors hand in typed text that waits for a pause now: the report is signed or put away next."""
        self.report: Report | None = None
        self.delivery: Delivery | None = None
        self.prior_reports: tuple[Report, ...] = ()
        self.locked = ""
        """Why nobody may write now, in words; empty when one may."""
        self._section = SectionCode.FINDINGS
        self._saving = 0
        self._unsaved: dict[Place, str] = {}
        self._spoken: dict[str, DictationTarget] = {}
        self.ties = Ties()
        """Words that are tied to images and are written with the next text of their section."""
        # Of the database lane alone: sections whose last typed text did not reach the disk.
        self._lost: set[Place] = set()

    @property
    def is_open_for_writing(self) -> bool:
        report = self.report
        unsigned = (ReportStatus.DRAFT, ReportStatus.PRELIMINARY)
        return report is not None and not self.locked and (report.status in unsigned or report.revision is not None)

    @property
    def is_appending(self) -> bool:
        """An addendum is being written: the signed text stays as it is."""
        revision = self.report.revision if self.report else None
        return revision is not None and revision.action is ReportAction.APPEND

    def may_write(self, section: SectionCode) -> bool:
        return self.is_open_for_writing and (section is SectionCode.ADDENDUM) == self.is_appending

    @property
    def section(self) -> SectionCode:
        """Where words go now. While an addendum is written, there and nowhere else."""
        return SectionCode.ADDENDUM if self.is_appending else self._section

    @section.setter
    def section(self, section: SectionCode) -> None:
        self._section = section if section is not SectionCode.ADDENDUM else SectionCode.FINDINGS

    @property
    def links(self) -> LinkLedger:
        """What ties words to images, on disk: for jobs of the database lane."""
        return self._store.links

    @property
    def spoken_words(self) -> SpokenLedger:
        """What came by voice, on disk: for jobs of the database lane."""
        return self._store.spoken

    def report_on_disk(self, report_uuid: str) -> Report:
        """For jobs of the database lane."""
        return self._store.report(report_uuid)

    @property
    def is_saving(self) -> bool:
        return self._saving > 0

    @property
    def unsaved(self) -> Mapping[Place, str]:
        """Typed text that the disk refused, of any report, newest wins. `retry` tries again."""
        return self._unsaved

    def open(self, item: WorklistItem | None, priors: Sequence[Study] = ()) -> None:
        """Put the report of this worklist row on the desk; None when the study has no order."""
        self.close()
        if item is not None and item.order is not None:
            self._jobs.run(DATABASE, lambda _: self._opened(item, priors), self._put, self.problem.emit, slot="open report")

    def close(self) -> None:
        self.leaving.emit(None)
        # An answer that is still on its way belongs to a case that is no longer open.
        self._jobs.run(DATABASE, lambda _: None, slot="open report")
        self.delivery, self.prior_reports = None, ()
        self._set(None)

    def find_drafts(self, found: Callable[[Sequence[Report]], object]) -> None:
        """Tell the reports that hold words which nobody signed."""
        self._jobs.run(DATABASE, lambda _: self._store.drafts(), found, self.problem.emit)

    def target(self) -> DictationTarget | None:
        return DictationTarget(self.report.report_uuid, self.section) if self.report and self.is_open_for_writing else None

    def write(self, section: SectionCode, text: str) -> None:
        """Typed text of a whole section. On disk before `report_changed`."""
        if self.report is not None:
            self._write(self.report.report_uuid, section, text)

    def add(self, section: SectionCode, text: str) -> None:
        """Text at the end of a section, as a paragraph of its own; nothing when it stands there already."""
        report = self.report
        if report is None or not text.strip() or not self.may_write(section):
            return
        self.leaving.emit(None)

        def work(_: Cancel) -> Report:
            there = self._store.report(report.report_uuid).text(section)
            if text in there:
                return self._store.report(report.report_uuid)
            return self._store.write_section(report.report_uuid, section, f"{there.rstrip()}\n{text}" if there.strip() else text)

        self._save(work, self._update)

    def act(self, work: Callable[[ReportStore, str], object], done: Callable[[Report], object], uuid: str = "") -> None:
        """Do something to a report, by default the one on the desk, behind all that was typed; `done` sees what came of it."""
        self.leaving.emit(None)
        wanted = uuid or (self.report.report_uuid if self.report else "")

        def on_disk(_: Cancel) -> tuple[Report, Delivery | None]:
            work(self._store, wanted)
            return self._store.report(wanted), self._store.delivery_of(wanted)

        def acted(result: tuple[Report, Delivery | None]) -> None:
            report, delivery = result
            if self.report is not None and self.report.report_uuid == report.report_uuid:
                self.delivery = delivery
            self._update(report)
            done(report)

        self._save(on_disk, acted)

    def ask(self, work: Callable[[ReportStore], Found], found: Callable[[Found], object], slot: str) -> None:
        """Read from the store. A later question of the same `slot` wins."""
        self._jobs.run(DATABASE, lambda _: work(self._store), found, self.problem.emit, slot=slot)

    def retry(self) -> None:
        """Try again to save what the disk refused."""
        for (uuid, section), text in list(self._unsaved.items()):
            self._write(uuid, section, text)

    def announce(self, segment_id: str, target: DictationTarget) -> None:
        """Somebody speaks: words for this report will come, so it cannot be signed yet."""
        self._spoken[segment_id] = target
        self.spoken_for.emit((segment_id, target))

    def abandon(self, segment_id: str) -> None:
        """No words will come of it after all."""
        self._spoken.pop(segment_id, None)

    def awaits_words(self, report_uuid: str) -> bool:
        """Whether something said for this report is not yet on disk."""
        return any(target.report_uuid == report_uuid for target in self._spoken.values())

    def accept(
        self,
        target: DictationTarget,
        segment: DictatedSegment,
        saved: Callable[[], object] = lambda: None,
        failed: Callable[[Exception], object] | None = None,
        spot: Spot | None = None,
    ) -> None:
        """A dictated segment for the report it was spoken for, open on the desk or not; in its spot, or at the end."""

        def work(_: Cancel) -> tuple[Report, Change]:
            report = self._store.append_segment(target.report_uuid, target.section, segment, spot)
            change = self._store.spoken.change_of(target.report_uuid, segment.segment_id)
            return report, change or Change(0, 0, "")

        def accepted(result: tuple[Report, Change]) -> None:
            report, change = result
            self.abandon(segment.segment_id)
            self.segment_placed.emit((report, target.section, segment, change))
            self.segment_accepted.emit((report, target.section, segment))
            self._update(report)
            saved()

        self._save(work, accepted, failed)

    def sign(
        self,
        action: ReportAction,
        signer: str,
        shown: frozenset[ShownImage],
        patient: PatientKey,
        study_uid: str,
        check: Callable[[Report], None] = lambda _: None,
        told: Callable[[Exception | None], object] = lambda _: None,
    ) -> None:
        """Sign what the store holds, once everything typed before is saved (one lane keeps the order).

        `check` is given that text, on another thread, and may refuse it. `told` as `carry_out` tells.
        """
        evidence = SigningEvidence(study_uid, patient, frozenset((s.study_uid, s.sop_instance_uid) for s in shown))
        self.carry_out(lambda uuid: self._store.sign(uuid, action, signer, evidence, check), told)

    def carry_out(
        self, act: Callable[[str], Delivery | None], told: Callable[[Exception | None], object] = lambda _: None
    ) -> None:
        """Something that ends in a signature, or ends the draft, behind everything typed and said before it.

        `act` is given the report's uuid, on the database lane, and gives the delivery of what was signed.
        `told` hears None when it was done, or the problem after everybody else.
        """

        def refuse(error: Exception) -> None:
            self.problem.emit(error)
            told(error)

        self.leaving.emit(None)
        report = self.report
        if report is None:
            refuse(Refused("Nothing to sign", "No report is open", "Open a case that has an order in the RIS"))
            return
        if self.awaits_words(report.report_uuid):
            refuse(
                NotSigned("The last words you said are still being written", "Read them in the report, then sign", Missing.WORDS)
            )
            return

        def work(_: Cancel) -> tuple[Report, Delivery | None]:
            if any(uuid == report.report_uuid for uuid, _ in self._lost):
                raise NotSigned("The last typed words are not on disk", "Free space on the disk; saving is tried again by itself")
            delivery = act(report.report_uuid)
            return self._store.report(report.report_uuid), delivery

        def done(result: tuple[Report, Delivery | None]) -> None:
            if result[1] is not None:
                self.follow(result[1])
            self._update(result[0])
            if result[1] is not None:
                self.signed.emit(result[1])
            told(None)

        self._save(work, done, refuse)

    def lock(self, why: str) -> None:
        """Show the report, and let nobody write it: somebody else reads the examination. Words on their way still arrive."""
        if why == self.locked:
            return
        self.leaving.emit(None)
        self.locked = why
        self._set(self.report)

    def follow(self, delivery: Delivery) -> None:
        """The outbox moved a delivery. Kept when it is of the report on the desk, and not older than what is known."""
        if self.report is None or delivery.report_uuid != self.report.report_uuid:
            return
        if self.delivery is None or delivery.version >= self.delivery.version:
            self.delivery = delivery

    # ---- inside ----------------------------------------------------------------------

    def _opened(self, item: WorklistItem, priors: Sequence[Study]) -> OpenReport:
        report = self._store.open_draft(item)
        found = (self._store.report_of(p.accession_number, p.study_instance_uid) for p in priors)
        signed = tuple(r for r in found if r is not None and r.version and _is_of(r, report.patient_id, priors))
        return OpenReport(report, self._store.delivery_of(report.report_uuid), signed)

    def _put(self, opened: OpenReport) -> None:
        self.delivery, self.prior_reports = opened.delivery, opened.prior_reports
        self._set(opened.report)
        self.opened.emit(opened.report)

    def _write(self, uuid: str, section: SectionCode, text: str) -> None:
        place = (uuid, section)

        def written(report: Report) -> None:
            if self._unsaved.get(place) == text:
                del self._unsaved[place]
            self._update(report)

        def failed(error: Exception) -> None:
            self._unsaved.setdefault(place, text)
            self.problem.emit(error)

        if place in self._unsaved:
            self._unsaved[place] = text  # or a retry would write the older text over it
        links = self.ties.taken(uuid, section, clean(text))
        self._save(lambda _: self._on_disk(uuid, section, text, links), written, failed)

    def _on_disk(self, uuid: str, section: SectionCode, text: str, links: Sequence[TextLink]) -> Report:
        self._lost.add((uuid, section))
        with self.ties.kept_if_refused(uuid, section, clean(text), links):
            report = self._store.write_section(uuid, section, text, links=links)
        self._lost.discard((uuid, section))
        return report

    def _save(
        self,
        work: Callable[[Cancel], object],
        done: Callable[..., object],
        failed: Callable[[Exception], object] | None = None,
    ) -> None:
        def finished(receiver: Callable[..., object], value: object) -> None:
            self._saving -= 1
            receiver(value)
            self.saving_changed.emit(self._saving)

        self._saving += 1
        self.saving_changed.emit(self._saving)
        self._jobs.run(DATABASE, work, lambda v: finished(done, v), lambda e: finished(failed or self.problem.emit, e))

    def _update(self, report: Report) -> None:
        if self.report is not None and self.report.report_uuid == report.report_uuid:
            self._set(report)

    def _set(self, report: Report | None) -> None:
        self.report = report
        self.report_changed.emit(report)


def _is_of(report: Report, patient_id: str, priors: Sequence[Study]) -> bool:
    """Accession numbers are reused: a prior's report counts only for that very study and patient."""
    return report.patient_id == patient_id and report.study_instance_uid in {p.study_instance_uid for p in priors}
