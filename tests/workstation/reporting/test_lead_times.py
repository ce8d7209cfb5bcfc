"""Lead times: each step is stamped once, with its event, and never changed; what nobody told of stays unknown."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from seat import PATIENT, evidence_for, item_for, order_for, segment, signed

from workstation.database import DatabaseKey, open_database
from workstation.domain.delivery import DeliveryState
from workstation.domain.lead_time import LeadEvent, StampSource
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Conflict
from workstation.reporting.lead_times import Told, steps_of_orders
from workstation.reporting.schema import MIGRATIONS
from workstation.reporting.store import ReportStore
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.outbox import Outbox

HELSINKI = timezone(timedelta(hours=2))
ORDERED = datetime(2026, 11, 22, 9, 0, tzinfo=HELSINKI)
DONE = datetime(2026, 11, 22, 9, 40, 30, tzinfo=HELSINKI)
ORDER = replace(order_for(), ordered=ORDERED, exam_end=DONE)
READER = "Dr Signe Läkare"
CHILD = Path(__file__).parents[2] / "support" / "lead_time_child.py"


def test_every_step_is_stamped_with_whose_word_it_is(store: ReportStore) -> None:
    store.lead_times.reader = lambda: READER
    store.lead_times.told(steps_of_orders([ORDER]), skew_seconds=1.5)
    report = store.open_draft(item_for(ORDER))
    store.append_segment(report.report_uuid, SectionCode.FINDINGS, segment(1))
    store.sign(report.report_uuid, ReportAction.SIGN_FINAL, READER, evidence_for(ORDER))
    exam = store.lead_times.of("ACC-1", ORDER.study_instance_uid)
    assert list(exam.stamps) == [LeadEvent.ORDERED, LeadEvent.EXAM_END, LeadEvent.OPENED, LeadEvent.DICTATED, LeadEvent.SIGNED]
    sources = {event: stamp.source for event, stamp in exam.stamps.items()}
    told = {LeadEvent.ORDERED: StampSource.RIS, LeadEvent.EXAM_END: StampSource.RIS}
    assert sources == {**dict.fromkeys(exam.stamps, StampSource.US), **told}
    assert (exam.stamps[LeadEvent.OPENED].who, exam.stamps[LeadEvent.SIGNED].who) == (READER, READER)
    assert (exam.modality, exam.study_instance_uid) == ("CT", ORDER.study_instance_uid)


def test_instants_are_utc_and_the_zone_of_whoever_stamped_stands_beside(store: ReportStore) -> None:
    store.lead_times.told(steps_of_orders([ORDER]))
    store.open_draft(item_for(ORDER))
    stamps = store.lead_times.of("ACC-1", "").stamps
    done, opened = stamps[LeadEvent.EXAM_END], stamps[LeadEvent.OPENED]
    assert (done.at, done.offset_minutes) == (DONE, 120)
    assert done.at.tzinfo is UTC
    here = opened.at.astimezone().utcoffset()
    assert here is not None
    assert opened.offset_minutes == here.total_seconds() / 60


def test_the_zone_of_what_the_database_stamps_is_this_computers(tmp_path: Path) -> None:
    """Summer and winter time, by the day of the event and not by today's."""
    script = (
        "import sys; from pathlib import Path; from datetime import UTC, datetime\n"
        "from seat import item_for, order_for, segment\n"
        "from workstation.domain.report import SectionCode\n"
        "from workstation.reporting.store import ReportStore\n"
        "moment = datetime(2026, int(sys.argv[2]), 5, 22, 30, tzinfo=UTC)\n"
        "store = ReportStore(Path(sys.argv[1]), clock=lambda: moment)\n"
        "uuid = store.open_draft(item_for(order_for())).report_uuid\n"
        "store.append_segment(uuid, SectionCode.FINDINGS, segment(1))\n"
        "print([stamp.offset_minutes for stamp in store.lead_times.of('ACC-1', '').stamps.values()])\n"
    )
    folders = [str(CHILD.parent), str(CHILD.parents[2])]
    env = {**os.environ, "TZ": "Europe/Stockholm", "PYTHONPATH": os.pathsep.join(folders)}
    for month, offsets in (("1", "[60, 60]"), ("7", "[120, 120]")):
        command = [sys.executable, "-c", script, str(tmp_path / f"{month}.sqlite3"), month]
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
        assert done.stdout.strip() == offsets


def test_nothing_changes_a_stamp(store: ReportStore) -> None:
    store.lead_times.told(steps_of_orders([ORDER]))
    later = replace(ORDER, ordered=ORDERED + timedelta(hours=3), exam_end=DONE - timedelta(hours=3))
    store.lead_times.told(steps_of_orders([later]))
    fresh = type(store.lead_times)(store._database, store._clock)
    fresh.told(steps_of_orders([later]))
    stamps = store.lead_times.of("ACC-1", "").stamps
    assert (stamps[LeadEvent.ORDERED].at, stamps[LeadEvent.EXAM_END].at) == (ORDERED, DONE)
    for sql in ("UPDATE lead_time SET at = 'earlier'", "DELETE FROM lead_time"):
        with pytest.raises(Conflict, match="append only"), store._database.writing():
            store._database.execute(sql)
    assert store.lead_times.of("ACC-1", "").stamps == stamps


def test_only_the_first_words_and_the_first_opening_count(store: ReportStore) -> None:
    report = store.open_draft(item_for(ORDER))
    first = store.append_segment(report.report_uuid, SectionCode.FINDINGS, segment(1))
    stamps = store.lead_times.of("ACC-1", "").stamps
    store.append_segment(first.report_uuid, SectionCode.FINDINGS, segment(2))
    store.lead_times.reader = lambda: "Somebody else"
    store.open_draft(item_for(ORDER))
    assert store.lead_times.of("ACC-1", "").stamps == stamps


def test_what_nobody_told_of_stays_unknown(store: ReportStore) -> None:
    """A typed report was not dictated, an order without an instant says none, a study without an order has none."""
    signed(store, order_for())
    assert set(store.lead_times.of("ACC-1", "").stamps) == {LeadEvent.OPENED, LeadEvent.SIGNED}
    assert steps_of_orders([order_for()]) == []
    assert store.lead_times.of("ACC-9", "1.2.3").stamps == {}
    lone = item_for(None, accession="", study_uid="1.2.3.4.5")
    store.open_draft(lone)
    assert set(store.lead_times.of("", "1.2.3.4.5").stamps) == {LeadEvent.OPENED}


def test_a_signature_that_was_taken_back_is_none(store: ReportStore) -> None:
    delivery = signed(store, order_for())
    first = store.lead_times.of("ACC-1", "").at(LeadEvent.SIGNED)
    store.life.withdraw(delivery.report_uuid, READER)
    assert store.lead_times.of("ACC-1", "").at(LeadEvent.SIGNED) is None
    store.sign(delivery.report_uuid, ReportAction.SIGN_FINAL, READER, evidence_for(order_for()))
    again = store.lead_times.of("ACC-1", "").at(LeadEvent.SIGNED)
    assert again is not None
    assert first is not None
    assert again > first


def test_confirmed_is_when_it_was_read_back(store: ReportStore) -> None:
    with EmbeddedRis() as ris:
        order = ris.place_order(PATIENT, "CT thorax", "2.25.4711", "ACC-7")
        delivery = signed(store, order)
        assert LeadEvent.CONFIRMED not in store.lead_times.of("ACC-7", "").stamps
        outbox = Outbox(store, FhirRis(ris.base_url))
        while outbox.step() is not None:
            pass
    events = store.ledger.history(delivery.delivery_id)
    read_back = next(at for _, _, after, _, at in events if after == DeliveryState.CONFIRMED.value)
    stamp = store.lead_times.of("ACC-7", "").stamps[LeadEvent.CONFIRMED]
    assert (stamp.at, stamp.source) == (read_back, StampSource.US)


@pytest.mark.parametrize(("moment", "stays"), [("before", False), ("after", True)])
def test_a_killed_program_has_signed_and_stamped_both_or_neither(tmp_path: Path, moment: str, stays: bool) -> None:
    """SIGKILL inside the transaction of the signature, and right behind it."""
    path = tmp_path / "reports.sqlite3"
    folders = [str(CHILD.parent), str(CHILD.parents[2])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    done = subprocess.run([sys.executable, CHILD, path, moment], env=env, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    store = ReportStore(path)
    report = store.report_of("ACC-1", order_for().study_instance_uid)
    assert report is not None
    exam = store.lead_times.of("ACC-1", "")
    assert bool(store.versions(report.report_uuid)) is stays
    assert (exam.at(LeadEvent.SIGNED) is not None) is stays
    assert exam.at(LeadEvent.OPENED) is not None
    if stays:
        row = store._database.row("SELECT signed_at FROM report_version")
        assert row is not None
        assert exam.at(LeadEvent.SIGNED) == datetime.fromisoformat(row["signed_at"])
    store.close()


def test_a_store_from_before_has_its_stamps_from_its_own_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reports.sqlite3"
    old = ReportStore(path)
    monkeypatch.setattr(old.lead_times, "opened", lambda _: None)
    uuid = old.open_draft(item_for(ORDER)).report_uuid
    old.append_segment(uuid, SectionCode.FINDINGS, segment(1))
    old.sign(uuid, ReportAction.SIGN_FINAL, READER, evidence_for(ORDER))
    moments = [entry.at for entry in old.journal(uuid)]
    old.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as file:  # as the ninth migration left it
        for (name,) in file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'lead_time%'"
        ).fetchall():
            file.execute(f"DROP TRIGGER {name}")
        for statement in ("DROP TABLE lead_time", "DROP TABLE report_joint", "ALTER TABLE report_version DROP COLUMN joint"):
            file.execute(statement)
        file.execute("PRAGMA user_version = 9")
    new = ReportStore(path)
    stamps = new.lead_times.of("ACC-1", "").stamps
    assert [stamps[event].at for event in (LeadEvent.OPENED, LeadEvent.DICTATED)] == moments[:2]
    assert stamps[LeadEvent.SIGNED].who == READER
    new.close()


def test_a_store_that_is_made_again_from_its_copy_keeps_the_stamps(tmp_path: Path) -> None:
    path = tmp_path / "reports.sqlite3"
    store = ReportStore(path)
    store.lead_times.told(steps_of_orders([ORDER]), skew_seconds=70.0)
    signed(store, ORDER)
    stamps = store.lead_times.of("ACC-1", "").stamps
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:12288] = bytes(8192)
    path.write_bytes(content)
    again = ReportStore(path)
    assert again.notice, "it was damaged, and is said to have been"
    assert again.lead_times.of("ACC-1", "").stamps == stamps
    again.close()


def test_an_archives_word_does_not_replace_the_ris(store: ReportStore) -> None:
    store.lead_times.told(steps_of_orders([ORDER]))
    images = Told("ACC-1", LeadEvent.EXAM_END, DONE + timedelta(minutes=1), StampSource.ARCHIVE)
    store.lead_times.told([images])
    assert store.lead_times.of("ACC-1", "").stamps[LeadEvent.EXAM_END].source is StampSource.RIS


def test_what_is_asked_for_since_a_moment(store: ReportStore) -> None:
    """What had a step since then, and what is older and waits; not what was signed before."""
    now = datetime.now(UTC)
    for number, days in (("1", 20), ("2", 3), ("3", 3)):
        order = order_for(f"ACC-{number}", f"1.2.{number}", number=number)
        store.lead_times.told([Told(order.accession_number, LeadEvent.EXAM_END, now - timedelta(days=days), StampSource.RIS)])
    signed(store, order_for("ACC-3", "1.2.3", number="3"))
    asked = {exam.exam for exam in store.lead_times.since(now - timedelta(days=1))}
    assert asked == {"ACC-2", "ACC-3"}
    assert {exam.exam for exam in store.lead_times.since(now + timedelta(days=1))} == {"ACC-2"}


def test_the_table_is_append_only_in_the_file_itself(tmp_path: Path) -> None:
    """Not by this program's good will: by a trigger that any program meets."""
    store = ReportStore(tmp_path / "reports.sqlite3")
    store.open_draft(item_for(ORDER))
    store.close()
    raw = open_database(tmp_path / "reports.sqlite3", MIGRATIONS, "DELETE", "EXTRA", DatabaseKey(""), 1000)
    with pytest.raises(Exception, match="append only"):
        raw.conn.execute("UPDATE lead_time SET at = '2020-01-01T00:00:00+00:00'")
    raw.close()
