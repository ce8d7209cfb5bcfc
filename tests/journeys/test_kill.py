"""Steps of kill.feature: real processes, SIGKILL, a real FHIR server behind a proxy that does harm."""

from __future__ import annotations

import random
import uuid
from contextlib import closing

import pytest
from fault_proxy import FaultProxy, Trouble
from killable import KillableSeat
from pytest_bdd import given, parsers, scenarios, then, when
from seat import PATIENT, item_for

from workstation.domain.delivery import DeliveryState
from workstation.domain.order import Order
from workstation.domain.report import ReportStatus, SectionCode
from workstation.reporting.content import content_of_resource
from workstation.reporting.store import ReportStore
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.outbox import Outbox
from workstation.ris.ris import HoldingKind

scenarios("kill.feature")

WORDS = "word1 word2"


class Desk:
    """One reader's place: the store's file, the way to the RIS, and the process that gets killed."""

    def __init__(self, folder, ris: EmbeddedRis, order: Order) -> None:
        self.path = folder / "reports.sqlite3"
        self.order = order
        self.proxy = FaultProxy(ris.base_url.removesuffix("/fhir"))
        self.ris = FhirRis(f"{self.proxy.base_url}/fhir")
        self.acknowledged: list[str] = []
        self.seat = self.sit_down()

    def sit_down(self) -> KillableSeat:
        return KillableSeat(self.path, self.ris.base_url, self.order)

    def restart(self) -> None:
        self.seat.close()
        self.seat = self.sit_down()

    def store(self):
        """The store as the next start of the program finds it."""
        return closing(ReportStore(self.path))

    def close(self) -> None:
        self.seat.close()
        self.ris.close()
        self.proxy.close()


@pytest.fixture(scope="module")
def ris():
    with EmbeddedRis() as ris:
        yield ris


@pytest.fixture
def order(ris):
    return ris.place_order(PATIENT, "CT thorax", f"2.25.{uuid.uuid4().int}", f"ACC-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def desk(tmp_path, ris, order):
    desk = Desk(tmp_path, ris, order)
    yield desk
    desk.close()


@given("a RIS with an order for a chest CT")
def a_ris(order):
    assert order.procedure == "CT thorax"


@given("a reader who has the report of that order open")
def a_reader(desk):
    with desk.store() as store:
        assert store.open_draft(item_for(desk.order)).status is ReportStatus.DRAFT


@given("the reader has dictated the findings")
def has_dictated(desk):
    assert [desk.seat.ask(f"dictate {number}") for number in (1, 2)] == ["segment-1", "segment-2"]


@given("the RIS takes reports but its answer does not come")
def answer_is_held(desk):
    desk.proxy.once("POST", Trouble.HOLD_AFTER)


@given("the way to the RIS swallows the report")
def report_is_swallowed(desk):
    desk.proxy.once("POST", Trouble.HOLD_BEFORE)


@when(parsers.parse("the reader dictates and the workstation is killed at a random moment, {times:d} times"))
def killed_while_dictating(desk, times):
    chance = random.Random(7)
    for round_number in range(times):
        for number in range(20):
            desk.seat.say(f"dictate {round_number * 100 + number}")
        desk.acknowledged += [desk.seat.hear() for _ in range(chance.randint(1, 8))]
        desk.seat.kill()
        desk.acknowledged += desk.seat.last_words()
        desk.restart()


@when("the reader signs")
def signs(desk):
    assert desk.seat.ask("sign") == "signed"


@when("the report is under way")
def under_way(desk):
    desk.seat.say("deliver")
    assert desk.proxy.held.wait(60)


@when("the workstation is killed")
def killed(desk):
    desk.seat.kill()
    desk.proxy.release.set()


@when("the workstation starts again and delivers")
def starts_again(desk):
    desk.restart()
    assert desk.seat.ask("deliver") == "delivered"


@then("every segment that was acknowledged is in the draft, in order")
def all_there(desk):
    with desk.store() as store:
        report = store.open_draft(item_for(desk.order))
        kept = [segment.segment_id for _, segment in store.segments(report.report_uuid)]
    assert len(desk.acknowledged) > 8
    assert [segment_id for segment_id in kept if segment_id in set(desk.acknowledged)] == desk.acknowledged
    # What was not acknowledged is there whole or not at all.
    assert report.text(SectionCode.FINDINGS).split() == [name.replace("segment-", "word") for name in kept]


@then("the draft is offered again after the restart")
def offered(desk):
    with desk.store() as store:
        assert [draft.accession_number for draft in store.drafts()] == [desk.order.accession_number]


def only_delivery(desk):
    with desk.store() as store:
        (delivery,) = store.deliveries()
    return delivery


@then("the report is signed and waits in the outbox")
def waits(desk):
    assert only_delivery(desk).state is DeliveryState.QUEUED
    with desk.store() as store:
        assert store.report(only_delivery(desk).report_uuid).status is ReportStatus.FINAL


@then("the outbox says that the outcome is unknown")
def unknown(desk):
    assert only_delivery(desk).state is DeliveryState.SENDING


@then("the RIS holds exactly one report with the dictated words")
def one_report(desk):
    holding = desk.ris.read_back(only_delivery(desk).report_uuid)
    assert holding.kind is HoldingKind.ONE
    content = content_of_resource(holding.resource)
    assert content.sections == ((SectionCode.FINDINGS.value, WORDS),)
    assert content.accession_number == desk.order.accession_number
    assert holding.resource["meta"]["versionId"] == "1"


@then("the report is confirmed by reading it back")
def confirmed(desk):
    delivery = only_delivery(desk)
    assert delivery.state is DeliveryState.CONFIRMED
    assert delivery.ris_sha256 == delivery.local_sha256
    assert delivery.ris_report_id == desk.ris.read_back(delivery.report_uuid).ris_report_id


@then("the report was sent once")
def sent_once(desk):
    assert [method for method, _ in desk.proxy.writes()] == ["POST"]


@then("nothing is left to do")
def nothing_left(desk):
    with desk.store() as store:
        assert Outbox(store, desk.ris).step() is None
        assert store.deliveries(open_only=True) == ()
