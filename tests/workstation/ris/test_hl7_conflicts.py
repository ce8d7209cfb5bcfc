"""The RIS changed a report that went by HL7: compared in three columns, never written over, added to by default (F68).

Against a real interface engine (hl7v2-fhir-bridge) before a real FHIR server.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hl7_bridge import Road, say
from hl7_seat import HospitalSeat, head, pid, placed
from seat import PATIENT, evidence_for

from workstation.domain import hl7
from workstation.domain.delivery import DeliveryState as State
from workstation.domain.order import Order
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Refused
from workstation.reporting.conflicts import Choice, Decision, RisVersion
from workstation.reporting.three_way import three_way
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.hl7.acks import answer_in
from workstation.ris.hl7.incoming import Incoming
from workstation.ris.hl7.results import Results
from workstation.ris.ris import Answer, AnswerKind
from workstation.session.settling import _keep

READER = "Dr Signe Läkare"


@pytest.fixture
def seat(server: EmbeddedRis, engine: int, tmp_path: Path) -> Iterator[HospitalSeat]:
    made = HospitalSeat(tmp_path, engine, server.base_url)
    yield made
    made.close()


@pytest.fixture
def order(server: EmbeddedRis, engine: int) -> Order:
    return placed(server, engine)


def amended(engine: int, order: Order, text: str, at: str = "20991122210000+0100") -> None:
    """Somebody at the RIS sends a newer version of the whole report, as an ORU of its own."""
    placer, filler = (order.placer_number, "HIS"), (order.filler_number, "RIS")
    request = {2: placer, 3: filler, 4: ("24627-2", "CT thorax", "LN"), 18: order.accession_number, 22: at, 25: "C"}
    family, given, *_ = (*PATIENT.name.split("^"), "")
    answer = say(
        engine,
        [
            head(("ORU", "R01")),
            pid(PATIENT.key, (family, given)),
            hl7.segment("ORC", {1: "RE", 2: placer, 3: filler}),
            hl7.segment("OBR", {1: "1", **request, 32: (("", "Dr At The Ris"),)}),
            hl7.segment("OBX", {1: "1", 2: "TX", 3: ("18748-4", "Report", "LN"), 5: text, 11: "C"}),
        ],
    )
    assert next(answer.all("MSA")).value(1) == "AA"


def fetched(seat: HospitalSeat, order: Order, uuid: str) -> RisVersion:
    """As `Settling` does when the case is open, or a row is in conflict."""
    standing = _keep(seat.store, uuid, seat.ris.reports_of(order.order_id))
    assert standing is not None
    return standing


def text_in_the_ris(server: EmbeddedRis, order: Order) -> str:
    with closing(FhirRis(server.base_url)) as ris:
        (held,) = ris.reports_of(order.order_id)
    return b64decode(held.resource["presentedForm"][0]["data"]).decode()


def confirmed(seat: HospitalSeat, order: Order) -> str:
    delivery = seat.sign(order, "No nodule.")
    assert seat.drain() == (State.CONFIRMED,)
    return delivery.report_uuid


def test_what_the_ris_amended_is_seen_before_ours_is_sent_and_stands_beside_both(server, engine, order, tmp_path) -> None:
    with Road(engine) as road:
        seat = HospitalSeat(tmp_path, road.port, server.base_url)
        uuid = confirmed(seat, order)
        sent = len(road.sent)
        amended(engine, order, "One nodule, 4 mm.")
        seat.sign(order, "No nodule. No effusion.", ReportAction.CORRECT)
        assert seat.drain() == (State.CONFIRMED, State.CONFLICT)
        assert len(road.sent) == sent  # nothing went over it
        theirs = fetched(seat, order, uuid)
        assert theirs.is_own  # our report, by the id that the RIS gave it
        rows = three_way(seat.store.versions(uuid)[0], seat.store.report(uuid), theirs.text)
        assert any("One nodule" in part.text for row in rows for part in row.theirs)
        with pytest.raises(Refused, match="not the one you build on"):
            seat.store.sign(uuid, ReportAction.CORRECT, READER, evidence_for(order))
        seat.close()
    assert "One nodule, 4 mm." in text_in_the_ris(server, order)


def test_an_addendum_goes_on_top_of_what_the_ris_holds_and_loses_nothing(server, engine, seat, order) -> None:
    """The default."""
    uuid = confirmed(seat, order)
    amended(engine, order, "One nodule, 4 mm.", at="20261122210000+0100")
    theirs = fetched(seat, order, uuid)
    seat.store.decide(uuid, Decision(Choice.ADDENDUM, theirs, READER, text="Unchanged since 2019."), evidence_for(order))
    assert seat.drain() == (State.CONFIRMED, State.CONFIRMED)
    text = text_in_the_ris(server, order)
    assert "One nodule, 4 mm." in text
    assert "Unchanged since 2019." in text
    assert seat.store.report(uuid).text(SectionCode.FINDINGS) == theirs.text.whole


def test_a_change_after_the_choice_is_a_conflict_again(server, engine, seat, order) -> None:
    uuid = confirmed(seat, order)
    amended(engine, order, "One nodule.", at="20261122210000+0100")
    theirs = fetched(seat, order, uuid)
    seat.store.decide(uuid, Decision(Choice.ADDENDUM, theirs, READER, text="Old news."), evidence_for(order))
    amended(engine, order, "Two nodules.", at="20261122220000+0100")
    assert seat.drain() == (State.CONFIRMED, State.CONFLICT)
    assert "Two nodules." in text_in_the_ris(server, order)


def test_a_change_between_the_look_and_the_sending_is_kept_by_the_receiver_and_told(server, engine, seat, order) -> None:
    """HL7 has no If-Match: the receiver compares OBR-22, and says that ours came late."""
    uuid = confirmed(seat, order)
    deliver = seat.ris.deliver

    def late(submission, replaces) -> Answer:
        amended(engine, order, "One nodule.")
        return deliver(submission, replaces)

    seat.ris.deliver = late
    seat.sign(order, "No nodule. No effusion.", ReportAction.CORRECT)
    assert seat.drain() == (State.CONFIRMED, State.CONFLICT)
    assert "One nodule." in text_in_the_ris(server, order)
    assert fetched(seat, order, uuid).is_own


@pytest.mark.parametrize("code", ["AE", "AR", "CE", "CR"])
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Report is already amended in RIS", AnswerKind.CONFLICT),
        ("a newer version exists", AnswerKind.CONFLICT),
        ("version conflict for result", AnswerKind.CONFLICT),
        ("Superseded by another result", AnswerKind.CONFLICT),
        ("a newer procedure code is needed", None),
        ("server unreachable, safe to resend", AnswerKind.UNKNOWN),
    ],
)
def test_a_refusal_that_speaks_of_something_newer_is_a_conflict_and_no_other_is(code, words, kind) -> None:
    fields = {3: "RIS", 7: "20261122101010+0100", 9: ("ACK", "R01", "ACK"), 10: "X", 11: "P", 12: "2.5.1", 18: "UNICODE UTF-8"}
    error = hl7.segment("ERR", {3: ("207", "", "HL70357"), 4: "E", 8: words})
    content = hl7.message([hl7.header(fields), hl7.segment("MSA", {1: code, 2: "N1"}), error], "UNICODE UTF-8")
    answer = answer_in(content, "N1")
    assert answer is not None
    if kind is None:
        assert answer.kind is not AnswerKind.CONFLICT
    else:
        assert answer.kind is kind


# ---- where nothing can be asked: what the RIS sends of itself -----------------------------------------


def told(order: Order, text: str, status: str = "C", patient: str = "", number: str = "R1") -> hl7.Message:
    named = hl7.segment("PID", {3: (patient or order.patient.key.patient_id, "", "", order.patient.key.issuer, "MR")})
    request = {18: order.accession_number, 22: "20261123120000+0100", 25: status, 32: (("7", "At The Ris", "", "", "", "Dr"),)}
    return hl7.read_message(
        hl7.message(
            [
                head(("ORU", "R01"), _10=number),
                named,
                hl7.segment("ORC", {1: "RE"}),
                hl7.segment("OBR", {1: "1", **request}),
                hl7.segment("OBX", {1: "1", 2: "TX", 3: ("18748-4", "", "LN"), 5: text, 11: status}),
            ],
            "UNICODE UTF-8",
        )
    )


def _bytes(message: hl7.Message) -> bytes:
    lines = ["|".join([one.fields[0], *one.fields[(2 if one.name == "MSH" else 1) :]]) for one in message.segments]
    return "".join(f"{line}\r" for line in lines).encode()


@pytest.fixture
def blind(server: EmbeddedRis, engine: int, tmp_path: Path) -> Iterator[HospitalSeat]:
    made = HospitalSeat(tmp_path, engine, server.base_url, can_read=False)
    yield made
    made.close()


def test_a_newer_version_that_the_ris_sends_stands_against_ours_and_is_added_to(server, engine, blind, order) -> None:
    delivery = blind.sign(order, "No nodule.")
    assert blind.drain() == (State.ACKNOWLEDGED,)
    uuid, results = delivery.report_uuid, Results(blind.store, blind.orders)
    assert results.take(told(order, "One nodule, 4 mm.")) == (True, "")
    theirs = blind.store.conflicts.standing(uuid)
    assert theirs is not None
    assert (theirs.text.whole, theirs.text.signer, theirs.text.status) == ("One nodule, 4 mm.", "Dr At The Ris", "corrected")
    with pytest.raises(Refused, match="not the one you build on"):
        blind.store.sign(uuid, ReportAction.CORRECT, READER, evidence_for(order))
    blind.store.decide(uuid, Decision(Choice.ADDENDUM, theirs, READER, text="Unchanged since 2019."), evidence_for(order))
    assert blind.store.conflicts.standing(uuid) is None
    assert blind.drain()[-1] is State.ACKNOWLEDGED
    assert "One nodule, 4 mm." in text_in_the_ris(server, order)
    assert "Unchanged since 2019." in text_in_the_ris(server, order)
    # Told again, changed once more: another choice is needed.
    assert results.take(told(order, "Two nodules.", number="R2")) == (True, "")


def test_our_own_result_that_comes_back_is_no_news_and_nothing_of_others_is_kept(blind, order) -> None:
    delivery = blind.sign(order, "No nodule.")
    results = Results(blind.store, blind.orders)
    echo = hl7.read_message(blind.store.ledger.submission(delivery.delivery_id).payload)
    assert results.take(echo) == (False, "")
    assert blind.store.conflicts.versions(delivery.report_uuid) == ()
    other = replace(order, accession_number="NEVER-HERE")
    assert results.take(told(other, "Of somebody else.")) == (False, "")
    assert results.take(told(order, "", status="F")) == (False, "")
    is_news, why = results.take(told(order, "One nodule.", patient="Another"))
    assert (is_news, "another patient" in why) == (False, True)
    assert blind.store.conflicts.versions(delivery.report_uuid) == ()


def test_the_listener_takes_a_result_where_the_site_listens_and_refuses_it_where_not(blind, order) -> None:
    delivery = blind.sign(order, "No nodule.")
    news: list[None] = []
    incoming = Incoming(blind.orders, lambda: news.append(None), Results(blind.store, blind.orders).take)
    content = _bytes(told(order, "One nodule."))
    assert b"MSA|AA" in incoming.answer(content)
    assert news == [None]
    assert blind.store.conflicts.standing(delivery.report_uuid) is not None
    assert b"MSA|AE" in incoming.answer(_bytes(told(order, "One nodule.", patient="Another")))
    assert b"MSA|AR" in Incoming(blind.orders, lambda: None).answer(content)
