"""Opening our SQLite files: own migrations, a backup before each, newer versions left alone.

STRICT tables, one connection for each owner, guarded by the owner's lock. `PRAGMA user_version`
says how many migrations have been applied; a migration and its number are one transaction, so a
kill leaves the old schema or the new one. Foreign errors become `WorkstationError` here.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.database.encryption import CONVERTING, NO_KEY, DatabaseKey, Kind, connect, convert, kind_of
from workstation.database.faults import DamagedDatabase, OperationalErrors, damage_seen, primary_code, sqlite_errors
from workstation.database.places import unsafe_place
from workstation.database.toolkit import Database
from workstation.errors import Refused

__all__ = ["BUSY_TIMEOUT_MS", "LocalDatabase", "Migration", "open_database", "put_aside", "transaction", "unsafe_place"]

# A virus scanner or a backup may hold the file for half a minute (fault list F20).
BUSY_TIMEOUT_MS = 35_000
CHECKED_SECONDS = 24 * 3600.0
SOUND = ".sound"
_BESIDE = ("-wal", "-shm", "-journal", SOUND, "")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema: `version` counts from 1 without gaps, `statements` run in order."""

    version: int
    statements: tuple[str, ...]


class LocalDatabase(Database):
    """An open database. Closed by `close`, it need not be checked whole when it is opened again within a day."""

    def __init__(self, connection: Any, path: Path, kind: Kind, checked: float, busy_ms: int) -> None:
        # Plugins of sqlite-utils would be looked for among all that is installed, and run on what is stored here.
        super().__init__(connection, strict=True, execute_plugins=False)
        self.path = path
        self.is_sealed = kind is Kind.SEALED
        self.busy_ms = busy_ms
        self._checked = checked
        self._is_open = True

    def close(self) -> None:
        super().close()
        if self._is_open:
            self._is_open = False
            _remember_sound(self.path, self._checked)


def open_database(
    path: Path,
    migrations: Sequence[Migration],
    journal_mode: str,
    synchronous: str = "FULL",
    key: DatabaseKey = NO_KEY,
    busy_ms: int = BUSY_TIMEOUT_MS,
    is_checked: bool = True,
) -> LocalDatabase:
    """The database at `path`, at the newest version of `migrations`, created when absent.

    It is encrypted or plain as `key` says: a file of the other kind is converted first, and its
    backups with it. Raises `DamagedDatabase` for a file that fails `quick_check`; `Refused`, with
    nothing changed, for one by a newer version, of another key, or where SQLite cannot keep it safe.
    `is_checked` False: not read whole, for a large file that is made again when it proves to be damaged.
    """
    reason = unsafe_place(path.parent)
    if reason:
        raise Refused("This folder cannot hold a database", reason, "Choose a folder on a disk of this machine")
    with sqlite_errors():
        path.with_name(path.name + CONVERTING).unlink(missing_ok=True)
        kind = kind_of(path, key)
        version, checked = _examined(path, kind, key, busy_ms / 1000, is_checked)
        newest = migrations[-1].version
        if version > newest:
            raise Refused(
                "The database was written by a newer version of this program",
                f"It has version {version}, this program knows {newest}; nothing was changed",
                "Start the newer version",
            )
        kind = _as_wanted(path, kind, key, busy_ms / 1000)
        if 0 < version < newest:
            _back_up(path, kind, key, version)
        return _opened(path, kind, key, migrations, (journal_mode, synchronous), busy_ms, checked)


@contextlib.contextmanager
def transaction(database: Database) -> Iterator[None]:
    """All or nothing. Takes the write lock at once: a later upgrade could fail on a stale snapshot."""
    with sqlite_errors():
        database.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            database.conn.execute("COMMIT")
        except BaseException:
            if database.conn.in_transaction:
                database.conn.execute("ROLLBACK")
            raise


def put_aside(path: Path) -> None:
    """Move a damaged database and its journals out of the way, to `<name>.damaged-<number>`; nothing is deleted."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for ending in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))


# ---- before opening --------------------------------------------------------------------


def _examined(path: Path, kind: Kind, key: DatabaseKey, busy_seconds: float, is_checked: bool) -> tuple[int, float]:
    """The file's version (0 for a new one), and when it was last checked whole. Writes nothing of its own."""
    if kind is Kind.ABSENT:
        return 0, time.time()
    try:
        return _looked_at(path, kind, key, busy_seconds, is_checked)
    except OperationalErrors as error:
        if primary_code(error) != sqlite3.SQLITE_READONLY:
            raise
    _undo_half_a_transaction(path, kind, key, busy_seconds)
    return _looked_at(path, kind, key, busy_seconds, is_checked)


def _undo_half_a_transaction(path: Path, kind: Kind, key: DatabaseKey, busy_seconds: float) -> None:
    """Killed while it wrote: SQLite puts back what the journal holds, as soon as one reads who may write (F01)."""
    with contextlib.closing(connect(path, kind, key, busy_seconds)) as connection:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def _looked_at(path: Path, kind: Kind, key: DatabaseKey, busy_seconds: float, is_checked: bool) -> tuple[int, float]:
    checked = _known_sound(path) if is_checked else time.time()
    with contextlib.closing(connect(path, kind, key, busy_seconds, read_only=True)) as connection:
        if not checked:
            check(connection)
        return version_of(connection), checked or time.time()


def check(connection: Any) -> None:
    """Reads every page. Raises DamagedDatabase."""
    answers = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
    if answers != ["ok"]:
        raise DamagedDatabase("The database is damaged", str(answers[0]))


def version_of(connection: Any) -> int:
    """How many migrations have been applied. Files from before have a table of them."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version or not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone():
        return version
    return int(connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()[0])


def _known_sound(path: Path) -> float:
    """When this very file, untouched since, was last checked (seconds since 1970); 0 when it must be checked now."""
    if any(path.with_name(path.name + ending).exists() for ending in ("-wal", "-journal")):
        return 0.0
    with contextlib.suppress(OSError, ValueError):
        stamp, _, checked = path.with_name(path.name + SOUND).read_text(encoding="ascii").rpartition(" ")
        if stamp == _stamp(path) and 0 <= time.time() - int(checked) < CHECKED_SECONDS:
            return float(checked)
    return 0.0


def _remember_sound(path: Path, checked: float) -> None:
    """Not brought to disk: without it the next start checks the file, and that is all."""
    beside = path.with_name(path.name + SOUND)
    with contextlib.suppress(OSError):
        if damage_seen.is_set():
            beside.unlink(missing_ok=True)
            return
        beside.write_text(f"{_stamp(path)} {int(checked)}", encoding="ascii")


def _stamp(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_size} {facts.st_ino} {facts.st_mtime_ns}"


def _as_wanted(path: Path, kind: Kind, key: DatabaseKey, busy_seconds: float) -> Kind:
    wanted = Kind.SEALED if key.seals else Kind.PLAIN
    if kind not in (Kind.ABSENT, wanted):
        convert(path, kind, key, busy_seconds)
    for backup in _backups(path):
        with contextlib.suppress(DamagedDatabase, Refused):  # an old copy that cannot be read stays as it is
            found = kind_of(backup, key)
            if found not in (Kind.ABSENT, wanted):
                convert(backup, found, key, busy_seconds)
    return wanted if kind is not Kind.ABSENT else Kind.ABSENT


def _backups(path: Path) -> list[Path]:
    return [*path.parent.glob(f"{path.name}.v*.bak"), *path.parent.glob(f"{path.name}.schema-*.backup")]


def _back_up(path: Path, kind: Kind, key: DatabaseKey, version: int) -> None:
    copy_database(path, kind, key, path.with_name(f"{path.name}.v{version}.bak"))


def copy_database(path: Path, kind: Kind, key: DatabaseKey, target: Path) -> None:
    """A whole copy of the same kind at `target`; a half-written one never has that name."""
    half = target.with_name(f"{target.name}.part")
    half.unlink(missing_ok=True)
    os.close(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    seals = DatabaseKey(key.raw, kind is Kind.SEALED)
    with (
        contextlib.closing(connect(path, kind, key, BUSY_TIMEOUT_MS / 1000)) as source,
        contextlib.closing(connect(half, Kind.ABSENT, seals, BUSY_TIMEOUT_MS / 1000)) as copy,
    ):
        source.backup(copy)
    half.replace(target)


# ---- opening ---------------------------------------------------------------------------


def _opened(
    path: Path,
    kind: Kind,
    key: DatabaseKey,
    migrations: Sequence[Migration],
    modes: tuple[str, str],
    busy_ms: int,
    checked: float,
) -> LocalDatabase:
    # Readable by this user alone, from before the first byte is in it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    connection = connect(path, kind, key, busy_ms / 1000)
    try:
        for pragma in (f"journal_mode = {modes[0]}", f"synchronous = {modes[1]}", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        is_sealed = kind is Kind.SEALED or (kind is Kind.ABSENT and key.seals)
        database = LocalDatabase(connection, path, Kind.SEALED if is_sealed else Kind.PLAIN, checked, busy_ms)
        _migrate(database, migrations)
    except BaseException:
        connection.close()
        raise
    return database


def _migrate(database: LocalDatabase, migrations: Sequence[Migration]) -> None:
    for migration in migrations:
        if version_of(database.conn) >= migration.version:
            continue
        with transaction(database):
            # Asked inside the transaction: another process may be migrating the same file.
            if version_of(database.conn) >= migration.version:
                continue
            for statement in migration.statements:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {migration.version}")
    if not database.execute("PRAGMA user_version").fetchone()[0]:  # a file of the older numbering
        database.execute(f"PRAGMA user_version = {migrations[-1].version}")
