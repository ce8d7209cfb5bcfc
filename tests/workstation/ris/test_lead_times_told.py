"""When an examination was ordered and done, as the RIS says it: FHIR's authoredOn, HL7's ORC-9 and OBR-8."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hl7_seat import omi

from workstation.domain import hl7
from workstation.domain.lead_time import LeadEvent
from workstation.reporting.lead_times import steps_of_orders
from workstation.reporting.store import ReportStore
from workstation.ris.hl7.incoming import Incoming
from workstation.ris.hl7.stamped import StampedOrders
from workstation.ris.orders import orders_of
from workstation.worklist_store import OrderStore

ORDERED = datetime(2026, 11, 22, 13, 30, tzinfo=UTC)
DONE = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[OrderStore, ReportStore]]:
    orders, reports = OrderStore(tmp_path / "orders.db"), ReportStore(tmp_path / "reports.db")
    yield orders, reports
    orders.close()
    reports.close()


def message(lines: list[str]) -> bytes:
    return hl7.message(lines, "UNICODE UTF-8")


def test_an_engines_message_stamps_once(stores: tuple[OrderStore, ReportStore]) -> None:
    orders, reports = stores
    stamped = StampedOrders(orders, lambda found, skew: reports.lead_times.told(steps_of_orders(found), skew))
    incoming = Incoming(stamped, lambda: None)

    def sent(control: str, entered: str) -> None:
        lines = omi(control)
        lines[3] = hl7.segment("ORC", {1: control, 2: ("P-1", "HIS"), 3: ("F-1", "", "1.2.3", "ISO"), 9: entered})
        assert b"AA" in incoming.answer(message(lines))

    sent("NW", "20261122143000+0100")
    first = reports.lead_times.of("A-1", "").stamps
    assert {event: stamp.at for event, stamp in first.items()} == {LeadEvent.ORDERED: ORDERED, LeadEvent.EXAM_END: DONE}
    sent("XO", "20261122180000+0100")
    assert reports.lead_times.of("A-1", "").stamps == first, "a later message says when it was sent, not when it was ordered"


def test_a_time_without_its_zone_is_no_instant(stores: tuple[OrderStore, ReportStore]) -> None:
    orders, reports = stores
    stamped = StampedOrders(orders, lambda found, skew: reports.lead_times.told(steps_of_orders(found), skew))
    lines = omi("NW")
    lines[3] = hl7.segment("ORC", {1: "NW", 2: ("P-1", "HIS"), 9: "20261122143000"})
    lines[5] = hl7.segment("OBR", {4: ("24627-2", "CT thorax", "LN"), 8: "20261122150000"})
    Incoming(stamped, lambda: None).answer(message(lines))
    assert reports.lead_times.of("A-1", "").stamps == {}


@pytest.mark.parametrize(("authored", "ordered"), [("2026-11-22T14:30:00+01:00", ORDERED), ("2026-11-22", None), ("", None)])
def test_fhir_says_when_it_was_ordered(authored: str, ordered: datetime | None) -> None:
    patient = {"resourceType": "Patient", "id": "1", "identifier": [{"value": "19 121212-1212"}]}
    request = {
        "resourceType": "ServiceRequest",
        "id": "o-1",
        "subject": {"reference": "Patient/1"},
        "identifier": [{"type": {"coding": [{"code": "ACSN"}]}, "value": "A-1"}],
        "category": [{"coding": [{"code": "363679005"}]}],
        "authoredOn": authored,
    }
    (order,) = orders_of([patient, request])
    assert order.ordered == ordered
