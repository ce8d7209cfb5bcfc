"""One study from one archive, until every row of its IMAGE-level list is in the cache, or why not.

What an archive says it has sent is never counted: after each round the index of the cache is
compared with the list, and only what is missing is asked for again. Whatever ends a round (a
cut link, a kill, a full disk), what came before stays.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from workstation.archives.arrivals import Arrivals, Request, Taker
from workstation.archives.retrieve_ledger import ListChange, RetrieveLedger, RetrieveState
from workstation.domain.archive import ArchiveConnection, FoundInstance, RetrieveProgress
from workstation.errors import DiskFull, Refused, WorkstationError
from workstation.ris.outbox import Backoff

STOPPED = "Stopped; what has come stays"
NO_IMAGES = "The archive lists no images of this study"
FIRST_ROOM = 16 << 20
"""Bytes of disk that are asked for where no image has come that would tell how large they are."""
MOST_REFUSALS = 12
"""In a row, with no image between them: halving finds one bad image of some thousand in as many."""
GLANCE = 0.1
TELL_SECONDS = 0.25


class Cache(Taker, Protocol):
    """`StudyCache`, as far as fetching needs it."""

    def receiving_folder(self) -> AbstractContextManager[Path]: ...
    def held_instances(self, study_instance_uid: str) -> frozenset[tuple[str, str]]: ...

    make_room: Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Tries:
    """How patiently: rounds without a single new image before it is given up, and the waits between them.

    An archive that asks for a longer pause than `backoff.cap` is not waited for here.
    """

    most: int = 5
    backoff: Backoff = field(default_factory=lambda: Backoff(base=1.0, cap=60.0))
    draw: Callable[[], float] = random.random


class Fetch:
    """Used once, by one thread. `on_progress` is called in that thread and in the arrivals'."""

    def __init__(
        self,
        cache: Cache,
        ledger: RetrieveLedger,
        request: Request,
        connection: ArchiveConnection,
        on_progress: Callable[[RetrieveProgress], None],
        cancelled: Callable[[], bool],
        kilobits: int = 0,
        tries: Tries | None = None,
    ) -> None:
        self._cache = cache
        self._ledger = ledger
        self._request = request
        self._connection = connection
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._kilobits = kilobits
        self._tries = tries or Tries()
        self._study, self._archive = request.study_instance_uid, request.archive
        before = ledger.retrieval(self._study, self._archive)
        self._bytes_before = before.bytes if before else 0
        self._bytes = 0
        self._told = 0.0
        self._rows: tuple[FoundInstance, ...] | None = None
        self._refused: dict[str, str] = {}
        self._stopped: WorkstationError | None = None
        self._retry_after: float | None = None
        self._has_made_room = False
        self.change = ListChange()

    def run(self) -> RetrieveProgress:
        """Never raises for an archive: the progress says what is missing and why."""
        self._move(RetrieveState.FETCHING)
        problem = self._until_nothing_is_missing()
        return self.settle(problem)

    def fill_from(self, archive: str, connection: ArchiveConnection, rows: Collection[FoundInstance]) -> RetrieveProgress:
        """Take what is still missing from another archive that has it too."""
        there = {(row.series_instance_uid, row.sop_instance_uid) for row in rows}
        wanted = [row for row in self.missing() if (row.series_instance_uid, row.sop_instance_uid) in there]
        problem = ""
        if wanted:
            self._refused = {}
            try:
                self._receive(connection, wanted, archive)
            except WorkstationError as error:
                problem = str(error)
        return self.settle(problem)

    def settle(self, problem: str) -> RetrieveProgress:
        """Compare once more and write down what became of it."""
        progress = self.progress(problem, whole=True)
        self._move(RetrieveState.PROVEN if progress.is_proven else RetrieveState.PARTIAL, progress.problem)
        self._on_progress(progress)
        return progress

    def missing(self) -> tuple[FoundInstance, ...]:
        """Rows of the list that are not in the cache, in the list's order."""
        held = self._cache.held_instances(self._study)
        return tuple(row for row in self._rows or () if (row.series_instance_uid, row.sop_instance_uid) not in held)

    @property
    def refused(self) -> dict[str, str]:
        """Why the cache did not take an object, by SOP Instance UID."""
        return dict(self._refused)

    @property
    def is_listed(self) -> bool:
        return self._rows is not None

    @property
    def is_stopped_here(self) -> bool:
        """Whether this machine, not the archive, is why no more can come."""
        return self._stopped is not None or self._cancelled()

    def progress(self, problem: str = "", whole: bool = False) -> RetrieveProgress:
        """`whole`: nothing is under way any more; what is missing is named, and is a problem."""
        if self._rows is None:
            came = self._bytes_before + self._bytes
            return RetrieveProgress(self._archive, self._study, 0, None, came, problem=problem, retry_after=self._retry_after)
        missing = self.missing()
        is_proven = bool(self._rows) and not missing
        return RetrieveProgress(
            archive=self._archive,
            study_instance_uid=self._study,
            received=len(self._rows) - len(missing),
            expected=len(self._rows),
            bytes=self._bytes_before + self._bytes,
            is_proven=is_proven,
            problem="" if is_proven else problem or (self._words(len(missing)) if whole else ""),
            missing=missing if whole else (),
            retry_after=None if is_proven else self._retry_after,
        )

    # ---- inside --------------------------------------------------------------------------

    def _until_nothing_is_missing(self) -> str:
        """Rounds, until all is here or it is given up; why it was given up."""
        failures = 0
        while True:
            if self._cancelled():
                return STOPPED
            before = len(self._cache.held_instances(self._study))
            problem, self._retry_after = "", None
            try:
                self._list()
                self._round()
            except Refused as error:
                return str(error)
            except DiskFull as error:
                if not self._has_room_been_made():
                    self._stopped = error
            except WorkstationError as error:
                problem, self._retry_after = str(error), error.retry_after
            if self._stopped is not None:
                return str(self._stopped)
            if self._rows is not None and not self._wanted():
                return ""
            if self._cancelled():
                return STOPPED
            has_gained = len(self._cache.held_instances(self._study)) > before
            failures = 0 if has_gained else failures + 1
            pause = self._retry_after or 0.0
            if failures >= self._tries.most or pause > self._tries.backoff.cap:
                return problem
            self._wait(max(self._tries.backoff.wait(max(failures, 1), self._tries.draw), pause))

    def _has_room_been_made(self) -> bool:
        """Once for each fetch: as much as what is missing will take, as far as that can be said (F14)."""
        if self._has_made_room:
            return False
        self._has_made_room = True
        here = len(self._rows or ()) - len(self.missing())
        each = (self._bytes_before + self._bytes) // here if here else 0
        # Whatever went is room: whether it is enough shows when the rest comes.
        self._cache.make_room(max(each * len(self.missing()), FIRST_ROOM))
        return True

    def _list(self) -> None:
        """Take the archive's list, once."""
        if self._rows is None:
            self._take_list()

    def _take_list(self) -> None:
        rows = self._connection.find_instances(self._study)
        change = self._ledger.take_list(self._study, self._archive, rows)
        self.change = ListChange(self.change.new + change.new, self.change.gone + change.gone, change.is_first)
        self._rows = tuple(row.instance for row in self._ledger.expected(self._study, self._archive) if not row.is_gone)
        self._on_progress(self.progress())

    def _round(self) -> None:
        """Ask for what is wanted. Raises Refused only when an archive gives nothing at all."""
        wanted = self._wanted()
        if not wanted:
            return
        try:
            self._receive(self._connection, wanted, self._archive)
        except Refused as error:
            # Some archives refuse a whole request for one image that they do not have any more,
            # and some cannot even make the list again.
            with contextlib.suppress(WorkstationError):
                self._take_list()
            self._in_parts(error)

    def _in_parts(self, error: Refused) -> None:
        """Halve what is refused until the images that are refused stand alone; the others come."""
        parts = [self._wanted()]
        refusals = 0
        while parts and not self.is_stopped_here:
            held = self._cache.held_instances(self._study)
            part = [row for row in parts.pop() if (row.series_instance_uid, row.sop_instance_uid) not in held]
            if not part:
                continue
            try:
                self._receive(self._connection, part, self._archive)
                refusals = 0
            except Refused as refusal:
                refusals = 0 if len(self._cache.held_instances(self._study)) > len(held) else refusals + 1
                if refusals >= MOST_REFUSALS:
                    raise error from refusal
                if len(part) == 1:
                    self._refuse({part[0].sop_instance_uid: str(refusal)})
                else:
                    parts += [tuple(part[len(part) // 2 :]), tuple(part[: len(part) // 2])]

    def _refuse(self, reasons: dict[str, str]) -> None:
        self._refused |= reasons
        self._ledger.refuse(self._study, self._archive, reasons)

    def _receive(self, connection: ArchiveConnection, wanted: Collection[FoundInstance], archive: str) -> None:
        rows = frozenset((row.series_instance_uid, row.sop_instance_uid) for row in self._rows or ())
        request = Request(archive, self._study, rows, self._request.patient, self._request.issuer)
        came = self._bytes
        try:
            with self._cache.receiving_folder() as folder:
                arrivals = Arrivals(self._cache, request, self._tell)
                try:
                    with arrivals:
                        connection.retrieve(
                            self._study,
                            tuple(wanted),
                            folder,
                            arrivals.take,
                            self._count,
                            lambda: arrivals.stopped is not None or self._cancelled(),
                            self._kilobits,
                        )
                finally:
                    self._stopped = arrivals.stopped
                    self._refuse(arrivals.refused)
        finally:
            self._move(RetrieveState.FETCHING, more_bytes=self._bytes - came)

    def _count(self, received: int) -> None:
        self._bytes += received
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            self._on_progress(self.progress())

    def _tell(self) -> None:
        self._on_progress(self.progress())

    def _wanted(self) -> tuple[FoundInstance, ...]:
        """What is missing and was not refused in this run: asking twice for it only costs the link."""
        return tuple(row for row in self.missing() if row.sop_instance_uid not in self._refused)

    def _words(self, missing: int) -> str:
        if not self._rows:
            return NO_IMAGES
        here = f"{len(self._rows) - missing} of {len(self._rows)} images are here"
        if self._refused:
            return f"{here}; {len(self._refused)} did not come: {next(iter(self._refused.values()))}"
        return here

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._cancelled():
            time.sleep(min(GLANCE, left))

    def _move(self, state: RetrieveState, problem: str = "", more_bytes: int = 0) -> None:
        self._ledger.move(self._study, self._archive, state, problem, more_bytes)
