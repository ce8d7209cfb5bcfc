"""Keeping a write-ahead log short although somebody reads without end (reliability F21).

SQLite starts its log over only when nobody reads from it any more. A backup program or a database
browser that stays in one transaction would let it grow with every write.
"""

from __future__ import annotations

from pathlib import Path

from workstation.database.faults import sqlite_errors
from workstation.database.opening import LocalDatabase
from workstation.errors import Unavailable

CHECKPOINT_BYTES = 16 << 20
LOG_BYTES = 48 << 20
"""What is written at once is far less than the 16 MiB that lie between this and 64 MiB."""
HELD_OPEN = (
    "The study index cannot be written",
    "Another program has been reading it without an end, and its log has grown to its limit",
    "Close the program that holds it open (a backup, a database browser), then try again",
)


def keep_log_short(database: LocalDatabase) -> None:
    """Call before a transaction, holding the owner's lock. Raises Unavailable when the log stays at its limit."""
    log = database.path.with_name(f"{database.path.name}-wal")
    if _size(log) < CHECKPOINT_BYTES:
        return
    with sqlite_errors():
        database.conn.execute("PRAGMA busy_timeout = 0")  # a reader that never ends is not waited for
        try:
            database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            database.conn.execute(f"PRAGMA busy_timeout = {database.busy_ms}")
    if _size(log) >= LOG_BYTES:
        raise Unavailable(*HELD_OPEN)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
