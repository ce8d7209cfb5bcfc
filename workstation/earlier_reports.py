"""Collects earlier reports from where they lie into the local store: signed here, in the RIS, among a study's objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from workstation.cache.admission import same_person
from workstation.domain.earlier_report import EarlierReport, FoundReport, ReportOrigin
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import SECTION_TITLES, Report, ReportSection
from workstation.domain.study import Study
from workstation.earlier_reports_store import EarlierReportStore
from workstation.errors import Refused, WorkstationError
from workstation.reporting.content import content_of_report, content_of_resource
from workstation.reporting.layout import filled_sections, sections_of, written_sections
from workstation.reporting.store import ReportStore
from workstation.ris.patient_reports import RisReport, SearchableRis, reports_in_ris

SIGNED, WITHDRAWN = "signed here", "withdrawn here"
TOLD_BY_RIS = "RIS"
CHANGED_IN_RIS = "changed in the RIS"


class ReportObjects(Protocol):
    """The image shelf, as far as it is asked here (`workstation.ports.ImageShelf`)."""

    def reports_of(self, study: Study, cancelled: Callable[[], bool]) -> Iterable[EarlierReport]: ...


class ReportGatherer:
    """Thread-safe as its parts are. `same_as` gives the keys that are told to be of one patient with a key."""

    def __init__(
        self,
        store: EarlierReportStore,
        signed: Callable[[], ReportStore],
        objects: Callable[[], ReportObjects],
        ris: Callable[[], object],
        study: Callable[[str], Study],
        same_as: Callable[[PatientKey], Iterable[PatientKey]] = lambda _: (),
    ) -> None:
        self._store = store
        self._signed = signed
        self._objects = objects
        self._ris = ris
        self._study = study
        self._same_as = same_as

    def take_signed(self) -> None:
        """Of each report the newest version that stands counts."""
        followed = self._signed().signed_versions
        for source, news in ((SIGNED, followed.signed_after), (WITHDRAWN, followed.withdrawn_after)):
            for number, report_uuid, versions in news(self._store.taken_in(source)):
                gone = () if versions else (_uid(report_uuid),)
                self._store.put([self._own(report) for report in versions[-1:]], gone, source, number)

    def kept(self, patients: tuple[Patient, ...]) -> tuple[EarlierReport, ...]:
        return self._store.kept(self._with_merged(patients))

    def read_objects(self, studies: Sequence[Study], cancelled: Callable[[], bool]) -> None:
        """What is no longer among the objects of these studies is forgotten."""
        for study in studies:
            found = tuple(self._objects().reports_of(study, cancelled))
            if cancelled():
                return
            uid = study.study_instance_uid
            known = {one.sop_instance_uid for one in self._signed().documents.of_study(uid)}
            # Those of this program say what the signed version says, which is here.
            foreign = [one for one in found if one.uid.removeprefix("object/") not in known]
            self._store.replace_of(ReportOrigin.OBJECT, foreign, partial(_is_of_study, uid))

    def ask_ris(self, patients: tuple[Patient, ...], cancelled: Callable[[], bool]) -> str:
        """A RIS that cannot be searched has nothing to say, and nothing is wrong with that."""
        ris = self._ris()
        if not isinstance(ris, SearchableRis):
            return ""
        try:
            answer = reports_in_ris(ris, self._with_merged(patients), same_person, cancelled)
        except WorkstationError as error:
            return f"The RIS was not heard of earlier reports: {error.detail or error.title}"
        if cancelled():
            return ""
        reports = [read for one in answer.reports if (read := self._foreign(one)) is not None]
        asked = {one.key for one in self._with_merged(patients)} | {key for _, same in answer.same for key in same}
        self._store.replace_of(ReportOrigin.RIS, reports, lambda one: one.patient.key in asked)
        for key, same in answer.same:
            self._store.tell_same(key, same, TOLD_BY_RIS)
        return ""

    def search(self, query: str, patients: tuple[Patient, ...]) -> tuple[FoundReport, ...]:
        return self._store.search(query, self._with_merged(patients))

    # ---- inside ------------------------------------------------------------------------

    def _with_merged(self, patients: tuple[Patient, ...]) -> tuple[Patient, ...]:
        """And whom a RIS has told that they are the same (ADT^A40, Patient.link)."""
        merged = (Patient(key) for patient in patients for key in self._same_as(patient.key))
        return tuple({one.key: one for one in (*merged, *patients)}.values())

    def _own(self, report: Report) -> EarlierReport:
        return EarlierReport(
            uid=_uid(report.report_uuid),
            origin=ReportOrigin.SIGNED_HERE,
            patient=Patient(PatientKey(report.patient_id, report.patient_issuer), "", self._birth_date(report)),
            text=_sections_text(written_sections(report)),
            procedure=report.procedure,
            study_instance_uid=report.study_instance_uid,
            accession_number=report.accession_number,
            day=report.study_date,
            issued=report.signed_at.isoformat(timespec="seconds") if report.signed_at else "",
            signer=report.signed_by,
            status=report.status.value,
            version=report.version,
        )

    def _birth_date(self, report: Report) -> str:
        try:
            return self._study(report.study_instance_uid).patient.birth_date
        except Refused:
            return ""

    def _foreign(self, found: RisReport) -> EarlierReport | None:
        """A report that the RIS has; None for one of ours that it has just as it was signed."""
        read = found.report
        sections = sections_of(read.text + "\n")
        if sections:
            read = replace(read, text=_sections_text(sections))
        if not found.uuid:
            return read
        try:
            versions = self._signed().versions(found.uuid)
        except Refused:
            return read  # signed at another workstation
        held = content_of_resource(found.resource).sha256()
        if any(content_of_report(version).sha256() == held for version in versions):
            return None
        return replace(read, form=", ".join(part for part in (read.form, CHANGED_IN_RIS) if part))


def _uid(report_uuid: str) -> str:
    return f"own/{report_uuid}"


def _is_of_study(uid: str, report: EarlierReport) -> bool:
    return report.study_instance_uid == uid


def _sections_text(sections: tuple[ReportSection, ...]) -> str:
    return "\n\n".join(f"{SECTION_TITLES[s.code].upper()}\n{s.text.strip()}" for s in filled_sections(sections))
