"""A report for several orders on its way to a real RIS (sekmet-fhir) and a real engine before it (hl7v2-fhir-bridge)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hl7_bridge import Road
from hl7_seat import placed
from seat import PATIENT, STUDY, evidence_for, item_for

from workstation.domain import hl7
from workstation.domain.delivery import Delivery
from workstation.domain.delivery import DeliveryState as State
from workstation.domain.order import Order
from workstation.domain.report import Report, ReportAction, SectionCode
from workstation.reporting.store import ReportStore
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.outbox import Backoff, Outbox

READER = "Dr Signe Läkare"
REGIONS = ("CT head", "CT neck", "CT thorax", "CT abdomen")


@pytest.fixture
def trauma(server: EmbeddedRis) -> tuple[Order, ...]:
    """One study, ordered region by region."""
    return tuple(server.place_order(PATIENT, region, STUDY, f"ACC-{uuid.uuid4().hex[:8]}") for region in REGIONS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReportStore]:
    with closing(ReportStore(tmp_path / "reports.db")) as store:
        yield store


@pytest.fixture
def ris(server: EmbeddedRis) -> Iterator[FhirRis]:
    with closing(FhirRis(server.base_url)) as ris:
        yield ris


@pytest.fixture
def outbox(store: ReportStore, ris: FhirRis) -> Outbox:
    return Outbox(store, ris, Backoff(base=0.0))


def begun(store: ReportStore, own: Order, *others: Order, text: str = "No injury.") -> Report:
    report = store.open_draft(item_for(own))
    store.write_section(report.report_uuid, SectionCode.FINDINGS, text)
    store.write_section(report.report_uuid, SectionCode.IMPRESSION, f"Impression: {text}")
    for other in others:
        store.joint.join(report, item_for(other), READER)
    return store.report(report.report_uuid)


def sign(
    store: ReportStore, own: Order, *others: Order, action: ReportAction = ReportAction.SIGN_FINAL, text: str = "No injury."
):
    report = begun(store, own, *others, text=text)
    return store.sign(report.report_uuid, action, READER, evidence_for(own))


def drain(outbox: Outbox) -> None:
    for _ in range(20):
        if outbox.step() is None:
            return
    raise AssertionError("the outbox does not come to rest")


def put(server: EmbeddedRis, resource: dict) -> str:
    """As somebody else writes it: the id that the RIS gives it."""
    with closing(FhirRis(server.base_url)) as ris:
        method, path = (
            ("PUT", f"{resource['resourceType']}/{resource['id']}") if "id" in resource else ("POST", "DiagnosticReport")
        )
        reply = ris._wire.request(method, path, content=json.dumps(resource).encode())
        assert reply.status in (200, 201)
        return str(reply.json()["id"])


def strange(order: Order, status: str = "final") -> dict:
    """A report of one order alone that another reader wrote."""
    return {
        "resourceType": "DiagnosticReport",
        "status": status,
        "code": {"text": "CT"},
        "basedOn": [{"reference": f"ServiceRequest/{order.order_id}"}],
        "subject": {"reference": order.ris_patient_reference},
        "conclusion": "Read by somebody else.",
    }


def state_of(store: ReportStore, delivery: Delivery) -> Delivery:
    return store.ledger.delivery(delivery.delivery_id)


# ---- FHIR ----------------------------------------------------------------------------------------


def test_one_report_is_confirmed_once_it_is_found_from_each_order(store, outbox, ris, trauma) -> None:
    delivery = sign(store, *trauma)
    drain(outbox)
    assert state_of(store, delivery).state is State.CONFIRMED
    found = {ris.reports_of(order.order_id)[0].ris_report_id for order in trauma}
    assert found == {state_of(store, delivery).ris_report_id}
    for order in trauma:
        assert "confirmed" in [event.value for event in store.lead_times.of(order.accession_number, "").stamps]


def test_a_report_that_is_not_found_from_every_order_is_not_confirmed(store, outbox, ris, trauma, monkeypatch) -> None:
    """F34: the RIS said yes, and one of the orders does not lead to it."""
    held_under = ris.held_under
    lost = trauma[2].order_id
    monkeypatch.setattr(ris, "held_under", lambda one: () if one.order_id == lost else held_under(one))
    delivery = sign(store, *trauma)
    for _ in range(4):
        outbox.step()
    now = state_of(store, delivery)
    assert now.state is State.ACKNOWLEDGED
    assert trauma[2].accession_number in now.last_error
    monkeypatch.undo()
    drain(outbox)
    assert state_of(store, delivery).state is State.CONFIRMED
    assert len(ris.reports_of(trauma[0].order_id)) == 1


def test_another_readers_final_report_of_any_of_them_is_not_passed_by(server, store, outbox, ris, trauma) -> None:
    """Nothing is written beside it, the first time or later."""
    put(server, strange(trauma[3]))
    delivery = sign(store, *trauma)
    drain(outbox)
    now = state_of(store, delivery)
    assert now.state is State.CONFLICT
    assert trauma[3].accession_number in now.last_error
    assert not ris.reports_of(trauma[0].order_id)
    assert len(ris.reports_of(trauma[3].order_id)) == 1


def test_the_ris_itself_refuses_when_it_came_between_the_look_and_the_sending(
    server, store, outbox, ris, trauma, monkeypatch
) -> None:
    deliver = ris.deliver

    def late(submission, replaces):
        put(server, strange(trauma[1]))
        return deliver(submission, replaces)

    monkeypatch.setattr(ris, "deliver", late)
    delivery = sign(store, *trauma)
    drain(outbox)
    assert state_of(store, delivery).state is State.CONFLICT
    assert not ris.reports_of(trauma[0].order_id)


def test_a_cancelled_order_among_them_holds_the_report(server, store, outbox, trauma) -> None:
    """F61."""
    delivery = sign(store, *trauma)
    with closing(FhirRis(server.base_url)) as other:
        (order,) = (r for r in other.search("ServiceRequest", (("_id", trauma[2].order_id),)))
    put(server, {**order, "status": "revoked"})
    drain(outbox)
    now = state_of(store, delivery)
    assert now.state is State.HELD
    assert trauma[2].accession_number in now.last_error
    assert "cancelled" in now.last_error


def test_an_order_joined_after_the_preliminary_version_is_answered_by_the_final_one(store, outbox, ris, trauma) -> None:
    sign(store, trauma[0], action=ReportAction.SIGN_PRELIMINARY)
    drain(outbox)
    last = sign(store, *trauma[:2], text="No injury at all.")
    drain(outbox)
    assert state_of(store, last).state is State.CONFIRMED
    assert len({ris.reports_of(order.order_id)[0].ris_report_id for order in trauma[:2]}) == 1


# ---- HL7 -----------------------------------------------------------------------------------------


def test_by_hl7_each_accession_number_has_a_group_and_each_is_read_back(server, engine, seats) -> None:
    orders = tuple(placed(server, engine) for _ in range(3))
    with Road(engine) as road:
        seat = seats(road.port)
        for order in orders:
            seat.orders.put(order)
        delivery = sign(seat.store, *orders)
        assert seat.drain() == (State.CONFIRMED,)
        (sent,) = road.sent
    message = hl7.read_message(sent.strip(b"\x0b\x1c\r"))
    assert [obr.value(18) for obr in message.all("OBR")] == [order.accession_number for order in orders]
    assert [obr.value(29) for obr in message.all("OBR")] == ["", orders[0].placer_number, orders[0].placer_number]
    assert [obr.value(25) for obr in message.all("OBR")] == ["F", "F", "F"]
    with closing(FhirRis(server.base_url)) as ris:
        reports = [ris.reports_of(order.order_id) for order in orders]
    assert [len(found) for found in reports] == [1, 1, 1]
    assert [found[0].resource["conclusion"] for found in reports[1:]] == [
        f"Read together with accession number {orders[0].accession_number}: the report stands there"
    ] * 2
    assert state_of(seat.store, delivery).ris_report_id == reports[0][0].ris_report_id
    # What the engine made of the other groups is ours, and is not shown as somebody else's.
    for found in reports:
        assert seat.store.conflicts.keep(delivery.report_uuid, found[0].ris_report_id, found[0].etag, found[0].resource) is None


def test_by_hl7_where_nothing_can_be_read_a_joint_report_and_its_correction_go_and_stay_unproven(server, engine, seats) -> None:
    """What cannot be asked is not taken for missing: nothing is held back for it, and nothing is called confirmed."""
    orders = tuple(placed(server, engine) for _ in range(2))
    seat = seats(engine, can_read=False)
    for order in orders:
        seat.orders.put(order)
    first = sign(seat.store, *orders)
    assert seat.drain() == (State.ACKNOWLEDGED,)
    seat.store.write_section(first.report_uuid, SectionCode.FINDINGS, "A fracture of C2.")
    seat.store.sign(first.report_uuid, ReportAction.CORRECT, READER, evidence_for(orders[0]))
    assert seat.drain() == (State.ACKNOWLEDGED, State.ACKNOWLEDGED)


def test_by_hl7_what_the_engine_did_not_store_of_one_number_is_noticed(server, engine, seats, monkeypatch) -> None:
    """F34."""
    orders = tuple(placed(server, engine) for _ in range(2))
    seat = seats(engine)
    for order in orders:
        seat.orders.put(order)
    held_under = seat.reader.held_under
    monkeypatch.setattr(seat.reader, "held_under", lambda one: ())
    delivery = sign(seat.store, *orders)
    for _ in range(3):
        seat.outbox.step()
    now = state_of(seat.store, delivery)
    assert now.state is State.ACKNOWLEDGED
    assert orders[1].accession_number in now.last_error
    monkeypatch.setattr(seat.reader, "held_under", held_under)
    assert seat.drain() == (State.CONFIRMED,)


def test_by_hl7_another_readers_report_under_one_of_the_numbers_is_not_written_over(server, engine, seats) -> None:
    """A receiver keeps one result for each number: ours would replace it."""
    orders = tuple(placed(server, engine) for _ in range(2))
    first, second = seats(engine), seats(engine)
    first.sign(orders[1], "Read alone.")
    assert first.drain() == (State.CONFIRMED,)
    for order in orders:
        second.orders.put(order)
    delivery = sign(second.store, *orders)
    second.drain()
    now = state_of(second.store, delivery)
    assert now.state is State.CONFLICT
    assert orders[1].accession_number in now.last_error
    with closing(FhirRis(server.base_url)) as ris:
        assert not ris.reports_of(orders[0].order_id)
        (there,) = ris.reports_of(orders[1].order_id)
    assert there.resource["conclusion"] == "Impression: Read alone."
