"""The local copy of the RIS's orders."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from workstation.domain.order import Order, Priority
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Refused
from workstation.worklist_store import PUT_ASIDE, OrderStore

ONE = Order(
    "o1", "A1", Patient(PatientKey("P1", "HERE"), "Östergård^Åse", "19500102", "F"), "CT thorax", "24627-2", "Cough",
    Priority.STAT, datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=1))), "1.2.3", "Patient/7",
)  # fmt: skip
TWO = Order("o2", "A2", Patient(PatientKey("P2")), "CR hand")


def test_orders_come_back_as_they_were_also_after_a_restart(tmp_path: Path) -> None:
    with closing(OrderStore(tmp_path / "data" / "orders.db")) as store:
        assert (store.orders(), store.fetched()) == ((), None)
        store.replace([ONE, TWO])
    with closing(OrderStore(tmp_path / "data" / "orders.db")) as store:
        assert [known.order for known in store.orders()] == [ONE, TWO]
        fetched = store.fetched()
        assert fetched is not None
        assert fetched.tzinfo == UTC


def test_an_order_that_the_ris_lists_no_more_is_kept_but_not_listed(tmp_path: Path) -> None:
    with closing(OrderStore(tmp_path / "orders.db")) as store:
        store.replace([ONE, TWO])
        store.replace([TWO])
        assert [(k.order.order_id, k.is_listed) for k in store.orders()] == [("o1", False), ("o2", True)]
        store.put(replace(ONE, procedure="CT thorax with contrast"))
        assert next((k.order.procedure, k.is_listed) for k in store.orders()) == ("CT thorax with contrast", True)


def test_a_damaged_order_list_is_put_aside_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    path.write_bytes(b"no database " * 200)
    with closing(OrderStore(path)) as store:
        assert store.notice == PUT_ASIDE
        store.replace([ONE])
    assert (tmp_path / "orders.db.damaged-1").exists()
    with closing(OrderStore(path)) as store:
        assert store.notice == ""


def test_an_order_list_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    OrderStore(path).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")
        newer.commit()
    with pytest.raises(Refused, match="newer version"):
        OrderStore(path)
