"""Orders and merged patients from an interface engine: real sockets, the answer only after the disk, hostile input refused."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from certificates import CertificateAuthority
from hl7_bridge import say
from hl7_seat import NEW, OLD, a40, head, omi, pid
from hypothesis import given, settings
from hypothesis import strategies as st
from seat import PATIENT, STUDY

from workstation.domain import hl7
from workstation.domain.order import OrderStatus, Priority
from workstation.domain.patient import PatientKey
from workstation.errors import Refused, Unavailable
from workstation.ris.hl7.incoming import Incoming, too_long
from workstation.ris.hl7.listening import Listener, ListenerLimits
from workstation.ris.hl7.mllp import MllpLink, framed
from workstation.ris.no_answer import NoAnswer
from workstation.ris.tls import RisTls, client_context, server_context
from workstation.worklist_store import OrderStore

LIMITS = ListenerLimits()


class Desk:
    """A listener over a real order store."""

    def __init__(self, path: Path, limits: ListenerLimits = LIMITS, tls: ssl.SSLContext | None = None) -> None:
        self.path = path
        self.orders = OrderStore(path)
        self.changes: list[None] = []
        self.incoming = Incoming(self.orders, lambda: self.changes.append(None))
        self.listener = Listener("127.0.0.1", 0, self.incoming.answer, too_long, tls, limits)

    def say(self, segments: list[str]) -> tuple[str, str, str]:
        """Code, error and words of the answer."""
        answer = say(self.listener.port, segments)
        said, error = answer.first("MSA"), answer.first("ERR")
        assert said is not None
        assert said.value(2) == hl7.read_message(hl7.message(segments, "UNICODE UTF-8")).control_id
        return said.value(1), error.value(3) if error else "", error.value(8) if error else ""

    def only(self):
        (known,) = self.orders.orders()
        return known

    def close(self) -> None:
        self.listener.close()
        self.orders.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(Desk(tmp_path / "orders.db")) as desk:
        yield desk


def test_an_order_is_on_disk_when_it_is_acknowledged(desk: Desk) -> None:
    assert desk.say(omi()) == ("AA", "", "")
    with closing(OrderStore(desk.path)) as again:
        (known,) = again.orders()
    order = known.order
    assert known.is_listed
    assert order.patient == replace(PATIENT, name="Åkerö^Plantednamekari^Mö^Dr")
    assert (order.accession_number, order.study_instance_uid, order.procedure) == ("A-1", STUDY, "CT thorax")
    assert (order.procedure_code, order.reason, order.priority) == ("24627-2", "Dyspné | ^ sedan i går", Priority.STAT)
    assert (order.placer_number, order.placer_system) == ("P-1", "HIS")
    assert (order.filler_number, order.filler_system) == ("F-1", "urn:oid:1.2.3")
    assert (order.requested_procedure_id, order.procedure_step_id, order.visit_number) == ("RP-1", "SPS-1", "V-1")
    assert (order.ordering_provider_id, order.ordering_provider) == ("D1", "Doe^Jo")
    assert (order.body_site, order.laterality) == ("Lung", "R")
    assert order.due == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    assert order.exam_end == datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
    assert len(desk.changes) == 1


def test_an_older_order_message_has_its_numbers_in_other_places(desk: Desk) -> None:
    lines = [
        head(("ORM", "O01"), _12="2.3.1"),
        pid(),
        hl7.segment("ORC", {1: "NW", 2: "P-9", 3: "F-9", 7: ("", "", "", "", "", "A")}),
        hl7.segment("OBR", {4: ("", "MR brain"), 18: "A-9", 19: "RP-9", 20: "SPS-9"}),
        hl7.segment("ZDS", {1: ("1.2.9", "", "Application", "DICOM")}),
    ]
    assert desk.say(lines)[0] == "AA"
    order = desk.only().order
    assert (order.accession_number, order.study_instance_uid, order.procedure) == ("A-9", "1.2.9", "MR brain")
    assert (order.requested_procedure_id, order.procedure_step_id, order.priority) == ("RP-9", "SPS-9", Priority.ASAP)


def test_an_order_without_an_offset_in_its_time_has_no_due_time_rather_than_a_wrong_one(desk: Desk) -> None:
    lines = omi()
    lines[4] = hl7.segment("TQ1", {8: "20261123120000", 9: "R"})
    desk.say(lines)
    assert (desk.only().order.due, desk.only().order.priority) == (None, Priority.ROUTINE)


@pytest.mark.parametrize(
    ("control", "status", "becomes", "listed"),
    [
        ("XO", "", OrderStatus.ACTIVE, True),
        ("SC", "CM", OrderStatus.ACTIVE, True),
        ("SC", "CA", OrderStatus.REVOKED, False),
        ("CA", "", OrderStatus.REVOKED, False),
        ("OC", "", OrderStatus.REVOKED, False),
        ("DC", "CM", OrderStatus.REVOKED, False),
        ("HD", "", OrderStatus.ON_HOLD, False),
    ],
)
def test_an_order_is_changed_held_cancelled(desk: Desk, control, status, becomes, listed) -> None:
    """F69."""
    desk.say(omi())
    assert desk.say(omi(control, status=status)) == ("AA", "", "")
    assert (desk.only().order.status, desk.only().is_listed) == (becomes, listed)


def test_a_cancelled_order_is_not_brought_back_by_a_message_that_was_under_way(desk: Desk) -> None:
    for control in ("NW", "CA", "NW", "XO"):
        assert desk.say(omi(control))[0] == "AA"
    assert desk.only().order.status is OrderStatus.REVOKED


def test_a_hold_ends_with_a_release(desk: Desk) -> None:
    for control in ("NW", "HD", "RL"):
        desk.say(omi(control))
    assert desk.only().is_listed


def test_a_message_with_nothing_but_the_numbers_says_how_the_order_stands(desk: Desk) -> None:
    desk.say(omi())
    lines = [head(("ORM", "O01")), pid(), hl7.segment("ORC", {1: "CA", 2: ("P-1", "HIS"), 3: ("F-1", "", "1.2.3", "ISO")})]
    assert desk.say(lines)[0] == "AA"
    assert (desk.only().order.status, desk.only().order.procedure) == (OrderStatus.REVOKED, "CT thorax")


def test_the_same_message_twice_is_one_order(desk: Desk) -> None:
    lines = omi()
    assert desk.say(lines) == desk.say(lines) == ("AA", "", "")
    assert desk.only().order.accession_number == "A-1"


def test_an_order_keeps_its_identity_when_its_accession_number_changes(desk: Desk) -> None:
    """F69."""
    desk.say(omi())
    before = desk.only().order
    assert desk.say(omi("XO", "A-2"))[0] == "AA"
    after = desk.only().order
    assert (after.order_id, after.accession_number) == (before.order_id, "A-2")


def test_an_order_that_fhir_told_of_is_the_same_one_and_keeps_its_reference(desk: Desk) -> None:
    desk.say(omi())
    ours = replace(
        desk.only().order, order_id="fhir-1", ris_patient_reference="Patient/7", accession_number="A-5", filler_number="F-5"
    )
    desk.orders.put(ours)
    lines = omi("CA", "A-5")
    lines[3] = hl7.segment("ORC", {1: "CA", 3: ("F-5", "", "1.2.3", "ISO")})
    assert desk.say(lines)[0] == "AA"
    order = desk.orders.order("fhir-1")
    assert (order.status, order.ris_patient_reference) == (OrderStatus.REVOKED, "Patient/7")
    assert len(desk.orders.orders()) == 2


def test_a_list_by_fhir_does_not_take_off_what_an_engine_sent(desk: Desk) -> None:
    desk.say(omi())
    desk.orders.replace([])
    assert desk.only().is_listed


def test_an_order_that_fhir_lists_too_is_one_row_from_then_on(desk: Desk) -> None:
    desk.say(omi())
    by_fhir = replace(desk.only().order, order_id="fhir-1", ris_patient_reference="Patient/7")
    desk.orders.replace([by_fhir])
    assert [known.order.order_id for known in desk.orders.orders() if known.is_listed] == ["fhir-1"]
    desk.say(omi("HD"))
    assert desk.orders.order("fhir-1").status is OrderStatus.ON_HOLD
    desk.say(omi("RL"))
    desk.orders.replace([])  # and it leaves the list when FHIR no longer has it
    assert [known for known in desk.orders.orders() if known.is_listed] == []


def test_an_order_that_was_read_leaves_the_list(desk: Desk) -> None:
    desk.say(omi())
    desk.orders.let_go(["another"])
    assert desk.only().is_listed
    desk.orders.let_go([desk.only().order.order_id])
    assert not desk.only().is_listed


# ---- patients (F61) ----------------------------------------------------------------------------


def test_a_merged_patients_order_is_the_other_ones_from_then_on(desk: Desk) -> None:
    """F61: a temporary id becomes a national one."""
    desk.say(omi(key=OLD))
    assert desk.say(a40()) == ("AA", "", "")
    assert desk.only().order.patient.key == NEW
    assert desk.orders.survivor(OLD) == NEW
    with closing(OrderStore(desk.path)) as again:
        assert again.survivor(OLD) == NEW


def test_a_merge_is_followed_to_its_end_and_can_be_taken_back(desk: Desk) -> None:
    """F61: a chain, then A37."""
    middle = PatientKey("M-1", "TEMP")
    desk.say(omi(key=OLD))
    desk.say(a40(OLD, middle))
    desk.say(a40(middle, NEW))
    assert desk.only().order.patient.key == NEW
    assert desk.say([head(("ADT", "A37")), pid(NEW), pid(middle)])[0] == "AA"
    assert desk.only().order.patient.key == middle


def test_a_patient_is_not_merged_with_itself(desk: Desk) -> None:
    """F61."""
    assert desk.say(a40(NEW, NEW))[:2] == ("AE", "207")
    assert desk.orders.survivor(NEW) == NEW
    assert desk.changes == []


def test_merges_in_a_circle_end_with_the_newest(desk: Desk) -> None:
    """F61."""
    desk.say(a40(OLD, NEW))
    desk.say(a40(NEW, OLD))
    assert (desk.orders.survivor(OLD), desk.orders.survivor(NEW)) == (OLD, OLD)


def test_the_same_number_of_another_issuer_is_another_patient(desk: Desk) -> None:
    """F65."""
    desk.say(a40(PatientKey("T-1", "OTHER"), NEW))
    assert desk.orders.survivor(OLD) == OLD


# ---- refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("segments", "code"),
    [
        ([head(("ORU", "R01")), pid()], ("AR", "200")),
        ([head(("ADT", "A08")), pid()], ("AR", "200")),
        (omi(_11="T"), ("AR", "202")),
        (omi(_12="3.0"), ("AR", "203")),
        ([line for line in omi() if not line.startswith("PID")], ("AE", "101")),
        ([line for line in omi() if not line.startswith("ORC")], ("AE", "101")),
        ([line for line in omi() if not line.startswith("IPC")], ("AE", "101")),
        (omi("ZZ"), ("AE", "103")),
        ([head(("ADT", "A40")), pid()], ("AE", "101")),
        ([head(("ADT", "A40")), hl7.segment("MRG", {1: "x"})], ("AE", "101")),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(desk: Desk, segments, code) -> None:
    assert desk.say(segments)[:2] == code
    assert desk.orders.orders() == ()
    assert desk.changes == []


def test_an_accession_number_of_another_patient_or_order_is_refused(desk: Desk) -> None:
    """F61."""
    desk.say(omi())
    other = omi(key=PatientKey("X", "OTHER"))
    other[3] = hl7.segment("ORC", {1: "NW", 3: ("F-2", "ELSE")})
    assert desk.say(other)[:2] == ("AE", "207")
    second = omi()
    second[3] = hl7.segment("ORC", {1: "NW", 3: ("F-2", "", "1.2.3", "ISO")})
    assert desk.say(second)[:2] == ("AE", "205")
    assert desk.only().order.patient.key == NEW


def test_a_message_with_one_bad_order_stores_none(desk: Desk) -> None:
    lines = [*omi(), hl7.segment("ORC", {1: "ZZ", 3: "F-7"}), hl7.segment("OBR", {18: "A-7"})]
    assert desk.say(lines)[0] == "AE"
    assert desk.orders.orders() == ()


@pytest.mark.parametrize(
    "content", [b"", b"MSH", b"GET / HTTP/1.1", b"MSH|^~\\&|\xff\xfe\r", b"MSHaaaaaa", b"MSH|^~\\&|A\rnot a segment\r"]
)
def test_what_is_no_message_is_rejected_and_the_next_one_taken(desk: Desk, content: bytes) -> None:
    answer = MllpLink("127.0.0.1", desk.listener.port).exchange(content, hl7.read_message)
    assert answer.first("MSA").value(1) == "AR"
    assert desk.say(omi())[0] == "AA"


SAMPLES = [hl7.message(lines, "UNICODE UTF-8") for lines in (omi(), a40())]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_message_breaks_it(data) -> None:
    """Real messages with bytes changed, taken out, put in."""

    class Memory:
        def known(self, *_):
            return None

        def put(self, *_, **__):
            pass

        def merge(self, *_):
            return True

        unmerge = merge

    content = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    answer = hl7.read_message(Incoming(Memory(), lambda: None).answer(bytes(content)))
    assert answer.first("MSA").value(1) in ("AA", "AE", "AR")


def test_a_disk_that_does_not_take_it_is_no_yes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise Unavailable("The disk is full")

    monkeypatch.setattr(desk.orders, "put", full)
    assert desk.say(omi())[0] == "AR"
    monkeypatch.undo()
    assert desk.say(omi())[0] == "AA"


def test_a_message_that_does_not_end_is_cut_with_an_answer(tmp_path: Path) -> None:
    """F45."""
    with closing(Desk(tmp_path / "orders.db", ListenerLimits(size=10_000))) as desk:
        lines = omi()
        lines[1] = pid(name=("x" * 20_000, ""))
        assert say(desk.listener.port, lines).first("MSA").value(1) == "AR"
        assert desk.say(omi())[0] == "AA"


def test_who_drips_is_cut_off_and_hinders_nobody(tmp_path: Path) -> None:
    """F45: one byte now and then does not hold a place for ever."""
    with closing(Desk(tmp_path / "orders.db", ListenerLimits(message=0.2))) as desk:
        with socket.create_connection(("127.0.0.1", desk.listener.port)) as slow:
            slow.sendall(b"\x0bMSH|")
            slow.settimeout(60)
            assert slow.recv(1) == b""
        assert desk.say(omi())[0] == "AA"


def test_only_so_many_are_let_in_at_once(tmp_path: Path) -> None:
    with closing(Desk(tmp_path / "orders.db", ListenerLimits(connections=2))) as desk:
        address = ("127.0.0.1", desk.listener.port)
        first, second = socket.create_connection(address), socket.create_connection(address)
        with socket.create_connection(address) as third:
            third.settimeout(60)
            assert third.recv(1) == b""
        first.close()
        second.close()
        deadline = time.monotonic() + 60
        while True:
            try:
                assert desk.say(omi())[0] == "AA"
                return
            except NoAnswer:
                assert time.monotonic() < deadline


def test_several_messages_on_one_connection_are_answered_in_order(desk: Desk) -> None:
    contents = [hl7.message(omi(accession=f"A-{n}", _10=f"N{n}"), "UNICODE UTF-8") for n in range(3)]
    with socket.create_connection(("127.0.0.1", desk.listener.port)) as line:
        line.settimeout(60)
        line.sendall(b"".join(map(framed, contents)))
        got = b""
        while got.count(b"\x1c\r") < 3:
            got += line.recv(65536)
    answers = [hl7.read_message(part.strip(b"\x0b")) for part in got.split(b"\x1c\r") if part]
    assert [answer.first("MSA").value(2) for answer in answers] == ["N0", "N1", "N2"]


def test_over_tls_only_those_with_a_certificate_of_the_hospital_get_in(tmp_path: Path) -> None:
    """F41."""
    authority, stranger = CertificateAuthority(tmp_path / "ca"), CertificateAuthority(tmp_path / "other")
    ours, engine, theirs = authority.server(), authority.client(), stranger.client()
    tls = server_context(RisTls(str(authority.ca_file), str(ours.certificate_file), str(ours.key_file)))
    content = hl7.message(omi(), "UNICODE UTF-8")
    with closing(Desk(tmp_path / "orders.db", tls=tls)) as desk:
        for client in (
            RisTls(str(authority.ca_file)),
            RisTls(str(authority.ca_file), str(theirs.certificate_file), str(theirs.key_file)),
        ):
            with pytest.raises(NoAnswer):
                MllpLink("localhost", desk.listener.port, client_context(client)).exchange(content, hl7.read_message)
        assert desk.orders.orders() == ()
        good = client_context(RisTls(str(authority.ca_file), str(engine.certificate_file), str(engine.key_file)))
        answer = MllpLink("localhost", desk.listener.port, good).exchange(content, hl7.read_message)
    assert answer.first("MSA").value(1) == "AA"


def test_secure_listening_without_certificates_is_refused() -> None:
    with pytest.raises(Refused, match="No secure listening"):
        server_context(RisTls())


def test_an_address_that_is_taken_is_said(desk: Desk) -> None:
    with pytest.raises(Unavailable, match="hl7_listen"):
        Listener("127.0.0.1", desk.listener.port, bytes, too_long)


def test_nothing_of_a_patient_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """F90."""
    with caplog.at_level(logging.DEBUG):
        desk.say(omi())
        desk.say(omi("ZZ"))
        desk.say(a40())
        desk.incoming.answer(b"MSH|^~\\&|Plantedname")
    assert "Planted" not in caplog.text
    assert "121212" not in caplog.text
