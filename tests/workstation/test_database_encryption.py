"""Encrypted SQLite files: keys, converting either way, kills, another program's locks."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from workstation.at_rest.vault import Vault
from workstation.cache.index import open_index
from workstation.cache.store import ObjectStore
from workstation.database import (
    NO_KEY,
    DamagedDatabase,
    DatabaseKey,
    Migration,
    open_database,
    transaction,
)
from workstation.database.encryption import MARK, PLAIN_HEAD
from workstation.errors import Refused, Unavailable, WorkstationError
from workstation.worklist_store import OrderStore

REPOSITORY = Path(__file__).resolve().parents[2]
FIRST = Migration(1, ("CREATE TABLE thing (name TEXT NOT NULL UNIQUE) STRICT",))
SECOND = Migration(2, ("ALTER TABLE thing ADD COLUMN size INTEGER", "UPDATE thing SET size = 7"))
VAULT = Vault.with_key(bytes(range(32)))
KEY = DatabaseKey.of(VAULT, "things")
OTHER = DatabaseKey.of(Vault.with_key(bytes(32)), "things")
OFF = DatabaseKey.of(Vault.with_key(bytes(range(32)), is_sealing=False), "things")
NAME = "Ingeborg Mørkenskov"


def with_one_thing(path: Path, key: DatabaseKey = KEY, mode: str = "WAL") -> Path:
    with closing(open_database(path, [FIRST], mode, key=key)) as db, transaction(db):
        db.execute("INSERT INTO thing VALUES (?)", [NAME])
    return path


def things(path: Path, key: DatabaseKey, *migrations: Migration) -> list[tuple[str, ...]]:
    with closing(open_database(path, migrations or [FIRST], "WAL", key=key)) as db:
        return [tuple(row) for row in db.execute("SELECT * FROM thing")]


def leaks(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if NAME.encode() in file.read_bytes()]


def test_an_encrypted_file_says_nothing_and_comes_back(tmp_path: Path) -> None:
    """F89: nor does its write-ahead log while it is open."""
    path = tmp_path / "x.db"
    with closing(open_database(path, [FIRST], "WAL", key=KEY)) as db:
        with transaction(db):
            db.execute("INSERT INTO thing VALUES (?)", [NAME])
        assert path.with_name("x.db-wal").stat().st_size
        assert leaks(tmp_path) == []
    assert path.read_bytes().startswith(MARK)
    assert things(path, KEY) == [(NAME,)]


@pytest.mark.parametrize("key", [OTHER, NO_KEY], ids=["another key", "no key"])
def test_a_wrong_key_is_refused_and_never_called_damaged(tmp_path: Path, key: DatabaseKey) -> None:
    path = with_one_thing(tmp_path / "x.db")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(Refused) as refused:
        open_database(path, [FIRST], "WAL", key=key)
    assert not isinstance(refused.value, DamagedDatabase)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("vault", [Vault.with_key(bytes(32)), Vault.plain()], ids=["another key", "no key"])
def test_a_wrong_key_puts_neither_orders_nor_index_aside(tmp_path: Path, vault: Vault) -> None:
    orders, index = tmp_path / "orders.db", tmp_path / "index.db"
    store = ObjectStore(tmp_path / "objects", VAULT)
    OrderStore(orders, VAULT).close()
    open_index(index, store, DatabaseKey.of(VAULT, "index"))[0].close()
    with pytest.raises(Refused):
        OrderStore(orders, vault)
    with pytest.raises(Refused):
        open_index(index, store, DatabaseKey.of(vault, "index"))
    store.close()
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_page_gone_bad_is_damage_when_the_key_is_right(tmp_path: Path) -> None:
    """F18: SQLCipher's own check of each page finds it."""
    path = tmp_path / "x.db"
    with closing(open_database(path, [FIRST], "DELETE", key=KEY)) as db, transaction(db):
        for number in range(2000):
            db.execute("INSERT INTO thing VALUES (?)", [f"thing {number} {'x' * 50}"])
    data = bytearray(path.read_bytes())
    data[20_000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedDatabase):
        open_database(path, [FIRST], "DELETE", key=KEY)


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_plain_file_is_encrypted_when_it_is_opened_and_its_backups_with_it(tmp_path: Path, mode: str) -> None:
    path = with_one_thing(tmp_path / "x.db", NO_KEY, mode)
    with closing(open_database(path, [FIRST, SECOND], mode)):
        pass
    assert set(leaks(tmp_path)) == {"x.db", "x.db.v1.bak"}
    assert things(path, KEY, FIRST, SECOND) == [(NAME, 7)]
    assert leaks(tmp_path) == []
    assert (tmp_path / "x.db.v1.bak").read_bytes().startswith(MARK)


def test_a_site_that_turns_encryption_off_gets_its_file_back_in_plain(tmp_path: Path) -> None:
    path = with_one_thing(tmp_path / "x.db")
    assert things(path, OFF) == [(NAME,)]
    assert path.read_bytes().startswith(PLAIN_HEAD)
    assert things(path, NO_KEY) == [(NAME,)]


def test_the_backup_of_a_migration_is_encrypted_too(tmp_path: Path) -> None:
    """F05, F89."""
    path = with_one_thing(tmp_path / "x.db")
    assert things(path, KEY, FIRST, SECOND) == [(NAME, 7)]
    assert leaks(tmp_path) == []
    assert things(tmp_path / "x.db.v1.bak", KEY) == [(NAME,)]


def test_a_newer_version_is_refused_before_anything_is_converted(tmp_path: Path) -> None:
    """F25."""
    path = with_one_thing(tmp_path / "x.db", NO_KEY)
    open_database(path, [FIRST, SECOND], "DELETE").close()
    before = path.read_bytes()
    with pytest.raises(Refused, match="newer version"):
        open_database(path, [FIRST], "DELETE", key=KEY)
    assert path.read_bytes() == before


def test_a_file_of_the_older_numbering_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT")
        old.execute("CREATE TABLE thing (name TEXT NOT NULL UNIQUE) STRICT")
        old.execute("INSERT INTO schema_version VALUES (1, '2026-01-01')")
        old.execute("INSERT INTO thing VALUES (?)", [NAME])
        old.commit()
    assert things(path, KEY, FIRST, SECOND) == [(NAME, 7)]


def test_errors_of_the_encrypting_library_are_converted_too(tmp_path: Path) -> None:
    """SQLCipher has exception classes of its own."""
    path = with_one_thing(tmp_path / "x.db")
    with closing(open_database(path, [FIRST], "WAL", key=KEY)) as db:

        def twice() -> None:
            with transaction(db):
                db.execute("INSERT INTO thing VALUES (?)", [NAME])

        with pytest.raises(WorkstationError, match="refused a row"):
            twice()

        def nonsense() -> None:
            with transaction(db):
                db.execute("NOT SQL")

        with pytest.raises(Unavailable):
            nonsense()
        assert not db.conn.in_transaction


KILLED = """
import os, sys
from pathlib import Path
from workstation.at_rest.vault import Vault
from workstation.database import DatabaseKey, Migration, encryption, opening
at, path = sys.argv[1], Path(sys.argv[2])
def kill(*_): os.kill(os.getpid(), 9)
if at == "begun": encryption._export = kill
if at == "written": encryption.os.fsync = kill
if at == "in place": encryption.sync_folder = kill
first = Migration(1, ("CREATE TABLE thing (name TEXT NOT NULL UNIQUE) STRICT",))
key = DatabaseKey.of(Vault.with_key(bytes(range(32)), is_sealing=sys.argv[3] == "on"), "things")
opening.open_database(path, [first], "WAL", key=key)
"""


@pytest.mark.parametrize("wanted", ["on", "off"])
@pytest.mark.parametrize("moment", ["begun", "written", "in place"])
def test_a_kill_while_converting_leaves_the_old_file_or_the_new_one(tmp_path: Path, moment: str, wanted: str) -> None:
    """F05: and the next start finishes."""
    path = with_one_thing(tmp_path / "x.db", NO_KEY if wanted == "on" else KEY)
    done = subprocess.run([sys.executable, "-c", KILLED, moment, str(path), wanted], check=False, cwd=REPOSITORY)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes().startswith((MARK, PLAIN_HEAD))
    assert things(path, KEY if wanted == "on" else OFF) == [(NAME,)]
    assert not (tmp_path / "x.db.converting").exists()


HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN" if sys.argv[2] == "reads" else "BEGIN IMMEDIATE")
other.execute("SELECT * FROM thing").fetchall()
print("held", flush=True)
sys.stdin.readline()
try:
    other.execute("COMMIT")
    other.execute("INSERT INTO thing VALUES ('late')")
    print("wrote")
except sqlite3.OperationalError as error:
    print(error)
"""


def hold(path: Path, how: str) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_file_that_another_program_writes_is_not_converted_under_it(tmp_path: Path) -> None:
    """F20: it stays plain and whole, and the reader is told."""
    path = with_one_thing(tmp_path / "x.db", NO_KEY, "DELETE")
    with hold(path, "writes") as holder:
        with pytest.raises(Unavailable, match="cannot be used now"):
            open_database(path, [FIRST], "DELETE", key=KEY, busy_ms=50)
        assert holder.communicate("\n")[0] == "wrote\n"
    assert sorted(things(path, KEY)) == [(NAME,), ("late",)]


def test_the_log_of_the_index_stays_short_under_a_reader_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F21: a real other process. Writing is refused in words rather than let the log grow past its limit."""
    from workstation.database import write_ahead

    monkeypatch.setattr(write_ahead, "CHECKPOINT_BYTES", 1 << 20)
    monkeypatch.setattr(write_ahead, "LOG_BYTES", 2 << 20)
    path = with_one_thing(tmp_path / "x.db", NO_KEY)
    log = tmp_path / "x.db-wal"

    def write(db: sqlite3.Connection, number: int) -> None:
        write_ahead.keep_log_short(db)
        with transaction(db):
            db.execute("INSERT INTO thing VALUES (?)", [f"{number} {'x' * 100_000}"])

    with closing(open_database(path, [FIRST], "WAL")) as db:
        with hold(path, "reads") as holder:

            def fill_up() -> None:
                for number in range(100):
                    write(db, number)

            with pytest.raises(Unavailable, match="cannot be written"):
                fill_up()
            assert log.stat().st_size < 3 << 20
            holder.communicate("\n")
        write(db, 1000)
        assert log.stat().st_size < 1 << 20


def test_a_file_closed_well_is_not_read_whole_again_and_a_changed_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workstation.database import opening

    checks = []
    monkeypatch.setattr(opening, "check", checks.append)
    opening.damage_seen.clear()
    path = with_one_thing(tmp_path / "x.db")
    things(path, KEY)
    assert checks == []
    path.touch()
    things(path, KEY)
    assert len(checks) == 1
