"""The program without a screen, put together. Each part is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from workstation.alignments_store import AlignmentStore
from workstation.annotations_store import AnnotationStore, Change
from workstation.at_rest.vault import Vault, is_sealed
from workstation.cache.cache import StudyCache
from workstation.core_archives import CoreArchives
from workstation.core_deliveries import CoreDeliveries
from workstation.core_reports import CoreReports
from workstation.core_ris import CoreRis
from workstation.corner_texts import CornerTexts, load_corner_texts
from workstation.domain.annotation import Annotation
from workstation.domain.archive import FoundStudy
from workstation.domain.delivery import Delivery
from workstation.domain.hanging import NOTHING_KNOWN, HangingContext, ProtocolChoice
from workstation.domain.prior import PriorRelevance
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, PresetTable, ViewportState
from workstation.errors import WorkstationError
from workstation.jobs import BESIDE, WORKLIST, Cancel, Jobs
from workstation.made_once import made_once
from workstation.marks_store import MarkStore
from workstation.ports import Hanger, ImageShelf, InstanceReader, Progress, ProtocolExchange
from workstation.presets import load_presets
from workstation.reporting.store import ReportStore
from workstation.session.case import Case
from workstation.session.desk import ReportDesk
from workstation.session.lists import Lists
from workstation.session.rereading import Rereading
from workstation.session.second_look import SecondLook
from workstation.session.session import Session
from workstation.settings import Folders, Remembered, Settings, load_settings
from workstation.signals import Signal
from workstation.worklist_index import WorklistIndex
from workstation.worklist_rows import WorklistRows
from workstation.worklist_store import OrderStore

if TYPE_CHECKING:
    from workstation.archives.directory import ArchiveDirectory
    from workstation.archives.prefetch import Prefetcher
    from workstation.archives.prefetch_state import PrefetchState
    from workstation.archives.retrieve import Retrievals
    from workstation.archives.sending import Sender
    from workstation.at_rest.keys import Ask
    from workstation.cache.quota import Quota
    from workstation.ris.fhir import FhirRis
    from workstation.ris.hl7.driver import Hl7Ris

Reader = TypeVar("Reader", bound=InstanceReader)
Shelf = TypeVar("Shelf", bound=ImageShelf)


MOST_DECODED = 2000
"""So many rows that wait for a reader are decoded ahead, the most urgent first."""


def _nothing(_: object) -> None:
    pass


def _unheard(_done: int, _total: int, _what: str) -> None:
    pass


class _LaterHanger:
    """A hanger whose protocols are read when the first case hangs, not before the worklist is shown."""

    def __init__(self, make: Callable[[], Hanger]) -> None:
        self._make = make

    def hang(
        self,
        current: Study,
        priors: Sequence[Study],
        stage: int = 0,
        protocol_id: str = "",
        context: HangingContext = NOTHING_KNOWN,
    ) -> Arrangement:
        return self._make().hang(current, priors, stage, protocol_id, context)

    def choices(
        self, current: Study, priors: Sequence[Study], context: HangingContext = NOTHING_KNOWN
    ) -> tuple[ProtocolChoice, ...]:
        return self._make().choices(current, priors, context)

    def relevance(
        self, current: Study, candidates: Sequence[Study | FoundStudy], context: HangingContext = NOTHING_KNOWN
    ) -> tuple[PriorRelevance, ...]:
        return self._make().relevance(current, candidates, context)

    def counterpart(self, current: Study, shown: ViewportState, other: Study) -> tuple[ViewportState | None, str]:
        return self._make().counterpart(current, shown, other)


class _LaterDrawings:
    """A store of drawings that is opened when it is first asked."""

    def __init__(self, make: Callable[[], AnnotationStore]) -> None:
        self._make = make

    def apply(self, changes: Iterable[Change]) -> None:
        self._make().apply(changes)

    def of_studies(self, study_uids: Iterable[str]) -> tuple[Annotation, ...]:
        return self._make().of_studies(study_uids)

    @property
    def marks(self) -> MarkStore:
        return self._make().marks


class Core(Generic[Reader, Shelf]):
    """Everything a door or a window needs. `close()` ends processes and threads.

    `make_*` are the rooms above, plugged in by `main.py`; a reader is given what tells the key of one file.
    """

    def __init__(
        self,
        folders: Folders,
        make_jobs: Callable[[], Jobs],
        make_reader: Callable[[Callable[[Path], bytes]], Reader],
        make_hanger: Callable[[Folders, PresetTable, Callable[[WorkstationError], object]], Hanger],
        make_shelf: Callable[[Reader, Jobs, Settings, Path, Vault], Shelf],
        ris_url: str = "",
    ) -> None:
        folders.make()
        self.folders = folders
        self.settings, self.settings_problem = load_settings(folders)
        self.ris_url = ris_url or self.settings.ris_url
        self._make_jobs = make_jobs
        self._make_reader = make_reader
        self._make_hanger = make_hanger
        self._make_shelf = make_shelf
        self.ask_passphrase: Ask | None = None
        """Asks the user for the passphrase of the stored data; set before anything stored is opened."""
        self.opening: Progress = _unheard
        """Told, in the opening thread, how far a conversion or a rebuild of what is stored is."""
        self.notices: list[str] = []
        """What the user should know from the start on."""
        self.make_exchange: Callable[[], ProtocolExchange] | None = None
        """Makes hanging protocols DICOM objects and back; plugged in by `main.py`."""
        self.hanging_problems: list[WorkstationError] = []
        """Why files of the user's own hanging protocols are not used; known once `hanger` was made."""
        self.delivery_changed: Signal[Delivery] = Signal()
        self.ris_changed: Signal[str] = Signal()
        """Empty when the RIS answered last time, else why it did not."""
        self.archiving = CoreArchives(self)
        self.ris_side = CoreRis(self)
        self.deliveries = CoreDeliveries(self)
        self.reporting = CoreReports(self)

    @made_once
    def jobs(self) -> Jobs:
        return self._make_jobs()

    @made_once
    def vault(self) -> Vault:
        """What all that is stored goes through. Raises Refused or Unavailable when its key cannot be opened."""
        from workstation.at_rest.keys import unlock

        vault, notice = unlock(self.folders, self.settings, self.ask_passphrase)
        if notice:
            self.notices.append(notice)
        return vault

    @made_once
    def reader(self) -> Reader:
        return self._make_reader(self._key_of)

    def _key_of(self, path: Path) -> bytes:
        # Doors that only read files of others need no key, and make none.
        return self.vault.key_of(path) if is_sealed(path) else b""

    @made_once
    def cache(self) -> StudyCache:
        cache = StudyCache(self.folders.studies, self.reader, self.vault, self.opening)
        cache.issuer_of = self.archiving.issuer_of
        cache.make_room = self._make_room
        cache.added.append(lambda result: self.quota.used.touch(result.studies))
        return cache

    @made_once
    def quota(self) -> Quota:
        """What the images may take of the disk, and which of them must stay."""
        from workstation.cache.quota import GB, Quota
        from workstation.cache.usage import LastUsed

        used = LastUsed(self.folders.studies / "last_used.json", self.cache.last_written)
        limit = self.settings.cache_gb * GB
        quota = Quota(
            self.folders.studies, self.cache, used, self._pins, self.archiving.held_elsewhere, lambda: self.library.decoded, limit
        )
        quota.evicted = self.archiving.forget
        return quota

    def _make_room(self, size: int) -> bool:
        return self.quota.make_room(size)

    def _make_room_for_decoded(self, size: int) -> bool:
        return self.quota.make_room_for_decoded(size)

    def _pins(self) -> dict[str, str]:
        from workstation.cache.pins import pins

        case = self.session.case if "session" in self.__dict__ else None
        opened = [study.study_instance_uid for study in case.studies] if case is not None else []
        return pins(opened, self.worklist.unfinished(), self.archiving.wanted, self.archiving.unsent)

    def _case_opened(self, case: Case | None) -> None:
        if case is not None:
            self.quota.used.touch(study.study_instance_uid for study in case.studies)

    @made_once
    def reports(self) -> ReportStore:
        store = ReportStore(self.folders.reports, vault=self.vault)
        store.language = self.settings.language[:2].lower()
        store.send_as(self.ris_side.form())
        store.rely_on(self.ris_side)
        if store.notice:
            self.notices.append(store.notice)
        return store

    @made_once
    def orders(self) -> OrderStore:
        store = OrderStore(self.folders.orders, self.vault)
        if store.notice:
            self.notices.append(store.notice)
        return store

    @made_once
    def annotations(self) -> AnnotationStore:
        """What readers drew. Opened with the first case, in the database lane."""
        store = AnnotationStore(self.folders.annotations, self.vault)
        if store.notice:
            self.jobs.on_main(lambda: self.session.report_problem(WorkstationError(store.notice)))
        return store

    @made_once
    def alignments(self) -> AlignmentStore:
        return AlignmentStore(self.folders.alignments, lambda: self.vault)

    @made_once
    def worklist(self) -> WorklistIndex:
        return WorklistIndex(
            lambda: WorklistRows(self.folders.worklist, self.vault), lambda: self.cache, lambda: self.reports, lambda: self.orders
        )

    @made_once
    def corner_texts(self) -> CornerTexts:
        """What stands in the corners; the user's own on top, the built-in alone when that file is bad."""
        try:
            return load_corner_texts(self.folders.config / "corner_text.toml")
        except WorkstationError as error:
            self.note_problem(error)
            return load_corner_texts()

    @made_once
    def presets(self) -> PresetTable:
        """The window presets; the user's own digits on top, the built-in ones alone when that file is bad."""
        try:
            return load_presets(self.folders.config / "window_presets.toml")
        except WorkstationError as error:
            self.note_problem(error)
            return load_presets()

    @made_once
    def hanger(self) -> Hanger:
        return self._make_hanger(self.folders, self.presets, self._protocol_refused)

    @made_once
    def library(self) -> Shelf:
        """The images; what arrives from now on is decoded in the background."""
        shelf = self._make_shelf(self.reader, self.jobs, self.settings, self.folders.decoded, self.vault)
        shelf.when_full(self._make_room_for_decoded)
        shelf.keep_from(self.cache)
        self.cache.added.append(lambda result: shelf.decode_later([self.cache.study(uid) for uid in result.studies]))
        return shelf

    @made_once
    def remembered(self) -> Remembered:
        return Remembered(self.folders.config / "remembered.json")

    @made_once
    def session(self) -> Session:
        desk = ReportDesk(self.reports, self.jobs)
        hanger, drawings = _LaterHanger(lambda: self.hanger), _LaterDrawings(lambda: self.annotations)
        session = Session(self.jobs, self.cache, self.worklist, desk, hanger, self.library, drawings)
        session.signer = self.settings.signer
        site, problem = self.folders.config / "worklists.toml", session.report_problem
        session.lists = Lists(self.jobs, session.listing, self.worklist, self.remembered, site, problem)
        session.rereading = Rereading(self.jobs, self.cache, session)
        session.registering.kept = self.alignments
        session.life.undo_seconds = self.settings.undo_seconds if self.ris_url else 0
        session.allows_lossy = self.settings.lossy_primary
        session.spoken.unsure_below = self.settings.unsure_below
        session.standing = self.notices
        session.second_look = SecondLook(self.folders.config / "colleague")
        session.templating.folder = self.folders.config / "templates"
        self.reporting.attend(session)
        self.library.when_failed(session.report_problem)
        self.library.when_frames_come(session.annotating.late_values.look)
        self.reports.listen(lambda trouble: self.jobs.on_main(lambda: session.report_problem(trouble)))
        session.desk.signed.connect(lambda _: self.wake_outbox())
        session.case_changed.connect(self._case_opened)
        self.cache.added.append(lambda result: self.jobs.on_main(lambda: session.images_came(result.studies)))
        return session

    # ---- archives: the parts of `archiving` by the names that doors and windows use ----------

    @property
    def archives(self) -> ArchiveDirectory:
        return self.archiving.directory

    @property
    def retrievals(self) -> Retrievals:
        return self.archiving.retrievals

    @property
    def prefetcher(self) -> Prefetcher:
        return self.archiving.prefetcher

    @property
    def sender(self) -> Sender:
        return self.archiving.sender

    @property
    def prefetch_changed(self) -> Signal[PrefetchState]:
        return self.archiving.prefetch_changed

    @property
    def sending_changed(self) -> Signal[None]:
        return self.archiving.sending_changed

    @property
    def may_be_sending(self) -> bool:
        return self.archiving.may_be_sending

    def start_archives(self) -> None:
        self.archiving.start()
        self.reporting.start_documents()
        self.deliveries.scheduled.poll()

    def look_for_late_images(self) -> None:
        self.archiving.look_for_late_images()

    def start_sending(self) -> None:
        self.archiving.start_sending()

    # ---- the RIS ---------------------------------------------------------------------

    @made_once
    def ris(self) -> FhirRis | Hl7Ris | None:
        """None when no RIS is set: reports are then signed and wait."""
        return self.ris_side.make()

    def start_deliveries(self) -> None:
        self.deliveries.start()

    def wake_outbox(self) -> None:
        self.deliveries.wake()

    def poll_orders(self) -> None:
        self.deliveries.poll_orders()

    def warm_up(self) -> None:
        """Make ready in the background what the first case needs; the worklist does not wait for it."""

        def work(_: Cancel) -> Hanger:
            self.library.prepare()
            return self.hanger

        self.jobs.run(BESIDE, work, _nothing, _nothing)
        self.session.worklist_changed.connect(lambda _: self._decode_listed())
        self._decode_listed()

    def _decode_listed(self) -> None:
        """What is to be read and lies here from before: no arrival will have it decoded."""
        from workstation.cache.pins import pins

        self.jobs.run(
            WORKLIST,
            lambda _: list(pins((), self.worklist.waiting(MOST_DECODED))),
            lambda listed: self.library.decode_listed(listed, self.cache.study),
            _nothing,
            slot="decode listed",
        )

    def close(self) -> None:
        """End what was started, in the order in which one part needs another; within seconds."""
        goodbye = self.archiving.cut()
        try:
            self._close_parts()
        finally:
            if goodbye is not None:
                goodbye.cancel()
                goodbye.join()

    def _close_parts(self) -> None:
        made = self.__dict__
        self.deliveries.stop()
        self.ris_side.close()
        self.archiving.stop()
        if "library" in made:
            self.library.close_case()
        if "jobs" in made:
            self.jobs.close()
        if "library" in made:
            self.library.close()
        if "quota" in made:
            self.quota.close()
        self.archiving.close()
        self.reporting.close()
        for name in ("worklist", "reader", "cache", "orders", "annotations", "alignments", "reports", "ris"):
            part = made.get(name)
            if part is not None:
                part.close()

    def _protocol_refused(self, error: WorkstationError) -> None:
        self.hanging_problems.append(error)
        if "session" in self.__dict__:  # without one there is no banner: the door says it
            self.jobs.on_main(lambda: self.session.report_problem(error))

    def note_problem(self, problem: WorkstationError) -> None:
        """What is wrong with the settings; the first is what is said."""
        self.settings_problem = self.settings_problem or problem

    def tell(self, problem: WorkstationError) -> None:
        """Show it to the reader; from any thread."""
        self.jobs.on_main(lambda: self.session.report_problem(problem))
