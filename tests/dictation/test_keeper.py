"""An engine that dies, hangs or cannot start: the sound is never lost, and nobody waits for ever."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import FakeProcess

from dictation import keeper as keeper_module
from dictation.keeper import FINAL_SECONDS, MOST_ATTEMPTS, MOST_STARTS, READY_SECONDS, EngineKeeper
from dictation.models import EngineModel
from workstation.domain.dictation import Word

MODEL = EngineModel("vosk", Path("nowhere"), "en", "fake")


class Listener:
    def __init__(self) -> None:
        self.events: list[tuple[str, ...]] = []

    def engine_ready(self, _keeper: EngineKeeper) -> None:
        self.events.append(("ready",))

    def engine_died(self, _keeper: EngineKeeper, segment_id: str) -> None:
        self.events.append(("died", segment_id))

    def engine_broken(self, _keeper: EngineKeeper, reason: str) -> None:
        self.events.append(("broken", reason))

    def draft_came(self, _keeper: EngineKeeper, segment_id: str, text: str) -> None:
        self.events.append(("draft", segment_id, text))

    def final_came(self, _keeper: EngineKeeper, segment_id: str, text: str, words: tuple[Word, ...]) -> None:
        self.events.append(("final", segment_id, text, *(word.word for word in words)))

    def segment_failed(self, _keeper: EngineKeeper, segment_id: str, reason: str) -> None:
        self.events.append(("failed", segment_id, reason))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(keeper_module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> tuple[EngineKeeper, Listener, list[FakeProcess]]:
    FakeProcess.started.clear()
    monkeypatch.setattr(keeper_module, "EngineProcess", FakeProcess)
    listener = Listener()
    return EngineKeeper(MODEL, "en", ("term",), lambda work: work(), listener), listener, FakeProcess.started


Kept = tuple[EngineKeeper, Listener, list[FakeProcess]]


def test_a_segment_is_fed_finished_and_answered(kept: Kept) -> None:
    keeper, listener, (*_,) = kept
    keeper.open("a")
    (process,) = FakeProcess.started
    process.say(what="ready")
    keeper.feed("a", b"12")
    keeper.feed("a", b"34")
    keeper.finish("a")
    process.say(what="draft", segment="a", text="no")
    process.say(what="final", segment="a", text="no effusion", words=[["no", 0.9, 0.0, 0.2], ["effusion", 0.8, 0.2, 0.7]])
    assert process.told[0][0] == {"do": "context", "terms": ("term",)}
    assert process.sound_of("a") == b"1234"
    assert listener.events == [("ready",), ("draft", "a", "no"), ("final", "a", "no effusion", "no", "effusion")]
    assert not keeper.busy


def test_after_a_death_the_next_process_is_told_everything_again(kept: Kept) -> None:
    keeper, listener, processes = kept
    keeper.open("a")
    processes[0].say(what="ready")
    keeper.feed("a", b"12")
    keeper.finish("a")
    keeper.open("b")
    keeper.feed("b", b"56")
    processes[0].say(what="dead", status=-9)
    assert len(processes) == 2
    assert processes[0].closed
    assert (processes[1].sound_of("a"), processes[1].sound_of("b")) == (b"12", b"56")
    assert [message["segment"] for message, _ in processes[1].told if message["do"] == "finish"] == ["a"]
    keeper.feed("b", b"78")
    assert processes[1].sound_of("b") == b"5678"
    assert ("died", "a") in listener.events


def test_what_a_dead_process_still_says_counts_no_more(kept: Kept) -> None:
    keeper, listener, processes = kept
    keeper.open("a")
    keeper.finish("a")
    processes[0].say(what="dead", status=-9)
    processes[0].say(what="final", segment="a", text="ghost", words=[])
    assert not [event for event in listener.events if event[0] == "final"]
    assert keeper.busy


def test_a_segment_that_kills_its_engine_each_time_is_left_as_sound_and_the_next_goes_on(kept: Kept) -> None:
    keeper, listener, processes = kept
    keeper.open("deadly")
    keeper.finish("deadly")
    keeper.open("next")
    keeper.finish("next")
    for _ in range(MOST_ATTEMPTS):
        processes[-1].say(what="ready")
        processes[-1].say(what="dead", status=-6)
    assert [event[:2] for event in listener.events if event[0] == "failed"] == [("failed", "deadly")]
    processes[-1].say(what="final", segment="next", text="well", words=[])
    assert listener.events[-1] == ("final", "next", "well")


def test_an_engine_that_does_not_answer_is_ended(kept: Kept, clock: list[float]) -> None:
    keeper, _, processes = kept
    keeper.open("a")
    processes[0].say(what="ready")
    keeper.feed("a", bytes(32000))
    keeper.finish("a")
    clock[0] += FINAL_SECONDS
    keeper.check()
    assert not processes[0].killed
    clock[0] += 10
    keeper.check()
    assert processes[0].killed


def test_speaking_for_long_is_no_hang(kept: Kept, clock: list[float]) -> None:
    keeper, _, processes = kept
    keeper.open("a")
    processes[0].say(what="ready")
    clock[0] += 1000
    keeper.check()
    assert not processes[0].killed


def test_an_engine_that_never_gets_ready_is_ended_and_after_three_starts_given_up(kept: Kept, clock: list[float]) -> None:
    keeper, listener, processes = kept
    keeper.open("a")
    keeper.finish("a")
    for _ in range(MOST_STARTS):
        clock[0] += READY_SECONDS + 1
        keeper.check()
        assert processes[-1].killed
        processes[-1].say(what="dead", status=-9)
    assert len(processes) == MOST_STARTS
    assert [event[0] for event in listener.events][-2:] == ["broken", "failed"]


def test_a_broken_engine_fails_what_is_said_later_at_once(kept: Kept) -> None:
    keeper, listener, processes = kept
    keeper.start()
    processes[0].say(what="failed", reason="no such file")
    keeper.open("a")
    keeper.feed("a", b"12")
    keeper.finish("a")
    assert listener.events == [("broken", "no such file"), ("failed", "a", "no such file")]
    assert len(processes) == 1


def test_drafts_are_asked_for_one_at_a_time(kept: Kept) -> None:
    keeper, _, processes = kept
    keeper.open("a")
    keeper.draft("a")
    processes[0].say(what="ready")
    keeper.draft("a")
    keeper.draft("a")
    processes[0].say(what="draft", segment="a", text="so far")
    keeper.draft("a")
    assert [message for message, _ in processes[0].told if message["do"] == "draft"] == [{"do": "draft", "segment": "a"}] * 2
