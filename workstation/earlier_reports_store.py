"""Earlier reports on disk, to be read without the network and to be searched: own SQLite file, sealed like the others.

All of it can be made again from the report store, the RIS and the studies. A report is kept under the patient that
it is of (ID and issuer); that two patients are one is believed only when it was told (`tell_same`).
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workstation.at_rest.vault import Vault
from workstation.cache.admission import same_person
from workstation.database import (
    DamagedDatabase,
    DatabaseKey,
    LocalDatabase,
    Migration,
    open_database,
    put_aside,
    sqlite_errors,
    transaction,
)
from workstation.domain.earlier_report import EarlierReport, FoundReport, ReportOrigin, Snippet
from workstation.domain.patient import Patient, PatientKey
from workstation.earlier_reports_query import folded, match_expression

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        (
            """
            CREATE TABLE earlier_report (
                number INTEGER PRIMARY KEY,
                uid TEXT NOT NULL UNIQUE,
                origin TEXT NOT NULL,
                patient_id TEXT NOT NULL,
                issuer TEXT NOT NULL,
                birth_date TEXT NOT NULL,
                body TEXT NOT NULL,
                procedure TEXT NOT NULL,
                study_uid TEXT NOT NULL,
                accession_number TEXT NOT NULL,
                day TEXT NOT NULL,
                issued TEXT NOT NULL,
                signer TEXT NOT NULL,
                status TEXT NOT NULL,
                version INTEGER NOT NULL,
                form TEXT NOT NULL
            ) STRICT
            """,
            "CREATE INDEX earlier_report_of_patient ON earlier_report (patient_id, issuer)",
            "CREATE VIRTUAL TABLE report_words USING fts5"
            "(title, body, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4')",
            """
            CREATE TABLE same_patient (
                patient_id TEXT NOT NULL,
                issuer TEXT NOT NULL,
                other_id TEXT NOT NULL,
                other_issuer TEXT NOT NULL,
                told_by TEXT NOT NULL,
                PRIMARY KEY (patient_id, issuer, other_id, other_issuer, told_by)
            ) STRICT
            """,
            "CREATE TABLE taken_in (source TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT",
        ),
    ),
)

PUT_ASIDE = "The earlier reports kept on this computer were damaged and put aside; they are collected anew"
MOST_FOUND = 200
AROUND = 60
"""Letters of a snippet on each side of what was found."""
# Marks around a hit, of Unicode's private use: none may stand in a text.
_BEGIN, _END = "\ue000", "\ue001"
_MARKS = re.compile(f"[{_BEGIN}{_END}]")
_SPACE = re.compile(r"\s+")
_FIELDS = (
    "uid, origin, patient_id, issuer, birth_date, body, procedure, study_uid, accession_number, day, issued, signer, status,"
    " version, form"
)
_NEWEST = "ORDER BY CASE WHEN day <> '' THEN day ELSE replace(substr(issued, 1, 10), '-', '') END DESC, issued DESC, number DESC"


class EarlierReportStore:
    """Thread-safe; the file is opened when it is first asked. `told` hears, from any thread, what the user must know of it.

    Any method raises `Refused` for a file by a newer version or of another key, and `Unavailable`.
    """

    def __init__(
        self, path: Path, vault: Callable[[], Vault] = Vault.plain, told: Callable[[str], object] = lambda _: None
    ) -> None:
        self._path = path
        self._told = told
        self._vault = vault
        self._lock = threading.RLock()
        self._opened: LocalDatabase | None = None

    @property
    def _db(self) -> LocalDatabase:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> LocalDatabase:
        key = DatabaseKey.of(self._vault(), "earlier reports")
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return open_database(self._path, MIGRATIONS, journal_mode="DELETE", key=key)
        except DamagedDatabase:
            put_aside(self._path)
            self._told(PUT_ASIDE)
            return open_database(self._path, MIGRATIONS, journal_mode="DELETE", key=key)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    # ---- taking in ---------------------------------------------------------------------

    def put(self, reports: Iterable[EarlierReport], gone: Iterable[str] = (), source: str = "", number: int = 0) -> None:
        """Each in place of what was kept under its uid; `gone` are forgotten. A `source` is taken in as far as `number`."""
        with self._lock, transaction(self._db):
            for report in reports:
                self._put(report)
            for uid in gone:
                self._forget(uid)
            if source:
                self._db.execute("INSERT OR REPLACE INTO taken_in (source, number) VALUES (?, ?)", [source, number])

    def replace_of(self, origin: ReportOrigin, reports: Sequence[EarlierReport], mine: Callable[[EarlierReport], bool]) -> None:
        """Take in `reports`, and let go of all others of this origin that are `mine`: they are not there any more."""
        uids = {report.uid for report in reports}
        with self._lock, transaction(self._db):
            for report in reports:
                self._put(report)
            kept = [_report(row) for row in self._db.query(f"SELECT {_FIELDS} FROM earlier_report WHERE origin = ?", [origin])]
            for gone in kept:
                if gone.uid not in uids and mine(gone):
                    self._forget(gone.uid)

    def taken_in(self, source: str) -> int:
        """How far a source was taken in; 0 for not at all."""
        with self._lock, sqlite_errors():
            row = self._db.execute("SELECT number FROM taken_in WHERE source = ?", [source]).fetchone()
        return int(row[0]) if row else 0

    def tell_same(self, patient: PatientKey, others: Iterable[PatientKey], told_by: str) -> None:
        """`told_by` says that these are one patient; in place of what it said of `patient` before."""
        with self._lock, transaction(self._db):
            self._db.execute(
                "DELETE FROM same_patient WHERE patient_id = ? AND issuer = ? AND told_by = ?",
                [patient.patient_id, patient.issuer, told_by],
            )
            for other in others:
                if other != patient:
                    self._db.execute(
                        "INSERT OR IGNORE INTO same_patient VALUES (?, ?, ?, ?, ?)",
                        [patient.patient_id, patient.issuer, other.patient_id, other.issuer, told_by],
                    )

    def _put(self, report: EarlierReport) -> None:
        row = _row_of(report)
        before = self._db.execute(f"SELECT {_FIELDS}, number FROM earlier_report WHERE uid = ?", [report.uid]).fetchone()
        if before is not None and list(before[:-1]) == list(row.values()):
            return
        self._forget(report.uid)
        marks = ", ".join("?" * len(row))
        made = self._db.execute(f"INSERT INTO earlier_report ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        title = folded(" ".join((report.procedure, report.accession_number)))
        words = [made.lastrowid, title, folded(row["body"])]
        self._db.execute("INSERT INTO report_words (rowid, title, body) VALUES (?, ?, ?)", words)

    def _forget(self, uid: str) -> None:
        found = self._db.execute("SELECT number FROM earlier_report WHERE uid = ?", [uid]).fetchone()
        if found is not None:
            self._db.execute("DELETE FROM report_words WHERE rowid = ?", [found[0]])
            self._db.execute("DELETE FROM earlier_report WHERE number = ?", [found[0]])

    # ---- giving ------------------------------------------------------------------------

    def kept(self, patients: Iterable[Patient]) -> tuple[EarlierReport, ...]:
        """Those of these patients and of whom they are told to be, newest first."""
        wanted = self._with_same(patients)
        keys = list(dict.fromkeys(one.key for one in wanted))
        found: list[EarlierReport] = []
        where = " OR ".join("(patient_id = ? AND issuer = ?)" for _ in keys)
        if keys:
            values = [part for key in keys for part in (key.patient_id, key.issuer)]
            sql = f"SELECT {_FIELDS} FROM earlier_report WHERE {where} {_NEWEST}"
            with self._lock, sqlite_errors():
                found = [_report(row) for row in self._db.query(sql, values)]
        return tuple(report for report in found if any(same_person(report.patient, one) for one in wanted))

    def search(self, query: str, patients: Iterable[Patient] = ()) -> tuple[FoundReport, ...]:
        """Newest first; of all patients when none is named. Raises Refused for a query that asks for nothing."""
        expression = match_expression(query)
        wanted = self._with_same(patients)
        fields = ", ".join(f"r.{field.strip()}" for field in _FIELDS.split(","))
        sql = (
            f"SELECT {fields}, highlight(report_words, 1, ?, ?) AS marked FROM report_words w"
            f" JOIN earlier_report r ON r.number = w.rowid WHERE report_words MATCH ? {_NEWEST}"
        )
        found: list[FoundReport] = []
        with self._lock, sqlite_errors():
            for row in self._db.query(sql, [_BEGIN, _END, expression]):
                report = _report(row)
                if wanted and not any(same_person(report.patient, one) for one in wanted):
                    continue
                found.append(_found(report, row["marked"]))
                if len(found) >= MOST_FOUND:
                    break
        return tuple(found)

    def _with_same(self, patients: Iterable[Patient]) -> tuple[Patient, ...]:
        """These, and whom they are told to be: of those the key alone counts, they may be written otherwise."""
        known = {patient.key: patient for patient in patients}
        waiting = list(known)
        while waiting:
            for other in self._told_of(waiting.pop()):
                if other not in known:
                    known[other] = Patient(other)
                    waiting.append(other)
        return tuple(known.values())

    def _told_of(self, key: PatientKey) -> list[PatientKey]:
        sql = (
            "SELECT other_id, other_issuer FROM same_patient WHERE patient_id = ? AND issuer = ? UNION"
            " SELECT patient_id, issuer FROM same_patient WHERE other_id = ? AND other_issuer = ?"
        )
        with self._lock, sqlite_errors():
            rows = self._db.execute(sql, [key.patient_id, key.issuer] * 2).fetchall()
        return [PatientKey(row[0], row[1]) for row in rows]


def _found(report: EarlierReport, marked: str) -> FoundReport:
    hits: list[tuple[int, int]] = []
    place = 0
    for piece, mark in itertools.zip_longest(_MARKS.split(marked), _MARKS.findall(marked), fillvalue=""):
        place += len(piece)
        if mark == _BEGIN:
            hits.append((place, place))
        elif mark == _END:
            hits[-1] = (hits[-1][0], place)
    return FoundReport(report, _snippet(report.text, hits[0]) if hits else None, tuple(hits))


def _snippet(text: str, hit: tuple[int, int]) -> Snippet:
    start, end = max(hit[0] - AROUND, 0), min(hit[1] + AROUND, len(text))
    before, after = text[start : hit[0]], text[hit[1] : end]
    # Begun and ended at a word.
    before = f"…{before[before.find(' ') + 1 :]}" if start else before
    after = f"{after[: after.rfind(' ')] if ' ' in after else after}…" if end < len(text) else after
    return Snippet(*(_SPACE.sub(" ", part) for part in (before, text[hit[0] : hit[1]], after)))


def _row_of(report: EarlierReport) -> dict[str, Any]:
    return {
        "uid": report.uid,
        "origin": report.origin.value,
        "patient_id": report.patient.key.patient_id,
        "issuer": report.patient.key.issuer,
        "birth_date": report.patient.birth_date,
        "body": _MARKS.sub(" ", report.text),
        "procedure": report.procedure,
        "study_uid": report.study_instance_uid,
        "accession_number": report.accession_number,
        "day": report.day,
        "issued": report.issued,
        "signer": report.signer,
        "status": report.status,
        "version": report.version,
        "form": report.form,
    }


def _report(row: Mapping[str, Any]) -> EarlierReport:
    return EarlierReport(
        uid=row["uid"],
        origin=ReportOrigin(row["origin"]),
        patient=Patient(PatientKey(row["patient_id"], row["issuer"]), "", row["birth_date"]),
        text=row["body"],
        procedure=row["procedure"],
        study_instance_uid=row["study_uid"],
        accession_number=row["accession_number"],
        day=row["day"],
        issued=row["issued"],
        signer=row["signer"],
        status=row["status"],
        version=row["version"],
        form=row["form"],
    )
