"""Reports by HL7 to a real interface engine (hl7v2-fhir-bridge) in front of a real FHIR server, read back from there."""

from __future__ import annotations

import logging
import multiprocessing
import socket
import socketserver
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from certificates import CertificateAuthority, server_context
from hl7_bridge import Road, bridge, free_port
from hl7_seat import SIGNER, placed
from seat import PATIENT, signed

from workstation.domain import hl7
from workstation.domain.delivery import UNPROVABLE, is_unfound
from workstation.domain.delivery import DeliveryState as State
from workstation.domain.order import Order
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportAction
from workstation.errors import Refused
from workstation.reporting.forms import OruForm
from workstation.reporting.oru import Hl7Site
from workstation.reporting.store import ReportStore
from workstation.ris.claims import HasClaims
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.following import Searchable
from workstation.ris.hl7.driver import Hl7Ris
from workstation.ris.hl7.mllp import MllpLink
from workstation.ris.hl7.reading import AccessionReader
from workstation.ris.others import ReportLookup
from workstation.ris.outbox import Backoff, Outbox
from workstation.ris.ris import OTHER_FORM
from workstation.ris.tls import RisTls

OTHER = Patient(PatientKey("19 101010-1010", "1.2.752.129"), "Other^Plantednameother", "19101010", "M")


@pytest.fixture
def order(server: EmbeddedRis, engine: int) -> Order:
    return placed(server, engine)


def reports_of(server: EmbeddedRis, order: Order) -> list[dict]:
    with closing(AccessionReader(server.base_url)) as reader:
        found = reader._search("DiagnosticReport", (("identifier", order.accession_number),))
    return [dict(report) for report in found]


def test_an_order_that_came_by_hl7_has_its_numbers(order: Order) -> None:
    assert (order.placer_number, order.filler_number) == (f"P-{order.accession_number}", f"F-{order.accession_number}")
    assert order.placer_system.endswith("/his")
    assert order.reason == "Dyspné sedan i går"
    assert order.patient.key == PATIENT.key


def test_preliminary_final_and_correction_are_one_report_each_confirmed_by_reading_it_back(server, engine, seats, order) -> None:
    seat = seats(engine)
    seat.sign(order, "Infiltrat i höger underlob.", ReportAction.SIGN_PRELIMINARY)
    assert seat.drain() == (State.CONFIRMED,)
    seat.sign(order, "Infiltrat i höger underlob; ingen pleuravätska.")
    seat.sign(order, "Infiltrat i vänster underlob; ingen pleuravätska.", ReportAction.CORRECT)
    assert seat.drain() == (State.CONFIRMED,) * 3
    (report,) = reports_of(server, order)
    assert (report["status"], report["meta"]["versionId"]) == ("corrected", "3")
    assert report["conclusion"] == "Impression: Infiltrat i vänster underlob; ingen pleuravätska."
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{order.order_id}"}]
    (interpreter,) = report["resultsInterpreter"]
    assert interpreter["display"] == "Dr Signe Läkare"
    assert interpreter["reference"].startswith("Practitioner/")  # the receiver knows who signed by the number
    assert report["imagingStudy"]
    last = seat.store.deliveries()[-1]
    assert (last.ris_report_id, last.ris_sha256) == (report["id"], last.local_sha256)


@pytest.mark.parametrize(
    "text",
    [
        "æøåäöÅÄÖ Čáhppe Ŋállá đŧž",
        "\\ | ^ & ~ \\F\\ \\.br\\ \\X0D\\ \\",
        "line\n\n  indented\nMSH|^~\\&|X\nOBX|1|TX|19005-8^Impression^LN||planted||||||F",
        "FINDINGS\n IMPRESSION\ntrailing   \n\nend",
    ],
)
def test_any_text_comes_back_as_it_was_signed(server, engine, seats, order, text: str) -> None:
    """F86: what looks like a segment stays words."""
    seat = seats(engine)
    seat.sign(order, text)
    assert seat.drain() == (State.CONFIRMED,)
    (report,) = reports_of(server, order)
    assert report["conclusion"].split("\n")[0] == f"Impression: {text}".split("\n")[0].rstrip()


def test_a_lost_answer_is_followed_by_a_look_and_one_report(server, engine, seats, order) -> None:
    """F32."""
    with Road(engine) as road:
        seat = seats(road.port)
        road.lose_answers = 1
        seat.sign(order)
        assert seat.drain() == (State.CONFIRMED,)
        assert len(road.sent) == 1  # the read-back found it: nothing was sent again
    assert len(reports_of(server, order)) == 1


def test_where_nothing_can_be_read_the_same_bytes_go_again_after_a_lost_answer(server, engine, seats, order) -> None:
    """F32: the receiver knows the message by its number and keeps one report."""
    with Road(engine) as road:
        seat = seats(road.port, can_read=False)
        road.lose_answers = 2
        seat.sign(order)
        assert seat.drain() == (State.ACKNOWLEDGED,)
        assert len(road.sent) == 3
        assert len(set(road.sent)) == 1
    (report,) = reports_of(server, order)
    assert report["meta"]["versionId"] == "1"


def test_without_a_way_to_read_it_stays_acknowledged_says_so_and_nobody_asks_again(engine, seats, order) -> None:
    with Road(engine) as road:
        seat = seats(road.port, can_read=False)
        seat.sign(order)
        assert seat.drain() == (State.ACKNOWLEDGED,)
        delivery = seat.store.deliveries()[-1]
        assert delivery.last_error == UNPROVABLE
        assert not is_unfound(delivery, delivery.created + timedelta(days=1))
        assert seat.outbox.seconds_until_due() is None
        assert len(road.sent) == 1
        seat.sign(order, "More.", ReportAction.CORRECT)  # what follows is not kept back
        assert seat.drain() == (State.ACKNOWLEDGED, State.ACKNOWLEDGED)


def test_accepted_but_not_stored_is_a_conflict_even_where_nothing_can_be_read(server, engine, seats, order) -> None:
    """F34: AA, with the warning that a late report was ignored."""
    first, late = seats(engine), seats(engine, can_read=False)
    first.sign(order)
    first.sign(order, "Corrected.", ReportAction.CORRECT)
    assert first.drain() == (State.CONFIRMED, State.CONFIRMED)
    late.sign(order, "Late.", ReportAction.SIGN_PRELIMINARY)
    assert late.drain() == (State.CONFLICT,)
    assert "did not store it" in late.store.deliveries()[-1].last_error
    assert "already corrected" in late.store.deliveries()[-1].last_error
    (report,) = reports_of(server, order)
    assert report["conclusion"] == "Impression: Corrected."


def test_what_the_ris_has_newer_is_seen_before_anything_is_sent(engine, seats, order) -> None:
    """F68."""
    first = seats(engine)
    first.sign(order, "Final of another reader.")
    assert first.drain() == (State.CONFIRMED,)
    with Road(engine) as road:
        late = seats(road.port)
        late.sign(order, "Late.", ReportAction.SIGN_PRELIMINARY)
        assert late.drain() == (State.CONFLICT,)
        assert road.sent == []


def test_a_yes_to_what_was_not_stored_is_never_confirmed(server, seats, order, engine) -> None:
    """F34: an engine that says AA and keeps nothing."""
    with Road(engine) as road:
        seat = seats(road.port)
        delivery = seat.sign(order)
        number = hl7.control_id_of(seat.store.ledger.submission(delivery.delivery_id).payload)
        nothing = _answer("AA", number)

        class Liar(MllpLink):
            def exchange(self, content, answer_in):
                return answer_in(nothing)

        seat.ris._link = Liar("localhost", 1)
        for _ in range(5):
            seat.outbox.hurry()
            seat.outbox.step()
        (delivery,) = seat.store.deliveries()
        assert delivery.state is State.ACKNOWLEDGED
        assert "does not hold" in delivery.last_error
        assert is_unfound(delivery, delivery.created + timedelta(hours=1))
    assert reports_of(server, order) == []


def test_a_refusal_is_shown_with_the_words_of_the_ris_and_not_repeated(server, engine, seats) -> None:
    """F30: AE, because the accession number is another patient's."""
    theirs = placed(server, engine, OTHER)
    seat = seats(engine, can_read=False)
    ours = replace(theirs, patient=PATIENT)
    with Road(engine) as road:
        seat.ris._link = MllpLink("localhost", road.port)
        seat.sign(ours)
        assert seat.drain() == (State.REJECTED,)
        assert len(road.sent) == 1
    assert "belongs to another patient" in seat.store.deliveries()[-1].last_error
    assert reports_of(server, theirs) == []


def test_a_patient_that_the_order_does_not_have_is_held_before_it_leaves(server, engine, seats) -> None:
    theirs = placed(server, engine, OTHER)
    seat = seats(engine)
    seat.sign(replace(theirs, patient=PATIENT, ris_patient_reference="Patient/nobody"))
    assert seat.drain() == (State.HELD,)


def test_an_engine_whose_server_is_down_is_waited_for(server, engine, seats, order, tmp_path) -> None:
    """F27: AR "safe to resend" is no refusal."""
    closed = free_port()
    with bridge(tmp_path / "blind", f"http://127.0.0.1:{closed}/fhir") as port:
        seat = seats(port, can_read=False)
        seat.sign(order)
        for _ in range(3):
            seat.outbox.hurry()
            seat.outbox.step()
        (delivery,) = seat.store.deliveries()
        assert delivery.state in (State.SENDING, State.QUEUED)
        assert "safe to resend" in " ".join(step[3] for step in seat.store.ledger.history(1)) + delivery.last_error
        target = int(server.base_url.rsplit(":", 1)[1].split("/")[0])
        with _Forwarder(closed, target):
            seat.outbox.hurry()
            assert seat.drain() == (State.ACKNOWLEDGED,)
    assert len(reports_of(server, order)) == 1


def test_killed_between_sending_and_the_answer_the_report_is_there_once(server, engine, seats, order) -> None:
    """F03: SIGKILL with the message on its way. Blind, so that the same bytes must go again."""
    with Road(engine) as road:
        road.held.set()
        seat = seats(road.port, can_read=False)
        seat.sign(order)
        seat.store.close()
        child = multiprocessing.get_context("spawn").Process(target=_step_once, args=(str(seat.path), road.port))
        child.start()
        assert road.waiting.wait(60)
        child.kill()
        child.join()
        road.held.clear()
        store = ReportStore(seat.path / "reports.db")
        store.ledger.can_be_proved = False
        seat.store, seat.outbox = store, Outbox(store, seat.ris, Backoff(base=0.0))
        assert store.deliveries()[-1].state is State.SENDING
        assert seat.drain() == (State.ACKNOWLEDGED,)
        assert len(road.sent) == 2
        assert len(set(road.sent)) == 1
    (report,) = reports_of(server, order)
    assert report["meta"]["versionId"] == "1"


def _step_once(folder: str, port: int) -> None:
    store = ReportStore(Path(folder) / "reports.db")
    ris = Hl7Ris(MllpLink("localhost", port), lambda _: "")
    Outbox(store, ris).step()


def test_over_tls_with_certificates_of_the_hospital(engine, seats, order, tmp_path) -> None:
    authority = CertificateAuthority(tmp_path / "ca")
    ours = authority.client()
    tls = RisTls(str(authority.ca_file), str(ours.certificate_file), str(ours.key_file))
    with Road(engine, server_context(authority.server(), authority)) as road:
        seat = seats(road.port, tls=tls)
        seat.sign(order)
        assert seat.drain() == (State.CONFIRMED,)


@pytest.mark.parametrize(
    ("server_of", "words"),
    [
        (CertificateAuthority.expired, "clock"),
        (CertificateAuthority.wrong_host, "another host"),
        (CertificateAuthority.self_signed, "not trusted"),
    ],
)
def test_a_certificate_that_does_not_hold_stops_the_report_and_says_why(engine, seats, order, tmp_path, server_of, words) -> None:
    """F41, F43."""
    authority = CertificateAuthority(tmp_path / "ca")
    with Road(engine, server_context(server_of(authority))) as road:
        seat = seats(road.port, can_read=False, tls=RisTls(str(authority.ca_file)))
        seat.sign(order)
        seat.outbox.step()
        (delivery,) = seat.store.deliveries()
        assert delivery.state is State.SENDING
        assert words in delivery.last_error
        assert road.sent == []


def test_a_report_signed_for_a_ris_of_another_kind_is_held(server, engine, seats, order) -> None:
    seat = seats(engine)
    delivery = seat.sign(order)
    with closing(FhirRis(server.base_url)) as other:
        other_box = Outbox(seat.store, other)
        submission = seat.store.ledger.submission(delivery.delivery_id)
        assert submission.kind == "hl7-oru-r01"
        assert seat.ris.check_order(replace(submission, kind="fhir-diagnostic-report")).detail == OTHER_FORM
        assert other_box.step().state is State.HELD
    assert reports_of(server, order) == []


def test_what_the_ris_cannot_write_is_refused_at_signing_with_words_and_never_replaced(engine, seats, order) -> None:
    seat = seats(engine)
    seat.store.send_as(OruForm(Hl7Site(charset="8859/1", signer=SIGNER), seat.orders.order, True))
    with pytest.raises(Refused, match="“Ŋ”"):
        seat.sign(order, "Ŋállá")
    assert seat.store.deliveries() == ()
    seat.sign(order, "Blåbär och æøå.")
    assert seat.drain() == (State.CONFIRMED,)


def test_what_can_be_asked_of_a_ris_depends_on_whether_it_can_be_read(engine, seats) -> None:
    """Nobody asks a blind one for claims, for others' reports, or how an order stands."""
    for protocol in (ReportLookup, HasClaims, Searchable):
        assert isinstance(seats(engine).ris, protocol)
        assert not isinstance(seats(engine, can_read=False).ris, protocol)


def test_nothing_of_the_patient_is_in_a_log_on_the_whole_way(engine, seats, order, caplog: pytest.LogCaptureFixture) -> None:
    """F90: every logger, at its most talkative."""
    with caplog.at_level(logging.DEBUG):
        seat = seats(engine)
        seat.sign(order, "Plantedwords.")
        assert seat.drain() == (State.CONFIRMED,)
        seat.sign(order, "Plantedwords again.", ReportAction.CORRECT)
        seat.ris._link = MllpLink("localhost", free_port())
        seat.outbox.step()
    assert "delivery" in caplog.text
    for secret in ("Planted", PATIENT.key.patient_id, order.accession_number, "Läkare"):
        assert secret not in caplog.text


def test_an_order_whose_facts_are_not_here_is_not_signed_for(engine, seats, order) -> None:
    seat = seats(engine)
    with pytest.raises(Refused, match="not on this machine"):
        signed(seat.store, order)


def _answer(code: str, number: str, *errors: dict[int, hl7.Value]) -> bytes:
    header = hl7.header({3: "RIS", 9: ("ACK", "R01", "ACK"), 10: "A1", 11: "P", 12: "2.5.1"})
    lines = [header, hl7.segment("MSA", {1: code, 2: number}), *(hl7.segment("ERR", error) for error in errors)]
    return hl7.message(lines, "UNICODE UTF-8")


class _Forwarder:
    """Whatever comes to `port` goes to `target`."""

    def __init__(self, port: int, target: int) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(("127.0.0.1", target)) as far:
                    back = threading.Thread(target=_pour, args=(far, self.request))
                    back.start()
                    _pour(self.request, far)
                    back.join()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _pour(source, target) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
