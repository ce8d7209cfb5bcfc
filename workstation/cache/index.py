"""The index of the cache: which instances there are, of whom, and what was set aside.

One connection, one lock: any thread may ask. What is written in `changing` is all there or not
at all, for kills and for other programs alike.
"""

from __future__ import annotations

import contextlib
import json
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workstation.cache.order import by_number, by_series_number
from workstation.cache.quarantine import QuarantinedFile
from workstation.cache.rows import (
    instance_from,
    instance_row,
    quarantine_row,
    quarantined_from,
    series_from,
    series_row,
    study_from,
    study_row,
)
from workstation.cache.schema import CHANGE_KEYS, MIGRATIONS, TABLES
from workstation.cache.store import ObjectStore
from workstation.database import (
    NO_KEY,
    DamagedDatabase,
    DatabaseKey,
    open_database,
    put_aside,
    sqlite_errors,
    transaction,
)
from workstation.database.change_feed import ChangeFeed, parts
from workstation.database.write_ahead import keep_log_short
from workstation.domain.ai_result import AI_RESULT, merged
from workstation.domain.patient import PatientKey
from workstation.domain.study import Instance, ParsedInstance, Series, Study

COMPLETE = "complete"
READER = 2
"""What the files were read by. 1: what AI results state. 2: to which side masks of X-ray runs are moved. See `rereading`."""
READ_AGAIN, ALL = "read again", "all"


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A stored file as the index knows it; `size` in bytes of plain content."""

    sha256: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    size: int


class StudyIndex:
    """Raises `WorkstationError` when the file cannot be used; see `workstation.database`."""

    def __init__(self, path: Path, store: ObjectStore, key: DatabaseKey = NO_KEY) -> None:
        self._store = store
        self._lock = threading.RLock()
        # WAL: readers go on while a batch is written. FULL: what was reported as imported stays so.
        self._db = open_database(path, MIGRATIONS, journal_mode="WAL", synchronous="FULL", key=key)
        self.changes = ChangeFeed(self._db, self._lock, CHANGE_KEYS)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction; the methods below may be called in it. Raises Unavailable when the log cannot be kept short."""
        with self._lock:
            keep_log_short(self._db)
            with transaction(self._db):
                yield

    # ---- writing, inside `changing` ------------------------------------------------------

    def clear(self) -> None:
        for table in (*reversed(TABLES), "state"):
            self._run(f"DELETE FROM {table}")

    def defer_references(self) -> None:
        """Until the end of the transaction, rows may come before those that they refer to."""
        self._run("PRAGMA defer_foreign_keys = ON")

    def put_many(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """New rows of one shape."""
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            sql = f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({marks})"
            with self._lock, sqlite_errors():
                self._db.conn.executemany(sql, [tuple(row.values()) for row in rows])

    def mark_complete(self) -> None:
        """Says that the index knows every file of the store, as this version of the program reads it."""
        self.note(COMPLETE, "yes")
        self.note(READ_AGAIN, json.dumps([READER, ALL]))

    def note(self, name: str, value: str) -> None:
        """A fact about the index itself, kept until it is made again."""
        self._put("state", {"name": name, "value": value})

    def insert(self, parsed: ParsedInstance, stored: Instance, leading: str) -> None:
        """`stored` is the instance as kept; `leading` decides whose facts study and series bear."""
        study_uid, series_uid = parsed.study.study_instance_uid, parsed.series.series_instance_uid
        self._merge_study(parsed.study, leading)
        held = self._one(
            "SELECT leading FROM series WHERE study_instance_uid = ? AND series_instance_uid = ?", study_uid, series_uid
        )
        if held is None:
            self._put("series", series_row(study_uid, parsed.series, leading))
        elif leading < held["leading"] or AI_RESULT in parsed.series.attributes:
            self._merge_series(study_uid, parsed.series, leading)
        self._put("instance", instance_row(study_uid, series_uid, stored))

    def _merge_series(self, study_uid: str, new: Series, leading: str) -> None:
        keys = ("study_instance_uid", "series_instance_uid")
        row = self._all(f"SELECT * FROM series WHERE {keys[0]} = ? AND {keys[1]} = ?", study_uid, new.series_instance_uid)[0]
        known = series_from(row, ())
        first, other, leader = (new, known, leading) if leading < row["leading"] else (known, new, row["leading"])
        whole = replace(first, attributes=merged(first.attributes, other.attributes))
        self._upsert("series", keys, series_row(study_uid, whole, leader))

    def insert_quarantined(self, file: QuarantinedFile) -> None:
        """The first record of these bytes stays."""
        if not self._one("SELECT 1 FROM quarantine WHERE sha256 = ?", file.sha256):
            self._put("quarantine", quarantine_row(file))

    def remove_quarantined(self, sha256: str) -> None:
        self._run("DELETE FROM quarantine WHERE sha256 = ?", sha256)

    def remove_study(self, study_uid: str) -> None:
        """Its rows, but for the record of what was set aside: that is kept on the disk too."""
        for table in ("instance", "series", "study"):
            self._run(f"DELETE FROM {table} WHERE study_instance_uid = ?", study_uid)
        self._drop_lonely_patients()

    def _merge_study(self, study: Study, leading: str) -> None:
        held = self._one("SELECT issuer, leading FROM study WHERE study_instance_uid = ?", study.study_instance_uid)
        key = study.patient.key
        if held is not None:
            issuer = key.issuer or held["issuer"]
            if leading > held["leading"] and issuer == held["issuer"]:
                return
            if leading > held["leading"]:
                self._put_patient(PatientKey(key.patient_id, issuer))
                self._run("UPDATE study SET issuer = ? WHERE study_instance_uid = ?", issuer, study.study_instance_uid)
                self._drop_lonely_patients()
                return
            key = PatientKey(key.patient_id, issuer)
        self._put_patient(key)
        self._upsert(
            "study", ("study_instance_uid",), study_row(replace(study, patient=replace(study.patient, key=key)), leading)
        )
        if held is not None and held["issuer"] != key.issuer:
            self._drop_lonely_patients()

    def _put_patient(self, key: PatientKey) -> None:
        self._run("INSERT OR IGNORE INTO patient (patient_id, issuer) VALUES (?, ?)", key.patient_id, key.issuer)

    def _drop_lonely_patients(self) -> None:
        self._run(
            "DELETE FROM patient WHERE NOT EXISTS "
            "(SELECT 1 FROM study WHERE study.patient_id = patient.patient_id AND study.issuer = patient.issuer)"
        )

    # ---- asking ----------------------------------------------------------------------------

    @property
    def is_complete(self) -> bool:
        return self._one("SELECT 1 FROM state WHERE name = ?", COMPLETE) is not None

    def noted(self, name: str) -> str:
        """What `note` kept, "" for nothing."""
        found = self._one("SELECT value FROM state WHERE name = ?", name)
        return str(found["value"]) if found is not None else ""

    def ask(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Rows for what stands beside the index (`workstation.cache.rereading`)."""
        return self._all(sql, *values)

    def has(self, sha256: str) -> bool:
        return self._one("SELECT 1 FROM instance WHERE sha256 = ?", sha256) is not None

    def known_of(self, hashes: Sequence[str]) -> frozenset[str]:
        """Those of `hashes` that `has` would say yes to; a batch at a time."""
        rows = self._all(f"SELECT sha256 FROM instance WHERE sha256 IN ({', '.join('?' * len(hashes))})", *hashes)
        return frozenset(row["sha256"] for row in rows)

    def patient_of(self, study_uid: str) -> PatientKey | None:
        row = self._one("SELECT patient_id, issuer FROM study WHERE study_instance_uid = ?", study_uid)
        return PatientKey(row["patient_id"], row["issuer"]) if row else None

    def hash_of(self, study_uid: str, series_uid: str, sop_instance_uid: str) -> str | None:
        row = self._one(
            "SELECT sha256 FROM instance WHERE study_instance_uid = ? AND series_instance_uid = ? AND sop_instance_uid = ?",
            study_uid,
            series_uid,
            sop_instance_uid,
        )
        return str(row["sha256"]) if row else None

    def held_instances(self, study_uid: str) -> frozenset[tuple[str, str]]:
        """(series, SOP Instance UID) of one study."""
        rows = self._all("SELECT series_instance_uid, sop_instance_uid FROM instance WHERE study_instance_uid = ?", study_uid)
        return frozenset((row["series_instance_uid"], row["sop_instance_uid"]) for row in rows)

    def studies(self, of: Sequence[str] | None = None) -> tuple[Study, ...]:
        """All studies, or those named, with their series, without instances, in no order."""
        series: dict[str, list[Series]] = {}
        with self._lock:
            for row in self._of_studies("SELECT * FROM series", of):
                series.setdefault(row["study_instance_uid"], []).append(series_from(row, ()))
            studies = self._of_studies("SELECT * FROM study", of)
        return tuple(study_from(row, by_series_number(series.get(row["study_instance_uid"], ()))) for row in studies)

    def named(self, accession_numbers: Iterable[str] = (), patient_ids: Iterable[str] = ()) -> frozenset[str]:
        """The studies (UIDs) with one of these accession numbers or Patient IDs."""
        found: set[str] = set()
        for column, values in (("accession_number", accession_numbers), ("patient_id", patient_ids)):
            for part in parts(values):
                sql = f"SELECT study_instance_uid FROM study WHERE {column} IN ({', '.join('?' * len(part))})"
                found |= {row["study_instance_uid"] for row in self._all(sql, *part)}
        return frozenset(found)

    def _of_studies(self, sql: str, of: Sequence[str] | None, where: str = "WHERE", more: str = "") -> list[dict[str, Any]]:
        if of is None:
            return self._all(f"{sql} {more}")
        condition = f"{where} study_instance_uid IN"
        return [row for part in parts(of) for row in self._all(f"{sql} {condition} ({', '.join('?' * len(part))}) {more}", *part)]

    def study(self, study_uid: str) -> Study | None:
        """One study whole."""
        instances: dict[str, list[Instance]] = {}
        with self._lock:
            study = self._one("SELECT * FROM study WHERE study_instance_uid = ?", study_uid)
            series = self._all("SELECT * FROM series WHERE study_instance_uid = ?", study_uid)
            found = self._all("SELECT * FROM instance WHERE study_instance_uid = ?", study_uid)
        if study is None:
            return None
        for row in found:
            instances.setdefault(row["series_instance_uid"], []).append(_instance(row, self._store))
        whole = (series_from(row, by_number(instances.get(row["series_instance_uid"], ()))) for row in series)
        return study_from(study, by_series_number(whole))

    def image_counts(self, of: Sequence[str] | None = None) -> dict[str, int]:
        """Frames with pixels by study."""
        sql = "SELECT study_instance_uid, sum(number_of_frames) AS images FROM instance WHERE rows > 0 AND columns > 0"
        rows = self._of_studies(sql, of, "AND", "GROUP BY study_instance_uid")
        return {row["study_instance_uid"]: row["images"] for row in rows}

    def hashes_of(self, study_uid: str) -> tuple[str, ...]:
        rows = self._all("SELECT sha256 FROM instance WHERE study_instance_uid = ? ORDER BY sha256", study_uid)
        return tuple(row["sha256"] for row in rows)

    def files(self) -> tuple[IndexedFile, ...]:
        """Every file, in the order of the hashes."""
        rows = self._all(
            "SELECT sha256, study_instance_uid, series_instance_uid, sop_instance_uid, size FROM instance ORDER BY sha256"
        )
        return tuple(IndexedFile(**row) for row in rows)

    def file(self, sha256: str) -> IndexedFile | None:
        fields = "sha256, study_instance_uid, series_instance_uid, sop_instance_uid, size"
        row = self._one(f"SELECT {fields} FROM instance WHERE sha256 = ?", sha256)
        return IndexedFile(**row) if row else None

    def sizes(self) -> dict[str, tuple[int, int]]:
        """(instances, bytes of plain content) by study."""
        rows = self._all("SELECT study_instance_uid, count(*) AS number, sum(size) AS bytes FROM instance GROUP BY 1")
        return {row["study_instance_uid"]: (row["number"], row["bytes"]) for row in rows}

    def quarantined(self, study_uid: str | None = None) -> tuple[QuarantinedFile, ...]:
        """What was set aside, of all studies or of one, oldest first."""
        where, values = ("WHERE study_instance_uid = ?", (study_uid,)) if study_uid is not None else ("", ())
        rows = self._all(f"SELECT * FROM quarantine {where} ORDER BY received, sha256", *values)
        return tuple(quarantined_from(row) for row in rows)

    def contents(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table in a fixed order, to compare two indexes."""
        with self._lock:
            found = {table: self._all(f"SELECT * FROM {table}") for table in TABLES}
        return {table: sorted(rows, key=lambda row: tuple(map(str, row.values()))) for table, rows in found.items()}

    # ---- SQL -------------------------------------------------------------------------------

    def _run(self, sql: str, *values: object) -> None:
        with self._lock, sqlite_errors():
            self._db.execute(sql, values)

    def _all(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with self._lock, sqlite_errors():
            cursor = self._db.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _one(self, sql: str, *values: object) -> dict[str, Any] | None:
        return next(iter(self._all(sql, *values)), None)

    def _put(self, table: str, row: Mapping[str, Any]) -> None:
        marks = ", ".join("?" * len(row))
        self._run(f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())

    def _upsert(self, table: str, keys: tuple[str, ...], row: Mapping[str, Any]) -> None:
        """REPLACE would delete the row that others refer to."""
        marks = ", ".join("?" * len(row))
        changes = ", ".join(f"{name} = excluded.{name}" for name in row if name not in keys)
        self._run(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks}) ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}",
            *row.values(),
        )


def _instance(row: Mapping[str, Any], store: ObjectStore) -> Instance:
    try:
        return instance_from(row, store.object_path)
    except (ValueError, zlib.error) as error:
        raise DamagedDatabase("The study index is damaged", type(error).__name__, "Start again to make it anew") from error


def open_index(path: Path, store: ObjectStore, key: DatabaseKey = NO_KEY) -> tuple[StudyIndex, str]:
    """The index, and what to tell the user about it: empty, or that it had to be made anew.

    A damaged file is moved aside, never thrown away. Raises Refused for one by a newer version
    or of another key.
    """
    try:
        return StudyIndex(path, store, key), ""
    except DamagedDatabase:
        put_aside(path)
        return StudyIndex(path, store, key), "The study index was damaged and put aside"
