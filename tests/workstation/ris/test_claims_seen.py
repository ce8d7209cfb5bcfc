"""What the list of orders tells of who reads what: by the RIS's clock, and nothing is forgotten before it has told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from workstation.domain.claim import Claim, ClaimState
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.ris.claims import FhirClaims
from workstation.session.claiming import Claiming

ANNA = {"identifier": {"value": "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, "display": "Dr Anna"}
PATIENT = Patient(PatientKey("P1"), "Test^One")
ROW = WorklistItem(
    "A1", "1.1", PATIENT, "CT", "CT", Priority.ROUTINE, None, ReadStatus.UNREAD, 4, order=Order("o1", "A1", PATIENT, "CT"),
    owner="Dr Anna", read_by="Dr Anna",
)  # fmt: skip


def task(renewed: datetime) -> dict[str, Any]:
    return {
        "resourceType": "Task", "id": "t1", "status": "in-progress", "focus": {"reference": "ServiceRequest/o1"}, "owner": ANNA,
        "executionPeriod": {"start": "2026-11-23T08:10:00+01:00"}, "meta": {"lastUpdated": renewed.isoformat()},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ahead", "minutes", "state"),
    [(0, 5, ClaimState.OTHERS), (0, 45, ClaimState.FREE), (7200, 5, ClaimState.OTHERS), (-7200, 45, ClaimState.FREE)],
    ids=["fresh", "stale", "fresh, our clock two hours ahead", "stale, our clock two hours behind"],
)
def test_f43_a_claim_on_the_list_lapses_by_the_clock_of_the_ris(ahead: int, minutes: int, state: ClaimState) -> None:
    claims = FhirClaims(SimpleNamespace(clock_skew=float(ahead)))
    there = datetime.now(UTC) - timedelta(seconds=ahead)
    claims.saw([task(there - timedelta(minutes=minutes))])
    assert claims.seen["o1"].state is state
    assert claims.seen["o1"].has_lapsed is (state is ClaimState.FREE)


@pytest.fixture
def claiming() -> Claiming:
    desk = SimpleNamespace(lock=lambda _: None)
    made = Claiming(SimpleNamespace(run=lambda *_, **__: None), desk, lambda _: None, lambda: "Dr Bo")
    made.source = FhirClaims(SimpleNamespace(clock_skew=0.0))
    return made


def test_a_start_without_the_ris_forgets_nothing_of_who_reads_what(claiming: Claiming) -> None:
    """The index knows it from the last run; an empty answer that never came is none."""
    assert claiming.known() is None
    assert claiming.marked([ROW]) == (ROW,)
    claiming.source.saw([])
    assert claiming.known() == {}
    assert claiming.marked([ROW])[0].read_by == ""


def test_a_row_says_who_reads_it_and_since_when(claiming: Claiming) -> None:
    claiming.source.saw([task(datetime.now(UTC))])
    (row,) = claiming.marked([replace(ROW, read_by="", owner="")])
    assert row.read_by == "Dr Anna"
    assert row.read_since == datetime.fromisoformat("2026-11-23T08:10:00+01:00")


def test_what_we_read_ourselves_is_no_other_readers_also_before_the_ris_has_told(claiming: Claiming) -> None:
    claiming._order_id = "o1"
    claiming._show(Claim("o1", ClaimState.OURS, "Dr Bo"))
    assert claiming.marked([ROW])[0].read_by == ""
    claiming._show(Claim("o1", ClaimState.OTHERS, "Dr Eva"))
    assert claiming.marked([ROW])[0].read_by == "Dr Eva"
