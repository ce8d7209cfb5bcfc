"""Whatever the network, the RIS and the power do, in whatever order: exactly once, and only with proof.

Invariant I2 of the reliability page: the RIS stores the content of each (report, version) at most
once and in the end exactly once; a delivery is CONFIRMED only if the RIS holds, or held, it.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter

from calm import calm
from fake_fhir import Crash, Fault
from hypothesis import given, settings
from hypothesis import strategies as st
from outbox_seat import Seat
from seat import evidence_for, item_for, order_for, segment

from workstation.domain.delivery import DeliveryState
from workstation.domain.report import ReportAction, ReportStatus, SectionCode
from workstation.errors import Refused
from workstation.reporting.content import content_of_resource

ORDERS = tuple(order_for(f"ACC-{n}", f"1.2.{n}", number=str(n)) for n in range(2))
NEXT = {
    ReportStatus.DRAFT: (ReportAction.SIGN_PRELIMINARY, ReportAction.SIGN_FINAL),
    ReportStatus.PRELIMINARY: (ReportAction.SIGN_FINAL, ReportAction.SIGN_PRELIMINARY),
}
CHANGES = (ReportAction.CORRECT, ReportAction.APPEND)
CHANGES_IN_THE_RIS = ({"conclusion": "RIS", "status": "amended"}, {"media": [{"link": {"display": "key image"}}]})
FAULTS = tuple(Fault)
SETTLED = (DeliveryState.CONFIRMED, DeliveryState.SUPERSEDED)


class Interleaving:
    """One run of a seat through a random history, checked after every act."""

    def __init__(self, seat: Seat, chance: random.Random) -> None:
        self.seat = seat
        self.chance = chance
        self.changed: dict[str, dict] = {}
        self.words = 0
        for order in ORDERS:
            seat.server.place(order)

    def act(self) -> None:
        acts = (self.sign, self.work, self.late_requests_arrive, self.seat.restart, self.somebody_changes_a_report)
        self.chance.choices(acts, weights=(6, 20, 3, 2, 2))[0]()
        self.check()

    def sign(self) -> None:
        order = self.chance.choice(ORDERS)
        report = self.seat.store.open_draft(item_for(order))
        self.words += 1
        self.seat.store.append_segment(report.report_uuid, SectionCode.FINDINGS, segment(self.words))
        action = self.chance.choice(NEXT.get(report.status, CHANGES))
        with contextlib.suppress(Refused):  # while a conflict is open
            self.seat.store.sign(report.report_uuid, action, "Dr A", evidence_for(order))

    def work(self) -> None:
        """One step. Half of the requests meet a fault: it takes three to send and two to confirm."""
        self.seat.now += 10_000.0
        self.seat.meet(*(self.chance.choice(FAULTS) if self.chance.random() < 0.4 else Fault.NONE for _ in range(8)))
        try:
            self.seat.outbox.step()
        except Crash:
            self.seat.restart()

    def late_requests_arrive(self) -> None:
        self.seat.network.deliver_late()

    def somebody_changes_a_report(self) -> None:
        order = self.chance.choice(ORDERS)
        report = self.seat.store.report_of(order.accession_number, order.study_instance_uid)
        if report and self.seat.server.with_identifier(report.report_uuid):
            self.changed.setdefault(report.report_uuid, {}).update(change := self.chance.choice(CHANGES_IN_THE_RIS))
            self.seat.server.amend(report.report_uuid, **change)

    def check(self) -> None:
        server, deliveries = self.seat.server, self.seat.store.deliveries()
        holders = Counter(report["identifier"][0]["value"] for report in server.reports.values())
        assert set(holders.values()) <= {1}, "a second report"
        stored = {(report["id"], content_of_resource(report).sha256()) for report in server.history}
        hashes = Counter(content_of_resource(report).sha256() for report in server.written)
        assert all(hashes[d.local_sha256] <= 1 for d in deliveries), "a version stored twice"
        confirmed = [d for d in deliveries if d.state is DeliveryState.CONFIRMED]
        assert all((d.ris_report_id, d.local_sha256) in stored for d in confirmed), "confirmed without proof"
        for report_uuid, changed in self.changed.items():
            (held,) = server.with_identifier(report_uuid)
            assert held.items() >= changed.items(), "a change in the RIS overwritten"

    def end(self) -> None:
        """The weather clears: all that was signed arrives, but for what the RIS changed meanwhile."""
        self.seat.network.deliver_late()
        self.seat.drain()
        self.check()
        deliveries = self.seat.store.deliveries()
        for delivery in {d.report_uuid: d for d in deliveries if d.report_uuid not in self.changed}.values():
            (held,) = self.seat.server.with_identifier(delivery.report_uuid)
            assert delivery.state is DeliveryState.CONFIRMED
            assert content_of_resource(held).sha256() == delivery.local_sha256
        assert all(d.state in SETTLED for d in deliveries if d.report_uuid not in self.changed)


@settings(calm, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_every_version_arrives_exactly_once_and_is_confirmed_only_with_proof(seed, tmp_path_factory):
    seat = Seat(tmp_path_factory.mktemp("seat") / "reports.sqlite3", quick=True)
    try:
        run = Interleaving(seat, random.Random(seed))
        for _ in range(40):
            run.act()
        run.end()
    finally:
        seat.stop()
