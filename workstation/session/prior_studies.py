"""Every study of the open case's patient that is known of: what is here, and what archives list; ranked, and where it is.

Archives are asked in the background when a case opens. What is fetched by the reader hangs at once when it has come and
the reader's hands rested meanwhile; else it is offered. Nothing else moves by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from workstation.domain.archive import FoundStudy, RetrieveProgress
from workstation.domain.dates import as_date
from workstation.domain.earlier_report import EarlierReport
from workstation.domain.prior import KnownStudy, PriorRelevance, Whereabouts
from workstation.domain.study import Study
from workstation.errors import Refused
from workstation.jobs import ARCHIVES, BESIDE, Cancel, Jobs
from workstation.session.case import Case, Notice
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.ports import Hanger
    from workstation.session.session import Session


@dataclass(frozen=True, slots=True)
class Listed:
    """What the archives say: (study, all that hold it); who was not asked, or did not answer, and why in words."""

    studies: tuple[tuple[FoundStudy, tuple[str, ...]], ...] = ()
    not_asked: tuple[tuple[str, str], ...] = ()
    failures: tuple[tuple[str, str], ...] = ()


NOTHING_LISTED = Listed()


class PriorArchives(Protocol):
    """The archives as far as this asks them (`workstation.core_priors`). Walls hold there."""

    @property
    def is_open(self) -> bool:
        """Whether there are archives to ask."""
        ...

    def listed(self, study: Study, cancelled: Callable[[], bool]) -> Listed:
        """All that the archives hold of this study's patient. Blocks; for a job."""
        ...

    def fetch(self, study: FoundStudy, archive: str) -> None:
        """Fetch a study now; `PriorStudies.progressed` is told of it."""
        ...


class PriorStudies:
    """`changed` tells of every change of the list; all on the main thread."""

    def __init__(self, jobs: Jobs, hanger: Hanger, session: Session) -> None:
        self._jobs, self._hanger, self._session = jobs, hanger, session
        self._archives: PriorArchives | None = None
        self._case: Case | None = None
        self._listed = NOTHING_LISTED
        self._relevance: dict[str, PriorRelevance] = {}
        self._coming: dict[str, RetrieveProgress] = {}
        self._wanted = ""
        self._hands_rested = False
        self.newer_date = ""
        """StudyDate of the newest study that is later than the one being read and shows the same; empty where there is none."""
        self.is_asking = False
        self.changed: Signal[None] = Signal()
        session.case_changed.connect(self._follow)
        session.earlier.changed.connect(self.changed.emit)
        for moved in (session.viewing.viewport_changed, session.viewing.active_changed):
            moved.connect(self._moved)

    def plug(self, archives: PriorArchives) -> None:
        self._archives = archives
        self._ask()

    # ---- what is known ---------------------------------------------------------------

    @property
    def not_asked(self) -> tuple[tuple[str, str], ...]:
        """Archives whose walls keep this patient out of them, or us, and why."""
        return self._listed.not_asked

    @property
    def failures(self) -> tuple[tuple[str, str], ...]:
        """Archives that did not answer, and why: what they hold is not known."""
        return self._listed.failures

    def studies(self) -> tuple[KnownStudy, ...]:
        """The most relevant first, what may not be compared last."""
        case = self._case
        if case is None:
            return ()
        here = {study.study_instance_uid: study for study in case.priors}
        listed = {found.study_instance_uid: (found, names) for found, names in self._listed.studies}
        ranked = [uid for uid in self._relevance if uid in here or uid in listed]
        return tuple(self._known(uid, here.get(uid), *listed.get(uid, (None, ()))) for uid in ranked)

    def report_of(self, known: KnownStudy) -> EarlierReport | None:
        """Its report, the newest version that is known here."""
        for report in self._session.earlier.reports:
            same_number = bool(known.accession_number) and report.accession_number == known.accession_number
            if report.study_instance_uid == known.study_instance_uid or (not report.study_instance_uid and same_number):
                return report
        return None

    def elsewhere(self, is_older: bool) -> int:
        """How many that may be compared and are not here are older than the prior that hangs, or newer."""
        shown = self._session.priors.steps.shown_uid()
        rows = self.studies()
        day = next((one.day for one in rows if one.study_instance_uid == shown), "")
        days = [one.day for one in rows if one.relevance.is_usable and not one.is_here and one.day and day]
        return sum(one < day if is_older else one > day for one in days)

    def _known(self, uid: str, here: Study | None, found: FoundStudy | None, archives: tuple[str, ...]) -> KnownStudy:
        relevance = self._relevance[uid]
        coming = self._coming.get(uid)
        held = _held(here) if here is not None else 0
        expected = found.instance_count if found is not None else None
        where = Whereabouts.HERE if held else Whereabouts.ARCHIVE
        if held and expected is not None and expected > held:
            where = Whereabouts.PARTLY
        problem = ""
        if coming is not None and not coming.is_proven:
            problem, held, expected = coming.problem, max(coming.received, held), coming.expected or expected
            where = where if problem else Whereabouts.COMING
        source = here or found
        assert source is not None
        description = here.study_description if here is not None else found.description if found is not None else ""
        return KnownStudy(
            uid,
            source.study_date,
            source.study_time,
            source.modalities,
            description,
            relevance,
            where,
            source.accession_number,
            source.institution,
            archives,
            held,
            expected,
            problem,
        )

    # ---- what the reader does --------------------------------------------------------

    def hang(self, uid: str) -> None:
        """As the first prior; what is not here is fetched, and hung when it has come. Raises Refused, in words."""
        session, case = self._session, self._case
        known = next((one for one in self.studies() if one.study_instance_uid == uid), None)
        if case is None or known is None:
            raise Refused("Nothing to hang", "No study is chosen", "Choose one in the list")
        if known.relevance.is_other_person or known.relevance.is_later:
            raise Refused("Not hung as a prior", known.relevance.refusal, "")
        growth = session.growth
        if growth is not None and uid in {prior.study_instance_uid for prior in growth.priors}:
            session.take_in()
            case = session.case or case
        study = next((prior for prior in case.priors if prior.study_instance_uid == uid), None)
        if study is not None and study.image_count:
            session.priors.steps.show(study)
            return
        self.fetch(known)

    def fetch(self, known: KnownStudy) -> None:
        uid = known.study_instance_uid
        found = next((one for one, _ in self._listed.studies if one.study_instance_uid == uid), None)
        if self._archives is None or found is None or not known.archives:
            raise Refused("Not fetched", "No archive lists this study", "")
        self._wanted, self._hands_rested = uid, True
        if known.where is not Whereabouts.COMING:
            self._coming[uid] = RetrieveProgress(known.archives[0], uid, known.received, known.expected)
            self._archives.fetch(found, known.archives[0])
        self._session.notice.emit(Notice(f"{_called(known.day)} is being fetched from {known.archives[0]}", of_case=True))
        self.changed.emit(None)

    def hang_fetched(self) -> None:
        """What was fetched for the reader and has come."""
        if not self._wanted or not self._has_come():
            raise Refused("Nothing was fetched", "No earlier study waits to be hung", "Ctrl+F5 lists them")
        wanted, self._wanted = self._wanted, ""
        self.hang(wanted)

    # ---- what comes ------------------------------------------------------------------

    def progressed(self, progress: RetrieveProgress) -> None:
        uid = progress.study_instance_uid
        if uid not in self._coming and uid not in self._relevance:
            return
        self._coming[uid] = progress
        if uid == self._wanted and progress.problem and not progress.is_proven:
            self._wanted = ""
            self._session.notice.emit(Notice(f"An earlier study did not come: {progress.problem}", error=True, of_case=True))
        self.changed.emit(None)
        self._came()

    def grew(self) -> bool:
        """Images came for the open case. True where they are what the reader asked for: then it is said here."""
        return self._came() or (bool(self._wanted) and self._is_growing_only_by(self._wanted))

    def _came(self) -> bool:
        if not self._wanted or not self._has_come():
            return False
        if self._hands_rested:
            self.hang_fetched()
            return True
        text = "The earlier study that was asked for has come"
        self._session.notice.emit(Notice(text, error=True, of_case=True, command="prior.hang_fetched"))
        return True

    def _has_come(self) -> bool:
        """All of it is here: as the archive lists it, and for this case to take in, which may have seen less of it yet."""
        progress, growth, case = self._coming.get(self._wanted), self._session.growth, self._case
        if progress is None or not progress.is_proven:
            return False
        studies = (*(growth.priors if growth is not None else ()), *(case.priors if case is not None else ()))
        of_it = (study for study in studies if study.study_instance_uid == self._wanted)
        return any(study.image_count and _held(study) >= progress.received for study in of_it)

    def _is_growing_only_by(self, uid: str) -> bool:
        """Whether the study that is being fetched is all that has come so far."""
        growth, case = self._session.growth, self._case
        if growth is None or case is None or growth.images or growth.prior_images:
            return False
        before = {study.study_instance_uid for study in case.priors}
        return {study.study_instance_uid for study in growth.priors} - before <= {uid}

    def _moved(self, _: object) -> None:
        self._hands_rested = False

    # ---- the case --------------------------------------------------------------------

    def _follow(self, case: Case | None) -> None:
        before, self._case = self._case, case
        if case is None or before is None or before.study.study_instance_uid != case.study.study_instance_uid:
            self._listed, self._relevance, self._coming, self._wanted = NOTHING_LISTED, {}, {}, ""
            self.is_asking, self.newer_date = False, ""
            self._rank(NOTHING_LISTED)
            self._ask()
        else:
            self._rank(self._listed)

    def rank_again(self, _: object = None) -> None:
        """Others are named now."""
        self._rank(self._listed)

    def ask_again(self) -> None:
        self._ask()

    def _rank(self, listed: Listed) -> None:
        case = self._case
        if case is None:
            self.changed.emit(None)
            return
        here = {study.study_instance_uid for study in case.priors}
        elsewhere = [found for found, _ in listed.studies if found.study_instance_uid not in here]
        candidates: Sequence[Study | FoundStudy] = [*case.priors, *elsewhere]

        def work(_: Cancel) -> tuple[PriorRelevance, ...]:
            context = replace(self._session.hangings.context_of(case), first_prior="")
            return self._hanger.relevance(case.study, candidates, context)

        def done(found: tuple[PriorRelevance, ...]) -> None:
            if self._case is case:
                self._listed = listed
                self._relevance = {one.study_instance_uid: one for one in found}
                self._session.priors.steps.take(case, tuple(one for one in found if one.study_instance_uid in here))
                # Of the same day are parts of one visit: read together, none of them is an old one.
                later = (one.day for one in self.studies() if one.relevance.is_later and one.relevance.points > 0.0)
                self.newer_date = max((day for day in later if day > case.study.study_date), default="")
                self.changed.emit(None)

        self._jobs.run(BESIDE, work, done, self._session.report_problem, slot="rank priors")

    def _ask(self) -> None:
        case, archives = self._case, self._archives
        if case is None or archives is None or not archives.is_open:
            return
        self.is_asking = True

        def work(cancel: Cancel) -> Listed:
            return archives.listed(case.study, cancel)

        def done(listed: Listed) -> None:
            if self._case is not None and self._case.study.study_instance_uid == case.study.study_instance_uid:
                self.is_asking = False
                uid = case.study.study_instance_uid
                others = tuple(one for one in listed.studies if one[0].study_instance_uid != uid)
                self._rank(replace(listed, studies=others))

        def failed(error: Exception) -> None:
            self.is_asking = False
            self._session.report_problem(error)

        self._jobs.run(ARCHIVES, work, done, failed, slot="list of priors")


def _called(day: str) -> str:
    made = as_date(day)
    return f"The study of {made.isoformat()}" if made is not None else "The study without a date"


def _held(study: Study) -> int:
    """Instances of it, images or not, that were in the cache when it was looked at."""
    return sum(len(series.instances) for series in study.series)
