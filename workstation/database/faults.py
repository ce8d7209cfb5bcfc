"""What SQLite and SQLCipher raise, in our words. Each library has exception classes of its own."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator

from sqlcipher3 import dbapi2 as sqlcipher

from workstation.errors import DiskFull, Unavailable, WorkstationError

DatabaseErrors = (sqlite3.DatabaseError, sqlcipher.DatabaseError)
IntegrityErrors = (sqlite3.IntegrityError, sqlcipher.IntegrityError)
OperationalErrors = (sqlite3.OperationalError, sqlcipher.OperationalError)

_PRIMARY = 0xFF


damage_seen = threading.Event()
"""Once set, no file is remembered as sound: the next start checks."""


class DamagedDatabase(WorkstationError):
    """The file is not a sound SQLite database."""

    def __init__(self, *words: str, **more: str) -> None:
        super().__init__(*words, **more)
        damage_seen.set()


def primary_code(error: BaseException) -> int:
    """SQLite's primary result code (`sqlite3.SQLITE_FULL`, …); 0 when there is none."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & _PRIMARY


@contextlib.contextmanager
def sqlite_errors() -> Iterator[None]:
    """Converts what either library raises; texts carry SQLite's own words, never a row's content."""
    try:
        yield
    except OperationalErrors as error:
        if primary_code(error) == sqlite3.SQLITE_FULL:
            raise DiskFull("The disk is full", "The database could not be written", "Free space on the disk") from error
        raise Unavailable("The database cannot be used now", str(error), "Try again") from error
    except IntegrityErrors as error:
        raise WorkstationError("The database refused a row", str(error)) from error
    except DatabaseErrors as error:
        raise DamagedDatabase("The database is damaged", str(error)) from error
