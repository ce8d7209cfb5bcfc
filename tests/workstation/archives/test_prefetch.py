"""The prefetcher at work: one at a time, giving way to the reader, patient with archives, stopped by rules."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workstation.archives.prefetch import Prefetcher, Surroundings
from workstation.archives.prefetch_asking import Patience
from workstation.archives.prefetch_manners import Manners
from workstation.archives.prefetch_policy import PrefetchPolicy, load_policy
from workstation.archives.prefetch_state import Phase, PrefetchState
from workstation.domain.archive import Archive, ArchiveKind, FoundStudy, RetrieveProgress
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Unavailable, WorkstationError
from workstation.settings import Remembered

ANN = Patient(PatientKey("P1", "HERE"), "Test^Ann", "19600101", "F")
IMAGES = 20


@dataclass
class Directory:
    """Two archives that lie in memory. `silent` ones do not answer."""

    studies: list[FoundStudy]
    archives: Sequence[Archive] = (Archive("home", ArchiveKind.DIMSE, is_local=True), Archive("away", ArchiveKind.DICOMWEB))
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def archives_for(self, patient: Patient) -> Sequence[Archive]:
        return self.archives

    def studies_of(self, archive: str, patient: Patient, cancelled: Callable[[], bool]) -> Sequence[FoundStudy]:
        self.asked.append(archive)
        if archive in self.silent:
            raise Unavailable("The archive did not answer")
        return [study for study in self.studies if study.archive == archive]


@dataclass
class Fetches:
    """Fetches image by image; a cancelled fetch keeps what it has and goes on from there."""

    pause: float = 0.0
    fails: set[str] = field(default_factory=set)
    received: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    kilobits: list[int] = field(default_factory=list)
    images: list[float] = field(default_factory=list)
    at_once: int = 0

    def fetch(
        self,
        study: FoundStudy,
        archive: str,
        progress: Callable[[RetrieveProgress], None],
        cancelled: Callable[[], bool],
        kilobits: int,
    ) -> RetrieveProgress:
        uid = study.study_instance_uid
        self.at_once += 1
        assert self.at_once == 1
        self.calls.append(uid)
        self.kilobits.append(kilobits)
        try:
            if archive in self.fails:
                return RetrieveProgress(archive, uid, 0, None, problem="The link is cut")
            while (count := self.received.get(uid, 0)) < IMAGES and not cancelled():
                time.sleep(self.pause)
                self.received[uid] = count + 1
                self.images.append(time.monotonic())
                progress(RetrieveProgress(archive, uid, count + 1, IMAGES))
            whole = self.received.get(uid, 0) == IMAGES
            return RetrieveProgress(archive, uid, self.received.get(uid, 0), IMAGES, is_proven=whole)
        finally:
            self.at_once -= 1


def study(uid: str, archive: str = "home") -> FoundStudy:
    return FoundStudy(archive, uid, ANN, study_date="20250101", description="CT chest", modalities=("CT",), instance_count=IMAGES)


def rows() -> list[WorklistItem]:
    order = Order("o", "A1", ANN, "CT thorax")
    return [WorklistItem("A1", "", ANN, "CT thorax", "CT", Priority.ROUTINE, None, ReadStatus.UNREAD, order=order)]


@pytest.fixture
def policy(tmp_path: Path) -> PrefetchPolicy:
    return replace(load_policy(tmp_path)[0], quiet_seconds=0.05, put_away_seconds=0.3, retry_seconds=600)


Make = Callable[..., Prefetcher]


@pytest.fixture
def make(tmp_path: Path, policy: PrefetchPolicy) -> Iterator[Make]:
    made: list[Prefetcher] = []

    def prefetcher(
        directory: Directory, fetches: Fetches, on_change: Callable[[PrefetchState], None] = lambda _: None, **more: object
    ) -> Prefetcher:
        around = Surroundings(rows, dict, **more)  # type: ignore[arg-type]  # as Surroundings
        made.append(Prefetcher(policy, directory, fetches, around, Remembered(tmp_path / "remembered.json"), on_change))
        return made[-1]

    yield prefetcher
    for one in made:
        one.close()


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_everything_due_is_fetched_one_at_a_time_and_each_step_can_be_seen(make: Make) -> None:
    seen: list[PrefetchState] = []
    fetches = Fetches()
    state = make(Directory([study("1.1"), study("1.2"), study("1.3", "away")]), fetches, seen.append).run_once()
    assert set(fetches.received.values()) == {IMAGES}
    assert (state.done, state.left, state.failed) == (3, 0, 0)
    during = [s for s in seen if s.phase is Phase.FETCHING and s.study_instance_uid == "1.2"]
    assert [s.received for s in during if s.expected] == list(range(1, IMAGES + 1))
    assert seen[0].phase is Phase.ASKING
    assert "of 20 images from home" in during[-1].in_words()


def test_a_reader_at_work_holds_the_fetch_still_and_it_goes_on_afterwards(make: Make) -> None:
    """G22: while the reader moves, no image comes, within 100 ms; nothing is lost."""
    seen: list[Phase] = []
    fetches = Fetches(pause=0.01)
    prefetcher = make(Directory([study("1.1")]), fetches, lambda state: seen.append(state.phase))
    prefetcher.start()
    until(lambda: fetches.received.get("1.1", 0) >= 3)
    for _ in range(10):
        prefetcher.manners.reader_moved()
        time.sleep(0.02)
    begun = time.monotonic() - 0.2
    assert not [moment for moment in fetches.images if moment > begun + 0.1]
    until(lambda: fetches.received["1.1"] == IMAGES)
    assert fetches.calls == ["1.1"]
    assert seen.index(Phase.WAITING) < len(seen) - 1 - seen[::-1].index(Phase.FETCHING)


def test_a_reader_who_stays_at_work_has_the_fetch_put_away_and_taken_up_later(make: Make) -> None:
    fetches = Fetches(pause=0.01)
    prefetcher = make(Directory([study("1.1")]), fetches)
    prefetcher.start()
    until(lambda: fetches.received.get("1.1", 0) >= 3)
    while fetches.at_once:
        prefetcher.manners.reader_moved()
        time.sleep(0.01)
    until(lambda: fetches.received["1.1"] == IMAGES)
    assert fetches.calls == ["1.1", "1.1"]
    assert len(fetches.images) == IMAGES


def test_a_fetch_that_somebody_waits_for_goes_first_and_ours_loses_nothing(make: Make) -> None:
    fetches = Fetches(pause=0.01)
    prefetcher = make(Directory([study("1.1")]), fetches)
    prefetcher.start()
    until(lambda: fetches.received.get("1.1", 0) >= 3)
    with prefetcher.manners.stepping_aside():
        until(lambda: not fetches.at_once)
        count = len(fetches.images)
        time.sleep(0.1)
        assert len(fetches.images) == count < IMAGES
    until(lambda: fetches.received["1.1"] == IMAGES)
    assert len(fetches.images) == IMAGES


def test_a_pause_is_remembered_over_restarts_and_resume_goes_on(make: Make) -> None:
    directory, fetches = Directory([study("1.1")]), Fetches(pause=0.01)
    first = make(directory, fetches)
    first.start()
    until(lambda: fetches.received.get("1.1", 0) >= 3)
    first.pause()
    until(lambda: first.state.phase is Phase.PAUSED)
    first.close()
    count = len(fetches.images)
    second = make(directory, fetches)
    second.start()
    until(lambda: second.state.phase is Phase.PAUSED)
    assert len(fetches.images) == count < IMAGES
    second.resume()
    until(lambda: second.state.phase is Phase.IDLE)
    assert len(fetches.images) == IMAGES


def test_a_skipped_study_is_left_alone_and_the_next_one_comes(make: Make) -> None:
    fetches = Fetches(pause=0.01)
    prefetcher = make(Directory([study("1.1"), study("1.2")]), fetches)
    prefetcher.start()
    until(lambda: fetches.images)
    skipped = prefetcher.state.study_instance_uid
    prefetcher.skip()
    until(lambda: prefetcher.state.phase is Phase.IDLE)
    other = {"1.1": "1.2", "1.2": "1.1"}[skipped]
    assert fetches.received[other] == IMAGES
    assert fetches.received[skipped] < IMAGES


def test_a_silent_archive_is_said_once_and_left_in_peace_while_the_others_are_asked(make: Make) -> None:
    directory = Directory([study("1.1"), study("1.2", "away")], silent={"away"})
    fetches, prefetcher = Fetches(), None
    prefetcher = make(directory, fetches)
    for _ in range(3):
        prefetcher.ask_again()
        prefetcher.run_once()
    assert directory.asked == ["home", "away", "home", "home"]
    assert prefetcher.problems == ("away: The archive did not answer",)
    assert fetches.received == {"1.1": IMAGES}


def test_an_archive_that_breaks_while_it_gives_is_left_in_peace_too(make: Make) -> None:
    fetches = Fetches(fails={"away"})
    state = make(Directory([study("1.1", "away"), study("1.2", "away"), study("1.3")]), fetches).run_once()
    assert len([uid for uid in fetches.calls if uid != "1.3"]) == 1
    assert (state.done, state.failed) == (1, 1)
    assert state.problems == ("away: The archive did not give everything. The link is cut",)


def test_waits_double_up_to_the_longest_and_end_with_an_answer() -> None:
    clock = [0.0]
    patience = Patience(30, 100, lambda: clock[0])
    waits = []
    for _ in range(4):
        news = patience.failed("away", WorkstationError("No"))
        waits.append((patience.seconds_until_due, news))
        clock[0] += patience.seconds_until_due or 0
    assert waits == [(30, True), (60, False), (100, False), (100, False)]
    assert patience.is_due("away")
    patience.answered("away")
    assert (patience.problems, patience.seconds_until_due) == ((), None)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"is_metered": lambda: True}, "This connection is paid by the byte"),
        ({"room": lambda: "The disk is nearly full"}, "The disk is nearly full"),
    ],
)
def test_a_rule_stops_it_in_words_and_nothing_is_fetched(make: Make, rule: dict[str, object], why: str) -> None:
    fetches = Fetches()
    day = {"now": lambda: datetime(2026, 11, 22, 12).astimezone(UTC)}
    prefetcher = make(Directory([study("1.1")]), fetches, **rule, **day)
    state = prefetcher.run_once()
    assert (state.phase, state.why, fetches.calls) == (Phase.STOPPED, why, [])


def test_the_cap_of_the_hour_goes_with_each_fetch(make: Make, policy: PrefetchPolicy) -> None:
    hour = [12]
    fetches = Fetches()
    prefetcher = make(
        Directory([study("1.1")]),
        fetches,
        now=lambda: datetime(2026, 11, 22, hour[0]).astimezone(UTC),
    )
    prefetcher.run_once()
    hour[0] = 23
    prefetcher.run_once()
    assert fetches.kilobits == [policy.day_kilobits, policy.night_kilobits]


def test_closing_ends_a_fetch_under_way_and_keeps_what_has_come(make: Make) -> None:
    fetches = Fetches(pause=0.01)
    prefetcher = make(Directory([study("1.1")]), fetches)
    prefetcher.start()
    until(lambda: fetches.images)
    prefetcher.close()
    assert 0 < fetches.received["1.1"] < IMAGES
    assert "prefetch" not in {thread.name for thread in threading.enumerate()}


def test_manners_cost_nothing_when_nobody_reads() -> None:
    manners = Manners(1.0, 10.0, lambda: 100.0)
    assert not manners.is_busy()
    assert not manners.is_to_stop()
    manners.stop()
    assert manners.is_to_stop()
    assert not manners.wait_until_quiet()
