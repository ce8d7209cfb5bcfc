"""Sound on disk before it is recognised, and found again after a crash."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from dictation import recording as recording_module
from dictation.recording import REJECTED_SECONDS, Recorder, pending_audio, rejected_audio
from workstation.errors import Unavailable

SAMPLES = bytes(range(256)) * 100


def test_a_closed_recording_is_an_ordinary_private_wav(tmp_path: Path) -> None:
    recording = Recorder(tmp_path / "audio").open("a1")
    recording.append(SAMPLES)
    recording.close()
    with wave.open(str(recording.path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert file.readframes(file.getnframes()) == SAMPLES
    assert stat.S_IMODE(recording.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(recording.path.parent.stat().st_mode) == 0o700


def test_a_recording_cut_short_by_kill_9_is_found_whole(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom dictation.recording import Recorder\n"
        "recording = Recorder(Path(sys.argv[1])).open('cut')\n"
        "for _ in range(100): recording.append(bytes(range(256)))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -9
    (pending,) = pending_audio(tmp_path)
    assert pending.segment_id == "cut"
    assert pending.pcm() == SAMPLES
    assert pending.seconds == len(SAMPLES) / 32000
    with wave.open(str(pending.path)) as file:
        assert file.getnframes() == len(SAMPLES) // 2


def test_settled_recordings_are_gone_and_empty_ones_are_not_offered(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for name, pcm in (("kept", SAMPLES), ("settled", SAMPLES), ("empty", b"")):
        recording = recorder.open(name)
        recording.append(pcm)
        recording.close()
    recorder.settle("settled")
    assert [pending.segment_id for pending in pending_audio(tmp_path)] == ["kept"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.wav"]


def _record(recorder: Recorder, name: str) -> None:
    recording = recorder.open(name)
    recording.append(SAMPLES)
    recording.close()


def test_sound_without_words_is_kept_apart_and_private(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    _record(recorder, "cough")
    recorder.reject("cough")
    assert pending_audio(tmp_path) == ()
    (kept,) = rejected_audio(tmp_path)
    assert (kept.segment_id, kept.pcm()) == ("cough", SAMPLES)
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


def test_only_the_last_sounds_without_words_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_module, "REJECTED_BYTES", 3 * (len(SAMPLES) + 44))
    recorder = Recorder(tmp_path)
    for number in range(5):
        _record(recorder, f"s{number}")
        recorder.reject(f"s{number}")
        path = tmp_path / "rejected" / f"s{number}.wav"
        earlier = path.stat().st_mtime - 100 + number
        os.utime(path, (earlier, earlier))
    assert [kept.segment_id for kept in rejected_audio(tmp_path)] == ["s2", "s3", "s4"]


def test_sounds_without_words_of_the_day_before_are_gone_when_dictation_starts(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for name in ("old", "new"):
        _record(recorder, name)
        recorder.reject(name)
    old = tmp_path / "rejected" / "old.wav"
    long_ago = old.stat().st_mtime - REJECTED_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    Recorder(tmp_path)
    assert [kept.segment_id for kept in rejected_audio(tmp_path)] == ["new"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be recorded"):
        Recorder(tmp_path / "file" / "audio")
