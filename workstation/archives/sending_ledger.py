"""SendingLedger: the queue of objects to archives, on disk before anything is sent.

Own SQLite file; every method is on disk when it returns. A state moves only along the table of
`workstation.domain.sending`, and every move is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workstation.archives.schema import SENDING_MIGRATIONS
from workstation.database import NO_KEY, DatabaseKey, open_database, sqlite_errors, transaction
from workstation.domain.archive import FoundInstance
from workstation.domain.sending import FINISHED_SENDINGS, SENDING_TRANSITIONS, Sending, SendingEvent, SendingState
from workstation.errors import Refused

FIELDS = (
    "sending_id, archive, study_instance_uid, series_instance_uid, sop_instance_uid, sop_class_uid, sha256, path, "
    "state, tries, reason, created"
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A Part 10 object to send: at `path`, or in `content`. `sha256` is of the bytes as they leave."""

    study_instance_uid: str
    instance: FoundInstance
    sha256: str
    path: str = ""
    content: bytes = b""


class SendingLedger:
    """Thread-safe. Opening raises `WorkstationError` for a file that cannot be used: what waits in it is not lost."""

    def __init__(self, path: Path, key: DatabaseKey = NO_KEY) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = open_database(path, SENDING_MIGRATIONS, journal_mode="DELETE", synchronous="EXTRA", key=key)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def enqueue(self, archive: str, objects: Iterable[Outgoing]) -> tuple[Sending, ...]:
        """All or none. The same bytes for the same archive are one row, however often they are given.

        Raises Refused for other bytes under a UID that is queued already: the archive could only
        be asked for one of them (PS3.3 C.12.1.1.1: a SOP Instance UID is of one object).
        """
        now = _now()
        ids: list[int] = []
        with self._lock, transaction(self._db):
            for out in objects:
                row = out.instance
                self._refuse_second(archive, row.sop_instance_uid, out.sha256)
                key = [archive, out.study_instance_uid, row.series_instance_uid, row.sop_instance_uid, row.sop_class_uid]
                self._db.execute(
                    "INSERT OR IGNORE INTO sending (archive, study_instance_uid, series_instance_uid, sop_instance_uid, "
                    "sop_class_uid, sha256, path, content, state, tries, reason, created, changed) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?, ?)",
                    [*key, out.sha256, out.path, out.content, SendingState.QUEUED, now, now],
                )
                found = self._db.execute(
                    "SELECT sending_id FROM sending WHERE archive = ? AND sop_instance_uid = ? AND sha256 = ?",
                    [archive, row.sop_instance_uid, out.sha256],
                ).fetchone()
                ids.append(int(found[0]))
        return self.rows(dict.fromkeys(ids))

    def move(self, sending_id: int, event: SendingEvent, reason: str = "") -> Sending:
        """One step along the table. Raises Refused for one that is not in it; nothing is changed then."""
        with self._lock, transaction(self._db):
            row = self._row(sending_id)
            state = SENDING_TRANSITIONS.get((row.state, event))
            if state is None:
                raise Refused("The object cannot go this way", f"{row.state.value}: {event.value}")
            tries = row.tries + (event is SendingEvent.SEND)
            self._db.execute(
                "UPDATE sending SET state = ?, tries = ?, reason = ?, changed = ? WHERE sending_id = ?",
                [state, tries, reason, _now(), sending_id],
            )
            self._note(sending_id, event, state, reason)
            if state in FINISHED_SENDINGS:
                # The archive holds it: our second copy has done its work.
                self._db.execute("UPDATE sending SET content = x'' WHERE sending_id = ?", [sending_id])
            return self._row(sending_id)

    def note(self, sending_id: int, reason: str) -> Sending:
        """Why it does not move; the state stays."""
        with self._lock, transaction(self._db):
            self._db.execute("UPDATE sending SET reason = ?, changed = ? WHERE sending_id = ?", [reason, _now(), sending_id])
            return self._row(sending_id)

    def rows(self, sending_ids: Iterable[int] | None = None) -> tuple[Sending, ...]:
        """All in the order they came, or those asked for."""
        with self._lock, sqlite_errors():
            found = {
                row["sending_id"]: _sending(row) for row in self._db.query(f"SELECT {FIELDS} FROM sending ORDER BY sending_id")
            }
        return tuple(found.values() if sending_ids is None else (found[i] for i in sending_ids if i in found))

    def open_rows(self) -> tuple[Sending, ...]:
        """Those that are not proven, in the order they came."""
        sql = f"SELECT {FIELDS} FROM sending WHERE state <> ? ORDER BY sending_id"
        with self._lock, sqlite_errors():
            return tuple(_sending(row) for row in self._db.query(sql, [SendingState.PROVEN]))

    def place_of(self, sending_id: int) -> tuple[str, bytes]:
        """(path, content): one of them is empty."""
        with self._lock, sqlite_errors():
            row = self._db.execute("SELECT path, content FROM sending WHERE sending_id = ?", [sending_id]).fetchone()
        return str(row[0]), bytes(row[1])

    def steps(self, sending_id: int) -> tuple[tuple[str, str, str], ...]:
        """(event, state after it, reason), oldest first."""
        with self._lock, sqlite_errors():
            rows = list(
                self._db.query(
                    "SELECT event, state, reason FROM sending_step WHERE sending_id = ? ORDER BY step_id", [sending_id]
                )
            )
        return tuple((row["event"], row["state"], row["reason"]) for row in rows)

    def drop(self, sending_ids: Sequence[int]) -> None:
        """Take rows off the list; only those that are finished, rejected or held."""
        with self._lock, transaction(self._db):
            for sending_id in sending_ids:
                if self._row(sending_id).state in (SendingState.PROVEN, SendingState.REJECTED, SendingState.HELD):
                    self._db.execute("DELETE FROM sending_step WHERE sending_id = ?", [sending_id])
                    self._db.execute("DELETE FROM sending WHERE sending_id = ?", [sending_id])

    def _refuse_second(self, archive: str, sop_instance_uid: str, sha256: str) -> None:
        other = "SELECT 1 FROM sending WHERE archive = ? AND sop_instance_uid = ? AND sha256 <> ?"
        if self._db.execute(other, [archive, sop_instance_uid, sha256]).fetchone():
            raise Refused(
                "Nothing was queued", "Another object with the same SOP Instance UID was queued before", "Make a new one"
            )

    def _row(self, sending_id: int) -> Sending:
        rows: Iterable[Mapping[str, Any]] = self._db.query(f"SELECT {FIELDS} FROM sending WHERE sending_id = ?", [sending_id])
        return _sending(next(iter(rows)))

    def _note(self, sending_id: int, event: SendingEvent, state: SendingState, reason: str) -> None:
        self._db.execute(
            "INSERT INTO sending_step (sending_id, moment, event, state, reason) VALUES (?, ?, ?, ?, ?)",
            [sending_id, _now(), event, state, reason],
        )


def _sending(row: Mapping[str, Any]) -> Sending:
    return Sending(
        sending_id=row["sending_id"],
        archive=row["archive"],
        study_instance_uid=row["study_instance_uid"],
        instance=FoundInstance(row["series_instance_uid"], row["sop_instance_uid"], row["sop_class_uid"]),
        sha256=row["sha256"],
        state=SendingState(row["state"]),
        created=datetime.fromisoformat(row["created"]),
        tries=row["tries"],
        reason=row["reason"],
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
