"""The master key: made once, opened by what the machine has, never replaced, destroyed for good."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
from keyring.backend import KeyringBackend

from workstation.at_rest import keys, os_keyring
from workstation.at_rest.keys import erase, set_passphrase, status, unlock, use_keyring
from workstation.at_rest.vault import Purpose, Vault
from workstation.errors import Refused, Unavailable, WorkstationError
from workstation.settings import Folders, Settings

REPOSITORY = Path(__file__).resolve().parents[3]
PASSPHRASE = "four invented words åäö"
SEALING = Settings()


class MemoryKeyring(KeyringBackend):
    """Keeps passwords as long as the test lasts; `blocked` makes it hang as a service does."""

    priority = 5.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.blocked = threading.Event()
        self.blocked.set()

    def get_password(self, service: str, username: str) -> str | None:
        self.blocked.wait(20)
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.blocked.wait(20)
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache")
    made.make()
    return made


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither a passphrase nor a keyring, whatever this computer has."""
    for name in (keys.PASSPHRASE_VARIABLE, "LYSKASSE_NEW_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    made = MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    made.blocked.set()


def sealed_something(vault: Vault, folders: Folders) -> Path:
    path = folders.studies / "sealed"
    with vault.create(path, Purpose.OBJECT) as file:
        file.write(b"kept")
    return path


def same(one: Vault, other: Vault) -> bool:
    return one.database_key("x") == other.database_key("x") != ""


def key_files(folders: Folders) -> list[Path]:
    return list(folders.config.glob("*.key"))


# ---- ways to open it ---------------------------------------------------------------------


def test_a_bare_machine_gets_a_key_file_and_a_lasting_notice(folders: Folders) -> None:
    vault, notice = unlock(folders, SEALING)
    again, still = unlock(folders, SEALING)
    assert same(vault, again)
    assert "protects little" in notice == still
    assert [stat.S_IMODE(path.stat().st_mode) for path in (*key_files(folders), folders.data / "key.json")] == [0o600, 0o600]
    assert status(folders, True).ways == ("key file",)


def test_the_keyring_keeps_half_and_the_data_folder_the_other(folders: Folders, ring: MemoryKeyring) -> None:
    vault, notice = unlock(folders, SEALING)
    assert notice == ""
    assert same(vault, unlock(folders, SEALING)[0])
    assert (len(ring.kept), key_files(folders), status(folders, True).ways) == (1, [], ("keyring",))
    text = (folders.data / "key.json").read_text()
    assert not any(password in text for password in ring.kept.values())


@pytest.mark.parametrize("priority", [0, -1, 0.5])
def test_a_keyring_that_keeps_nothing_or_in_plain_does_not_count(folders: Folders, ring: MemoryKeyring, priority: float) -> None:
    ring.priority = priority  # type: ignore[assignment]
    assert "protects little" in unlock(folders, SEALING)[1]
    assert ring.kept == {}


def test_a_passphrase_opens_the_key_and_only_the_right_one(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, PASSPHRASE)
    vault, notice = unlock(folders, SEALING)
    assert (notice, status(folders, True).ways, key_files(folders)) == ("", ("passphrase",), [])
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, unicodedata.normalize("NFD", PASSPHRASE))  # an å of two characters
    assert same(vault, unlock(folders, SEALING)[0])
    before = (folders.data / "key.json").read_bytes()
    for wrong in ("four invented words aao", ""):
        monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, wrong)
        with pytest.raises(Refused, match="not the right one" if wrong else "No passphrase was given"):
            unlock(folders, SEALING)
    assert (folders.data / "key.json").read_bytes() == before
    assert list(folders.config.iterdir()) == []


def test_the_user_is_asked_three_times_and_may_give_up(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, PASSPHRASE)
    vault, _ = unlock(folders, SEALING)
    monkeypatch.delenv(keys.PASSPHRASE_VARIABLE)
    questions: list[str] = []

    def answering(*answers: str) -> Callable[[str], str]:
        rest = iter(answers)

        def ask(question: str) -> str:
            questions.append(question)
            return next(rest)

        return ask

    assert same(vault, unlock(folders, SEALING, answering("wrong once", PASSPHRASE))[0])
    assert questions == [keys.ASKED, keys.ASKED_AGAIN]
    for answers in (("",), ("a", "b", "c")):
        with pytest.raises(Refused):
            unlock(folders, SEALING, answering(*answers))


def test_passphrase_and_keyring_each_open_it_alone(
    folders: Folders, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, _ = unlock(folders, SEALING)
    assert set(set_passphrase(folders, PASSPHRASE).ways) == {"keyring", "passphrase"}
    assert same(vault, unlock(folders, SEALING)[0])
    ring.kept.clear()
    with pytest.raises(WorkstationError, match="does not hold the key"):
        unlock(folders, SEALING)
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, PASSPHRASE)
    assert same(vault, unlock(folders, SEALING)[0])


def test_a_passphrase_or_a_keyring_replaces_the_key_file(folders: Folders, request: pytest.FixtureRequest) -> None:
    vault, _ = unlock(folders, SEALING)
    with pytest.raises(Refused, match="too short"):
        set_passphrase(folders, "short")
    request.getfixturevalue("ring")
    assert use_keyring(folders).ways == ("keyring",)
    assert key_files(folders) == []
    assert same(vault, unlock(folders, SEALING)[0])


def test_a_changed_passphrase_is_the_only_one(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    vault, _ = unlock(folders, SEALING)
    set_passphrase(folders, PASSPHRASE)
    set_passphrase(folders, "other invented words", lambda _: PASSPHRASE)
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, PASSPHRASE)
    with pytest.raises(Refused):
        unlock(folders, SEALING)
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, "other invented words")
    assert same(vault, unlock(folders, SEALING)[0])


def test_a_keyring_that_hangs_does_not_hang_the_start(
    folders: Folders, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, _ = unlock(folders, SEALING)
    set_passphrase(folders, PASSPHRASE)
    ring.blocked.clear()
    monkeypatch.setattr(os_keyring.keyring_password, "__defaults__", (0.2,))
    with pytest.raises(Unavailable, match="does not answer"):
        unlock(folders, SEALING)
    assert same(vault, unlock(folders, SEALING, lambda _: PASSPHRASE)[0])


# ---- never a new key over old data -------------------------------------------------------


def test_without_its_key_sealed_data_are_refused_and_no_key_is_made(folders: Folders) -> None:
    path = sealed_something(unlock(folders, SEALING)[0], folders)
    before = path.read_bytes()
    (folders.data / "key.json").unlink()
    with pytest.raises(Refused, match=r"key\.json is missing"):
        unlock(folders, SEALING)
    assert not (folders.data / "key.json").exists()
    assert path.read_bytes() == before


def test_an_encrypted_report_database_counts_as_sealed_data(folders: Folders) -> None:
    (folders.data / "reports.db").write_bytes(b"SQLite format 3\0 plain")
    unlock(folders, SEALING)
    (folders.data / "key.json").unlink()
    (folders.data / "reports.db").write_bytes(bytes(range(100)))
    with pytest.raises(Refused, match=r"key\.json is missing"):
        unlock(folders, SEALING)


@pytest.mark.parametrize("damage", ["", "{}", "[1]", "not JSON", '{"version": 1, "key_id": "zz", "ways": []}'])
def test_a_damaged_key_file_is_refused_and_left_as_it_is(folders: Folders, damage: str) -> None:
    (folders.data / "key.json").write_text(damage)
    with pytest.raises(Refused, match="is damaged"):
        unlock(folders, SEALING)
    assert (folders.data / "key.json").read_text() == damage


def test_a_key_json_of_somebody_else_cannot_make_us_spend_all_memory(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, PASSPHRASE)
    unlock(folders, SEALING)
    path = folders.data / "key.json"
    values = json.loads(path.read_text())
    values["ways"][0]["memory_kib"] = 1 << 40
    path.write_text(json.dumps(values))
    with pytest.raises(Refused, match="is damaged"):
        unlock(folders, SEALING)


def test_a_lost_key_file_is_refused_in_words(folders: Folders) -> None:
    unlock(folders, SEALING)
    key_files(folders)[0].unlink()
    with pytest.raises(Refused, match="key file is not in the config folder"):
        unlock(folders, SEALING)


RACER = """
import sys
from pathlib import Path
from workstation.at_rest.keys import unlock
from workstation.settings import Folders, Settings
root = Path(sys.argv[1])
sys.stdin.readline()
print(unlock(Folders(root / "data", root / "config", root / "cache"), Settings())[0].database_key("x"))
"""


def test_processes_that_start_at_once_end_with_one_key(folders: Folders, tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    found = {racer.communicate(timeout=60)[0] for racer in racers}
    assert len(found) == 1
    assert found == {unlock(folders, SEALING)[0].database_key("x") + "\n"}
    assert len(key_files(folders)) == 1
    assert [path.name for path in folders.data.iterdir() if path.is_file()] == ["key.json"]


# ---- off, and erased ---------------------------------------------------------------------


def test_a_site_that_never_sealed_gets_no_key(folders: Folders) -> None:
    vault, notice = unlock(folders, replace(SEALING, at_rest=False))
    assert (vault.is_sealing, notice, list(folders.config.iterdir())) == (False, "", [])


def test_turned_off_later_what_was_sealed_is_still_read(folders: Folders) -> None:
    path = sealed_something(unlock(folders, SEALING)[0], folders)
    vault, notice = unlock(folders, replace(SEALING, at_rest=False))
    with vault.open(path) as file:
        assert file.read() == b"kept"
    assert (vault.is_sealing, notice) == (False, "")


@pytest.mark.parametrize("with_ring", [False, True])
def test_after_crypto_erase_nothing_opens_what_was_sealed(
    folders: Folders, with_ring: bool, request: pytest.FixtureRequest
) -> None:
    ring = request.getfixturevalue("ring") if with_ring else None
    path = sealed_something(unlock(folders, SEALING)[0], folders)
    words = erase(folders)
    assert len(words) == 3
    assert [p for p in (folders.data / "key.json", *key_files(folders)) if p.exists()] == []
    assert ring is None or ring.kept == {}
    with pytest.raises(Refused, match="is missing"):
        unlock(folders, SEALING)
    with pytest.raises(Refused):
        Vault.with_key(bytes(32)).open(path)
    with pytest.raises(Refused, match="no key to destroy"):
        erase(folders)


def test_the_keyring_that_does_not_answer_does_not_stop_an_erase(folders: Folders, ring: MemoryKeyring) -> None:
    unlock(folders, SEALING)
    keyring.set_keyring(keyring.backends.fail.Keyring())
    assert any("still there, and worth nothing" in word for word in erase(folders))
    assert not (folders.data / "key.json").exists()
    assert len(ring.kept) == 1
