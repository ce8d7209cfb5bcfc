"""The file itself: durable, immutable where it must be, careful with files it does not know."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest
from seat import item_for, order_for, segment, signed

from workstation.database import Migration
from workstation.domain.delivery import DELIVERY_TRANSITIONS, DeliveryEvent, DeliveryState
from workstation.domain.report import SectionCode
from workstation.errors import Conflict, Refused, Unavailable
from workstation.reporting import database, schema
from workstation.reporting.database import ReportDatabase
from workstation.reporting.store import ReportStore

FINDINGS = SectionCode.FINDINGS
NEXT = len(schema.MIGRATIONS) + 1


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reports.sqlite3"


def sql(path, *statements):
    """The rows of the last statement, run by somebody else's connection."""
    with closing(sqlite3.connect(path)) as other:
        for statement in statements:
            rows = other.execute(statement).fetchall()
        other.commit()
    return rows


def without_copies(path):
    for beside in path.parent.glob(f"{path.name}.copy-*"):
        beside.unlink()


def test_a_commit_is_on_disk_and_so_is_the_folder_entry(path):
    opened = ReportDatabase(path)
    assert opened.row("PRAGMA journal_mode") == {"journal_mode": "delete"}
    # 3 is EXTRA; anything less may lose the last commit when the power goes.
    assert opened.row("PRAGMA synchronous") == {"synchronous": 3}
    opened.close()


def test_every_table_is_strict(path):
    ReportDatabase(path).close()
    tables = sql(path, "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert len(tables) >= 6
    assert all(strict for _, strict in tables)


def test_the_file_is_for_its_user_alone(path):
    ReportDatabase(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE report_version SET sections = '{}'",
        "DELETE FROM report_version",
        "UPDATE journal SET inserted = 'x'",
        "DELETE FROM journal",
        "UPDATE outbox SET payload = x'00'",
        "UPDATE outbox SET local_sha256 = 'x'",
        "DELETE FROM outbox",
        "DELETE FROM report",
        "DELETE FROM delivery_event",
        "UPDATE outbox SET state = 'confirmed'",
        "UPDATE outbox SET state = 'confirmed', ris_sha256 = 'x', ris_report_id = '1'",
    ],
)
def test_what_was_signed_cannot_be_changed_nor_confirmed_without_proof(path, statement):
    store = ReportStore(path)
    signed(store, order_for())
    store.close()
    with pytest.raises(sqlite3.IntegrityError):
        sql(path, statement)


def test_a_file_of_a_newer_program_is_refused_and_left_alone(path):
    ReportDatabase(path).close()
    sql(path, "PRAGMA user_version=99")
    before = path.read_bytes()
    with pytest.raises(Refused, match="newer version"):
        ReportStore(path)
    assert path.read_bytes() == before


def test_a_damaged_file_is_refused_and_left_alone(path):
    store = ReportStore(path)
    uuid = store.open_draft(item_for(order_for())).report_uuid
    for number in range(200):
        store.append_segment(uuid, FINDINGS, segment(number, "words " * 20))
    store.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096:20480] = b"\xaa" * 16384
    path.write_bytes(damaged)
    without_copies(path)
    with pytest.raises(Refused, match="damaged"):
        ReportStore(path)
    assert path.read_bytes() == bytes(damaged)


def test_a_file_that_is_no_database_is_refused(path):
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Refused, match="damaged"):
        ReportStore(path)


def test_an_older_file_is_brought_forward_and_a_copy_kept(path, monkeypatch):
    store = ReportStore(path)
    delivery = signed(store, order_for())
    store.close()
    later = (
        *schema.MIGRATIONS,
        Migration(len(schema.MIGRATIONS) + 1, ("ALTER TABLE report ADD COLUMN later TEXT NOT NULL DEFAULT ''",)),
    )
    monkeypatch.setattr(database, "MIGRATIONS", later)
    store = ReportStore(path)
    assert store.deliveries() == (delivery,)
    store.close()
    before = len(schema.MIGRATIONS)
    assert sql(path, "PRAGMA user_version") == [(before + 1,)]
    backup = path.with_name(f"reports.sqlite3.v{before}.bak")
    assert sql(backup, "PRAGMA user_version") == [(before,)]
    assert sql(backup, "SELECT count(*) FROM outbox") == [(1,)]


def test_a_migration_that_fails_half_way_changes_nothing(path, monkeypatch):
    ReportStore(path).close()
    broken = (*schema.MIGRATIONS, Migration(len(schema.MIGRATIONS) + 1, ("ALTER TABLE report ADD COLUMN later TEXT", "NOT SQL")))
    monkeypatch.setattr(database, "MIGRATIONS", broken)
    with pytest.raises(Unavailable):
        ReportStore(path)
    monkeypatch.undo()
    ReportStore(path).close()
    assert sql(path, "PRAGMA user_version") == [(len(schema.MIGRATIONS),)]


def test_a_full_disk_says_so_and_loses_nothing_that_was_saved(path):
    store = ReportStore(path)
    uuid = store.open_draft(item_for(order_for())).report_uuid
    saved = store.append_segment(uuid, FINDINGS, segment(1))
    store._database._connection.execute("PRAGMA max_page_count=1")
    with pytest.raises(Unavailable, match="Not saved"):
        store.append_segment(uuid, FINDINGS, segment(2, "x" * 100_000))
    assert store.report(uuid) == saved
    store._database._connection.execute("PRAGMA max_page_count=100000")
    assert store.append_segment(uuid, FINDINGS, segment(2)).text(FINDINGS) == "word1 word2"
    store.close()


def test_a_file_locked_by_somebody_else_says_so_and_works_again_after(path):
    opened = ReportDatabase(path, busy_seconds=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match="Not saved"), opened.writing():
            pass
        other.execute("ROLLBACK")
    with opened.writing():
        pass
    opened.close()


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be opened"):
        ReportStore(tmp_path / "file" / "reports.sqlite3")


def force(store: ReportStore, delivery_id: int, state: DeliveryState) -> None:
    with store._database.writing():
        store._database.execute(
            "UPDATE outbox SET state = ?, ris_sha256 = local_sha256, ris_report_id = 'r' WHERE id = ?", state.value, delivery_id
        )


@pytest.mark.parametrize("state", DeliveryState)
def test_a_delivery_moves_along_the_table_and_nowhere_else(path, state):
    store = ReportStore(path)
    delivery_id = signed(store, order_for()).delivery_id
    for event in DeliveryEvent:
        force(store, delivery_id, state)
        target = DELIVERY_TRANSITIONS.get((state, event))
        if target is None:
            with pytest.raises(Conflict):
                store.ledger.move(delivery_id, event)
            assert store.ledger.delivery(delivery_id).state is state
        else:
            assert store.ledger.move(delivery_id, event).state is target
            assert store.ledger.history(delivery_id)[-1][:3] == (event.value, state.value, target.value)
    store.close()


def test_a_payload_changed_on_disk_is_noticed(path):
    store = ReportStore(path)
    delivery = signed(store, order_for())
    store.close()
    sql(path, "DROP TRIGGER outbox_frozen", "UPDATE outbox SET payload = x'7B7D'")
    store = ReportStore(path)
    assert not store.ledger.submission(delivery.delivery_id).intact
    store.close()
