"""Retrievals: brings studies from archives into the cache, says how far each has come, and never says "complete" in vain.

What is expected is written down (`retrieve_ledger`), what is here is asked of the cache, so that a
kill, a flap of the link or a restart only costs what was under way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from workstation.archives.arrivals import Request
from workstation.archives.directory import ArchiveDirectory
from workstation.archives.retrieve_fetch import Cache, Fetch, Tries
from workstation.archives.retrieve_ledger import Retrieval, RetrieveLedger, RetrieveState
from workstation.archives.walls import reads_for
from workstation.domain.archive import Archive, ArchiveKind, FoundInstance, FoundStudy, RetrieveProgress
from workstation.domain.patient import Patient
from workstation.errors import Unavailable, WorkstationError
from workstation.jobs import RETRIEVALS, Job, Jobs
from workstation.signals import Signal

logger = logging.getLogger(__name__)

GLANCE = 0.05
KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"
GONE = "images that are here are no longer in the archive's list: rejected, deleted or moved there"


class FetchPriority(Enum):
    """READING takes the whole link; BACKGROUND keeps to the archive's `kilobits`."""

    READING = "reading"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class StudyChange:
    """How an archive's list of a study differs from the one before it (taken at `since`, UTC).

    `new` are on their way, or here; `gone` are still here, nothing is deleted on an archive's
    word. `notes` counts new key object selections, which may reject images (IHE IOCM).
    """

    study_instance_uid: str
    archive: str
    new: tuple[FoundInstance, ...] = ()
    gone: tuple[FoundInstance, ...] = ()
    since: datetime | None = None

    @property
    def notes(self) -> int:
        return sum(row.sop_class_uid == KEY_OBJECT_SELECTION for row in self.new)

    @property
    def gone_words(self) -> str:
        """Of the images that are no longer listed; an English source string."""
        return f"{len(self.gone)} {GONE}"

    def __str__(self) -> str:
        parts = []
        if self.new:
            since = f" since {self.since.astimezone():%H:%M}" if self.since else ""
            parts.append(f"{len(self.new)} new images{since}")
        if self.gone:
            parts.append(self.gone_words)
        return "; ".join(parts)


def _never() -> bool:
    return False


class Retrievals:
    """Thread-safe. One fetch of a study runs at a time; a second one waits for it and then finds little to do.

    Signals come on the main thread; without `jobs` there are none.
    """

    def __init__(
        self,
        directory: ArchiveDirectory,
        cache: Cache,
        ledger: RetrieveLedger,
        jobs: Jobs | None = None,
        tries: Tries | None = None,
    ) -> None:
        self._directory = directory
        self._cache = cache
        self._ledger = ledger
        self._jobs = jobs
        self._tries = tries
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self._now: dict[tuple[str, str], RetrieveProgress] = {}
        self._closing = threading.Event()
        self.reading_first: Callable[[], AbstractContextManager[None]] = nullcontext
        """Held around a fetch that somebody waits for: background fetching steps aside."""
        self.progressed: Signal[RetrieveProgress] = Signal()
        self.changed: Signal[StudyChange] = Signal()
        """Late images came into an archive's list, or images went from it."""

    @property
    def notice(self) -> str:
        """What the user must know about the file of the lists."""
        return self._ledger.notice

    def cut(self) -> None:
        """Ask what is under way to stop. `close` follows."""
        self._closing.set()

    def close(self) -> None:
        """Ask what is under way to stop, wait for it, and close the file."""
        self.cut()
        with self._lock:
            busy = list(self._busy.values())
        for lock in busy:
            with lock:
                pass
        self._ledger.close()

    # ---- fetching ------------------------------------------------------------------------

    def fetch(
        self,
        study: FoundStudy,
        archive: str = "",
        priority: FetchPriority = FetchPriority.READING,
        cancelled: Callable[[], bool] = _never,
        on_progress: Callable[[RetrieveProgress], None] = lambda _: None,
        kilobits: int | None = None,
    ) -> RetrieveProgress:
        """Blocks until every image of the archive's list is here, or it is given up: `is_proven` says which.

        `archive` is that of the answer where it is left out; another one that holds the study too
        is asked for what the first does not give. Raises `WorkstationError` for an archive that is
        not set up; what goes wrong at the archive is the progress's `problem`.
        """
        source = self._directory.archive(archive or study.archive)
        cap = kilobits if kilobits is not None else source.kilobits if priority is FetchPriority.BACKGROUND else 0
        stops = self._stops(cancelled)

        def tell(progress: RetrieveProgress) -> None:
            self._tell(progress)
            on_progress(progress)

        aside = self.reading_first if priority is FetchPriority.READING else nullcontext
        with aside(), self._alone(study.study_instance_uid, stops):
            progress, fetch = self._fetch(study, source, tell, stops, cap)
            if not progress.is_proven and not fetch.is_stopped_here:
                progress = self._with_others(study, source, fetch, progress, tell, stops, cap)
        return progress

    def fetch_uid(
        self,
        study_instance_uid: str,
        archive: str,
        on_progress: Callable[[RetrieveProgress], None] = lambda _: None,
        cancelled: Callable[[], bool] = _never,
        kilobits: int | None = None,
        priority: FetchPriority = FetchPriority.READING,
    ) -> RetrieveProgress:
        """As `fetch`, of a study known by its UID. Raises Refused when the archive does not have it."""
        study = self._directory.study_at(archive, study_instance_uid, cancelled)
        return self.fetch(study, archive, priority, cancelled, on_progress, kilobits)

    def fetch_soon(self, study: FoundStudy, archive: str = "", priority: FetchPriority = FetchPriority.READING) -> Job:
        """As `fetch`, in a job; `progressed` tells of it."""
        assert self._jobs is not None
        name = self._directory.archive(archive or study.archive).name

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                logger.error("a retrieval failed: %s", type(error).__name__)
            words = str(error) if isinstance(error, WorkstationError) else "The retrieval failed"
            self._tell(RetrieveProgress(name, study.study_instance_uid, 0, None, problem=words))

        return self._jobs.run(RETRIEVALS, lambda cancel: self.fetch(study, name, priority, cancel), failed=failed)

    def resume(self) -> tuple[Job, ...]:
        """Take up, in jobs, what an end of the program or of the link left incomplete."""
        return tuple(self.fetch_soon(_found(row), row.archive, FetchPriority.BACKGROUND) for row in self.unfinished())

    # ---- asking --------------------------------------------------------------------------

    def unfinished(self) -> tuple[Retrieval, ...]:
        """What was begun and is not proven, of archives that are still set up."""
        names = {archive.name for archive in self._directory.archives}
        return tuple(r for r in self._ledger.retrievals() if r.state is not RetrieveState.PROVEN and r.archive in names)

    def progress_of(self, study_instance_uid: str) -> tuple[RetrieveProgress, ...]:
        """How far each retrieval of this study has come, the latest first; compared with the cache now."""
        return tuple(self._compared(row) for row in self._ledger.retrievals(study_instance_uid))

    def all_progress(self) -> tuple[RetrieveProgress, ...]:
        """Every retrieval, the latest first: for a list of what comes and what waits."""
        return tuple(self._compared(row) for row in self._ledger.retrievals())

    def can_give_again(self, archive: str) -> bool:
        """Whether what came from there may be relied on to be there: it is set up still, and is no folder or disc."""
        return any(a.name == archive and a.kind is not ArchiveKind.FOLDER for a in self._directory.archives)

    def refused_of(self, study_instance_uid: str, archive: str) -> tuple[tuple[str, str], ...]:
        """(SOP Instance UID, why the cache did not take it) of what is still missing."""
        held = self._cache.held_instances(study_instance_uid)
        rows = (row for row in self._ledger.expected(study_instance_uid, archive) if row.refused)
        keys = (((r.instance.series_instance_uid, r.instance.sop_instance_uid), r.refused) for r in rows)
        return tuple((key[1], refused) for key, refused in keys if key not in held)

    def issuer_of(self, study_instance_uid: str) -> str:
        """Whose patient IDs the archive gives, for files of this study that do not say; "" when unknown.

        Kept beside the study and never written into what a file says: for matching only.
        """
        return self._ledger.assumed_issuer(study_instance_uid)

    def tenant_of(self, study_instance_uid: str) -> str | None:
        """The care provider whose archive gave the study; None for one that no archive gave."""
        rows = self._ledger.retrievals(study_instance_uid)
        return rows[0].tenant if rows else None

    def forget(self, study_instance_uid: str) -> None:
        """The study leaves this machine: so does what was known of its lists."""
        self._ledger.forget(study_instance_uid)

    # ---- late images ---------------------------------------------------------------------

    def check_again(self, study_instance_uid: str, cancelled: Callable[[], bool] = _never) -> tuple[StudyChange, ...]:
        """Ask for the list again, announce what is new or gone (F59, F60), and fetch the new. Blocks.

        Raises `Unavailable` when an archive does not answer, after the others were asked.
        """
        changes: list[StudyChange] = []
        failure: WorkstationError | None = None
        for row in self._ledger.retrievals(study_instance_uid):
            try:
                changes += self._check(row, cancelled)
            except WorkstationError as error:
                failure = error
        if failure is not None:
            raise failure
        return tuple(changes)

    def _check(self, row: Retrieval, cancelled: Callable[[], bool]) -> tuple[StudyChange, ...]:
        source = self._directory.archive(row.archive)
        stops = self._stops(cancelled)
        with self._alone(row.study_instance_uid, stops):
            rows = self._directory.connection(source.name).find_instances(row.study_instance_uid)
            found = self._ledger.take_list(row.study_instance_uid, source.name, rows)
        change = StudyChange(row.study_instance_uid, source.name, found.new, found.gone, row.listed)
        if not (found.new or found.gone):
            return ()
        self._on_main(lambda: self.changed.emit(change))
        if found.new and not stops():
            self.fetch(_found(row), source.name, cancelled=cancelled)
        return (change,)

    # ---- inside --------------------------------------------------------------------------

    def _fetch(
        self,
        study: FoundStudy,
        source: Archive,
        tell: Callable[[RetrieveProgress], None],
        stops: Callable[[], bool],
        kilobits: int,
    ) -> tuple[RetrieveProgress, Fetch]:
        self._ledger.begin(study, source.name, source.issuer, source.tenant)
        request = Request(source.name, study.study_instance_uid, frozenset(), study.patient.key, source.issuer)
        connection = self._directory.connection(source.name)
        self._directory.warm([source.name], fetching=True)  # starts while the list is asked for
        fetch = Fetch(self._cache, self._ledger, request, connection, tell, stops, kilobits, self._tries)
        progress = fetch.run()
        if fetch.change.new or fetch.change.gone:
            change = StudyChange(study.study_instance_uid, source.name, fetch.change.new, fetch.change.gone)
            self._on_main(lambda: self.changed.emit(change))
        return progress, fetch

    def _with_others(
        self,
        study: FoundStudy,
        source: Archive,
        fetch: Fetch,
        progress: RetrieveProgress,
        tell: Callable[[RetrieveProgress], None],
        stops: Callable[[], bool],
        kilobits: int,
    ) -> RetrieveProgress:
        """What the first archive did not give, from others of the same care provider that hold the study."""
        for other in self._directory.archives:
            if other.name == source.name or not reads_for(other, source.tenant) or stops() or progress.is_proven:
                continue
            try:
                self._directory.study_at(other.name, study.study_instance_uid, stops)
                if not fetch.is_listed:
                    answer, _ = self._fetch(study, other, tell, stops, kilobits)
                    progress = answer if answer.is_proven or answer.received else progress
                    continue
                connection = self._directory.connection(other.name)
                rows = connection.find_instances(study.study_instance_uid)
                filled = fetch.fill_from(other.name, connection, rows)
                progress = filled if filled.is_proven or filled.received > progress.received else progress
            except WorkstationError as error:
                logger.info("retrieve: %s does not help: %s", other.name, error.title)
        return progress

    def _compared(self, row: Retrieval) -> RetrieveProgress:
        with self._lock:
            live = self._now.get((row.study_instance_uid, row.archive))
        if live is not None:
            return live
        if row.listed is None:
            return RetrieveProgress(row.archive, row.study_instance_uid, 0, None, row.bytes, problem=row.problem)
        held = self._cache.held_instances(row.study_instance_uid)
        expected = [r.instance for r in self._ledger.expected(row.study_instance_uid, row.archive) if not r.is_gone]
        missing = tuple(r for r in expected if (r.series_instance_uid, r.sop_instance_uid) not in held)
        is_proven = bool(expected) and not missing
        received, problem = len(expected) - len(missing), "" if is_proven else row.problem
        return RetrieveProgress(
            row.archive, row.study_instance_uid, received, len(expected), row.bytes, is_proven, problem, missing
        )

    def _stops(self, cancelled: Callable[[], bool]) -> Callable[[], bool]:
        return lambda: self._closing.is_set() or cancelled()

    @contextmanager
    def _alone(self, study_uid: str, stops: Callable[[], bool]) -> Iterator[None]:
        """Only one fetch of a study at a time."""
        with self._lock:
            lock = self._busy.setdefault(study_uid, threading.Lock())
        while not lock.acquire(timeout=GLANCE):
            if stops():
                raise Unavailable("The study is already being fetched", "Waiting for it was stopped")
        try:
            yield
        finally:
            lock.release()
            with self._lock:
                for key in [key for key in self._now if key[0] == study_uid]:
                    del self._now[key]

    def _tell(self, progress: RetrieveProgress) -> None:
        with self._lock:
            self._now[progress.study_instance_uid, progress.archive] = progress
        self._on_main(lambda: self.progressed.emit(progress))

    def _on_main(self, call: Callable[[], None]) -> None:
        if self._jobs is not None:
            self._jobs.on_main(call)


def _found(row: Retrieval) -> FoundStudy:
    return FoundStudy(row.archive, row.study_instance_uid, Patient(row.patient))
