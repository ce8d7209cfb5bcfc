"""Prefetcher: brings what the worklist will need, one study at a time, in a thread of its own.

It fetches by the plan of `prefetch_plan`, gives way to the reader by `prefetch_manners`, and can
always say what it does and why it does not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from workstation.archives.prefetch_asking import Asking, Patience, PriorDirectory
from workstation.archives.prefetch_manners import Manners
from workstation.archives.prefetch_plan import Held, Plan, PlannedStudy, make_plan, patients_of, rows_to_prepare
from workstation.archives.prefetch_policy import PrefetchPolicy
from workstation.archives.prefetch_state import Phase, PrefetchState
from workstation.domain.archive import FoundStudy, RetrieveProgress
from workstation.domain.order import WorklistItem
from workstation.errors import Unavailable, WorkstationError
from workstation.settings import Remembered

logger = logging.getLogger(__name__)

PAUSED = "prefetch_paused"
RULE_SECONDS = 60.0
"""How often a rule that stops us is looked at again."""


class StudyFetcher(Protocol):
    """Retrieves one study (`workstation.archives.retrieve`). What is here already is not fetched again."""

    def fetch(
        self,
        study: FoundStudy,
        archive: str,
        progress: Callable[[RetrieveProgress], None],
        cancelled: Callable[[], bool],
        kilobits: int,
    ) -> RetrieveProgress:
        """Blocks. What goes wrong at the archive is the progress's `problem`; a cancelled fetch keeps what has come."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the prefetcher asks of the program around it; each may be called from its thread."""

    items: Callable[[], Sequence[WorklistItem]]
    held: Callable[[], Mapping[str, Held]]
    room: Callable[[], str] = lambda: ""
    """Why there is no room on the disk for more; empty when there is."""
    is_metered: Callable[[], bool] = lambda: False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Prefetcher:
    """`on_change` is called in the prefetcher's thread, or in that of `run_once`."""

    def __init__(
        self,
        policy: PrefetchPolicy,
        directory: PriorDirectory,
        fetcher: StudyFetcher,
        around: Surroundings,
        remembered: Remembered,
        on_change: Callable[[PrefetchState], None] = lambda _: None,
    ) -> None:
        self.policy = policy
        self.manners = Manners(policy.quiet_seconds, policy.put_away_seconds)
        self.manners.waiting_changed = self._waiting_changed
        self.state = PrefetchState()
        self._directory = directory
        self._fetcher = fetcher
        self._around = around
        self._remembered = remembered
        self._on_change = on_change
        self._patience = Patience(policy.retry_seconds, policy.longest_retry_seconds)
        self._asking = Asking(directory, self._patience, policy.ask_again_minutes * 60)
        self._asking.said = self._said
        self.wanted: frozenset[str] = frozenset()
        """What the listed rows need, as last planned, here or not."""
        self._skipped: set[str] = set()
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._working = threading.Lock()
        self._thread: threading.Thread | None = None

    # ---- from the window or a door, any thread ---------------------------------------------

    @property
    def is_paused(self) -> bool:
        return bool(self._remembered.get(PAUSED, False))

    @property
    def problems(self) -> tuple[str, ...]:
        """Archives that do not answer now, and why."""
        return self._patience.problems

    def start(self) -> None:
        """Begin; while the user has it paused, begin to wait."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="prefetch", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread. A fetch under way is put away; what has come stays."""
        self._closing.set()
        self._interrupt()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def pause(self) -> None:
        """Until `resume`, over restarts too."""
        self._remembered.set(PAUSED, True)
        self._interrupt()

    def resume(self) -> None:
        self._remembered.set(PAUSED, False)
        self.wake()

    def skip(self) -> None:
        """Leave the study that is being fetched alone until the program starts again."""
        if self.state.study_instance_uid:
            self._skipped.add(self.state.study_instance_uid)
        self._interrupt()

    def wake(self) -> None:
        """The worklist, the archives or a rule may have changed: look now."""
        self._woken.set()

    def ask_again(self) -> None:
        """As `wake`, and what the archives said before is forgotten."""
        self._asking.forget()
        self.wake()

    def plan(self) -> Plan:
        """What would be fetched now, and why. Asks the archives; blocks."""
        now = self._around.now()
        items = self._around.items()
        patients = patients_of(rows_to_prepare(items, self.policy, now))
        found = self._asking.found(patients, self._closing.is_set)
        return make_plan(items, found, self._around.held(), self._directory.archives, self.policy, now)

    def run_once(self) -> PrefetchState:
        """One round in this thread: all that is planned, whatever the user has paused. Blocks."""
        self.manners.go_on()
        self._round()
        return self.state

    # ---- in the prefetcher's thread ----------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.is_set():
            self._woken.clear()
            self.manners.go_on()
            if self._closing.is_set():  # asked for between the two lines above
                return
            try:
                wait = self._pass()
            except WorkstationError as error:
                logger.warning("prefetch: %s", error.title)
                self._tell(Phase.STOPPED, str(error))
                wait = RULE_SECONDS
            self._woken.wait(wait)

    def _pass(self) -> float | None:
        """Seconds until the next one; None: until woken."""
        if self.is_paused:
            self._tell(Phase.PAUSED, "Prefetching was switched off on this machine")
            return None
        if not self.manners.wait_until_quiet():
            return 0.0
        if not self._round():
            return 0.0 if self._is_interrupted else RULE_SECONDS
        wait = min(self.policy.ask_again_minutes * 60, self._patience.seconds_until_due or float("inf"))
        self._tell(Phase.IDLE, "Everything that is due is here", next_at=self._around.now() + timedelta(seconds=wait))
        return wait

    @property
    def _is_interrupted(self) -> bool:
        return self.is_paused or self._woken.is_set() or self._closing.is_set()

    def _round(self) -> bool:
        """Plan and fetch. False when a rule or somebody stopped it before its end."""
        with self._working:
            self._tell(Phase.ASKING)
            plan = self.plan()
            self.wanted = plan.wanted
            left = [one for one in plan.studies if one.study_instance_uid not in self._skipped]
            self._change(left=len(left), done=0, failed=0)
            for one in left:
                if why := self._rule_against():
                    self._tell(Phase.STOPPED, why)
                    return False
                if not self._fetch_patiently(one):
                    return False
                self._change(left=self.state.left - 1)
        return True

    def _rule_against(self) -> str:
        now = self._around.now()
        if self._around.is_metered() and not self.policy.may_fetch_metered(now):
            return "This connection is paid by the byte"
        return self._around.room()

    def _fetch_patiently(self, one: PlannedStudy) -> bool:
        """Fetch one study, taking it up again after each time the reader came first. False to end the round."""
        while self._patience.is_due(one.archive) and one.study_instance_uid not in self._skipped:
            if not self.manners.wait_until_quiet():
                return False
            ended = self._fetch(one)
            if ended is not None:
                self._change(done=self.state.done + ended, failed=self.state.failed + (not ended))
                return True
        return True

    def _fetch(self, one: PlannedStudy) -> bool | None:
        """Whether the study is here whole; None when it was put away before its end."""
        self._change(
            phase=Phase.FETCHING,
            why=one.why,
            archive=one.archive,
            study_instance_uid=one.study_instance_uid,
            role=one.role.value,
            received=0,
            expected=None,
        )
        put_away = False
        progress: RetrieveProgress | None = None
        problem: WorkstationError | None = None

        def is_to_stop() -> bool:
            nonlocal put_away
            put_away = self.manners.is_to_stop() or put_away
            return put_away

        try:
            kilobits = self.policy.kilobits(self._around.now())
            progress = self._fetcher.fetch(one.found, one.archive, self._progressed, is_to_stop, kilobits)
            if progress.problem:
                problem = Unavailable("The archive did not give everything", progress.problem)
                problem.retry_after = progress.retry_after
        except WorkstationError as error:
            problem = error
        finally:
            self._change(study_instance_uid="", archive="", role="")
        if progress is not None and progress.is_proven:
            self._patience.answered(one.archive)
            return True
        if put_away:
            return None
        if problem is not None and not self._around.room() and self._patience.failed(one.archive, problem):
            self._said(one.archive, problem)
        return False

    def _progressed(self, progress: RetrieveProgress) -> None:
        self._change(received=progress.received, expected=progress.expected)

    def _interrupt(self) -> None:
        self._woken.set()
        self.manners.stop()

    def _waiting_changed(self, is_waiting: bool) -> None:
        if self.state.phase in (Phase.FETCHING, Phase.WAITING):
            self._change(phase=Phase.WAITING if is_waiting else Phase.FETCHING)

    def _said(self, archive: str, error: WorkstationError) -> None:
        logger.warning("prefetch: an archive does not answer: %s", error.title)
        self._change()

    def _tell(self, phase: Phase, why: str = "", next_at: datetime | None = None) -> None:
        self._change(phase=phase, why=why, next_at=next_at, study_instance_uid="", archive="", role="")

    def _change(self, **changes: object) -> None:
        state = replace(self.state, problems=self._patience.problems, **changes)  # type: ignore[arg-type]  # checked by replace
        if state != self.state:
            self.state = state
            self._on_change(state)
