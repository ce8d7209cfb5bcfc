"""Commands and expected words on their way through the pipeline: at once, bound to their segment, from the next one on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_engine import FakeProcess

from dictation import biasing
from dictation import keeper as keeper_module
from dictation.audio import SAMPLE_RATE
from dictation.formatter import Formatter
from dictation.models import EngineModel, EngineSpec
from dictation.pipeline import Dictation
from workstation.domain.dictation import DictationContext

LONG = 60.0
SURE, DOUBTFUL = 0.9, 0.4


def words_of(text: str, sure: float) -> list[list[Any]]:
    return [[word, sure, index * 0.3, index * 0.3 + 0.2] for index, word in enumerate(text.split())]


class Engines:
    """A quick and a better engine, both spoken for by the test."""

    def __init__(self) -> None:
        FakeProcess.started.clear()

    def named(self, name: str) -> FakeProcess:
        return next(process for process in reversed(FakeProcess.started) if process.model.name == name)

    def heard(self, name: str, dictation: Dictation, segment_id: str, text: str, sure: float = SURE) -> None:
        self.named(name).say(what="final", segment=segment_id, text=text, words=words_of(text, sure))
        settle(dictation)


def settle(dictation: Dictation) -> None:
    """Until the worker has done all that it was told."""
    import threading

    done = threading.Event()
    dictation._post(done.set)
    assert done.wait(LONG)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    made = Engines()
    monkeypatch.setattr(keeper_module, "EngineProcess", FakeProcess)
    return made


@pytest.fixture
def dictation(engines: Engines, tmp_path: Path, listen: Callable[[Dictation], Any]) -> Dictation:
    quick, better = EngineModel("vosk", tmp_path, "en", "quick"), EngineModel("whisper", tmp_path, "en", "better")
    made = Dictation(EngineSpec("both", "en", better, quick), tmp_path / "audio", DictationContext("CT", "chest"))
    made.know_commands(lambda text: text == "next image")
    made.heard = listen(made)  # type: ignore[attr-defined]
    made.opened = []  # type: ignore[attr-defined]
    made.on_open = lambda segment_id, _key: made.opened.append(segment_id)  # type: ignore[attr-defined]
    made.prepare()
    settle(made)
    for name in ("quick", "better"):
        engines.named(name).say(what="ready")
    settle(made)
    return made


def speak(dictation: Dictation, tape: Any, tone: Callable[[float], bytes]) -> str:
    """One utterance and a pause; gives its segment."""
    if tape.on_chunk is None:
        dictation.start(tape)
    before = len(dictation.opened)  # type: ignore[attr-defined]
    tape.play(bytes(2 * SAMPLE_RATE // 2) + tone(1.0) + bytes(4 * SAMPLE_RATE))
    settle(dictation)
    assert len(dictation.opened) == before + 1  # type: ignore[attr-defined]
    return str(dictation.opened[-1])  # type: ignore[attr-defined]


def test_a_command_that_the_quick_engine_heard_acts_without_the_better_one(dictation, engines, tape, tone) -> None:
    segment = speak(dictation, tape, tone)
    engines.heard("quick", dictation, segment, "next image")
    assert [s.spoken for s in dictation.heard.segments] == ["next image"]
    engines.heard("better", dictation, segment, "Next, imaging.")
    assert len(dictation.heard.segments) == 1


def test_a_doubtful_one_is_heard_by_the_better_engine_first(dictation, engines, tape, tone) -> None:
    """A finding that sounds like a command must not act."""
    segment = speak(dictation, tape, tone)
    engines.heard("quick", dictation, segment, "next image", DOUBTFUL)
    assert dictation.heard.segments == []
    engines.heard("better", dictation, segment, "Next imaging.")
    assert [s.text for s in dictation.heard.segments] == ["Next imaging."]


def test_a_command_is_not_written_and_moves_no_sentence(dictation, engines, tape, tone) -> None:
    """What follows it is written as if it had not been said."""
    for spoken in ("the lungs are", "next image", "clear"):
        segment = speak(dictation, tape, tone)
        engines.heard("quick", dictation, segment, spoken)
        engines.heard("better", dictation, segment, spoken)
    assert [s.text for s in dictation.heard.segments] == ["The lungs are", "next image", "clear."]


def test_the_command_key_holds_for_the_next_utterance_alone(dictation, engines, tape, tone) -> None:
    dictation.listen_for_command(True)
    first, second = speak(dictation, tape, tone), speak(dictation, tape, tone)
    for segment in (first, second):
        engines.heard("quick", dictation, segment, "no effusion")
        engines.heard("better", dictation, segment, "no effusion")
    assert [s.for_command for s in dictation.heard.segments] == [True, False]


def test_the_command_key_ends_what_is_being_said_which_stays_text(dictation, engines, tape, tone) -> None:
    dictation.start(tape)
    tape.play(bytes(SAMPLE_RATE) + tone(1.0))
    dictation.listen_for_command(True)
    tape.play(tone(1.0) + bytes(4 * SAMPLE_RATE))
    settle(dictation)
    text, command = dictation.opened
    for segment in (text, command):
        engines.heard("better", dictation, segment, "no effusion")
        engines.heard("quick", dictation, segment, "no effusion")
    assert [(s.segment_id, s.for_command) for s in dictation.heard.segments] == [(text, False), (command, True)]


def terms_told(engines: Engines, segment: str) -> list[tuple[str, ...]]:
    """What the better engine was told to expect before this segment's first sound."""
    told = []
    for message, _ in engines.named("better").told:
        if message.get("segment") == segment:
            break
        if message["do"] == "context":
            told.append(tuple(message["terms"]))
    return told


def test_other_words_are_expected_from_the_next_segment_on_and_not_in_the_open_one(dictation, engines, tape, tone) -> None:
    chest, knee = DictationContext("CT", "chest"), DictationContext("MR", "knee")
    dictation.start(tape)
    tape.play(bytes(SAMPLE_RATE) + tone(1.0))
    dictation.expect(knee)
    tape.play(tone(0.5) + bytes(4 * SAMPLE_RATE))
    settle(dictation)
    finished = [m["do"] for m, _ in engines.named("better").told if m["do"] in ("context", "finish")]
    assert finished == ["context", "finish"]
    second = speak(dictation, tape, tone)
    assert terms_told(engines, second) == [biasing.terms_for(chest), biasing.terms_for(knee)]


def test_the_user_s_rules_are_written_and_what_was_heard_is_kept_beside(dictation, engines, tape, tone) -> None:
    dictation.corrected = lambda text: text.replace("plural", "pleural")
    segment = speak(dictation, tape, tone)
    engines.heard("better", dictation, segment, "no plural effusion")
    (written,) = dictation.heard.segments
    assert (written.text, written.spoken) == ("No pleural effusion.", "no plural effusion")


def test_which_words_a_model_can_never_hear_is_asked_of_the_one_that_writes(dictation, engines) -> None:
    answers: list[frozenset[str]] = []
    dictation.ask_unknown(("cat", "cholelithiasis"), answers.append)
    settle(dictation)
    assert {"do": "words", "words": ("cat", "cholelithiasis")} in [message for message, _ in engines.named("better").told]
    engines.named("better").say(what="unknown", words=["cholelithiasis"])
    settle(dictation)
    assert answers == [frozenset({"cholelithiasis"})]


# ---- ten minutes of a room ------------------------------------------------------------------


def room_noise(seconds: int) -> bytes:
    """A fan, a hum, keys, a chair and a door, without anybody speaking."""
    rng = np.random.default_rng(11)
    count = seconds * SAMPLE_RATE
    brown = np.cumsum(rng.normal(0, 1, count).astype(np.float32))
    brown -= np.convolve(brown, np.ones(400, np.float32) / 400, "same")
    sound = 0.004 * brown / brown.std()
    times = np.arange(count, dtype=np.float32) / SAMPLE_RATE
    sound += 0.002 * np.sin(2 * np.pi * 50 * times) + 0.001 * np.sin(2 * np.pi * 300 * times)
    for start in rng.integers(0, count - SAMPLE_RATE, seconds * 2):  # keys
        sound[start : start + 200] += 0.15 * np.exp(-np.arange(200) / 40) * rng.normal(0, 1, 200)
    for start in rng.integers(0, count - SAMPLE_RATE, seconds // 20):  # a chair, a door, paper
        size = int(rng.integers(3000, 9000))
        sound[start : start + size] += 0.08 * np.hanning(size) * rng.normal(0, 1, size)
    return (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()


def test_ten_minutes_of_a_room_in_which_nobody_speaks_write_not_one_word(whisper, listen, tape) -> None:
    made = Dictation(whisper, None, DictationContext("CT", "chest"))
    heard = listen(made)
    made.prepare()
    assert made.wait_ready(LONG)
    made.start(tape)
    tape.play(room_noise(600), SAMPLE_RATE // 5 * 2)
    made.stop()
    assert made.wait(300)
    assert heard.segments == []
    assert not [draft for draft in heard.drafts if draft]


# ---- spelling -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "spoken", "written"),
    [
        ("en", "spell m i r i z z i", "Mirizzi"),
        ("en", "spell that alpha bravo charlie", "abc"),
        ("en", "spelled double u zed x ray two", "wzx2"),
        ("en", "doctor spell that sierra mike india tango hotel", "doctor smith"),
        ("en", "spell mike is normal", "spell mike is normal"),
        ("en", "alpha angle of sixty degrees", "alpha angle of 60 degrees"),
        ("sv", "stava adam bertil östen", "abö"),
        ("nb", "stav det åse nils", "ån"),
        ("da", "stav søren ægir", "sæ"),
        ("fi", "tavaa aarne öljy", "aö"),
    ],
)
def test_words_are_spelled_by_letters_and_by_the_names_of_letters(code: str, spoken: str, written: str) -> None:
    assert Formatter(code, capitals=False).written(spoken).text == written
