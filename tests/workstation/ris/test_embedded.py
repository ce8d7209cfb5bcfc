"""The RIS that the demonstration and the journeys run against, and deliveries to it through a bad network."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from fault_proxy import FaultProxy, Trouble
from seat import PATIENT, evidence_for, segment, signed

from workstation.domain.delivery import DeliveryState as State
from workstation.domain.order import Priority
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Unavailable
from workstation.reporting.store import ReportStore
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.outbox import Backoff, Outbox
from workstation.ris.ris import HoldingKind

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def ris():
    with EmbeddedRis() as ris:
        yield ris


@pytest.fixture
def order(ris):
    return ris.place_order(PATIENT, "CT thorax", f"2.25.{uuid.uuid4().int}", f"ACC-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def store(tmp_path):
    store = ReportStore(tmp_path / "reports.sqlite3")
    yield store
    store.close()


@pytest.fixture
def proxy(ris):
    with FaultProxy(ris.base_url.removesuffix("/fhir")) as proxy:
        yield proxy


@pytest.fixture
def outbox(store, proxy):
    ris = FhirRis(f"{proxy.base_url}/fhir")
    yield Outbox(store, ris, Backoff(base=0.0))
    ris.close()


def drain(outbox: Outbox) -> None:
    for _ in range(20):
        if outbox.step() is None:
            return
    pytest.fail("the outbox does not come to rest")


def test_an_order_comes_back_as_it_was_placed(ris):
    due = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    accession = f"ACC-{uuid.uuid4().hex[:8]}"
    order = ris.place_order(PATIENT, "CT thorax", "1.2.3.4", accession, Priority.STAT, due, "24627-2")
    assert (order.patient, order.procedure, order.procedure_code) == (PATIENT, "CT thorax", "24627-2")
    assert (order.accession_number, order.study_instance_uid) == (accession, "1.2.3.4")
    assert (order.priority, order.due) == (Priority.STAT, due)
    again = ris.place_order(PATIENT, "CT thorax", "1.2.3.4", accession)
    assert again == order


def test_the_same_patient_is_registered_once(ris):
    first, second = (ris.place_order(PATIENT, "CT", "1.2.3", f"ACC-{uuid.uuid4().hex[:8]}") for _ in range(2))
    assert first.ris_patient_reference == second.ris_patient_reference


def test_it_listens_on_loopback_only(ris):
    port = int(ris.base_url.rsplit(":", 1)[1].split("/")[0])
    listening = [c.laddr.ip for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port]
    assert listening == ["127.0.0.1"]


def test_it_keeps_its_orders_over_a_restart_when_it_has_a_folder(tmp_path):
    with EmbeddedRis(tmp_path / "ris") as ris:
        placed = ris.place_order(PATIENT, "CT thorax", "1.2.3", "ACC-KEPT")
    with EmbeddedRis(tmp_path / "ris") as ris, closing(FhirRis(ris.base_url)) as client:
        assert client.orders() == (placed,)


def test_it_ends_with_the_process_that_started_it(tmp_path):
    script = "import sys, pathlib; from workstation.ris.embedded import EmbeddedRis; r = EmbeddedRis(pathlib.Path(sys.argv[1]));"
    script += " r.start(); print(r._process.pid, flush=True); sys.stdin.read()"
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    with parent:
        server = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
        server.wait(20)


def test_asking_it_while_it_is_stopped_says_so():
    with pytest.raises(Unavailable):
        EmbeddedRis().place_order(PATIENT, "CT", "1.2.3", "ACC-1")


@pytest.mark.parametrize("trouble", [t for t in Trouble if t not in (Trouble.HOLD_BEFORE, Trouble.HOLD_AFTER)])
def test_whatever_happens_to_the_sending_the_report_is_there_once_and_confirmed(ris, store, order, proxy, outbox, trouble):
    delivery = signed(store, order)
    proxy.once("POST", trouble)
    drain(outbox)
    confirmed = store.delivery_of(delivery.report_uuid)
    assert (confirmed.state, confirmed.ris_sha256) == (State.CONFIRMED, confirmed.local_sha256)
    held = outbox.ris.read_back(delivery.report_uuid)
    assert (held.kind, held.etag) == (HoldingKind.ONE, 'W/"1"')


@pytest.mark.parametrize("trouble", [Trouble.DROP_AFTER, Trouble.DOUBLE, Trouble.DROP_BEFORE])
def test_whatever_happens_to_a_correction_it_is_stored_once(ris, store, order, proxy, outbox, trouble):
    delivery = signed(store, order)
    drain(outbox)
    store.append_segment(delivery.report_uuid, SectionCode.FINDINGS, segment(1))
    store.sign(delivery.report_uuid, ReportAction.APPEND, "Dr A", evidence_for(order))
    proxy.once("PUT", trouble)
    drain(outbox)
    assert [d.state for d in store.deliveries()] == [State.CONFIRMED, State.CONFIRMED]
    held = outbox.ris.read_back(delivery.report_uuid)
    assert (held.etag, held.resource["status"]) == ('W/"2"', "appended")


def test_a_report_amended_in_the_ris_is_a_conflict_and_stays(ris, store, order, outbox):
    delivery = signed(store, order)
    drain(outbox)
    ris.amend_report(delivery.report_uuid, "Changed by the RIS.")
    store.append_segment(delivery.report_uuid, SectionCode.FINDINGS, segment(1))
    store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(order))
    drain(outbox)
    assert store.delivery_of(delivery.report_uuid).state is State.CONFLICT
    assert outbox.ris.read_back(delivery.report_uuid).resource["conclusion"] == "Changed by the RIS."


def test_a_report_that_the_ris_cannot_read_is_rejected_with_its_words(ris, store, order, outbox, monkeypatch):
    from workstation.reporting import forms, render

    broken = (b'"imagingStudy":[', b'"imagingStudy":7,"more":[')
    monkeypatch.setattr(forms, "payload", lambda *of: render.payload(*of).replace(*broken))
    signed(store, order)
    drain(outbox)
    (rejected,) = store.deliveries()
    assert rejected.state is State.REJECTED
    assert "HTTP status 400" in rejected.last_error
    assert "imagingStudy" in rejected.last_error
