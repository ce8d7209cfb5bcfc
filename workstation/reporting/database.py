"""The report store's file: opened carefully, written durably, one owner at a time.

Rollback journal and `synchronous=EXTRA`, which is FULL plus a sync of the folder after each
commit; with FULL alone a power cut just after a commit may bring the rollback journal back
and with it undo words that were shown as saved (SQLite, PRAGMA synchronous).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from workstation.errors import Conflict, Refused, Unavailable, WorkstationError
from workstation.reporting.schema import MIGRATIONS

Row = Mapping[str, Any]
_ACCESS_HINT = "Free disk space or close what holds the file, then try again. Your text stays on screen until it is saved"


class ReportDatabase:
    """Rows in and out under one lock. Raises `Unavailable` when the disk will not take or give them.

    Opening raises `Refused` for a damaged file or one that a newer program wrote; neither is changed.
    """

    def __init__(self, path: Path, busy_seconds: float = 30.0) -> None:
        self._lock = threading.RLock()
        with _converted("The report store cannot be opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Readable by this user alone, from before the first byte is in it.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
        try:
            self._open(path)
        except BaseException:
            self._connection.close()
            raise

    def _open(self, path: Path) -> None:
        with _converted("The report store cannot be opened"):
            self._database = Database(self._connection)
            found = self._number("PRAGMA user_version")
            if found > len(MIGRATIONS):
                raise Refused(
                    "The report store was written by a newer version of this program",
                    f"It has schema {found}, this program knows up to {len(MIGRATIONS)}",
                    "Start the newer version. Nothing was changed",
                )
            self._check()
            for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "foreign_keys=ON", "secure_delete=ON"):
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
            if 0 < found < len(MIGRATIONS):
                self._back_up(path.with_name(f"{path.name}.schema-{found}.backup"))
            for number, statements in enumerate(MIGRATIONS[found:], start=found + 1):
                self._migrate(number, statements)

    def _check(self) -> None:
        problems = [str(row[0]) for row in self._connection.execute("PRAGMA quick_check(5)")]
        if problems != ["ok"]:
            raise Refused(*_DAMAGED)

    def _back_up(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)

    def _migrate(self, number: int, statements: Sequence[str]) -> None:
        with self.writing():
            # A second process may have come first while this one waited for the lock.
            if self._number("PRAGMA user_version") >= number:
                return
            for statement in statements:
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version={number}")

    def _number(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchone()[0])

    @contextmanager
    def writing(self) -> Generator[None]:
        """One transaction: on disk when the block ends, not at all when it raises."""
        with self._lock, _converted("Not saved"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, *values: object) -> list[Row]:
        with self._lock, _converted("The report store cannot be read"):
            return list(self._database.query(sql, values))

    def row(self, sql: str, *values: object) -> Row | None:
        return next(iter(self.rows(sql, *values)), None)

    def insert(self, table: str, **values: object) -> int:
        """The new row's id. Call inside `writing`."""
        rowid = self._database.table(table).insert(values).last_rowid
        return int(rowid or 0)

    def execute(self, sql: str, *values: object) -> int:
        """The number of rows changed. Call inside `writing`."""
        return self._connection.execute(sql, values).rowcount

    def close(self) -> None:
        with self._lock:
            self._database.close()


_DAMAGED = (
    "The report store is damaged",
    "SQLite's check of the file failed",
    "Nothing was changed. Keep the file and call support: most of it can be read out",
)


@contextmanager
def _converted(title: str) -> Iterator[None]:
    try:
        yield
    except WorkstationError:
        raise
    except sqlite3.IntegrityError as error:
        raise Conflict(title, str(error), "Something else changed the report meanwhile: open it again") from error
    except sqlite3.OperationalError as error:
        raise Unavailable(title, str(error), _ACCESS_HINT) from error
    except sqlite3.DatabaseError as error:
        raise Refused(*_DAMAGED) from error
    except OSError as error:
        raise Unavailable(title, error.strerror or type(error).__name__, _ACCESS_HINT) from error
