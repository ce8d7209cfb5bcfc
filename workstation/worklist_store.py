"""The orders as the RIS last gave them, so that there is a worklist when it does not answer.

Own SQLite file; the RIS stays the master. An order that left the RIS's list is kept, so that
its study and report still know it, but is no row of its own any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workstation.at_rest.vault import Vault
from workstation.database import DamagedDatabase, DatabaseKey, open_database, put_aside, sqlite_errors, transaction
from workstation.database.change_feed import ChangeFeed, parts
from workstation.domain.order import Order, OrderStatus, Priority
from workstation.domain.patient import Patient, PatientKey
from workstation.worklist_store_schema import CHANGE_KEYS, MIGRATIONS, SAME_NAME

MOST_SCHEDULED = 20_000
"""Orders of one archive's worklist that are kept; the oldest of those it lists no more are forgotten."""

# What a worklist says of an accession number is nothing beside what the RIS or its engine says of it.
_STANDING = """
    SELECT * FROM imaging_order AS mine WHERE (archive = '' OR accession_number = '' OR NOT EXISTS (
        SELECT 1 FROM imaging_order AS other WHERE other.archive = '' AND other.accession_number = mine.accession_number
    ))
"""
READ_AT_ONCE = 2000

PUT_ASIDE = "The local order list was damaged and put aside; it fills again from the RIS"


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """`is_listed` is False once the RIS does not list the order any more."""

    order: Order
    is_listed: bool
    was_sent: bool = False
    """By an interface engine or a Modality Worklist: the RIS's list says nothing of it."""


class OrderStore:
    """Thread-safe. `notice` says what the user must know about the file, empty when all is well.

    Opening raises `Refused` for a file by a newer version or of another key; any method may raise `Unavailable`.
    """

    def __init__(self, path: Path, vault: Vault | None = None) -> None:
        key = DatabaseKey.of(vault or Vault.plain(), "orders")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self.notice = ""
        try:
            self._db = open_database(path, MIGRATIONS, journal_mode="DELETE", key=key)
        except DamagedDatabase:
            put_aside(path)
            self.notice = PUT_ASIDE
            self._db = open_database(path, MIGRATIONS, journal_mode="DELETE", key=key)
        self.changes = ChangeFeed(self._db, self._lock, CHANGE_KEYS)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def replace(self, orders: Iterable[Order]) -> None:
        """Take the RIS's list as it is now."""
        with self._lock, transaction(self._db):
            polled = self._db.query("SELECT * FROM imaging_order WHERE is_listed = 1 AND was_sent = 0")
            before = {row["order_id"]: row for row in polled}
            for order in orders:
                # What is as it was is not touched: whoever follows the changes need not look at it again.
                if before.pop(order.order_id, None) != _whole_row(order):
                    self._put(order)
                # The same one by the RIS's own id: what an engine told of it before is no row of its own.
                told = "was_sent = 1 AND archive = '' AND accession_number = ? AND order_id <> ?"
                sql = f"UPDATE imaging_order SET is_listed = 0 WHERE is_listed = 1 AND {told}"
                self._db.execute(sql, [order.accession_number, order.order_id])
            for order_id in before:
                self._db.execute("UPDATE imaging_order SET is_listed = 0 WHERE order_id = ?", [order_id])
            self._db.execute("INSERT OR REPLACE INTO fetched (id, moment) VALUES (1, ?)", [datetime.now(UTC).isoformat()])

    def put(self, order: Order, was_sent: bool = False, is_listed: bool = True) -> None:
        """Add or change one order. `was_sent`: by an engine, so that no search takes it off the list."""
        with self._lock, transaction(self._db):
            self._put(order, was_sent, is_listed)

    def let_go(self, order_ids: Iterable[str]) -> None:
        """Orders that an engine sent and that are read: nobody else takes them off the list."""
        with self._lock, transaction(self._db):
            for order_id in order_ids:
                self._db.execute("UPDATE imaging_order SET is_listed = 0 WHERE was_sent = 1 AND order_id = ?", [order_id])

    def replace_scheduled(
        self, archive: str, orders: Iterable[Order], drafted: Collection[str] = (), done: Collection[str] = ()
    ) -> bool:
        """Take an archive's Modality Worklist as it is now; whether that changed anything.

        What it lists no more stays listed where a draft waits for it (`drafted`); what is reported (`done`) is not
        listed again. Two archives that list the same order: whoever said so first.
        """
        with self._lock, transaction(self._db):
            before = self._scheduled(archive)
            kept = {row["order_id"] for row in before if row["is_listed"]} & set(drafted)
            self._db.execute("UPDATE imaging_order SET is_listed = 0 WHERE archive = ?", [archive])
            for order in orders:
                sql = "SELECT 1 FROM imaging_order WHERE order_id = ? AND archive <> ? AND is_listed = 1"
                if self._db.execute(sql, [order.order_id, archive]).fetchone() is None:
                    self._put(order, was_sent=True, is_listed=order.order_id not in done, archive=archive)
            for order_id in kept - set(done):
                self._db.execute("UPDATE imaging_order SET is_listed = 1 WHERE order_id = ?", [order_id])
            oldest = "SELECT rowid FROM imaging_order WHERE archive = :archive ORDER BY rowid DESC LIMIT -1 OFFSET :most"
            sql = f"DELETE FROM imaging_order WHERE archive = :archive AND is_listed = 0 AND rowid IN ({oldest})"
            self._db.execute(sql, {"archive": archive, "most": MOST_SCHEDULED})
            return self._scheduled(archive) != before

    def _scheduled(self, archive: str) -> list[dict[str, Any]]:
        return list(self._db.query("SELECT * FROM imaging_order WHERE archive = ? ORDER BY order_id", [archive]))

    def scheduling_archives(self) -> frozenset[str]:
        """The archives of whose worklists something is listed."""
        with self._lock, sqlite_errors():
            sql = "SELECT DISTINCT archive FROM imaging_order WHERE archive <> '' AND is_listed = 1"
            return frozenset(row[0] for row in self._db.execute(sql).fetchall())

    def order(self, order_id: str) -> Order | None:
        """As the RIS last told it, also when it is listed no more."""
        with self._lock, sqlite_errors():
            row = next(iter(self._db.query("SELECT * FROM imaging_order WHERE order_id = ?", [order_id])), None)
            return self._current(row) if row else None

    def known(self, accession_number: str, placer: tuple[str, str], filler: tuple[str, str]) -> Order | None:
        """The order with this number, of the RIS or its engine: filler's, placer's, or accession number."""
        asked = (
            ("filler_number = ? AND filler_system = ?", filler),
            ("placer_number = ? AND placer_system = ?", placer),
            ("accession_number = ?", (accession_number,)),
        )
        with self._lock, sqlite_errors():
            for where, values in asked:
                if values[0]:
                    sql = f"SELECT * FROM imaging_order WHERE archive = '' AND {where} ORDER BY was_sent, order_id LIMIT 1"
                    row = next(iter(self._db.query(sql, list(values))), None)
                    if row is not None:
                        return _order_from(row)
        return None

    def merge(self, old: PatientKey, new: PatientKey) -> bool:
        """`old` is `new` from now on (HL7 A40, FHIR Patient.link). False when that was known, or they are one already."""
        if old == new:
            return False
        with self._lock, transaction(self._db):
            if old != self._resolved(old) == self._resolved(new):
                return False
            # The newest word counts: who was merged away before and survives now stands for itself again.
            self._db.execute("DELETE FROM patient_alias WHERE old_id = ? AND old_issuer = ?", [new.patient_id, new.issuer])
            values = [old.patient_id, old.issuer, new.patient_id, new.issuer, datetime.now(UTC).isoformat()]
            self._db.execute("INSERT OR REPLACE INTO patient_alias VALUES (?, ?, ?, ?, ?)", values)
        return True

    def unmerge(self, old: PatientKey) -> bool:
        """`old` stands for itself again."""
        with self._lock, transaction(self._db):
            sql = "DELETE FROM patient_alias WHERE old_id = ? AND old_issuer = ?"
            return bool(self._db.execute(sql, [old.patient_id, old.issuer]).rowcount)

    def survivor(self, key: PatientKey) -> PatientKey:
        """Whom this patient was merged into, at the end of the chain; the patient itself when into nobody."""
        with self._lock, sqlite_errors():
            return self._resolved(key)

    def merged(self) -> frozenset[PatientKey]:
        """Who was merged into somebody else."""
        with self._lock, sqlite_errors():
            rows = self._db.execute("SELECT old_id, old_issuer FROM patient_alias").fetchall()
        return frozenset(PatientKey(*row) for row in rows)

    def merged_at(self, key: PatientKey) -> datetime | None:
        with self._lock, sqlite_errors():
            sql = "SELECT at FROM patient_alias WHERE old_id = ? AND old_issuer = ?"
            row = self._db.execute(sql, [key.patient_id, key.issuer]).fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    def orders(self) -> tuple[KnownOrder, ...]:
        with self._lock:
            return tuple(self.each())

    def each(self) -> Iterator[KnownOrder]:
        """As `orders`, a part at a time: between two of them others may write."""
        after = ""
        while True:
            with self._lock, sqlite_errors():
                rows = list(self._db.query(f"{_STANDING} AND order_id > ? ORDER BY order_id LIMIT {READ_AT_ONCE}", [after]))
                known = [self._known(row) for row in rows]
            yield from known
            if len(rows) < READ_AT_ONCE:
                return
            after = rows[-1]["order_id"]

    def ties(
        self, order_ids: Iterable[str] = (), accession_numbers: Iterable[str] = (), study_uids: Iterable[str] = ()
    ) -> frozenset[tuple[str, str, str]]:
        """(order id, accession number, study) of every order with one of these; also of those beside which another stands."""
        asked = (("order_id", order_ids), ("accession_number", accession_numbers), ("study_instance_uid", study_uids))
        found: set[tuple[str, str, str]] = set()
        with self._lock, sqlite_errors():
            for column, values in asked:
                for part in parts(value for value in values if value):
                    marks = ", ".join("?" * len(part))
                    sql = f"SELECT {', '.join(CHANGE_KEYS[:3])} FROM imaging_order WHERE {column} IN ({marks})"
                    found |= {(row[0], row[1], row[2]) for row in self._db.execute(sql, part).fetchall()}
        return frozenset(found)

    def known_of(self, order_ids: Iterable[str]) -> tuple[KnownOrder, ...]:
        """Of `orders` those with one of these ids."""
        with self._lock, sqlite_errors():
            rows = [
                row
                for part in parts(order_ids)
                for row in self._db.query(f"{_STANDING} AND order_id IN ({', '.join('?' * len(part))})", part)
            ]
            return tuple(self._known(row) for row in sorted(rows, key=lambda row: str(row["order_id"])))

    def merged_into(self, key: PatientKey) -> frozenset[PatientKey]:
        """The key, and every one that was merged into it, over however many steps."""
        found, to_ask = {key}, [key]
        sql = "SELECT old_id, old_issuer FROM patient_alias WHERE new_id = ? AND new_issuer = ?"
        with self._lock, sqlite_errors():
            while to_ask:
                asked = to_ask.pop()
                more = {PatientKey(*row) for row in self._db.execute(sql, [asked.patient_id, asked.issuer]).fetchall()} - found
                found |= more
                to_ask += more
        return frozenset(found)

    def of_patients(self, patient_ids: Iterable[str]) -> frozenset[str]:
        """The ids of the orders of patients with one of these Patient IDs, whoever gave them out."""
        with self._lock, sqlite_errors():
            return frozenset(
                str(row[0])
                for part in parts(patient_ids)
                for row in self._db.execute(
                    f"SELECT order_id FROM imaging_order WHERE patient_id IN ({', '.join('?' * len(part))})", part
                ).fetchall()
            )

    def survivors(self) -> Callable[[PatientKey], PatientKey]:
        """`survivor` for very many, as it is now."""
        with self._lock:
            resolved = {old: self._resolved(old) for old in self.merged()}
        return lambda key: resolved.get(key, key)

    def _known(self, row: Mapping[str, Any]) -> KnownOrder:
        return KnownOrder(self._current(row), bool(row["is_listed"]), bool(row["was_sent"]))

    def fetched(self) -> datetime | None:
        """When the RIS last gave its list (UTC); None for never."""
        with self._lock, sqlite_errors():
            row = self._db.execute("SELECT moment FROM fetched").fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    def _current(self, row: Mapping[str, Any]) -> Order:
        """With the patient that the order's patient is by now."""
        order = _order_from(row)
        survivor = self._resolved(order.patient.key)
        return order if survivor == order.patient.key else replace(order, patient=replace(order.patient, key=survivor))

    def _resolved(self, key: PatientKey) -> PatientKey:
        seen = {key}
        sql = "SELECT new_id, new_issuer FROM patient_alias WHERE old_id = ? AND old_issuer = ?"
        while row := self._db.execute(sql, [key.patient_id, key.issuer]).fetchone():
            key = PatientKey(*row)
            if key in seen:
                break
            seen.add(key)
        return key

    def _put(self, order: Order, was_sent: bool = False, is_listed: bool = True, archive: str = "") -> None:
        row = {**_row_of(order), "was_sent": int(was_sent), "is_listed": int(is_listed), "archive": archive}
        marks = ", ".join("?" * len(row))
        self._db.execute(f"INSERT OR REPLACE INTO imaging_order ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def _whole_row(order: Order) -> dict[str, Any]:
    """As the RIS's list puts it."""
    return {**_row_of(order), "is_listed": 1, "was_sent": 0, "archive": ""}


def _row_of(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "accession_number": order.accession_number,
        "patient_id": order.patient.key.patient_id,
        "issuer": order.patient.key.issuer,
        "patient_name": order.patient.name,
        "patient_birth_date": order.patient.birth_date,
        "patient_sex": order.patient.sex,
        "procedure": order.procedure,
        "procedure_code": order.procedure_code,
        "reason": order.reason,
        "priority": order.priority.value,
        "due": order.due.isoformat() if order.due else None,
        "study_instance_uid": order.study_instance_uid,
        "ris_patient_reference": order.ris_patient_reference,
        "status": order.status.value,
        "exam_end": order.exam_end.isoformat() if order.exam_end else None,
        "modality": order.modality,
        **{name: getattr(order, name) for name in SAME_NAME},
    }


def _order_from(row: Mapping[str, Any]) -> Order:
    key = PatientKey(row["patient_id"], row["issuer"])
    return Order(
        order_id=row["order_id"],
        accession_number=row["accession_number"],
        patient=Patient(key, row["patient_name"], row["patient_birth_date"], row["patient_sex"]),
        procedure=row["procedure"],
        procedure_code=row["procedure_code"],
        reason=row["reason"],
        priority=Priority(row["priority"]),
        due=datetime.fromisoformat(row["due"]) if row["due"] else None,
        study_instance_uid=row["study_instance_uid"],
        ris_patient_reference=row["ris_patient_reference"],
        status=OrderStatus(row["status"]),
        exam_end=datetime.fromisoformat(row["exam_end"]) if row["exam_end"] else None,
        modality=row["modality"],
        **{name: row[name] for name in SAME_NAME},
    )
