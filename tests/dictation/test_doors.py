"""`transcribe` from the command line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from dictation import doors, models
from dictation.audio import silence, write_wav
from dictation.models import EngineSpec


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    doors.register(parser.add_subparsers(required=True))
    args = parser.parse_args(["transcribe", *arguments])
    status: int = args.run(args)
    return status


def test_a_recording_is_transcribed_with_word_times_in_the_recording(
    whisper: EngineSpec, shared_speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = shared_speech / "audio" / "heart" / "d05.flac"
    assert _run(str(recording), "--engine", "whisper", "--context", "CR,chest", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {"text", "words", "seconds", "engine"} <= set(told)
    assert told["engine"] == "whisper-tiny.en"
    assert "4 cm above the carina" in told["text"]
    assert set(told["words"][0]) == {"word", "confidence", "start", "end"}
    starts = [word["start"] for word in told["words"]]
    assert starts == sorted(starts)
    assert told["words"][-1]["end"] <= told["audio_seconds"] + 0.5


def test_without_a_model_the_reason_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "available", lambda language: ())
    write_wav(tmp_path / "silence.wav", silence(1))
    assert _run(str(tmp_path / "silence.wav"), "--json") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "Dictation has no speech model" in told.err


def test_an_engine_that_is_not_there_and_a_file_that_is_none_are_refused(
    whisper: EngineSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_wav(tmp_path / "silence.wav", silence(1))
    assert _run(str(tmp_path / "silence.wav"), "--engine", "kaldi-9") == 1
    assert "Installed: " in capsys.readouterr().err
    assert _run(str(tmp_path / "nothing.wav")) == 1
    assert "cannot be opened" in capsys.readouterr().err


def test_a_context_names_modality_body_part_and_procedure() -> None:
    context = doors.context_of("CT, chest, pulmonary angiogram")
    assert (context.modality, context.body_part, context.procedure) == ("CT", "chest", "pulmonary angiogram")
    assert doors.context_of("").modality == ""
