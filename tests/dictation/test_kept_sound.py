"""The sound of written words: to be heard again in this session, and on disk only sealed, asked for, and for a time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from dictation import kept_sound
from dictation.kept_sound import DAY_SECONDS, KEPT, KeptSound
from dictation.recording import Recorder, pending_audio
from workstation.at_rest.vault import Vault
from workstation.errors import Unavailable

VAULT = Vault.with_key(bytes(range(32)))
SAID = b"\x01\x02" * 8000


def _recorded(folder: Path, name: str, vault: Vault, pcm: bytes = SAID) -> Recorder:
    recorder = Recorder(folder, vault)
    recording = recorder.open(name)
    recording.append(pcm)
    recording.close()
    return recorder


@pytest.mark.parametrize("vault", [VAULT, Vault.plain()], ids=["sealed", "plain"])
def test_it_is_heard_again_in_the_session_and_leaves_nothing_on_disk(tmp_path: Path, vault: Vault) -> None:
    recorder = _recorded(tmp_path, "a1", vault)
    kept = KeptSound(tmp_path, vault)
    assert kept.pcm("a1") == SAID  # not settled yet
    kept.keep("a1")
    recorder.settle("a1")
    assert kept.pcm("a1") == SAID
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    with pytest.raises(Unavailable, match="not kept"):
        KeptSound(tmp_path, vault).pcm("a1")


def test_asked_for_it_lies_sealed_on_disk_until_its_days_are_over(tmp_path: Path) -> None:
    recorder = _recorded(tmp_path, "a1", VAULT)
    KeptSound(tmp_path, VAULT, keep_days=7).keep("a1")
    recorder.settle("a1")
    (path,) = (tmp_path / KEPT).iterdir()
    assert SAID[:64] not in path.read_bytes()
    assert pending_audio(tmp_path, VAULT) == ()  # it is no speech that waits for its text
    later = KeptSound(tmp_path, VAULT, keep_days=7)
    assert later.pcm("a1") == SAID
    os.utime(path, (time.time() - 8 * DAY_SECONDS,) * 2)
    later.forget_old()
    assert not path.exists()


def test_who_no_longer_wants_it_kept_has_none_at_the_next_start(tmp_path: Path) -> None:
    recorder = _recorded(tmp_path, "a1", VAULT)
    KeptSound(tmp_path, VAULT, keep_days=7).keep("a1")
    recorder.settle("a1")
    KeptSound(tmp_path, VAULT)
    assert list((tmp_path / KEPT).iterdir()) == []


def test_where_nothing_is_sealed_no_sound_is_kept_on_disk(tmp_path: Path) -> None:
    recorder = _recorded(tmp_path, "a1", Vault.plain())
    kept = KeptSound(tmp_path, Vault.plain(), keep_days=7)
    kept.keep("a1")
    recorder.settle("a1")
    assert not kept.is_on_disk
    assert not (tmp_path / KEPT).exists()


def test_memory_holds_the_last_minutes_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_sound, "MEMORY_BYTES", 2 * len(SAID))
    kept = KeptSound(tmp_path, VAULT)
    for name in ("a1", "a2", "a3"):
        recorder = _recorded(tmp_path, name, VAULT)
        kept.keep(name)
        recorder.settle(name)
    assert kept.pcm("a3") == kept.pcm("a2") == SAID
    with pytest.raises(Unavailable):
        kept.pcm("a1")


@pytest.mark.parametrize("name", ["../a1", "a1/../../a1", "", "nobody"])
def test_what_was_never_said_or_is_no_name_of_ours_has_no_sound(tmp_path: Path, name: str) -> None:
    _recorded(tmp_path / "inner", "a1", VAULT)
    with pytest.raises(Unavailable):
        KeptSound(tmp_path / "inner" / "deeper", VAULT, keep_days=1).pcm(name)
