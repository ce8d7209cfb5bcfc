"""RetrieveLedger: what archives said they hold of a study, on disk, to be compared with the cache.

Own SQLite file. What is here came from archives and can be asked for again; what has been
received is not here at all: the index of the cache says that, never the archive.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from workstation.archives.schema import RETRIEVE_MIGRATIONS
from workstation.database import NO_KEY, DamagedDatabase, DatabaseKey, open_database, put_aside, sqlite_errors, transaction
from workstation.domain.archive import FoundInstance, FoundStudy
from workstation.domain.patient import PatientKey

PUT_ASIDE = "The list of what was fetched was damaged and put aside; archives are asked again"


class RetrieveState(StrEnum):
    """FETCHING after a restart means unknown: the cache is compared again. PARTIAL waits to be resumed."""

    ASKED = "asked"
    FETCHING = "fetching"
    PARTIAL = "partial"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class Retrieval:
    """One study from one archive. `patient` as the archive answered it, `assumed_issuer` the archive's own.

    `listed` is when the IMAGE-level list was last taken (UTC, None: never), `bytes` came over the link.
    """

    study_instance_uid: str
    archive: str
    state: RetrieveState
    patient: PatientKey
    assumed_issuer: str = ""
    tenant: str = ""
    problem: str = ""
    bytes: int = 0
    listed: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListChange:
    """What a new list holds that the one before did not, and the other way round."""

    new: tuple[FoundInstance, ...] = ()
    gone: tuple[FoundInstance, ...] = ()
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    instance: FoundInstance
    is_gone: bool = False
    refused: str = ""


class RetrieveLedger:
    """Thread-safe. `notice` says what the user must know about the file."""

    def __init__(self, path: Path, key: DatabaseKey = NO_KEY) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self.notice = ""
        try:
            self._db = open_database(path, RETRIEVE_MIGRATIONS, journal_mode="WAL", key=key)
        except DamagedDatabase:
            put_aside(path)
            self.notice = PUT_ASIDE
            self._db = open_database(path, RETRIEVE_MIGRATIONS, journal_mode="WAL", key=key)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def begin(self, study: FoundStudy, archive: str, assumed_issuer: str, tenant: str) -> None:
        """Note that this study is wanted from there; what was known of it stays."""
        key, now = study.patient.key, _now()
        row = [study.study_instance_uid, archive, RetrieveState.ASKED, key.patient_id, key.issuer, assumed_issuer, tenant]
        with self._lock, transaction(self._db):
            self._db.execute(
                "INSERT INTO retrieval VALUES (?, ?, ?, '', 0, ?, ?, ?, ?, ?, '', ?) "
                "ON CONFLICT (study_instance_uid, archive) DO UPDATE SET patient_id = excluded.patient_id, "
                "issuer = excluded.issuer, assumed_issuer = excluded.assumed_issuer, tenant = excluded.tenant, "
                "changed = excluded.changed",
                [*row, now, now],
            )

    def take_list(self, study_uid: str, archive: str, rows: Sequence[FoundInstance]) -> ListChange:
        """Keep the archive's list as it is now. A row that came back is expected again, in its new place."""
        with self._lock, transaction(self._db):
            before = {_key(row.instance): row for row in self._expected(study_uid, archive)}
            now = {_key(row): row for row in rows}
            is_first = not self._one(study_uid, archive)["listed"]
            for place, row in enumerate(now.values()):
                refused = before[_key(row)].refused if _key(row) in before else ""
                self._put(study_uid, archive, row, place, refused)
            gone = [row.instance for key, row in before.items() if key not in now and not row.is_gone]
            for row in gone:
                self._db.execute(
                    f"UPDATE expected SET gone = 1 WHERE {_OF_ONE} AND series_instance_uid = ? AND sop_instance_uid = ?",
                    [study_uid, archive, row.series_instance_uid, row.sop_instance_uid],
                )
            self._db.execute(
                f"UPDATE retrieval SET listed = ?, changed = ? WHERE {_OF_ONE}", [_now(), _now(), study_uid, archive]
            )
        new = tuple(row for key, row in now.items() if key not in before or before[key].is_gone)
        return ListChange(() if is_first else new, tuple(gone), is_first)

    def refuse(self, study_uid: str, archive: str, reasons: Mapping[str, str]) -> None:
        """Why the cache would not take the object with a SOP Instance UID; "" has it asked for again."""
        with self._lock, transaction(self._db):
            for sop_instance_uid, reason in reasons.items():
                self._db.execute(
                    f"UPDATE expected SET refused = ? WHERE {_OF_ONE} AND sop_instance_uid = ?",
                    [reason, study_uid, archive, sop_instance_uid],
                )

    def ask_refused_again(self, study_uid: str, archive: str) -> None:
        with self._lock, transaction(self._db):
            self._db.execute(f"UPDATE expected SET refused = '' WHERE {_OF_ONE}", [study_uid, archive])

    def move(self, study_uid: str, archive: str, state: RetrieveState, problem: str = "", more_bytes: int = 0) -> None:
        with self._lock, transaction(self._db):
            self._db.execute(
                f"UPDATE retrieval SET state = ?, problem = ?, bytes = bytes + ?, changed = ? WHERE {_OF_ONE}",
                [state, problem, more_bytes, _now(), study_uid, archive],
            )

    def forget(self, study_uid: str) -> None:
        with self._lock, transaction(self._db):
            self._db.execute("DELETE FROM retrieval WHERE study_instance_uid = ?", [study_uid])

    # ---- asking --------------------------------------------------------------------------

    def expected(self, study_uid: str, archive: str) -> tuple[ExpectedRow, ...]:
        """The list in the archive's order, with the rows that have gone."""
        with self._lock:
            return self._expected(study_uid, archive)

    def retrieval(self, study_uid: str, archive: str) -> Retrieval | None:
        found = self._retrievals(f"WHERE {_OF_ONE}", study_uid, archive)
        return found[0] if found else None

    def retrievals(self, study_uid: str = "") -> tuple[Retrieval, ...]:
        """All, or those of one study, the latest first."""
        return self._retrievals("WHERE study_instance_uid = ?", study_uid) if study_uid else self._retrievals("")

    def assumed_issuer(self, study_uid: str) -> str:
        """The issuer that the archive gives patient IDs without one; "" when unknown or when archives differ."""
        found = {row.assumed_issuer for row in self.retrievals(study_uid)}
        return found.pop() if len(found) == 1 else ""

    # ---- SQL -----------------------------------------------------------------------------

    def _expected(self, study_uid: str, archive: str) -> tuple[ExpectedRow, ...]:
        with sqlite_errors():
            rows = list(self._db.query(f"SELECT * FROM expected WHERE {_OF_ONE} ORDER BY place", [study_uid, archive]))
        return tuple(ExpectedRow(_instance(row), bool(row["gone"]), row["refused"]) for row in rows)

    def _retrievals(self, where: str, *values: str) -> tuple[Retrieval, ...]:
        with self._lock, sqlite_errors():
            rows = list(self._db.query(f"SELECT * FROM retrieval {where} ORDER BY changed DESC, rowid DESC", values))
        return tuple(map(_retrieval, rows))

    def _one(self, study_uid: str, archive: str) -> Mapping[str, Any]:
        rows: Iterable[Mapping[str, Any]] = self._db.query(f"SELECT * FROM retrieval WHERE {_OF_ONE}", [study_uid, archive])
        return next(iter(rows))

    def _put(self, study_uid: str, archive: str, row: FoundInstance, place: int, refused: str) -> None:
        values = [study_uid, archive, row.series_instance_uid, row.sop_instance_uid, row.sop_class_uid, row.instance_number]
        self._db.execute(
            "INSERT OR REPLACE INTO expected VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
            [*values, row.transfer_syntax_uid, place, refused],
        )


_OF_ONE = "study_instance_uid = ? AND archive = ?"


def _key(row: FoundInstance) -> tuple[str, str]:
    return row.series_instance_uid, row.sop_instance_uid


def _instance(row: Mapping[str, Any]) -> FoundInstance:
    return FoundInstance(
        row["series_instance_uid"],
        row["sop_instance_uid"],
        row["sop_class_uid"],
        row["instance_number"],
        row["transfer_syntax_uid"],
    )


def _retrieval(row: Mapping[str, Any]) -> Retrieval:
    return Retrieval(
        study_instance_uid=row["study_instance_uid"],
        archive=row["archive"],
        state=RetrieveState(row["state"]),
        patient=PatientKey(row["patient_id"], row["issuer"]),
        assumed_issuer=row["assumed_issuer"],
        tenant=row["tenant"],
        problem=row["problem"],
        bytes=row["bytes"],
        listed=datetime.fromisoformat(row["listed"]) if row["listed"] else None,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
