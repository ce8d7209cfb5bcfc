"""A program that is killed in the midst of writing opens its database again, sealed or plain (F01)."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from workstation.at_rest.vault import Vault
from workstation.database import NO_KEY, DatabaseKey, Migration, open_database

FIRST = Migration(1, ("CREATE TABLE thing (name TEXT NOT NULL) STRICT",))
MASTER = bytes(range(32))
WRITES = """
import os, sys
from pathlib import Path
from workstation.at_rest.vault import Vault
from workstation.database import NO_KEY, DatabaseKey, Migration, open_database
key = DatabaseKey.of(Vault.with_key(bytes(range(32))), "things") if sys.argv[2] == "sealed" else NO_KEY
db = open_database(Path(sys.argv[1]), [Migration(1, ("CREATE TABLE thing (name TEXT NOT NULL) STRICT",))], "DELETE", "EXTRA", key)
db.conn.execute("INSERT INTO thing VALUES ('kept')")
db.conn.execute("PRAGMA cache_size = 2")
db.conn.execute("BEGIN IMMEDIATE")
for number in range(2000):
    db.conn.execute("INSERT INTO thing VALUES (?)", ("never committed" * 20,))
db.conn.execute("UPDATE thing SET name = 'overwritten'")
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("kind", ["plain", "sealed"])
def test_what_was_half_written_is_undone_and_the_rest_is_there(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "things.db"
    killed = subprocess.run([sys.executable, "-c", WRITES, str(path), kind], check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert path.with_name("things.db-journal").stat().st_size > 512  # pages that were overwritten already
    key = DatabaseKey.of(Vault.with_key(MASTER), "things") if kind == "sealed" else NO_KEY
    with closing(open_database(path, [FIRST], "DELETE", "EXTRA", key)) as db:
        assert db.conn.execute("SELECT name FROM thing").fetchall() == [("kept",)]
