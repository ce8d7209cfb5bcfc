"""Whether a database file is sound, without opening it for use: nothing is converted, migrated or put aside."""

from __future__ import annotations

import contextlib
from pathlib import Path

from workstation.database.encryption import DatabaseKey, connect, kind_of
from workstation.database.faults import sqlite_errors
from workstation.database.opening import check
from workstation.errors import WorkstationError

PATIENCE_SECONDS = 5.0


def flaw_of(path: Path, key: DatabaseKey) -> str:
    """Why the file cannot be trusted, every page read; empty when it can."""
    try:
        with (
            sqlite_errors(),
            contextlib.closing(connect(path, kind_of(path, key), key, PATIENCE_SECONDS, read_only=True)) as open_file,
        ):
            check(open_file)
    except WorkstationError as error:
        return str(error)
    return ""
