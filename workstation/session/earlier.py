"""The reports that were made before about the patient of the open case, newest first, and the search in them.

What is kept on this machine is there at once; the RIS and the studies are asked in the background. An answer
for a case that is no longer open is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from workstation.domain.earlier_report import EarlierReport, FoundReport
from workstation.domain.patient import Patient
from workstation.domain.study import Study
from workstation.jobs import BESIDE, DATABASE, NETWORK, Cancel, Jobs
from workstation.session.case import Case
from workstation.signals import Signal

Patients = tuple[Patient, ...]


class EarlierSource(Protocol):
    """Where earlier reports come from (`workstation.earlier_reports.ReportGatherer`). Methods block: for jobs."""

    def take_signed(self) -> None:
        """Take in what was signed here since the last time."""
        ...

    def kept(self, patients: Patients) -> tuple[EarlierReport, ...]:
        """What is on this machine of these patients and of those they are told to be, newest first."""
        ...

    def read_objects(self, studies: Sequence[Study], cancelled: Callable[[], bool]) -> None:
        """Take in the reports among the objects of these studies."""
        ...

    def ask_ris(self, patients: Patients, cancelled: Callable[[], bool]) -> str:
        """Take in what the RIS has of these patients. Why it has not, in words; empty when it has."""
        ...

    def search(self, query: str, patients: Patients) -> tuple[FoundReport, ...]:
        """Newest first; without patients in all reports. Raises Refused, in words, for a query that asks for nothing."""
        ...


class EarlierReports:
    """State of the list beside the report. `changed` tells of every change; all on the main thread."""

    def __init__(self, jobs: Jobs, case_changed: Signal[Case | None], problem: Callable[[Exception], object]) -> None:
        self._jobs = jobs
        self._problem = problem
        self._source: EarlierSource | None = None
        self._case: Case | None = None
        self._asking = 0
        self._round = 0
        self.reports: tuple[EarlierReport, ...] = ()
        self.trouble = ""
        """Why the RIS was not heard, an English source string; empty when all is well."""
        self.changed: Signal[None] = Signal()
        self.is_shown = False
        """Whether the list stands beside the report."""
        self.shown_changed: Signal[bool] = Signal()
        case_changed.connect(self._follow)

    def plug(self, source: EarlierSource) -> None:
        self._source = source
        self._follow(self._case)

    @property
    def is_asking(self) -> bool:
        """Whether more may still come."""
        return self._asking > 0

    def latest_text(self) -> str:
        """The text of the newest report of another examination of this patient; empty when none is known."""
        return next((report.text for report in self.reports if not self.is_of_open_study(report) and report.text), "")

    def is_of_open_study(self, report: EarlierReport) -> bool:
        study = self._case.study if self._case is not None else None
        if study is None:
            return False
        same_accession = bool(study.accession_number) and report.accession_number == study.accession_number
        return report.study_instance_uid == study.study_instance_uid or (not report.study_instance_uid and same_accession)

    def show(self, shown: bool) -> None:
        """Put the list beside the report, or away."""
        self.is_shown = shown
        self.shown_changed.emit(shown)

    def refresh(self) -> None:
        """Ask everybody again."""
        self._follow(self._case)

    def search(
        self,
        query: str,
        everywhere: bool,
        found: Callable[[tuple[FoundReport, ...]], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """One of the two hears of the latest search only; a query that asks for nothing fails in words."""
        source, patients = self._source, patients_of(self._case)
        if source is None or not (everywhere or patients):
            found(())
            return

        def work(_: Cancel) -> tuple[FoundReport, ...]:
            source.take_signed()
            return source.search(query, () if everywhere else patients)

        self._jobs.run(DATABASE, work, found, failed, slot="earlier reports search")

    # ---- inside ----------------------------------------------------------------------

    def _follow(self, case: Case | None) -> None:
        source, patients = self._source, patients_of(case)
        if patients != patients_of(self._case):
            self.reports = ()
            self.show(False)
        self._case, self._asking, self.trouble = case, 0, ""
        self._round += 1
        if source is None or case is None or not patients:
            self.changed.emit(None)
            return
        self._asking = 3
        # The words of the case just left must not stand beside this one for a moment.
        self.changed.emit(None)

        def signed(_: Cancel) -> str:
            source.take_signed()
            return ""

        def read(cancel: Cancel) -> str:
            source.read_objects(case.studies, cancel)
            return ""

        self._ask(source, DATABASE, patients, signed)
        self._ask(source, BESIDE, patients, read)
        self._ask(source, NETWORK, patients, lambda cancel: source.ask_ris(patients, cancel))

    def _ask(self, source: EarlierSource, lane: str, patients: Patients, work: Callable[[Cancel], str]) -> None:
        asked = self._round

        def gathered(cancel: Cancel) -> tuple[str, tuple[EarlierReport, ...]]:
            trouble = work(cancel)
            return trouble, source.kept(patients)

        def done(result: tuple[str, tuple[EarlierReport, ...]]) -> None:
            if self._round == asked:
                self._asking -= 1
                self.trouble = result[0] or self.trouble
                self.reports = result[1]
                self.changed.emit(None)

        def failed(error: Exception) -> None:
            if self._round == asked:
                self._asking -= 1
                self.changed.emit(None)
                self._problem(error)

        self._jobs.run(lane, gathered, done, failed, slot=f"earlier reports {lane}")


def patients_of(case: Case | None) -> Patients:
    """Who this case's patient is: by the images, by the order that was joined to them, by the priors."""
    if case is None:
        return ()
    order = case.item.order if case.item is not None else None
    found = [study.patient for study in case.studies] + ([order.patient] if order is not None else [])
    keys = (Patient(one.key, "", one.birth_date) for one in found if one.key.patient_id)
    return tuple(dict.fromkeys(keys))
