"""Two engines: the better one writes, and when it cannot, the other one does."""

from __future__ import annotations

import pytest
from fake_engine import FakeProcess

from dictation import keeper as keeper_module
from dictation.models import EngineModel, EngineSpec
from dictation.recognition import NO_ENGINE, Heard, Recognition, SpokenSegment
from workstation.errors import WorkstationError


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []
        self.failed: list[tuple[str, str]] = []
        self.drafts: list[str] = []
        self.problems: list[WorkstationError] = []

    def draft_came(self, _segment: SpokenSegment, text: str) -> None:
        self.drafts.append(text)

    def text_came(self, segment: SpokenSegment, heard: Heard) -> None:
        self.heard.append((segment.segment_id, heard.text, heard.engine))

    def segment_failed(self, segment: SpokenSegment, reason: str) -> None:
        self.failed.append((segment.segment_id, reason))

    def problem_came(self, problem: WorkstationError) -> None:
        self.problems.append(problem)

    def engines_changed(self) -> None: ...


class Pair:
    """A drafting and a writing engine, both spoken for by the test."""

    def __init__(self, tmp_path) -> None:
        draft, final = EngineModel("vosk", tmp_path, "en", "quick"), EngineModel("whisper", tmp_path, "en", "better")
        self.listener = Listener()
        self.recognition = Recognition(EngineSpec("both", "en", final, draft), "en", (), lambda work: work(), self.listener)
        self.recognition.start()

    @property
    def quick(self) -> FakeProcess:
        return [process for process in FakeProcess.started if process.model.name == "quick"][-1]

    @property
    def better(self) -> FakeProcess:
        return [process for process in FakeProcess.started if process.model.name == "better"][-1]

    def say(self, segment_id: str) -> None:
        segment = SpokenSegment(segment_id, "")
        self.recognition.open(segment)
        self.recognition.feed(segment, b"1234")
        self.recognition.finish(segment)


@pytest.fixture
def pair(tmp_path, monkeypatch) -> Pair:
    FakeProcess.started.clear()
    monkeypatch.setattr(keeper_module, "EngineProcess", FakeProcess)
    return Pair(tmp_path)


def _final(process: FakeProcess, segment_id: str, text: str) -> None:
    process.say(what="final", segment=segment_id, text=text, words=[])


def test_the_better_engine_writes_and_the_quick_one_drafts(pair: Pair) -> None:
    pair.say("a")
    pair.quick.say(what="draft", segment="a", text="no fusion")
    pair.better.say(what="draft", segment="a", text="unheard")
    _final(pair.quick, "a", "no fusion")
    assert pair.listener.heard == []
    _final(pair.better, "a", "no effusion")
    assert pair.listener.heard == [("a", "no effusion", "better")]
    assert pair.listener.drafts == ["no fusion"]
    assert not pair.recognition.is_busy


@pytest.mark.parametrize("quick_first", [True, False])
def test_what_a_broken_better_engine_leaves_is_written_by_the_quick_one_and_says_so(pair: Pair, quick_first: bool) -> None:
    pair.say("a")
    steps = [lambda: _final(pair.quick, "a", "no fusion"), lambda: pair.better.say(what="failed", reason="not a model")]
    for step in steps if quick_first else reversed(steps):
        step()
    assert pair.listener.heard == [("a", "no fusion", "quick (first pass only)")]
    assert pair.listener.failed == []
    assert "read them twice" in pair.listener.problems[0].hint
    pair.say("b")
    _final(pair.quick, "b", "no mass")
    assert pair.listener.heard[-1] == ("b", "no mass", "quick (first pass only)")


def test_a_broken_quick_engine_changes_nothing_for_the_text(pair: Pair) -> None:
    pair.quick.say(what="failed", reason="not a model")
    pair.say("a")
    _final(pair.better, "a", "no effusion")
    assert pair.listener.heard == [("a", "no effusion", "better")]


def test_the_segment_at_which_the_better_engine_ended_need_not_wait_for_the_next_one(pair: Pair) -> None:
    pair.better.say(what="ready")
    pair.say("a")
    pair.say("b")
    for segment_id in ("a", "b"):
        _final(pair.quick, segment_id, f"quick {segment_id}")
    pair.better.say(what="dead", status=-9)
    assert pair.listener.heard == [("a", "quick a", "quick (first pass only)")]
    assert pair.better.sound_of("a") == b""
    _final(pair.better, "b", "better b")
    assert pair.listener.heard[1:] == [("b", "better b", "better")]


def test_only_when_both_are_broken_is_speech_left_as_sound(pair: Pair) -> None:
    pair.say("a")
    pair.quick.say(what="failed", reason="quick is gone")
    assert pair.recognition.is_usable
    pair.better.say(what="failed", reason="better is gone")
    assert pair.listener.failed == [("a", "better is gone")]
    assert not pair.recognition.is_usable


def test_the_better_engine_s_silence_is_believed(pair: Pair) -> None:
    pair.say("a")
    _final(pair.quick, "a", "the")
    _final(pair.better, "a", "")
    assert pair.listener.heard == [("a", "", "better")]


def test_without_an_engine_speech_is_left_as_sound() -> None:
    listener = Listener()
    recognition = Recognition(None, "en", (), lambda work: work(), listener)
    segment = SpokenSegment("a", "")
    recognition.open(segment)
    recognition.finish(segment)
    assert listener.failed == [("a", NO_ENGINE)]
    assert not recognition.is_usable
    assert not recognition.is_busy
