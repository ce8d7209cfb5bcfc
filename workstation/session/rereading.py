"""Stored results of programs are read again where an earlier version of this one read less of them: while nobody reads.

A portion at a time, with no case open; the reader may stop it, and it goes on where it was at the next start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.errors import Refused
from workstation.jobs import FILES, Cancel, Job, Jobs
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.cache.cache import StudyCache
    from workstation.session.session import Session

Counts = tuple[int, int]


class Rereading:
    """Of the main thread. `changed` tells (read again, in all); alike when nothing is left to do."""

    def __init__(self, jobs: Jobs, cache: StudyCache, session: Session) -> None:
        self._jobs = jobs
        self._cache = cache
        self._session = session
        self._job: Job | None = None
        self._is_done = False
        self.is_stopped = False
        """The reader wants none of it now."""
        self.counts: Counts = (0, 0)
        self.changed: Signal[Counts] = Signal()
        session.case_changed.connect(lambda _: self._go_on())
        session.worklist_changed.connect(lambda _: self._go_on())

    def toggle(self) -> None:
        """Stop, or go on. Raises Refused when there is nothing to do."""
        if self._is_done:
            raise Refused("Nothing is read again", "Everything stored was read by this version of the program")
        self.is_stopped = not self.is_stopped
        if self.is_stopped and self._job is not None:
            self._job.cancel.set()
            self._job = None
        self.changed.emit(self.counts)
        self._go_on()

    def _go_on(self) -> None:
        is_free = self._session.case is None and not self.is_stopped
        if self._job is not None or self._is_done or not is_free:
            return

        def work(cancel: Cancel) -> tuple[bool, Counts]:
            more = self._cache.read_on(cancel)
            return more, self._cache.read_again()

        self._job = self._jobs.run(FILES, work, self._came, self._failed)

    def _came(self, found: tuple[bool, Counts]) -> None:
        self._job = None
        more, self.counts = found
        self._is_done = not more
        self.changed.emit(self.counts)
        if self._is_done and self.counts[1]:
            self._session.refresh_worklist()
        self._go_on()

    def _failed(self, error: Exception) -> None:
        """Not again before the next start: what stands in the way is still there."""
        self._job, self._is_done = None, True
        self.counts = (0, 0)
        self.changed.emit(self.counts)
        self._session.report_problem(error)
