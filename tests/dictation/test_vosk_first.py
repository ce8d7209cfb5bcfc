"""Vosk with the real PyPI model: drafts, commands before the second pass, words it never hears, an abort (F78)."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dictation.audio import read_recording, silence
from dictation.models import EngineSpec
from dictation.pipeline import Dictation
from workstation.domain.dictation import DictationContext, DictationState

LONG = 300.0


@pytest.fixture(scope="module")
def both(vosk: EngineSpec, whisper: EngineSpec) -> Iterator[Dictation]:
    """Both real engines, loaded once. However slow the machine is, the second pass is waited for."""
    patched = pytest.MonkeyPatch()
    patched.setattr("dictation.keeper.FINAL_SECONDS", 600.0)
    made = Dictation(EngineSpec("both", "en", whisper.final, vosk.final), None, DictationContext("CT", "chest"))
    made.prepare()
    assert made.wait_ready(LONG)
    yield made
    made.close()
    patched.undo()


@pytest.fixture(scope="module")
def spoken(shared_speech: Path) -> bytes:
    return silence(0.5) + read_recording(shared_speech / "audio" / "human" / "ss0890.flac")[: 4 * 32000] + silence(1.0)


@pytest.fixture
def listening(both: Dictation, listen_to: Callable[[Dictation], Any], tape: Any) -> Iterator[Any]:
    heard = listen_to(both)
    yield heard
    both.know_commands(lambda _: False)


def say(dictation: Dictation, tape: Any, pcm: bytes) -> None:
    dictation.start(tape)
    tape.play(pcm)
    dictation.stop()
    assert dictation.wait(LONG)


def test_vosk_drafts_and_whisper_writes(both: Dictation, listening: Any, tape: Any, spoken: bytes) -> None:
    both.start(tape)
    tape.play(spoken[: 3 * 32000])
    until = time.monotonic() + LONG
    while not listening.drafts and time.monotonic() < until:  # the phrase is still open: Vosk has heard what there is of it
        time.sleep(0.05)
    tape.play(spoken[3 * 32000 :])
    both.stop()
    assert both.wait(LONG)
    assert listening.drafts
    assert [segment.engine for segment in listening.segments] == ["whisper-tiny.en"] * len(listening.segments)
    assert listening.segments


@pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP")
def test_what_vosk_hears_as_a_command_is_one_without_the_second_pass(
    both: Dictation, listening: Any, tape: Any, spoken: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dictation.recognition.SURE_COMMAND", 0.0)  # it hears English as Korean
    asked: list[str] = []
    both.know_commands(lambda text: asked.append(text) is None)
    _, whisper_pid = both.engine_pids
    os.kill(whisper_pid, signal.SIGSTOP)  # it is not needed
    try:
        say(both, tape, spoken)
    finally:
        os.kill(whisper_pid, signal.SIGCONT)
    assert {segment.engine for segment in listening.segments} == {"vosk-ko (first pass only)"}
    assert [segment.text for segment in listening.segments] == [segment.spoken for segment in listening.segments]
    assert {segment.spoken for segment in listening.segments} <= set(asked)


def test_the_engines_yield_to_the_images(both: Dictation) -> None:
    if sys.platform == "win32":
        return
    assert [os.getpriority(os.PRIO_PROCESS, pid) for pid in both.engine_pids] == [os.getpriority(os.PRIO_PROCESS, 0) + 5] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="SIGABRT")
def test_vosk_alone_goes_on_after_an_abort_and_tells_which_words_it_never_hears(
    vosk: EngineSpec, listen: Callable[[Dictation], Any], tape: Any, spoken: bytes
) -> None:
    """F78: a misuse of Kaldi aborts its process; what was said is told to the next one."""
    dictation = Dictation(vosk, None, DictationContext())
    heard = listen(dictation)
    dictation.start(tape)
    tape.play(spoken[: len(spoken) // 2])
    assert dictation.wait_ready(LONG)
    (pid,) = dictation.engine_pids
    os.kill(pid, signal.SIGABRT)
    tape.play(spoken[len(spoken) // 2 :])
    dictation.stop()
    assert dictation.wait(LONG)
    assert DictationState.RESTARTING in heard.states
    assert heard.segments
    assert not [segment for segment in heard.segments if segment.problem]
    answered = threading.Event()
    unknown: list[frozenset[str]] = []
    known = heard.segments[0].spoken.split()[0]

    def answer(words: frozenset[str]) -> None:
        unknown.append(words)
        answered.set()

    dictation.ask_unknown((known, "cholelithiasis"), answer)
    assert answered.wait(LONG)
    assert unknown == [frozenset({"cholelithiasis"})]
