"""One reading seat: opens cases, hangs them, and holds the report that belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from workstation.at_rest.keys import KEY_FILE_NOTICE, KEY_FILE_WORDS
from workstation.cache.cache import StudyCache
from workstation.domain.order import WorklistItem
from workstation.domain.report import Report, ReportAction, SectionCode
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement
from workstation.errors import Refused, WorkstationError
from workstation.jobs import BESIDE, OPENING, Cancel, Jobs
from workstation.ports import Hanger, ImageShelf
from workstation.reporting.signing import NotSigned
from workstation.session.annotating import Annotating
from workstation.session.case import Case, Notice, known_for
from workstation.session.claiming import Claiming
from workstation.session.comparing import Comparing
from workstation.session.critical import Criticals
from workstation.session.desk import ReportDesk
from workstation.session.dictating import Dictating
from workstation.session.drawn import AnnotationShelf
from workstation.session.earlier import EarlierReports
from workstation.session.findings import Findings
from workstation.session.from_image import FromImage
from workstation.session.growth import Growth, growth_of, growth_words
from workstation.session.hangings import Hangings
from workstation.session.hottest import Hottest
from workstation.session.key_images import KeyImages
from workstation.session.late_dose import LateDose
from workstation.session.lesions import Lesions
from workstation.session.life import ReportLives
from workstation.session.linked_image import LinkedImages
from workstation.session.linked_text import LinkedText
from workstation.session.linking import Where
from workstation.session.listing import Kept, Listing
from workstation.session.lists import Lists
from workstation.session.lossy import FORBIDDEN, WHAT_TO_DO, lossy_was_shown
from workstation.session.opening import case_of, not_opened, priors_here
from workstation.session.outside import Outside
from workstation.session.pointing_keys import PointingKeys
from workstation.session.presenting import Presenting
from workstation.session.priors import Priors
from workstation.session.registering import Registering
from workstation.session.rereading import Rereading
from workstation.session.second_look import Remarked, SecondLook, accepts_all, facts_of
from workstation.session.settling import Settling
from workstation.session.sign_next import SignAndNext
from workstation.session.spoken import Spoken
from workstation.session.templating import Templating
from workstation.session.together import Together
from workstation.session.viewing import Viewing
from workstation.signals import Signal


class Session:
    """The state behind the window. Methods are called, signals emitted, on the main thread."""

    lists: Lists | None = None
    """Saved lists of the worklist; the core plugs them in."""
    rereading: Rereading | None = None
    """Reads stored results again that an earlier version read otherwise; the core plugs it in."""

    def __init__(
        self,
        jobs: Jobs,
        cache: StudyCache,
        worklist: Kept,
        desk: ReportDesk,
        hanger: Hanger,
        shelf: ImageShelf,
        drawings: AnnotationShelf,
    ) -> None:
        self._jobs = jobs
        self._cache = cache
        self._shelf, self._generation = shelf, 0
        self.viewing = Viewing(shelf.viewer)
        self.hangings = Hangings(hanger, self.viewing, lambda: self.case)
        self.viewing.linking.where = self._where
        self.annotating = Annotating(jobs, drawings, self.viewing, shelf.viewer, self.report_problem)
        self.key_images = KeyImages(jobs, drawings, self.viewing, self.annotating, self.report_problem)
        self.findings = Findings(jobs, shelf, drawings, self.annotating, self.key_images, self.report_problem)
        self.presenting = Presenting(self.viewing, self.annotating, self.findings, self.report_problem)
        self.registering = Registering(jobs, self.viewing, shelf)
        self.comparing = Comparing(self.viewing, self.registering.pair_of, self.registering.alignment)
        self.viewing.linking.alignment, self.viewing.linking.mapped = self.registering.alignment, self.registering.mapped
        self.lesions = Lesions(jobs, shelf, self.viewing, self.annotating, self.registering.mapped, self.report_problem)
        self.viewing.planes.size_of, self.viewing.planes.alignment = self.annotating.drawing.size, self.registering.alignment
        self.hottest = Hottest(self.viewing, self.annotating)
        self.viewing.fusing.studies = lambda: self.case.studies if self.case is not None else ()
        self.viewing.fusing.alignment = self.registering.alignment
        self.pointing = PointingKeys(self.annotating, self.viewing, shelf.viewer)
        self.desk = desk
        self.notice: Signal[Notice] = Signal()
        self.life, self.criticals, self.outside = (
            ReportLives(desk, lambda: self.signer, self.notice.emit),
            Criticals(desk, lambda: self.signer, self.notice.emit),
            Outside(desk, lambda: self.case, self.open),
        )
        self.templating = Templating(desk, lambda: self.case, self.report_problem)
        self.templating.doses = lambda: self.findings.doses
        self.spoken = Spoken(jobs, desk, self.report_problem)
        self.dictating = Dictating(desk, lambda: self.case, self.templating)
        self.case: Case | None = None
        self.signer = ""
        self.allows_lossy = True
        """Whether this site lets reports be signed from lossy compressed images."""
        self.second_look: SecondLook | None = None
        """Who looks at a text before it is signed; the core plugs it in."""
        self.standing: Sequence[str] = ()
        """What the user should know from the start on."""
        self.growth: Growth | None = None
        """What came for the open case and was not taken in yet."""
        self._growth_was_asked = False
        self.withdrawn = ""
        """Why the report of the open case is held, in words."""
        self._left_over: set[str] = set()
        self.case_changed: Signal[Case | None] = Signal()
        self.earlier = EarlierReports(jobs, self.case_changed, self.report_problem)
        self.linked = LinkedText(
            jobs, desk, self.annotating, self.lesions, LinkedImages(self.viewing, self.annotating), self.report_problem
        )
        self.from_image = FromImage(
            desk, self.annotating, self.lesions, self.linked, self.templating, lambda: self.case, self.notice, lambda: self.signer
        )
        self.claiming, self.settling, self.sign_next, self.priors = (
            Claiming(jobs, desk, self.notice.emit, lambda: self.signer),
            Settling(jobs, self),
            SignAndNext(self),
            Priors(jobs, hanger, shelf, self),
        )
        told = self.notice.emit, self.report_problem
        self.listing = Listing(jobs, worklist, self.claiming, lambda: self.case, self.open, *told)
        self.worklist_changed, self.claiming.passes_on = self.listing.changed, self.listing.passes_on
        self.together, self.late_dose = Together(self), LateDose(self)
        self._listen()

    def _listen(self) -> None:
        self.viewing.solid.begin(self._jobs, self.report_problem)
        self.viewing.anatomy.begin(self._jobs)
        for said in (self.registering.said, self.findings.warned, self.viewing.fusing.said, self.hangings.failed):
            said.connect(self._say_of_case)
        self.registering.changed.connect(self.comparing.follow)
        self.lesions.carried.connect(lambda carried: self._say_of_case(carried.words))
        self.desk.problem.connect(self.report_problem)
        self.desk.signed.connect(lambda _: self.refresh_worklist())
        self.desk.signed.connect(self._forget_remarks)
        self.desk.opened.connect(self._forget_remarks)
        self.desk.opened.connect(self._tell_recovered)
        self.desk.opened.connect(self.settling.opened)
        self.case_changed.connect(self.outside.case_changed)
        self.case_changed.connect(self.claiming.case_changed)
        self.case_changed.connect(self.settling.closed)
        self.claiming.marks_changed.connect(self.listing.marks_changed)

    def _say_of_case(self, words: str) -> None:
        self.notice.emit(Notice(words, of_case=True))

    def start(self) -> None:
        """Say what stands and what the last run left: a cache that had to be mended, reports begun and not signed."""
        for text in self.standing:
            # Said at each start; it must not lie over images for that.
            is_of_key = text == KEY_FILE_NOTICE
            self.notice.emit(Notice(KEY_FILE_WORDS, command="app.passphrase") if is_of_key else Notice(text))
        for text in self._cache.notices:
            self.notice.emit(Notice(text, error=True))
        self.desk.find_drafts(self._found_drafts)
        self.refresh_worklist()

    # ---- worklist --------------------------------------------------------------------

    @property
    def items(self) -> tuple[WorklistItem, ...]:
        """The first rows of the worklist; `listing` asks for others."""
        return self.listing.items

    def refresh_worklist(self) -> None:
        self.listing.refresh()

    def next_unread(self) -> None:
        self.listing.next_unread()

    # ---- the case --------------------------------------------------------------------

    def open(self, item: WorklistItem) -> None:
        """Open a row: current study, priors, hanging, report. A later `open` wins over this one."""
        if not item.study_instance_uid and item.together:
            self.together.open_for(item)
            return
        if not item.study_instance_uid:
            self.report_problem(
                Refused("No images yet", "The order has no study in the cache", "Import the study or wait for it")
            )
            return
        self._generation += 1
        generation = self._generation
        self.listing.give_up_next()

        def work(_: Cancel) -> tuple[Case, Arrangement]:
            case = case_of(self._cache, generation, item)
            return case, self.hangings.first(case)

        def done(result: tuple[Case, Arrangement]) -> None:
            if generation == self._generation:
                self._show_whole(*result)

        def failed(error: Exception) -> None:
            if generation == self._generation:
                self._say_not_opened(error)

        self._jobs.run(OPENING, work, done, failed, slot="open case")

    def close_case(self) -> None:
        self._generation += 1
        self.case = self.growth = None
        self.withdrawn = ""
        self._shelf.close_case()
        self.findings.close_case()
        self.annotating.close_case()
        self.key_images.close_case()
        self.registering.close_case()
        self.viewing.clear()
        self.desk.close()
        self.case_changed.emit(None)

    def images_came(self, study_uids: Iterable[str]) -> None:
        """Images were added to the cache: the worklist follows, and the reader of that patient is told."""
        self.refresh_worklist()
        case = self.case
        if case is None or not set(study_uids):
            return

        def work(_: Cancel) -> Growth:
            study = self._cache.study(case.study.study_instance_uid)
            priors = priors_here(self._cache, study)
            return growth_of(case.study, case.priors, study, priors)

        def done(growth: Growth) -> None:
            if self.case is case and growth.read_again:
                self.findings.open_case(growth.read_again)
            if self.case is case and growth.is_something:
                self.growth, self._growth_was_asked = growth, False
                if not self.priors.known.grew():
                    self.notice.emit(Notice(growth_words(growth), error=True, of_case=True, command="case.take_in"))

        self._jobs.run(BESIDE, work, done, self.report_problem, slot="growth")

    def images_withdrawn(self, study_instance_uid: str, reason: str) -> None:
        """An archive no longer lists images that are on screen, or rejected them (fault F60).

        What is shown stays as it is, with the reason; the report is held until the case is opened again.
        """
        if self.case is None or study_instance_uid not in {study.study_instance_uid for study in self.case.studies}:
            return
        if study_instance_uid == self.case.study.study_instance_uid:
            self.withdrawn = reason
        self.notice.emit(Notice(reason, error=True, of_case=True))

    def take_in(self) -> None:
        """Give the reader what came for the open case. What hangs stays where it hangs; the report is not touched."""
        case, growth, arrangement = self.case, self.growth, self.viewing.arrangement
        if case is None or growth is None:
            self.notice.emit(Notice("Nothing new has come for this case"))
            return
        self._generation += 1
        self.growth = None
        self.case = replace(case, generation=self._generation, study=growth.study, priors=growth.priors)
        hanging = [cell.state for cell in self.viewing.cells if cell.state]
        first = dict.fromkeys((state.study_uid, state.series_uid) for state in hanging)
        self._shelf.open_case(self.case.studies, list(first))
        self.annotating.open_case(self.case.studies)
        self.key_images.open_case(self.case.studies)
        self.findings.open_case(self.case.studies)
        self.registering.open_case(self.case.studies)
        self.case_changed.emit(self.case)
        if arrangement is not None:
            self.viewing.show(self.viewing.as_it_stands(arrangement))

    def hang_stage(self, steps: int) -> None:
        """Go to the next or an earlier stage of the protocol."""
        self.hangings.stage(steps)

    def step_series(self, steps: int) -> None:
        """Show the next or previous series of the same study in the active viewport."""
        state = self.viewing.state()
        study = self._study(state.study_uid) if state else None
        if state is None or study is None:
            return
        series = [s for s in study.series if s.image_count]
        here = next((i for i, s in enumerate(series) if s.series_instance_uid == state.series_uid), 0)
        chosen = series[(here + steps) % len(series)]
        self.viewing.hang_series(self.viewing.active, study, chosen, self.is_prior(study.study_instance_uid))

    def is_prior(self, study_uid: str) -> bool:
        return self.case is not None and study_uid != self.case.study.study_instance_uid

    def sign(self, action: ReportAction, told: Callable[[Exception | None], object] = lambda _: None) -> None:
        """Sign the report on the desk, or what was begun on it. Refused unless images of that very study were shown.

        `told` hears None once version and outbox row are on disk, or the problem, which is reported too.
        """
        action = self.life.action_for(action)
        try:
            case = self.ready_to_sign()
        except WorkstationError as error:
            self.report_problem(error)
            told(error)
            return
        shown, check = frozenset(self.viewing.shown), self.second_look_at(case)
        self.desk.sign(action, self.signer, shown, case.study.patient.key, case.study.study_instance_uid, check, told)

    def ready_to_sign(self) -> Case:
        """The open case, where nothing that the session knows stands against a signature. Raises Refused."""
        if self.case is None:
            raise Refused("Nothing to sign", "No case is open", "Open a case from the worklist")
        if not self.signer:
            raise NotSigned("Nobody is named as the signer", "Set `signer` in settings.toml")
        self.claiming.check()
        self.together.check()
        if self.withdrawn:
            hint = "Ask the archive what became of them; open the case again to go on with the report"
            raise NotSigned(self.withdrawn, hint)
        if self.growth is not None and self.growth.images and not self._growth_was_asked:
            self._growth_was_asked = True
            raise NotSigned(growth_words(self.growth), "Take them in and look at them, or sign again to sign without them")
        if not self.allows_lossy and lossy_was_shown(self.case.study, self.viewing.shown):
            raise NotSigned(FORBIDDEN, WHAT_TO_DO)
        return self.case

    def known_for(self, section: SectionCode) -> str:
        """What is known for a section before anybody writes it."""
        return known_for(self.case, section) if self.case is not None else ""

    def take_over(self, section: SectionCode) -> None:
        """Put what is known for a section into the report."""
        self.desk.add(section, self.known_for(section))

    def take_over_all(self) -> None:
        for section in SectionCode:
            self.take_over(section)

    def report_problem(self, error: Exception) -> None:
        """Expected errors go to the banner in words; others by type only."""
        if isinstance(error, Remarked) and self.second_look is not None and self.desk.report is not None:
            self.second_look.show(self.desk.report.report_uuid, error.remarks)
        text = str(error) if isinstance(error, WorkstationError) else f"Unexpected problem ({type(error).__name__})"
        offer = self.criticals.command_for(error.remarks) if isinstance(error, Remarked) else ""
        refused = isinstance(error, NotSigned)
        self.notice.emit(Notice(text, error=True, of_case=refused, command=offer, until_signed=refused))

    # ---- inside ----------------------------------------------------------------------

    def _where(self, study_uid: str, series_uid: str) -> Where:
        """Positions may be compared inside one FrameOfReferenceUID (0020,0052) of one patient only."""
        study = self._study(study_uid)
        series = next((s for s in study.series if s.series_instance_uid == series_uid), None) if study else None
        if study is None or series is None:
            return Where()
        uid = series.frame_of_reference_uid
        return Where(f"{study.patient.key}/{uid}" if uid else "", series.modality)

    def _study(self, uid: str) -> Study | None:
        return next((s for s in self.case.studies if s.study_instance_uid == uid), None) if self.case else None

    def _show_whole(self, case: Case, arrangement: Arrangement) -> None:
        """Nothing half open: images, report and title are always of one case, or of none."""
        try:
            self._show(case, arrangement)
        except Exception as error:
            if self.viewing.arrangement is None:  # not hung yet
                self.close_case()
                self._say_not_opened(error)
            raise

    def _say_not_opened(self, error: Exception) -> None:
        """Until another case is open: then it is not true any more."""
        self.notice.emit(Notice(str(not_opened(error)), error=True, of_case=True))

    def _show(self, case: Case, arrangement: Arrangement) -> None:
        self.findings.close_case()
        self.annotating.close_case()
        self.key_images.close_case()
        self.registering.close_case()
        self.viewing.clear()
        self.case = case
        self.hangings.opened()
        self.growth, self._growth_was_asked, self.withdrawn = None, False, ""
        first = [(c.state.study_uid, c.state.series_uid) for c in arrangement.cells if c.state]
        self._shelf.open_case(case.studies, list(dict.fromkeys(first)))
        self.annotating.reader = self.signer
        self.annotating.open_case(case.studies)
        self.key_images.open_case(case.studies)
        self.findings.open_case(case.studies)
        self.registering.open_case(case.studies)
        try:
            self.case_changed.emit(case)
        finally:  # a mistake of who listens keeps nobody from images and report
            self.hangings.show(arrangement)
            self.desk.open(case.item, case.priors)
            for text in case.warnings:
                self.notice.emit(Notice(text, error=True, of_case=True))

    def _found_drafts(self, drafts: Sequence[Report]) -> None:
        self._left_over = {report.report_uuid for report in drafts}
        if drafts:
            self.notice.emit(Notice("Reports that were begun and not signed were recovered: they are drafts on the worklist"))

    def second_look_at(self, case: Case) -> Callable[[Report], None]:
        if self.second_look is None:
            return accepts_all
        study, priors, shown, procedure = self.together.as_one(case, frozenset(self.viewing.shown))
        facts = facts_of(study, priors, self.annotating.all(), shown, procedure, case.reason)
        facts = replace(facts, linked=self.linked.facts())
        return self.second_look.checker(self.criticals.facts(facts), self.templating.untouched_now(), self.spoken.unseen_now())

    def _forget_remarks(self, _: object) -> None:
        if self.second_look is not None:
            self.second_look.clear()
            if notice := self.second_look.told():
                self.notice.emit(Notice(notice, error=True))

    def _tell_recovered(self, report: Report) -> None:
        if report.report_uuid in self._left_over:
            self._left_over.discard(report.report_uuid)
            self.notice.emit(Notice("A draft was recovered: everything that was on disk stands in the report", of_case=True))
