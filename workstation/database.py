"""Opening our SQLite files: own migrations, a backup before each, newer versions left alone.

STRICT tables, one connection for each owner, guarded by the owner's lock. A migration and the
row that records it are one transaction, so a kill leaves the old schema or the new one.
Foreign errors of `sqlite3` become `WorkstationError` here.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from workstation.errors import Refused, Unavailable, WorkstationError

# A virus scanner or a backup may hold the file for half a minute (fault list F20).
BUSY_TIMEOUT_MS = 35_000

# File systems on which SQLite's locks are not to be trusted (sqlite.org/lockingv3, section 6).
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "davfs", "fuse.sshfs", "fuse.rclone", "fuse.davfs2"}
)
# Folders that a synchroniser copies while they are being written.
SYNCHRONISED_FOLDERS = frozenset(
    {"onedrive", "dropbox", "google drive", "googledrive", "nextcloud", "icloud drive", "mobile documents"}
)
MOUNTS = Path("/proc/self/mounts")


class DamagedDatabase(WorkstationError):
    """The file is not a sound SQLite database."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema: `version` counts from 1 without gaps, `statements` run in order."""

    version: int
    statements: tuple[str, ...]


def open_database(path: Path, migrations: Sequence[Migration], journal_mode: str, synchronous: str = "FULL") -> Database:
    """The database at `path`, at the newest version of `migrations`, created when absent.

    Raises `DamagedDatabase` for a file that fails `quick_check`, `Refused` for one written by a
    newer version (nothing is changed in it) or lying where SQLite cannot keep it safe.
    """
    reason = unsafe_place(path.parent)
    if reason:
        raise Refused("This folder cannot hold a database", reason, "Choose a folder on a disk of this machine")
    with sqlite_errors():
        version = _version_of(path)
        if version > migrations[-1].version:
            raise Refused(
                "The database was written by a newer version of this program",
                f"It has version {version}, this program knows {migrations[-1].version}; nothing was changed",
                "Start the newer version",
            )
        if 0 < version < migrations[-1].version:
            _back_up(path, version)
        return _opened(path, migrations, journal_mode, synchronous)


@contextlib.contextmanager
def sqlite_errors() -> Iterator[None]:
    """Converts what `sqlite3` raises; texts carry SQLite's own words, never a row's content."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise Unavailable("The disk is full", "The database could not be written", "Free space on the disk") from error
        raise Unavailable("The database cannot be used now", str(error), "Try again") from error
    except sqlite3.IntegrityError as error:
        raise WorkstationError("The database refused a row", str(error)) from error
    except sqlite3.DatabaseError as error:
        raise DamagedDatabase("The database is damaged", str(error)) from error


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
    for ending in ("-wal", "-shm", "-journal", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))


def unsafe_place(folder: Path) -> str:
    """Why a database must not lie in `folder`; empty when it may."""
    resolved = folder.resolve()
    if any(part.casefold() in SYNCHRONISED_FOLDERS for part in resolved.parts):
        return "A synchronised folder is copied while the database is written"
    if _file_system_of(resolved) in NETWORK_FILE_SYSTEMS:
        return "On a network file system locks are not reliable"
    return ""


def _file_system_of(folder: Path) -> str:
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    mounts = [(Path(fields[1].replace("\\040", " ")), fields[2]) for fields in map(str.split, lines) if len(fields) > 2]
    holding = [(len(place.parts), kind) for place, kind in mounts if folder.is_relative_to(place)]
    return max(holding, default=(0, ""))[1]


def _version_of(path: Path) -> int:
    """0 for a file that is not there or empty. Raises for a damaged one; writes nothing."""
    if not path.exists() or path.stat().st_size == 0:
        return 0
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_MS / 1000)
    with contextlib.closing(connection):
        answers = [row[0] for row in connection.execute("PRAGMA quick_check")]
        if answers != ["ok"]:
            raise DamagedDatabase("The database is damaged", answers[0])
        known = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'schema_version'").fetchone()[0]
        return int(connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()[0]) if known else 0


def _back_up(path: Path, version: int) -> None:
    """A whole copy `<name>.v<version>.bak` beside the file; a half-written copy never has that name."""
    half = path.with_name(f"{path.name}.v{version}.part")
    half.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(half)) as copy:
        source.backup(copy)
    half.replace(path.with_name(f"{path.name}.v{version}.bak"))


def _opened(path: Path, migrations: Sequence[Migration], journal_mode: str, synchronous: str) -> Database:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        connection.execute(f"PRAGMA journal_mode = {journal_mode}")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        database = Database(connection, strict=True)
        _migrate(database, migrations)
    except BaseException:
        connection.close()
        raise
    path.chmod(0o600)
    return database


def _migrate(database: Database, migrations: Sequence[Migration]) -> None:
    database.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT")
    for migration in migrations:
        with transaction(database):
            # Asked inside the transaction: another process may be migrating the same file.
            if database.execute("SELECT 1 FROM schema_version WHERE version = ?", [migration.version]).fetchone():
                continue
            for statement in migration.statements:
                database.execute(statement)
            database.execute(
                "INSERT INTO schema_version (version, applied) VALUES (?, ?)",
                [migration.version, datetime.now(UTC).isoformat(timespec="seconds")],
            )
