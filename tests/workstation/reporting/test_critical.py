"""Critical results on disk: noted, told, never lost (F76)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from seat import item_for, order_for

from workstation.domain.critical import LIMITS, CriticalLevel, CriticalMethod, Told, communication_words
from workstation.errors import Refused
from workstation.reporting.store import ReportStore

AT = datetime(2026, 11, 23, 5, 10, tzinfo=UTC)
TOLD = Told("Dr Vakt", "surgeon on call", CriticalMethod.TELEPHONE, AT, True, "Dr A")


@pytest.fixture
def uuid(store):
    return store.open_draft(item_for(order_for())).report_uuid


def test_an_open_one_survives_a_restart_and_says_until_when(tmp_path):
    """F76."""
    store = ReportStore(tmp_path / "r.db")
    uuid = store.open_draft(item_for(order_for())).report_uuid
    noted = store.critical.begin(uuid, CriticalLevel.MINUTES, "Tension\npneumothorax", "Dr A")
    store.close()
    store = ReportStore(tmp_path / "r.db")
    (found,) = store.critical.open()
    assert found == noted
    assert (found.finding, found.accession_number) == ("Tension pneumothorax", "ACC-1")
    assert found.due - found.begun_at == timedelta(minutes=60)
    assert store.untold_studies() == frozenset({found.study_instance_uid})
    store.close()


def test_the_most_pressing_comes_first(store, uuid):
    days = store.critical.begin(uuid, CriticalLevel.DAYS, "Nodule", "Dr A")
    minutes = store.critical.begin(uuid, CriticalLevel.MINUTES, "Bleeding", "Dr A")
    assert store.critical.open() == (minutes, days)
    assert LIMITS[CriticalLevel.MINUTES] < LIMITS[CriticalLevel.HOURS] < LIMITS[CriticalLevel.DAYS]


def test_what_was_told_is_kept_with_receiver_time_and_read_back(store, uuid):
    noted = store.critical.begin(uuid, CriticalLevel.MINUTES, "Tension pneumothorax.", "Dr A")
    told = store.critical.tell(noted.critical_uuid, TOLD)
    assert told.told == TOLD
    assert (store.critical.open(), store.critical.of_report(uuid)) == ((), (told,))
    words = communication_words(told, "en")
    when = AT.astimezone().strftime("%Y-%m-%d %H:%M")
    assert words == (
        f"Critical result: Tension pneumothorax. Told to Dr Vakt (surgeon on call) by telephone on {when} by Dr A. Read back."
    )
    assert communication_words(told, "sv").startswith("Kritiskt fynd: Tension pneumothorax. Meddelat Dr Vakt")
    with pytest.raises(Refused, match="already"):
        store.critical.tell(noted.critical_uuid, TOLD)


def test_one_that_is_not_critical_after_all_needs_a_reason(store, uuid):
    noted = store.critical.begin(uuid, CriticalLevel.HOURS, "Bleeding", "Dr A")
    with pytest.raises(Refused, match="why"):
        store.critical.drop(noted.critical_uuid, " ", "Dr A")
    assert store.critical.drop(noted.critical_uuid, "Known since May", "Dr A").dropped == "Known since May"
    assert store.critical.open() == ()
    assert communication_words(store.critical.of_report(uuid)[0], "en") == ""


def test_nothing_is_noted_without_words_or_told_to_nobody(store, uuid):
    with pytest.raises(Refused, match="what is critical"):
        store.critical.begin(uuid, CriticalLevel.HOURS, "  ", "Dr A")
    noted = store.critical.begin(uuid, CriticalLevel.HOURS, "Bleeding", "Dr A")
    with pytest.raises(Refused, match="who"):
        store.critical.tell(noted.critical_uuid, Told("", "", CriticalMethod.MESSAGE, AT, False, "Dr A"))
    assert store.critical.open() == (noted,)
