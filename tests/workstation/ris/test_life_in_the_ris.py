"""A report's life reaches a real RIS: final, appended, corrected, amended, both names, all confirmed by reading back."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from datetime import UTC, datetime

import pytest
from seat import PATIENT, evidence_for, item_for

from workstation.domain.critical import CriticalLevel, CriticalMethod, Told
from workstation.domain.delivery import DeliveryState
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Refused
from workstation.reporting.content import content_of_resource
from workstation.reporting.layout import sections_of
from workstation.reporting.store import ReportStore
from workstation.ris.communications import Courier, Refusal
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.no_answer import NoAnswer
from workstation.ris.outbox import Backoff, Outbox

RESIDENT, READER = "Dr Ung Lege", "Dr Signe Läkare"
FINDINGS, ADDENDUM = SectionCode.FINDINGS, SectionCode.ADDENDUM


@pytest.fixture(scope="module")
def ris():
    with EmbeddedRis() as ris:
        yield ris


@pytest.fixture
def order(ris):
    return ris.place_order(PATIENT, "CT thorax", f"2.25.{uuid.uuid4().int}", f"ACC-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def store(tmp_path):
    with closing(ReportStore(tmp_path / "reports.sqlite3")) as store:
        yield store


@pytest.fixture
def client(ris):
    with closing(FhirRis(ris.base_url)) as client:
        yield client


@pytest.fixture
def outbox(store, client):
    return Outbox(store, client, Backoff(base=0.0))


def drain(outbox):
    for _ in range(30):
        if outbox.step() is None:
            return
    pytest.fail("the outbox does not come to rest")


@pytest.fixture
def draft(store, order):
    return store.write_section(store.open_draft(item_for(order)).report_uuid, FINDINGS, "No fracture.").report_uuid


def held(client, uuid):
    return client.read_back(uuid).resource


def test_each_step_of_a_reports_life_is_confirmed_by_reading_it_back(store, outbox, client, order, draft):
    def sign(action, signer=READER):
        store.sign(draft, action, signer, evidence_for(order))
        drain(outbox)
        delivery = store.delivery_of(draft)
        assert delivery.state is DeliveryState.CONFIRMED
        found = held(client, draft)
        assert content_of_resource(found).sha256() == delivery.local_sha256
        return found

    assert sign(ReportAction.SIGN_PRELIMINARY, RESIDENT)["status"] == "preliminary"
    store.write_section(draft, FINDINGS, "Acute fracture.")
    final = sign(ReportAction.SIGN_FINAL)
    assert (final["status"], [who["display"] for who in final["resultsInterpreter"]]) == ("final", [READER, RESIDENT])

    store.life.begin(draft, ReportAction.APPEND, READER)
    store.write_section(draft, ADDENDUM, "Seen again with Dr B:\nunchanged – ÅÄÖ, Áŋđ.")
    appended = sign(ReportAction.APPEND)
    assert appended["status"] == "appended"
    texts = {s.code: s.text for s in sections_of(content_of_resource(appended).text)}
    assert texts[FINDINGS] == "Acute fracture."
    assert texts[ADDENDUM].endswith(f", {READER}\nSeen again with Dr B:\nunchanged – ÅÄÖ, Áŋđ.")

    store.life.begin(draft, ReportAction.CORRECT, READER, "Wrong side")
    store.write_section(draft, FINDINGS, "Acute fracture on the left.")
    corrected = sign(ReportAction.CORRECT)
    assert corrected["status"] == "corrected"
    assert "Reason for the change: Wrong side" in content_of_resource(corrected).text

    store.life.begin(draft, ReportAction.AMEND, READER)
    store.write_section(draft, SectionCode.IMPRESSION, "Fracture.")
    assert sign(ReportAction.AMEND)["status"] == "amended"
    assert [v.report.status.value for v in store.history(draft)] == ["preliminary", "final", "appended", "corrected", "amended"]


def test_a_signature_in_its_window_waits_and_one_that_was_taken_back_is_never_sent(store, client, order, draft):
    """F73."""
    store.sign(draft, ReportAction.SIGN_FINAL, READER, evidence_for(order))
    waiting = Outbox(store, client, Backoff(base=0.0), undo_seconds=3600.0)
    assert waiting.step() is None
    assert 0 < waiting.seconds_until_due() <= 3600
    store.life.withdraw(draft, READER)
    drain(Outbox(store, client, Backoff(base=0.0)))
    assert held(client, draft) == {}
    assert store.history(draft)[0].delivery.state is DeliveryState.WITHDRAWN
    store.sign(draft, ReportAction.SIGN_FINAL, READER, evidence_for(order))
    drain(Outbox(store, client, Backoff(base=0.0)))
    assert store.delivery_of(draft).state is DeliveryState.CONFIRMED
    with pytest.raises(Refused, match="there already"):
        store.life.withdraw(draft, READER)


def test_a_signature_that_is_taken_back_while_the_ris_is_asked_is_not_sent_and_nobody_is_alarmed(store, client, order, draft):
    """F73: whoever is first on disk has it."""
    store.sign(draft, ReportAction.SIGN_FINAL, READER, evidence_for(order))
    outbox = Outbox(store, client, Backoff(base=0.0))
    check = client.check_order

    def taken_back_meanwhile(submission):
        answer = check(submission)
        store.life.withdraw(draft, READER)
        return answer

    client.check_order = taken_back_meanwhile
    outbox.step()
    client.check_order = check
    assert outbox.step() is None
    assert held(client, draft) == {}
    assert store.history(draft)[0].delivery.state is DeliveryState.WITHDRAWN


TOLD = Told("Dr Vakt", "jour", CriticalMethod.TELEPHONE, datetime(2026, 11, 23, 5, 10, tzinfo=UTC), True, READER)


def test_that_a_critical_result_was_told_is_in_the_ris_once_and_confirmed_by_reading_it_back(store, client, order, draft):
    """F76."""
    noted = store.critical.begin(draft, CriticalLevel.MINUTES, "Övertrycks-pneumothorax", READER)
    courier = Courier(store.critical.communications, client.communications)
    assert courier.run() == 0
    store.critical.tell(noted.critical_uuid, TOLD)
    assert store.critical.communications.state(noted.critical_uuid) == "queued"
    assert courier.run() == 0
    assert store.critical.communications.state(noted.critical_uuid) == "confirmed"
    held = client.communications.read_back(noted.critical_uuid)
    assert held["about"][0]["identifier"]["value"] == f"urn:uuid:{draft}"
    assert (held["priority"], held["recipient"][0]["display"]) == ("stat", "Dr Vakt (jour)")
    assert "Övertrycks-pneumothorax" in held["payload"][0]["contentString"]
    assert len(client.search("Communication", (("subject", order.ris_patient_reference),))) == 1


def test_a_communication_whose_answer_was_lost_is_asked_for_and_not_sent_twice(store, client, order, draft):
    """F76, F28."""
    noted = store.critical.begin(draft, CriticalLevel.HOURS, "Bleeding", READER)
    store.critical.tell(noted.critical_uuid, TOLD)
    log = store.critical.communications

    class LosesTheAnswer:
        def send(self, critical_uuid, payload):
            client.communications.send(critical_uuid, payload)
            raise NoAnswer("The RIS does not answer", "", "")

        def read_back(self, critical_uuid):
            raise AssertionError("nothing was answered yet")

    assert Courier(log, LosesTheAnswer()).run() == 1
    assert log.state(noted.critical_uuid) == "sending"

    class SendsNothing:
        read_back = staticmethod(client.communications.read_back)

        def send(self, critical_uuid, payload):
            raise AssertionError("sent twice")

    assert Courier(log, SendsNothing()).run() == 0
    assert log.state(noted.critical_uuid) == "confirmed"


def test_a_communication_that_the_ris_refuses_is_told_and_not_repeated(store, client, draft):
    noted = store.critical.begin(draft, CriticalLevel.DAYS, "Nodule", READER)
    store.critical.tell(noted.critical_uuid, TOLD)
    log, refused = store.critical.communications, []

    class Refuses:
        def send(self, critical_uuid, payload):
            raise Refusal("The RIS refuses the communication", "HTTP status 422")

        def read_back(self, critical_uuid):
            return None

    assert Courier(log, Refuses(), refused.append).run() == 0
    assert (log.state(noted.critical_uuid), len(refused)) == ("rejected", 1)


def test_leaving_in_the_window_loses_nothing_and_the_next_start_sends(tmp_path, client, order):
    """F02, F73: what was signed and not yet sent goes after the restart."""
    path = tmp_path / "reports.sqlite3"
    with closing(ReportStore(path)) as store:
        uuid_ = store.write_section(store.open_draft(item_for(order)).report_uuid, FINDINGS, "No fracture.").report_uuid
        store.sign(uuid_, ReportAction.SIGN_FINAL, READER, evidence_for(order))
        assert Outbox(store, client, undo_seconds=3600.0).step() is None
    with closing(ReportStore(path)) as store:
        drain(Outbox(store, client, Backoff(base=0.0)))
        assert store.delivery_of(uuid_).state is DeliveryState.CONFIRMED
        assert json.dumps(held(client, uuid_))
