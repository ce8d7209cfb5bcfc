"""The orders as the RIS last gave them, so that there is a worklist when it does not answer.

Own SQLite file; the RIS stays the master. An order that left the RIS's list is kept, so that
its study and report still know it, but is no row of its own any more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workstation.at_rest.vault import Vault
from workstation.database import DamagedDatabase, DatabaseKey, Migration, open_database, put_aside, sqlite_errors, transaction
from workstation.domain.order import Order, Priority
from workstation.domain.patient import Patient, PatientKey

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        (
            """
            CREATE TABLE imaging_order (
                order_id TEXT PRIMARY KEY,
                accession_number TEXT NOT NULL,
                patient_id TEXT NOT NULL,
                issuer TEXT NOT NULL,
                patient_name TEXT NOT NULL,
                patient_birth_date TEXT NOT NULL,
                patient_sex TEXT NOT NULL,
                procedure TEXT NOT NULL,
                procedure_code TEXT NOT NULL,
                reason TEXT NOT NULL,
                priority TEXT NOT NULL,
                due TEXT,
                study_instance_uid TEXT NOT NULL,
                ris_patient_reference TEXT NOT NULL,
                is_listed INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE TABLE fetched (id INTEGER PRIMARY KEY CHECK (id = 1), moment TEXT NOT NULL) STRICT",
        ),
    ),
)

PUT_ASIDE = "The local order list was damaged and put aside; it fills again from the RIS"


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """`is_listed` is False once the RIS does not list the order any more."""

    order: Order
    is_listed: bool


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

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def replace(self, orders: Iterable[Order]) -> None:
        """Take the RIS's list as it is now."""
        with self._lock, transaction(self._db):
            self._db.execute("UPDATE imaging_order SET is_listed = 0")
            for order in orders:
                self._put(order)
            self._db.execute("INSERT OR REPLACE INTO fetched (id, moment) VALUES (1, ?)", [datetime.now(UTC).isoformat()])

    def put(self, order: Order) -> None:
        """Add or change one order."""
        with self._lock, transaction(self._db):
            self._put(order)

    def orders(self) -> tuple[KnownOrder, ...]:
        with self._lock, sqlite_errors():
            rows = list(self._db.query("SELECT * FROM imaging_order ORDER BY order_id"))
        return tuple(KnownOrder(_order_from(row), bool(row["is_listed"])) for row in rows)

    def fetched(self) -> datetime | None:
        """When the RIS last gave its list (UTC); None for never."""
        with self._lock, sqlite_errors():
            row = self._db.execute("SELECT moment FROM fetched").fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    def _put(self, order: Order) -> None:
        row = _row_of(order)
        marks = ", ".join("?" * len(row))
        self._db.execute(f"INSERT OR REPLACE INTO imaging_order ({', '.join(row)}) VALUES ({marks})", list(row.values()))


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
        "is_listed": 1,
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
    )
