"""Many reports through a bad network to a real RIS: each of them there exactly once, and only with proof."""

from __future__ import annotations

import threading
from collections import Counter

from fault_proxy import Chance, FaultProxy
from seat import evidence_for, item_for, order_for, segment, signed

from workstation.domain.delivery import DeliveryState
from workstation.domain.report import ReportAction, SectionCode
from workstation.reporting.store import ReportStore
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.outbox import Backoff, Outbox, OutboxRunner

REPORTS = 25
CORRECTED = 5


def test_reports_through_ten_in_a_hundred_faults_are_each_in_the_ris_once(tmp_path):
    """F27-F34, F46: dropped, held, doubled, late, refused for now, a log-in page; creates and corrections."""
    with EmbeddedRis(tmp_path / "ris") as ris:
        first = ris.place_order(*_placing(0))
        orders = [first, *(ris.place_order(*_placing(n)) for n in range(1, REPORTS))]
        store = ReportStore(tmp_path / "reports.db")
        deliveries = [signed(store, order, f"Report {n}.") for n, order in enumerate(orders)]
        for order in orders[:CORRECTED]:
            report = store.open_draft(item_for(order))
            store.append_segment(report.report_uuid, SectionCode.FINDINGS, segment(1, "A second look."))
            store.sign(report.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(order))
        chance = Chance(10, seed=20)
        with FaultProxy(ris.base_url.removesuffix("/fhir")) as proxy:
            proxy.trouble_for = chance
            _drained(store, FhirRis(f"{proxy.base_url}/fhir"))
        assert {d.state for d in store.deliveries()} == {DeliveryState.CONFIRMED}
        assert sum(chance.met.values()) > REPORTS / 4
        direct = FhirRis(ris.base_url)
        written = Counter(_times_written(direct, delivery.report_uuid) for delivery in deliveries)
        assert written == {"1": REPORTS - CORRECTED, "2": CORRECTED}
        direct.close()
        store.close()


def _placing(number: int):
    order = order_for(accession=f"ACC-{number}", study_uid=f"1.2.826.0.{number}", number=str(number))
    return order.patient, order.procedure, order.study_instance_uid, order.accession_number


def _drained(store: ReportStore, ris: FhirRis) -> None:
    done = threading.Event()
    errors: list[Exception] = []
    runner = OutboxRunner(
        Outbox(store, ris, Backoff(base=0.2)), lambda _: None if store.ledger.heads() else done.set(), errors.append
    )
    runner.start()
    assert done.wait(300)
    runner.stop()
    ris.close()
    assert errors == []


def _times_written(ris: FhirRis, report_uuid: str) -> str:
    """The version that the RIS counts; a second resource with the identifier would make `read_back` say SEVERAL."""
    holding = ris.read_back(report_uuid)
    assert holding.kind.value == "one"
    return str(holding.resource["meta"]["versionId"])
