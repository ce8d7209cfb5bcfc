"""Copies of the report store beside it, and making the store again from them (reliability F19).

`<store>.copy-<n>` is the whole store after transaction n, made when the program starts and once a day,
the last three are kept. Making it reads every page, so that damage is found within a day.
A copy and the changes since (`change_log`) are the store again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from workstation.at_rest.vault import Purpose, Vault
from workstation.database import DamagedDatabase, DatabaseKey, put_aside, sqlite_errors
from workstation.database.encryption import Kind, connect, kind_of
from workstation.database.opening import check, version_of
from workstation.durable import sync_folder
from workstation.errors import Refused, Unavailable
from workstation.reporting.change_log import (
    CHANGES,
    ChangeLog,
    Changes,
    files_of,
    is_sealed_log,
    last_number,
    read_changes,
)

COPY = "copy"
UNAPPLIED = "unapplied"
KEPT = 3
COPY_SECONDS = 24 * 3600.0
BUSY_SECONDS = 30.0
COUNTER = "SELECT number FROM change_counter"


@dataclass(frozen=True, slots=True)
class Restored:
    """How the store was made again. `missing` transactions could not be; -1: it is not known how many, if any."""

    copied_at: datetime
    replayed: int
    missing: int
    last_change: str

    def __str__(self) -> str:
        source = f"its copy of {self.copied_at.astimezone():%Y-%m-%d %H:%M} and {self.replayed} changes made since"
        start = f"The report store was damaged. It was made again from {source}; the damaged file is kept"
        if not self.missing:
            return f"{start}. Nothing is missing"
        until = f" after {datetime.fromisoformat(self.last_change).astimezone():%Y-%m-%d %H:%M}" if self.last_change else ""
        number = f"{self.missing} changes" if self.missing > 0 else "Changes"
        may = "are" if self.missing > 0 else "may be"
        return f"{start}. {number}{until} {may} missing: read the drafts again. The RIS is asked what it holds of signed reports"


class Copies:
    """The copies of one store, and the log of what came since."""

    def __init__(self, store: Path, vault: Vault, clock: Callable[[], str]) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._key = DatabaseKey.of(vault, "reports")
        self._kind = Kind.SEALED if vault.is_sealing else Kind.PLAIN
        self._log: ChangeLog | None = None
        self._taken = 0.0
        self.has_unapplied = False
        """The log held changes that the store does not have; it was kept under another name."""

    # ---- making ---------------------------------------------------------------------------

    def begin(self, connection: Any) -> None:
        """Go on with the log, or take a new copy: when none is of today, the log does not fit, or the tables have changed since.

        Call inside a transaction. Raises Unavailable when the disk does not take it.
        """
        counter = int(connection.execute(COUNTER).fetchone()[0])
        copies = [(number, path) for number, path in files_of(self._store, COPY) if self._fits(path)]
        logs = files_of(self._store, CHANGES)
        self._taken = copies[-1][1].stat().st_mtime if copies else 0.0
        has_log = bool(logs) and last_number(logs[-1][1], logs[-1][0], self._log_key()) == counter
        # What is written from now on could not be made again in tables of before a migration.
        if self.is_due or not has_log or self._version_of(copies[-1][1]) != version_of(connection):
            self.take(connection)
        else:
            self._log = ChangeLog(logs[-1][1], self._log_key(), self._clock)

    @property
    def is_due(self) -> bool:
        return not 0 <= time.time() - self._taken < COPY_SECONDS

    def take(self, connection: Any) -> None:
        """A new copy, and a new log after it. Call inside a transaction, so that nobody writes meanwhile."""
        self._taken = time.time()  # also when it fails: it is not tried at each word
        counter = int(connection.execute(COUNTER).fetchone()[0])
        target = self._named(COPY, counter)
        half = target.with_name(f"{target.name}.part")
        try:
            self._copy(half)
            self._begin_log(counter)
            half.replace(target)
            sync_folder(target.parent)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise Unavailable("The copy of the report store was not made", error.strerror or "", "Check the disk") from error
        except BaseException:
            half.unlink(missing_ok=True)
            raise
        self._drop_old()

    def append(self, number: int, statements: list[tuple[str, Any]]) -> None:
        """Raises OSError; what was committed is then in the store, and the next copy will have it."""
        if self._log is not None:
            self._log.append(number, statements)

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def _copy(self, half: Path) -> None:
        """Through a connection of its own: SQLite copies nothing from one that is in a writing transaction."""
        half.unlink(missing_ok=True)
        os.close(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            contextlib.closing(connect(self._store, self._kind, self._key, BUSY_SECONDS, read_only=True)) as source,
            contextlib.closing(connect(half, Kind.ABSENT, self._key, BUSY_SECONDS)) as copy,
        ):
            source.backup(copy)
            check(copy)
        with half.open("rb") as file:
            os.fsync(file.fileno())

    def _version_of(self, copy: Path) -> int:
        with contextlib.closing(connect(copy, self._kind, self._key, BUSY_SECONDS, read_only=True)) as connection:
            return version_of(connection)

    def _begin_log(self, counter: int) -> None:
        path = self._named(CHANGES, counter)
        if path.exists() and self._fits(path) and last_number(path, counter, self._log_key()) > counter:
            # The store has lost what the log has: somebody put an older file in its place, or the disk lied.
            path.replace(self._named(UNAPPLIED, counter))
            self.has_unapplied = True
        path.unlink(missing_ok=True)
        self.close()
        self._log = ChangeLog(path, self._log_key(), self._clock)

    def _drop_old(self) -> None:
        """All but the last copies and the logs that belong to them, and whatever is of the other kind."""
        good = [(number, path) for number, path in files_of(self._store, COPY) if self._fits(path)]
        oldest = good[-KEPT:][0][0]
        for number, path in (*files_of(self._store, COPY), *files_of(self._store, CHANGES)):
            if number < oldest or not self._fits(path):
                path.unlink(missing_ok=True)

    def _fits(self, path: Path) -> bool:
        try:
            if f".{CHANGES}-" in path.name:
                return is_sealed_log(path) == self._vault.is_sealing
            return kind_of(path, self._key) is self._kind
        except (OSError, DamagedDatabase, Refused):
            return False

    def _named(self, kind: str, number: int) -> Path:
        return self._store.with_name(f"{self._store.name}.{kind}-{number:09}")

    def _log_key(self) -> Any:
        return partial(self._vault.file_key, Purpose.LOG)

    # ---- making the store again -----------------------------------------------------------

    def restore(self) -> Restored | None:
        """Put the damaged store aside and the newest good copy, with the changes since, in its place. None without one."""
        changes = read_changes(self._store, partial(self._vault.held_file_key, Purpose.LOG))
        known = self._number_in_damaged()
        for number, copy in reversed(files_of(self._store, COPY)):
            half = self._store.with_name(f"{self._store.name}.restoring")
            try:
                shutil.copyfile(copy, half)
                last, failed = self._replay(half, number, changes, known)
            except (DamagedDatabase, Refused):
                half.unlink(missing_ok=True)
                continue
            put_aside(self._store)
            half.replace(self._store)
            sync_folder(self._store.parent)
            copied_at = datetime.fromtimestamp(copy.stat().st_mtime, UTC)
            return Restored(copied_at, last - number, failed, changes.times.get(last, ""))
        return None

    def _replay(self, half: Path, number: int, changes: Changes, known: int) -> tuple[int, int]:
        """The number of the last change made again, and how many are missing (-1: not known)."""
        half.chmod(0o600)
        with sqlite_errors(), contextlib.closing(connect(half, kind_of(half, self._key), self._key, BUSY_SECONDS)) as copy:
            check(copy)
            copy.execute("PRAGMA synchronous = EXTRA")
            copy.execute("BEGIN IMMEDIATE")
            last = int(copy.execute(COUNTER).fetchone()[0])
            while last + 1 in changes.by_number:
                last += 1
                for sql, values in changes.by_number[last]:
                    copy.execute(sql, values)
            newest = max((known, *changes.by_number))
            missing = newest - last if newest > last else 0 if known == last or (changes.is_whole and number <= last) else -1
            if missing:
                _doubt_what_is_queued(copy)
            copy.execute("COMMIT")
        return last, missing

    def _number_in_damaged(self) -> int:
        """How many changes the damaged file says it has had; -1 when it cannot say."""
        try:
            with contextlib.closing(connect(self._store, kind_of(self._store, self._key), self._key, 1.0, read_only=True)) as old:
                return int(old.execute(COUNTER).fetchone()[0])
        except Exception:  # whatever the bytes make of it
            return -1


def _doubt_what_is_queued(copy: Any) -> None:
    """What waits may have been sent meanwhile: unknown, so that the RIS is asked before anything is sent (F03)."""
    at = datetime.now(UTC).isoformat()
    copy.execute(
        "INSERT INTO delivery_event (delivery_id, event, before, after, detail, at)"
        " SELECT id, 'restored', state, 'sending', 'made again from a copy', ? FROM outbox WHERE state = 'queued'",
        (at,),
    )
    copy.execute("UPDATE outbox SET state = 'sending' WHERE state = 'queued'")
