"""The report store's file: opened carefully, written durably, one owner at a time.

Rollback journal and `synchronous=EXTRA`, which is FULL plus a sync of the folder after each
commit; with FULL alone a power cut just after a commit may bring the rollback journal back
and with it undo words that were shown as saved (SQLite, PRAGMA synchronous).
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from workstation.at_rest.vault import Vault
from workstation.database import DamagedDatabase, DatabaseKey, LocalDatabase, open_database
from workstation.database.faults import DatabaseErrors, IntegrityErrors, OperationalErrors, primary_code
from workstation.errors import Conflict, Refused, Unavailable, WorkstationError
from workstation.reporting.change_log import Statement
from workstation.reporting.copies import Copies
from workstation.reporting.reserve import Reserve
from workstation.reporting.schema import MIGRATIONS

Row = Mapping[str, Any]
Found = TypeVar("Found")

TELL_SECONDS = 2.0
"""So long a lock is waited for before the reader is told (F20)."""
SYNCHRONOUS = 3
"""EXTRA. Nothing less may be set: see above (F24)."""
_SYNC_FAILED = (
    # sqlite.org/rescode.html
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_WRITE,
)
_ACCESS_HINT = "Free disk space or close what holds the file, then try again. Your text stays on screen until it is saved"
_WAITING = (
    "Saving waits",
    "Another program holds the report store (a backup, a virus scanner)",
    "Close it. Your text stays on screen until it is saved",
)
_FAILED = (
    "Not saved: the disk has failed",
    "It took what was written and could not keep it. Nothing more is saved until the program starts again",
    "Copy your text to another place, then start again on a sound disk",
)
_OLDER = (
    "The report store is older than its log of changes",
    "An older file was put in its place, or the disk has lost what was saved",
    "Read the drafts again; the log is kept beside the store. Nothing was deleted",
)
_DAMAGED = (
    "The report store is damaged",
    "SQLite's check of the file failed",
    "Start again: it is made again from its copy. Without one nothing is changed; keep the file and call support",
)


class ReportDatabase:
    """Rows in and out under one lock. Raises `Unavailable` when the disk will not take or give them.

    Opening raises `Refused` for a file that a newer program wrote, of another key, or damaged without
    a copy; nothing is changed then. A damaged one with a copy is made again: `notice` says what is missing.
    `on_trouble` is called, from any thread, with what the reader must be told.
    """

    def __init__(self, path: Path, busy_seconds: float = 30.0, vault: Vault | None = None) -> None:
        self._lock = threading.RLock()
        self.notice = ""
        self.on_trouble: Callable[[WorkstationError], None] = self._keep_for_later
        self.early_troubles: list[WorkstationError] = []
        """What happened before anybody listened."""
        self._busy_seconds = busy_seconds
        self._changes: list[Statement] = []
        self._has_failed = False
        vault = vault or Vault.plain()
        with _converted("The report store cannot be opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._copies = Copies(path, vault, lambda: datetime.now(UTC).isoformat())
            key = DatabaseKey.of(vault, "reports")
            try:
                self._database = _open(path, key, busy_seconds)
            except DamagedDatabase as error:
                restored = self._copies.restore()
                if restored is None:
                    raise Refused(*_DAMAGED) from error
                self.notice = str(restored)
                self._database = _open(path, key, busy_seconds)
        try:
            self._reserve = Reserve(path, self._tell)
            self._with_copies(self._copies.begin)
        except BaseException:
            self._database.close()
            raise

    @property
    def _connection(self) -> Any:
        return self._database.conn

    @contextmanager
    def writing(self) -> Generator[None]:
        """One transaction: on disk when the block ends, not at all when it raises."""
        with self._lock, _converted("Not saved"):
            if self._has_failed:
                raise Unavailable(*_FAILED)
            self._reserve.look()
            self._patiently(lambda: self._connection.execute("BEGIN IMMEDIATE"))
            self._changes = []
            try:
                yield
                number = self._count()
                self._patiently(lambda: self._connection.execute("COMMIT"))
            except BaseException as error:
                self._undo(error)
                raise
            self._keep_changes(number)

    def rows(self, sql: str, *values: object) -> list[Row]:
        with self._lock, _converted("The report store cannot be read"):
            return self._patiently(lambda: list(self._database.query(sql, values)))

    def row(self, sql: str, *values: object) -> Row | None:
        return next(iter(self.rows(sql, *values)), None)

    def insert(self, table: str, **values: object) -> int:
        """The new row's id. Call inside `writing`."""
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
        return int(self._change(sql, tuple(values.values())).lastrowid or 0)

    def execute(self, sql: str, *values: object) -> int:
        """The number of rows changed. Call inside `writing`."""
        return int(self._change(sql, values).rowcount)

    def close(self) -> None:
        with self._lock:
            self._copies.close()
            self._database.close()

    # ---- within ---------------------------------------------------------------------------

    def _change(self, sql: str, values: tuple[object, ...]) -> Any:
        cursor = self._database.execute(sql, values)
        self._changes.append((sql, values))
        return cursor

    def _count(self) -> int:
        """The number of this transaction; 0 when it changes nothing."""
        if not self._changes:
            return 0
        self._change("UPDATE change_counter SET number = number + 1", ())
        return int(self._connection.execute("SELECT number FROM change_counter").fetchone()[0])

    def _undo(self, error: BaseException) -> None:
        if self._connection.in_transaction:
            with contextlib.suppress(*DatabaseErrors):
                self._connection.execute("ROLLBACK")
        if getattr(error, "sqlite_errorcode", 0) in _SYNC_FAILED:
            # What a failed sync leaves on disk nobody knows, and a second one may lie (F23).
            self._has_failed = True
            raise Unavailable(*_FAILED) from error
        if primary_code(error) == sqlite3.SQLITE_FULL:
            self._reserve.give_up()

    def _keep_changes(self, number: int) -> None:
        """In the log as well, before the caller hears that it is saved. The store has it already."""
        try:
            if number:
                self._copies.append(number, self._changes)
            if self._copies.is_due:
                self._with_copies(self._copies.take)
        except OSError as error:
            self._tell(
                Unavailable("The log of changes cannot be written", error.strerror or "", "Reports are saved. Check the disk")
            )

    def _with_copies(self, work: Callable[[Any], None]) -> None:
        """While nobody else writes. A copy that cannot be made is told, and hinders no writing."""
        try:
            self._patiently(lambda: self._connection.execute("BEGIN IMMEDIATE"))
            try:
                work(self._connection)
            finally:
                self._connection.execute("ROLLBACK")
        except (Unavailable, *DatabaseErrors) as error:
            self._tell(error if isinstance(error, WorkstationError) else Unavailable("The daily copy was not made", str(error)))

        if self._copies.has_unapplied:
            self._copies.has_unapplied = False
            self._tell(Unavailable(*_OLDER))

    def _patiently(self, work: Callable[[], Found]) -> Found:
        """Wait for a lock of another program, and say so when it lasts."""
        first = min(TELL_SECONDS, self._busy_seconds)
        try:
            return work()
        except OperationalErrors as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or first == self._busy_seconds:
                raise
        self._tell(Unavailable(*_WAITING))
        try:
            self._connection.execute(f"PRAGMA busy_timeout = {int(1000 * (self._busy_seconds - first))}")
            return work()
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {int(1000 * first)}")

    def _tell(self, trouble: WorkstationError) -> None:
        self.on_trouble(trouble)

    def _keep_for_later(self, trouble: WorkstationError) -> None:
        self.early_troubles.append(trouble)


def _open(path: Path, key: DatabaseKey, busy_seconds: float) -> LocalDatabase:
    database = open_database(path, MIGRATIONS, "DELETE", "EXTRA", key, int(1000 * busy_seconds))
    try:
        database.conn.execute("PRAGMA secure_delete = ON").fetchall()
        database.conn.execute(f"PRAGMA busy_timeout = {int(1000 * min(TELL_SECONDS, busy_seconds))}")
        if database.conn.execute("PRAGMA synchronous").fetchone()[0] != SYNCHRONOUS:
            raise Refused("The report store is not safe", "It does not wait for the disk", "Use another build of SQLite")
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def _converted(title: str) -> Iterator[None]:
    try:
        yield
    except DamagedDatabase as error:
        raise Refused(*_DAMAGED) from error
    except WorkstationError:
        raise
    except IntegrityErrors as error:
        raise Conflict(title, str(error), "Something else changed the report meanwhile: open it again") from error
    except OperationalErrors as error:
        raise Unavailable(title, str(error), _ACCESS_HINT) from error
    except DatabaseErrors as error:
        raise Refused(*_DAMAGED) from error
    except OSError as error:
        raise Unavailable(title, error.strerror or type(error).__name__, _ACCESS_HINT) from error
