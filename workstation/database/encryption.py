"""Plain files by SQLite, encrypted ones by SQLCipher: telling them apart, opening and changing them over.

SQLCipher (zetetic.net/sqlcipher/design) encrypts each page (AES-256-CBC, HMAC-SHA512) and puts a
salt of 16 bytes at the head of the file. Our keys are raw: 256 random bits, so no slow derivation,
and the salt needs not be random. It is our mark and a fingerprint of the key: a file of another
key is known as such, and never taken for a damaged one that may be put aside.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from workstation.at_rest.vault import Vault
from workstation.database.faults import DamagedDatabase
from workstation.durable import sync_folder
from workstation.errors import Refused

PLAIN_HEAD = b"SQLite format 3\x00"
MARK = b"LYSKSQL1"
HEAD_BYTES = 16
CONVERTING = ".converting"

LOCKED_UP = (
    "The database is encrypted",
    "There is no key for it here",
    "Unlock the keyring or give the passphrase, then start again. Nothing was changed",
)
FOREIGN_KEY = (
    "The database was encrypted with another key",
    "The key at hand does not open it",
    "Bring back the key that it was made with. Nothing was changed or put aside",
)
NOT_ALIKE = "The copy is not equal to the database"


@dataclass(frozen=True, slots=True)
class DatabaseKey:
    """`raw` (64 hex digits, "" for none) opens what is encrypted; with `seals` what is written is encrypted too."""

    raw: str = field(default="", repr=False)
    seals: bool = False

    @classmethod
    def of(cls, vault: Vault, name: str) -> DatabaseKey:
        """The key of the database called `name`."""
        return cls(vault.held_database_key(name), vault.is_sealing)

    @property
    def head(self) -> bytes:
        """The first bytes of a file of this key."""
        return MARK + hashlib.sha256(b"lyskasse database " + bytes.fromhex(self.raw)).digest()[: HEAD_BYTES - len(MARK)]

    @property
    def pragma(self) -> str:
        """What SQLCipher is given: the raw key and the salt."""
        return f"x'{self.raw}{self.head.hex()}'"


NO_KEY = DatabaseKey()


class Kind(Enum):
    """What a file is by its first bytes."""

    ABSENT = "absent"
    PLAIN = "plain"
    SEALED = "sealed"


def kind_of(path: Path, key: DatabaseKey) -> Kind:
    """Raises Refused for a file that is encrypted and not with `key`, DamagedDatabase for what is no database."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        return Kind.ABSENT
    if not head:
        return Kind.ABSENT
    if head == PLAIN_HEAD:
        return Kind.PLAIN
    if not head.startswith(MARK):
        raise DamagedDatabase("The database is damaged", "It does not begin as a database does")
    if not key.raw:
        raise Refused(*LOCKED_UP)
    if head != key.head:
        raise Refused(*FOREIGN_KEY)
    return Kind.SEALED


def connect(path: Path, kind: Kind, key: DatabaseKey, busy_seconds: float, read_only: bool = False) -> Any:
    """A connection in autocommit mode, for any thread. `kind` ABSENT makes what `key` says.

    One library for each file: locks do not hold between two in one process.
    """
    target = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    options: dict[str, Any] = {"uri": True, "timeout": busy_seconds, "isolation_level": None, "check_same_thread": False}
    sealed = kind is Kind.SEALED or (kind is Kind.ABSENT and key.seals)
    connection: Any = sqlcipher.connect(target, **options) if sealed else sqlite3.connect(target, **options)
    try:
        if sealed:
            _unlock(connection, key)
        connection.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection


def _unlock(connection: Any, key: DatabaseKey) -> None:
    # SQLCipher would write to standard error what we say in words.
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f'PRAGMA key = "{key.pragma}"')


def convert(path: Path, kind: Kind, key: DatabaseKey, busy_seconds: float) -> None:
    """Make of the `kind` of file at `path` the other kind, encrypted or plain.

    The copy is made beside it while nobody else may write, checked, brought to disk and put in its
    place by one rename: at any moment the whole old file or the whole new one is there.
    Raises what SQLite raises when the file is in use or the disk full; the old file then stays.
    """
    half = path.with_name(path.name + CONVERTING)
    half.unlink(missing_ok=True)
    source: Any = sqlcipher.connect(str(path), timeout=busy_seconds, isolation_level=None)
    try:
        source.execute("PRAGMA cipher_log_level = NONE")
        if kind is Kind.SEALED:
            source.execute(f'PRAGMA key = "{key.pragma}"')
        source.execute("PRAGMA temp_store = MEMORY")
        # Takes the log in, and proves that nobody else has a file of this mode open.
        source.execute("PRAGMA journal_mode = DELETE").fetchall()
        source.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        source.execute("BEGIN EXCLUSIVE")
        source.execute("COMMIT")
        os.close(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        _export(source, half, "" if kind is Kind.SEALED else key.pragma)
        with half.open("rb") as file:
            os.fsync(file.fileno())
        half.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)
        raise
    finally:
        source.close()


def _export(source: Any, half: Path, key: str) -> None:
    version = source.execute("PRAGMA main.user_version").fetchone()[0]
    source.execute("ATTACH DATABASE ? AS copy KEY ?", (str(half), key))
    source.execute("PRAGMA copy.synchronous = FULL")
    source.execute("SELECT sqlcipher_export('copy')").fetchall()
    source.execute(f"PRAGMA copy.user_version = {int(version)}")
    answers = [row[0] for row in source.execute("PRAGMA copy.integrity_check")]
    if answers != ["ok"] or _shape(source, "main") != _shape(source, "copy"):
        raise DamagedDatabase(NOT_ALIKE, hint="Nothing was changed")
    source.execute("DETACH DATABASE copy")


def _shape(connection: Any, schema: str) -> list[tuple[Any, ...]]:
    """Every table, index and trigger, and how many rows each table has."""
    items = connection.execute(f"SELECT type, name, sql FROM {schema}.sqlite_master ORDER BY type, name").fetchall()
    counts = [
        (name, connection.execute(f'SELECT count(*) FROM {schema}."{name}"').fetchone()[0])
        for kind, name, _ in items
        if kind == "table"
    ]
    return [*items, *counts]
