"""Sound on disk before it is recognised, and found again after a crash."""

from __future__ import annotations

import stat
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from dictation.recording import Recorder, pending_audio
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


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be recorded"):
        Recorder(tmp_path / "file" / "audio")
