"""The outbox made anew for HL7 messages: every row, key and trigger is there as before."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from seat import order_for, segment, signed

from workstation.domain.report import SectionCode
from workstation.reporting import database, schema
from workstation.reporting.schema_hl7 import HL7_MESSAGES
from workstation.reporting.store import ReportStore

BEFORE = schema.MIGRATIONS[: next(n for n, m in enumerate(schema.MIGRATIONS) if m.statements is HL7_MESSAGES)]


def sql(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        return connection.execute(statement, values).fetchall()


def filled_as_before(path) -> None:
    """A store as the program before wrote it, with two rows that have a history."""
    with closing(database._open(path, database.DatabaseKey(), 1.0)) as old:
        old.execute(
            "INSERT INTO report (report_uuid, accession_number, study_instance_uid, patient_id, patient_issuer, order_id,"
            " ris_patient_reference, procedure, procedure_code, study_date, language, created)"
            " VALUES ('u', 'A-1', '1.2', 'P', '', 'o', 'Patient/1', 'CT', '', '', 'en', '2026-11-22T10:00:00+00:00')"
        )
        old.execute("INSERT INTO journal (report_uuid, kind, at) VALUES ('u', 'signed', '2026-11-22T10:00:00+00:00')")
        for version in (1, 2):
            old.execute(
                "INSERT INTO report_version (report_uuid, version, status, sections, signed_by, signed_at, order_id,"
                " ris_patient_reference, sha256, journal_id)"
                " VALUES ('u', ?, 'final', '{}', 'Dr A', '2026-11-22T10:00:00+00:00', 'o', 'Patient/1', 'l', 1)",
                (version,),
            )
            old.execute(
                "INSERT INTO outbox (report_uuid, version, accession_number, kind, idem_key, payload, payload_sha256,"
                " local_sha256, state, created) VALUES ('u', ?, 'A-1', 'fhir-diagnostic-report', ?, x'7B7D', 'h', 'l',"
                " 'queued', '2026-11-22T10:00:00+00:00')",
                (version, f"urn:uuid:u/{version}"),
            )
            old.execute(
                "INSERT INTO delivery_event (delivery_id, event, before, after, detail, at)"
                " VALUES (?, 'signed', '', 'queued', '', '2026-11-22T10:00:00+00:00')",
                (version,),
            )


def facts(path):
    tables = "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'outbox' AND sql <> '' AND type <> 'table' ORDER BY name"
    rows = "SELECT id, report_uuid, version, kind, idem_key, payload, state, created FROM outbox ORDER BY id"
    numbers = "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'"
    return sql(path, tables), sql(path, rows), sql(path, "SELECT * FROM delivery_event"), sql(path, numbers)


@pytest.fixture
def path(tmp_path, monkeypatch):
    path = tmp_path / "reports.db"
    with monkeypatch.context() as older:
        older.setattr(database, "MIGRATIONS", BEFORE)
        filled_as_before(path)
    return path


def test_rows_their_history_triggers_and_numbers_are_as_before(path):
    before = facts(path)
    ReportStore(path).close()
    assert facts(path) == before
    assert len(before[1]) == 2
    assert sql(path, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE outbox SET payload = x'00'",
        "DELETE FROM outbox",
        "UPDATE outbox SET kind = 'hl7-oru-r01'",
        "UPDATE outbox SET state = 'confirmed'",
        "INSERT INTO delivery_event (delivery_id, event, before, after, detail, at) VALUES (99, '', '', '', '', '')",
        "INSERT INTO outbox (report_uuid, version, accession_number, kind, idem_key, payload, payload_sha256, local_sha256,"
        " state, created) VALUES ('u', 1, 'A-1', 'fax', 'k', x'00', 'h', 'l', 'queued', '')",
        "INSERT INTO outbox (report_uuid, version, accession_number, kind, idem_key, payload, payload_sha256, local_sha256,"
        " state, created) VALUES ('u', 1, 'A-1', 'hl7-oru-r01', 'longer-than-twenty-letters', x'00', 'h', 'l', 'queued', '')",
    ],
)
def test_what_could_not_be_done_before_still_cannot(path, statement):
    ReportStore(path).close()
    with pytest.raises(sqlite3.IntegrityError):
        sql(path, statement)


def test_a_migration_of_today_is_followed_by_a_copy_that_what_comes_can_be_made_again_in(path, monkeypatch):
    """F19: the log of changes after a migration would not fit a copy of before it."""
    with monkeypatch.context() as older:
        older.setattr(database, "MIGRATIONS", BEFORE)
        database.ReportDatabase(path).close()
        assert len(list(path.parent.glob("*.copy-*"))) == 1
    with closing(ReportStore(path)) as store:
        delivery = signed(store, order_for("A-2"))
        store.append_segment(delivery.report_uuid, SectionCode.FINDINGS, segment(1))
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes(8192) + whole[8292:])
    path.with_name(f"{path.name}.sound").unlink(missing_ok=True)
    with closing(ReportStore(path)) as store:
        assert "made again" in store.notice
        assert "Nothing is missing" in store.notice
        assert store.report(delivery.report_uuid).text(SectionCode.FINDINGS) == "No change. word1"
