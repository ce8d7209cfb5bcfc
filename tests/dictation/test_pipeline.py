"""From sound to segments, with the real recognisers in their own processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeProcess

from dictation import keeper as keeper_module
from dictation.audio import WavSource, read_recording, silence, write_wav
from dictation.engines.doubt import UNSURE
from dictation.models import EngineModel, EngineSpec
from dictation.pipeline import Dictation
from dictation.recording import pending_audio, rejected_audio
from workstation.domain.dictation import DictationContext, DictationState
from workstation.errors import Unavailable

Listen = Callable[[Dictation], Any]
LONG = 240.0


@pytest.fixture(scope="module")
def whisper_dictation(whisper: EngineSpec) -> Iterator[Dictation]:
    """One loaded engine for all tests that need not kill it; terms expected as for a chest CT."""
    dictation = Dictation(whisper, None, DictationContext("CT", "chest"))
    dictation.prepare()
    assert dictation.wait_ready(LONG)
    yield dictation
    dictation.close()


def _say(dictation: Dictation, path: Path, **options: Any) -> list[Any]:
    segments: list[Any] = []
    dictation.on_segment = segments.append
    dictation.place("")
    dictation.start(WavSource(path, paced=False, **options))
    assert dictation.wait(LONG)
    dictation.stop()
    return segments


def test_a_spoken_sentence_becomes_its_written_form(whisper_dictation: Dictation, shared_speech: Path) -> None:
    (segment,) = _say(whisper_dictation, shared_speech / "audio" / "heart" / "d02.flac", tail=1.0)
    assert segment.text.rstrip(".") == "There is a 6 mm solid nodule in the right upper lobe"
    assert segment.engine == "whisper-tiny.en"
    assert [word.word.strip(".,") for word in segment.words][:3] == ["There", "is", "a"]
    assert all(0 <= word.confidence <= 1 and 0 <= word.start <= word.end <= 6 for word in segment.words)


def test_sentences_without_spoken_punctuation_are_written_as_sentences(whisper_dictation: Dictation) -> None:
    """The recording that the demonstration and the tour dictate with."""
    with as_file(files("resources") / "demonstration" / "dictation.flac") as recording:
        segments = _say(whisper_dictation, recording, tail=1.0)
    assert [segment.text for segment in segments] == [
        "There is an 8 mm solid nodule in the right upper lobe.",
        "It measured 5 mm on the prior examination.",
        "There is no pleural effusion.",
    ]
    assert not [word for segment in segments for word in segment.words if word.word == "8" and word.confidence <= UNSURE]


def test_sounds_that_are_no_speech_write_nothing(whisper_dictation: Dictation, sounds: dict[str, bytes], tmp_path: Path) -> None:
    """With the exam's findings expected: this is where an ungated recogniser invents them."""
    for name, pcm in sounds.items():
        write_wav(tmp_path / "sound.wav", pcm)
        assert _say(whisper_dictation, tmp_path / "sound.wav") == [], name


def test_the_engine_itself_hears_no_words_in_them_either(whisper: EngineSpec, sounds: dict[str, bytes]) -> None:
    """The gate on loudness left out: each sound whole, straight to the engine's process."""
    import queue

    from dictation.engines.process import EngineProcess

    replies: queue.SimpleQueue[Any] = queue.SimpleQueue()
    process = EngineProcess(whisper.final, "en", lambda _process, message: replies.put(message))
    try:
        assert replies.get(timeout=LONG)["is"] == "ready"
        process.send({"do": "context", "terms": ["pneumothorax", "pleural effusion"]})
        for name, pcm in sounds.items():
            process.send({"do": "audio", "segment": name}, pcm)
            process.send({"do": "finish", "segment": name})
            reply = replies.get(timeout=LONG)
            assert (reply["segment"], reply["text"], reply["words"]) == (name, "", [])
    finally:
        process.close()


def _asked_for() -> str:
    """The segment whose text the stand-in of an engine is asked for."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for process in FakeProcess.started:
            for message, _ in process.told:
                if message["do"] == "finish":
                    return str(message["segment"])
        time.sleep(0.01)
    raise AssertionError("nothing was asked for")


def _sockets(dictation: Dictation) -> list[str]:
    """Sockets the engines hold, and those they were refused."""
    refused = [f"refused: {keeper.refused_sockets}" for keeper in dictation._recognition.keepers if keeper.refused_sockets]
    if sys.platform != "linux":
        return refused
    opened = [str(entry.readlink()) for pid in dictation.engine_pids for entry in Path(f"/proc/{pid}/fd").iterdir()]
    assert opened
    return refused + [name for name in opened if name.startswith("socket:")]


def test_whisper_opens_no_socket(whisper_dictation: Dictation, shared_speech: Path) -> None:
    assert _say(whisper_dictation, shared_speech / "audio" / "heart" / "c03.flac")
    assert _sockets(whisper_dictation) == []


def test_a_socket_in_the_engine_s_process_is_refused() -> None:
    import subprocess

    script = "from dictation.engines.host import _forbid\nseen = _forbid()\nimport socket\nsocket.socket()"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert "PermissionError: the recogniser has no network" in done.stderr


@pytest.fixture(scope="module")
def vosk_dictation(vosk: EngineSpec, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dictation]:
    """One loaded engine for the tests that speak into it. Its recordings lie in `audio` below the test's base."""
    dictation = Dictation(vosk, tmp_path_factory.getbasetemp() / "audio", DictationContext())
    dictation.prepare()
    assert dictation.wait_ready(LONG)
    yield dictation
    dictation.close()


def _spoken(shared_speech: Path, seconds: float = 5.0) -> bytes:
    return read_recording(shared_speech / "audio" / "human" / "ss0890.flac")[: int(seconds * 32000)]


def test_vosk_drafts_while_one_speaks_and_ends_with_words(
    vosk_dictation: Dictation, listen_to: Listen, tape: Any, shared_speech: Path
) -> None:
    heard = listen_to(vosk_dictation)
    vosk_dictation.start(tape)
    tape.play(silence(0.5) + _spoken(shared_speech) + silence(1.0))
    vosk_dictation.stop()
    assert vosk_dictation.wait(LONG)
    assert len(set(heard.drafts)) > 2
    assert heard.segments
    assert all(segment.engine == "vosk-ko" for segment in heard.segments)
    words = [word for segment in heard.segments for word in segment.words]
    assert words
    assert all(0 <= word.confidence <= 1 and word.start <= word.end <= 7 for word in words)
    assert heard.segments[0].spoken.split() == [word.word for word in heard.segments[0].words]
    assert max(level.loudness for level in heard.levels) > 0.05
    assert heard.states[-1] is DictationState.IDLE
    assert {DictationState.LISTENING, DictationState.SPEECH} <= set(heard.states)
    assert _sockets(vosk_dictation) == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_kill_9_of_the_engine_in_the_middle_of_a_segment_loses_no_sound(
    vosk_dictation: Dictation, listen_to: Listen, tape: Any, shared_speech: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spoken = _spoken(shared_speech)
    folder = tmp_path_factory.getbasetemp() / "audio"
    for left in pending_audio(folder):
        vosk_dictation.settle(left.segment_id)
    heard = listen_to(vosk_dictation)
    vosk_dictation.start(tape)
    (first_pid,) = vosk_dictation.engine_pids
    tape.play(spoken[: len(spoken) // 2])
    os.kill(first_pid, signal.SIGKILL)
    tape.play(spoken[len(spoken) // 2 :])
    vosk_dictation.stop()
    assert vosk_dictation.wait(LONG)
    assert vosk_dictation.engine_pids != (first_pid,)
    assert DictationState.RESTARTING in heard.states
    assert not [segment.problem for segment in heard.segments if segment.problem]
    recorded = b"".join(read_recording(Path(segment.audio_path)) for segment in heard.segments)
    assert recorded in spoken
    assert len(recorded) > 0.8 * len(spoken)
    for segment in heard.segments:
        vosk_dictation.settle(segment.segment_id)
    assert pending_audio(folder) == ()


def test_where_whisper_is_broken_vosk_writes_and_says_so(
    vosk: EngineSpec, listen: Listen, tape: Any, shared_speech: Path, tmp_path: Path
) -> None:
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    broken = EngineModel("whisper", tmp_path, "en", "whisper-broken")
    dictation = Dictation(EngineSpec("both", "en", broken, vosk.final), None, DictationContext())
    heard = listen(dictation)
    dictation.start(tape)
    tape.play(silence(0.5) + _spoken(shared_speech) + silence(1.0))
    dictation.stop()
    assert dictation.wait(LONG)
    assert heard.text
    assert {segment.engine for segment in heard.segments} == {"vosk-ko (first pass only)"}
    assert [problem.title for problem in heard.problems] == ["The speech engine cannot be started"]
    assert heard.states[-1] is DictationState.IDLE


def test_an_engine_that_hangs_is_ended_while_sound_still_comes_in(
    listen: Listen, tape: Any, tone: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    FakeProcess.started.clear()
    monkeypatch.setattr(keeper_module, "EngineProcess", FakeProcess)
    monkeypatch.setattr(keeper_module, "FINAL_SECONDS", 0.0)
    monkeypatch.setattr(keeper_module, "FINAL_PER_SECOND", 0.0)
    dictation = Dictation(EngineSpec("deaf", "en", EngineModel("vosk", tmp_path, "en", "deaf")))
    heard = listen(dictation)
    dictation.start(tape)
    deadline = time.monotonic() + 30
    tape.play(tone(1.5) + silence(1))
    segment_id = _asked_for()
    (engine,) = FakeProcess.started
    engine.say(what="ready")
    while not engine.killed and time.monotonic() < deadline:
        tape.play(silence(0.08))
        time.sleep(0.02)
    assert engine.killed
    engine.say(what="dead", status=-9)
    while len(FakeProcess.started) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    again = FakeProcess.started[-1]
    again.say(what="ready")
    again.say(what="final", segment=segment_id, text="the heart is normal", words=[])
    dictation.stop()
    assert dictation.wait(LONG)
    assert heard.text == "The heart is normal."


def test_sound_without_words_is_put_aside_and_a_clear_voice_told_from_a_noise(
    whisper: EngineSpec, listen: Listen, tape: Any, tone: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    FakeProcess.started.clear()
    monkeypatch.setattr(keeper_module, "EngineProcess", FakeProcess)
    dictation = Dictation(whisper, tmp_path)
    heard = listen(dictation)
    silent: list[bool] = []
    dictation.on_silence = lambda _segment_id, is_clear: silent.append(is_clear)
    dictation.start(tape)
    tape.play(silence(0.5) + tone(1.5) + silence(1))
    dictation.stop()
    segment_id = _asked_for()
    FakeProcess.started[0].say(what="final", segment=segment_id, text="", words=[])
    assert dictation.wait(LONG)
    assert (heard.segments, silent) == ([], [True])
    assert pending_audio(tmp_path) == ()
    assert [kept.segment_id for kept in rejected_audio(tmp_path)] == [segment_id]


def test_without_a_model_speech_is_recorded_for_later(listen: Listen, tape: Any, tone: Any, tmp_path: Path) -> None:
    dictation = Dictation(None, tmp_path)
    heard = listen(dictation)
    dictation.start(tape)
    tape.play(silence(0.5) + tone(1.5) + silence(1))
    dictation.stop()
    assert dictation.wait(LONG)
    (segment,) = heard.segments
    assert (segment.text, segment.problem) == ("", "no speech model")
    assert [pending.segment_id for pending in pending_audio(tmp_path)] == [segment.segment_id]
    assert [problem.title for problem in heard.problems] == ["Dictation has no speech model"]
    assert heard.states[-1] is DictationState.UNAVAILABLE


def test_a_model_that_cannot_be_loaded_is_said_and_speech_recorded(listen: Listen, tape: Any, tone: Any, tmp_path: Path) -> None:
    missing = EngineModel("whisper", tmp_path / "nowhere", "en", "gone")
    dictation = Dictation(EngineSpec("gone", "en", missing), tmp_path / "audio")
    heard = listen(dictation)
    dictation.start(tape)
    tape.play(tone(1.5) + silence(1))
    dictation.stop()
    assert dictation.wait(LONG)
    assert [segment.problem != "" for segment in heard.segments] == [True]
    assert [problem.title for problem in heard.problems] == ["The speech engine cannot be started"]
    assert len(pending_audio(tmp_path / "audio")) == 1


def test_what_was_left_over_is_recognised_later(
    whisper_dictation: Dictation, listen: Listen, tape: Any, shared_speech: Path, tmp_path: Path
) -> None:
    recorder = Dictation(None, tmp_path)
    listen(recorder)
    recorder.start(tape)
    tape.play(read_recording(shared_speech / "audio" / "heart" / "d16.flac") + silence(1))
    recorder.stop()
    assert recorder.wait(LONG)
    (pending,) = pending_audio(tmp_path)
    segments: list[Any] = []
    whisper_dictation.on_segment = segments.append
    whisper_dictation.place("")
    whisper_dictation.recover(pending)
    assert whisper_dictation.wait(LONG)
    assert segments[0].text.startswith("No acute intracranial hemorrhage")
    assert segments[0].segment_id == pending.segment_id


def test_ten_silent_seconds_are_said_once(listen: Listen, tape: Any, sounds: dict[str, bytes]) -> None:
    dictation = Dictation(None)
    heard = listen(dictation)
    dictation.start(tape)
    tape.play(5 * sounds["soft noise"])
    dictation.stop()
    assert dictation.wait(LONG)
    assert [problem.title for problem in heard.problems].count("No speech heard") == 1


def test_a_source_that_cannot_be_opened_leaves_dictation_idle(listen: Listen) -> None:
    class Unplugged:
        def start(self, on_chunk: Callable[[bytes], None]) -> None:
            raise Unavailable("No microphone")

        def stop(self) -> None:
            raise AssertionError("never started")

    dictation = Dictation(None)
    listen(dictation)
    with pytest.raises(Unavailable, match="No microphone"):
        dictation.start(Unplugged())
    dictation.stop()
    assert dictation.wait(LONG)


def test_push_to_talk_takes_only_what_is_said_while_the_key_is_down(listen: Listen, tape: Any, tone: Any, tmp_path: Path) -> None:
    dictation = Dictation(None, tmp_path)
    heard = listen(dictation)
    dictation.start(tape, listening=False)
    tape.play(tone(2))
    dictation.press()
    tape.play(tone(2))
    dictation.release()
    tape.play(tone(3))
    dictation.stop()
    assert dictation.wait(LONG)
    (segment,) = heard.segments
    (pending,) = pending_audio(tmp_path)
    assert segment.segment_id == pending.segment_id
    assert 2.3 <= pending.seconds <= 3.0


def test_speech_stays_with_the_place_it_was_spoken_for(listen: Listen, tape: Any, tone: Any, tmp_path: Path) -> None:
    dictation = Dictation(None, tmp_path)
    heard = listen(dictation)
    opened: list[tuple[str, str]] = []
    dictation.on_open = lambda segment_id, key: opened.append((segment_id, key))
    dictation.place("", "findings")
    dictation.start(tape)
    tape.play(silence(0.5) + tone(1))
    dictation.place("", "impression")  # in the middle of speech: what follows belongs there
    tape.play(tone(1) + silence(1))
    dictation.stop()
    assert dictation.wait(LONG)
    assert [key for _, key in opened] == ["findings", "impression"]
    assert [segment_id for segment_id, _ in opened] == [segment.segment_id for segment in heard.segments]
