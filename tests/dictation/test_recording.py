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
from dictation.recording import REJECTED_SECONDS, Recorder, pending_audio, rejected_audio, unreadable_audio
from workstation.at_rest.vault import Vault
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


# ---- sealed ------------------------------------------------------------------------------

VAULT = Vault.with_key(bytes(range(32)))
OTHER = Vault.with_key(bytes(32))
WORDS = b"spoken words " * 100


def _sealed(folder: Path, name: str, *pieces: bytes) -> Path:
    recording = Recorder(folder, VAULT).open(name)
    for piece in pieces:
        recording.append(piece)
    recording.close()
    return recording.path


def test_sealed_sound_comes_back_and_says_nothing_to_others(tmp_path: Path) -> None:
    """F89."""
    path = _sealed(tmp_path, "s1", WORDS, SAMPLES)
    (pending,) = pending_audio(tmp_path, VAULT)
    assert pending.pcm() == WORDS + SAMPLES
    assert pending.seconds == len(WORDS + SAMPLES) / 32000
    assert b"spoken" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_sealed_recording_cut_short_by_kill_9_is_found_whole(tmp_path: Path) -> None:
    """F01: every piece that was appended is there."""
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom dictation.recording import Recorder\n"
        "from workstation.at_rest.vault import Vault\n"
        "recording = Recorder(Path(sys.argv[1]), Vault.with_key(bytes(range(32)))).open('cut')\n"
        "for _ in range(100): recording.append(bytes(range(256)))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -9
    (pending,) = pending_audio(tmp_path, VAULT)
    assert (pending.segment_id, pending.pcm()) == ("cut", SAMPLES)


def test_a_torn_last_piece_costs_that_piece_only(tmp_path: Path) -> None:
    """F01, F17: the power went while a record was written."""
    path = _sealed(tmp_path, "s1", SAMPLES, WORDS)
    path.write_bytes(path.read_bytes()[:-5])
    (pending,) = pending_audio(tmp_path, VAULT)
    assert pending.pcm() == SAMPLES


def test_a_changed_piece_ends_the_sound_before_it(tmp_path: Path) -> None:
    path = _sealed(tmp_path, "s1", SAMPLES, WORDS, SAMPLES)
    data = bytearray(path.read_bytes())
    data[24 + 12 + 28 + len(SAMPLES) + 100] ^= 1
    path.write_bytes(data)
    (pending,) = pending_audio(tmp_path, VAULT)
    assert pending.pcm() == SAMPLES


@pytest.mark.parametrize("vault", [OTHER, Vault.plain()], ids=["another key", "no key"])
def test_sound_of_another_key_is_kept_and_counted(tmp_path: Path, vault: Vault) -> None:
    """A wrong key must never cost a recording."""
    path = _sealed(tmp_path, "s1", WORDS)
    before = path.read_bytes()
    assert pending_audio(tmp_path, vault) == ()
    assert unreadable_audio(tmp_path, vault) == {"s1"}
    assert path.read_bytes() == before


def test_a_sealed_recording_begun_and_never_filled_is_not_offered(tmp_path: Path) -> None:
    _sealed(tmp_path, "s1")
    assert pending_audio(tmp_path, VAULT) == ()
    assert list(tmp_path.iterdir()) == []


def test_sound_that_was_recorded_in_plain_is_sealed_at_the_next_start(tmp_path: Path) -> None:
    """F89: also what was put aside because it held no words."""
    recorder = Recorder(tmp_path)
    for name in ("waits", "cough"):
        recording = recorder.open(name)
        recording.append(WORDS)
        recording.close()
    recorder.reject("cough")
    recorded_at = pending_audio(tmp_path)[0].recorded_at
    Recorder(tmp_path, VAULT)
    (pending,) = pending_audio(tmp_path, VAULT)
    (rejected,) = rejected_audio(tmp_path, VAULT)
    assert pending.pcm() == rejected.pcm() == WORDS
    assert pending.recorded_at == recorded_at
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"spoken" in path.read_bytes()]


def test_sealed_sound_is_still_heard_where_nothing_is_sealed_any_more(tmp_path: Path) -> None:
    _sealed(tmp_path, "s1", WORDS)
    (pending,) = pending_audio(tmp_path, Vault.with_key(bytes(range(32)), is_sealing=False))
    assert pending.pcm() == WORDS


def test_settling_and_rejecting_work_on_sealed_sound(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, VAULT)
    for name in ("a", "b"):
        _sealed(tmp_path, name, WORDS)
    recorder.settle("a")
    recorder.reject("b")
    assert pending_audio(tmp_path, VAULT) == ()
    assert [kept.segment_id for kept in rejected_audio(tmp_path, VAULT)] == ["b"]


def test_a_full_disk_keeps_what_was_recorded(small_disk: Path) -> None:
    """F15: the piece that does not fit leaves no half record behind."""
    recording = Recorder(small_disk / "audio", VAULT).open("s1")
    recording.append(WORDS)
    with pytest.raises(OSError, match="No space left"):
        recording.append(bytes(8 << 20))
    recording.append(WORDS)
    recording.close()
    (pending,) = pending_audio(small_disk / "audio", VAULT)
    assert pending.pcm() == 2 * WORDS
