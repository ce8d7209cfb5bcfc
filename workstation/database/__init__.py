"""Our SQLite files, all opened in one place: plain, or encrypted by SQLCipher."""

from workstation.database.encryption import NO_KEY, DatabaseKey
from workstation.database.faults import DamagedDatabase, sqlite_errors
from workstation.database.opening import (
    BUSY_TIMEOUT_MS,
    LocalDatabase,
    Migration,
    open_database,
    put_aside,
    transaction,
    unsafe_place,
)

__all__ = [
    "BUSY_TIMEOUT_MS",
    "NO_KEY",
    "DamagedDatabase",
    "DatabaseKey",
    "LocalDatabase",
    "Migration",
    "open_database",
    "put_aside",
    "sqlite_errors",
    "transaction",
    "unsafe_place",
]
