"""Our SQLite files: migrations, backups, newer versions, unsafe places."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from workstation.database import DamagedDatabase, Migration, open_database, places, transaction, unsafe_place
from workstation.errors import Refused, Unavailable, WorkstationError

FIRST = Migration(1, ("CREATE TABLE thing (name TEXT NOT NULL) STRICT",))
SECOND = Migration(2, ("ALTER TABLE thing ADD COLUMN size INTEGER", "UPDATE thing SET size = 7"))
BROKEN = Migration(2, ("ALTER TABLE thing ADD COLUMN size INTEGER", "UPDATE nothing SET size = 7"))


def with_one_thing(path: Path) -> Path:
    with closing(open_database(path, [FIRST], "WAL")) as db:
        db.execute("INSERT INTO thing VALUES ('one')")
        db.conn.commit()
    return path


def columns(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [row[1] for row in db.execute("PRAGMA table_info(thing)")]


def test_a_migration_keeps_a_backup_of_the_version_before(tmp_path: Path) -> None:
    path = with_one_thing(tmp_path / "x.db")
    with closing(open_database(path, [FIRST, SECOND], "WAL")) as db:
        assert db.execute("SELECT name, size FROM thing").fetchall() == [("one", 7)]
    assert columns(tmp_path / "x.db.v1.bak") == ["name"]


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    path = with_one_thing(tmp_path / "x.db")
    with pytest.raises(Unavailable):
        open_database(path, [FIRST, BROKEN], "WAL")
    assert columns(path) == ["name"]
    with closing(open_database(path, [FIRST, SECOND], "WAL")) as db:
        assert db.execute("SELECT count(*) FROM thing").fetchone() == (1,)


KILLED_MIGRATION = """
import os, sys, sqlite3
from pathlib import Path
from workstation.database import LocalDatabase, Migration, open_database
whole = LocalDatabase.execute
def killed(self, sql, *values):
    if sql.startswith("UPDATE"):
        os.kill(os.getpid(), 9)
    return whole(self, sql, *values)
LocalDatabase.execute = killed
first = Migration(1, ("CREATE TABLE thing (name TEXT NOT NULL) STRICT",))
second = Migration(2, ("ALTER TABLE thing ADD COLUMN size INTEGER", "UPDATE thing SET size = 7"))
open_database(Path(sys.argv[1]), [first, second], "WAL")
"""


def test_a_kill_in_a_migration_leaves_the_old_schema_and_the_next_start_finishes(tmp_path: Path) -> None:
    path = with_one_thing(tmp_path / "x.db")
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", KILLED_MIGRATION, str(path)], check=False, cwd=root)
    assert killed.returncode == -signal.SIGKILL
    assert columns(path) == columns(tmp_path / "x.db.v1.bak") == ["name"]
    with closing(open_database(path, [FIRST, SECOND], "WAL")) as db:
        assert db.execute("SELECT name, size FROM thing").fetchall() == [("one", 7)]


def test_opening_again_migrates_nothing(tmp_path: Path) -> None:
    path = with_one_thing(tmp_path / "x.db")
    open_database(path, [FIRST], "WAL").close()
    assert not list(tmp_path.glob("*.bak"))


def test_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = with_one_thing(tmp_path / "x.db")
    open_database(path, [FIRST, SECOND], "DELETE").close()
    before = path.read_bytes()
    with pytest.raises(Refused, match="newer version"):
        open_database(path, [FIRST], "DELETE")
    assert path.read_bytes() == before


@pytest.mark.parametrize("rubbish", [b"this is no database at all " * 100, b"SQLite format 3\x00" + bytes(5000)])
def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "x.db").write_bytes(rubbish)
    with pytest.raises(DamagedDatabase):
        open_database(tmp_path / "x.db", [FIRST], "WAL")


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "x.db", [FIRST], "WAL")) as db:

        def change() -> None:
            with transaction(db):
                db.execute("INSERT INTO thing VALUES ('one')")
                db.execute("INSERT INTO thing VALUES (NULL)")

        with pytest.raises(WorkstationError, match="refused a row"):
            change()
        assert db.execute("SELECT count(*) FROM thing").fetchone() == (0,)


def test_only_this_user_may_read_it(tmp_path: Path) -> None:
    path = with_one_thing(tmp_path / "x.db")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("mounts", "reason"),
    [
        ("server:/home {place} nfs4 rw 0 0\n", "On a network file system locks are not reliable"),
        ("/dev/sda1 / ext4 rw 0 0\nserver:/x /elsewhere nfs rw 0 0\n", ""),
    ],
)
def test_a_network_folder_cannot_hold_a_database(
    tmp_path: Path, mounts: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mounts"
    table.write_text(mounts.format(place=tmp_path))
    monkeypatch.setattr(places, "MOUNTS", table)
    assert unsafe_place(tmp_path) == reason


def test_a_synchronised_folder_cannot_hold_a_database(tmp_path: Path) -> None:
    folder = tmp_path / "OneDrive" / "cache"
    folder.mkdir(parents=True)
    with pytest.raises(Refused, match="synchronised"):
        open_database(folder / "x.db", [FIRST], "WAL")


def test_the_core_starts_without_arrays_and_leaves_them_to_whoever_needs_them() -> None:
    """sqlite-utils takes numpy along where it finds it; the worklist must not wait for that."""
    code = (
        "import sys, workstation.core, workstation.session.session\n"
        "assert 'numpy' not in sys.modules\n"
        "import numpy\n"
        "print(numpy.zeros(2).sum())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "0.0"), ended.stderr
