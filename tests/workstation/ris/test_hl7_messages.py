"""HL7 messages as bytes: what we write is valid and carries every text; what we read is never trusted."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hl7apy.base_datatypes import TX
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seat import PATIENT, order_for, signed_report

from workstation.domain import hl7
from workstation.domain.delivery import Submission
from workstation.domain.patient import PatientKey
from workstation.domain.report import JointOrder, ReportStatus, SectionCode
from workstation.errors import Refused
from workstation.reporting.forms import OruForm, content_of_oru
from workstation.reporting.layout import plain_text
from workstation.reporting.oru import Hl7Site, control_id, oru
from workstation.reporting.signer import SignerIdentity
from workstation.reporting.text import clean
from workstation.ris.hl7.acks import MOST_REJECTIONS, answer_in
from workstation.ris.hl7.driver import Hl7Ris
from workstation.ris.hl7.mllp import Frames, MllpLimits, MllpLink, Overflow, framed
from workstation.ris.no_answer import NoAnswer
from workstation.ris.ris import AnswerKind

LETTERS = "æøåäöÅÄÖÆØčđŋšŧžČĐŊŠŦŽ |^~\\&\n\t.FSTRE<>;=0123456789aA\u2028\u0085\x0b\x1c"
TEXTS = st.text(st.sampled_from(LETTERS), max_size=120) | st.text(max_size=60) | st.just("Långt stycke | ^ & ~. " * 200)
ORDER = replace(
    order_for(patient=replace(PATIENT, key=PatientKey("P"))),
    placer_number="P-1",
    placer_system="urn:oid:1.2.3",
    filler_number="F|1",
    filler_system="http://ris.example/numbers",
    requested_procedure_id="RP-1",
    procedure_step_id="SPS-1",
    ordering_provider="Läkare^Åsa",
    ordering_provider_id="77",
    visit_number="V-1",
    reason="Hosta ^ feber",
    exam_end=datetime(2026, 11, 21, 14, 5, tzinfo=UTC),
)
SITE = Hl7Site("LYSKASSE", "HEM", "RIS", "REGION", signer=SignerIdentity("Dr A", "9144900", "urn:oid:2.16.578.1"))


def report_with(texts: dict[SectionCode, str], status: ReportStatus = ReportStatus.FINAL):
    return replace(signed_report({code: clean(text) for code, text in texts.items()}), status=status)


def text_of(content: bytes) -> str:
    return "\n".join(each.text(5) for each in hl7.read_message(content).all("OBX"))


def is_valid(content: bytes) -> bool:
    """`hl7apy`, strictly. It takes every OBX-5 for an ST (199 letters) whatever OBX-2 says: they are judged as what they are."""
    lines = []
    for line in content.decode().split("\r"):
        fields = line.split("|")
        if fields[0] == "OBX":
            assert fields[2] == "TX"
            TX(fields[5], validation_level=VALIDATION_LEVEL.STRICT)
            fields[5] = "x"
        lines.append("|".join(fields))
    return parse_message("\r".join(lines), validation_level=VALIDATION_LEVEL.STRICT, find_groups=True).validate()


@pytest.mark.parametrize("mode", ["first", "each"])
def test_a_message_for_several_orders_is_valid_and_says_under_each_where_the_text_is(mode) -> None:
    """`hl7apy` in strict mode; one ORDER_OBSERVATION for each accession number, the first the parent of the others."""
    joint = tuple(JointOrder(f"order-{n}", f"ACC-{n}", "", "CT neck", "N1") for n in (2, 3))
    others = [replace(ORDER, order_id=one.order_id, accession_number=one.accession_number, filler_number="F-9") for one in joint]
    report = replace(report_with({SectionCode.FINDINGS: "Långt | ^ & ~."}), joint=joint)
    content = oru(report, ORDER, replace(SITE, joint_text=mode), others)
    assert is_valid(content)
    message = hl7.read_message(content)
    assert [obr.value(18) for obr in message.all("OBR")] == ["ACC-1", "ACC-2", "ACC-3"]
    assert [obr.value(1) for obr in message.all("OBR")] == ["1", "2", "3"]
    assert [(obr.value(29), obr.value(29, 2)) for obr in message.all("OBR")] == [("", ""), ("P-1", "F|1"), ("P-1", "F|1")]
    texts = [content_of_oru(message, group).text for group in range(3)]
    assert texts[0] == plain_text(report).strip("\n")
    where = "Read together with accession number ACC-1: the report stands there"
    assert texts[1:] == ([where] * 2 if mode == "first" else [texts[0]] * 2)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(list(SectionCode)), TEXTS, max_size=4), st.sampled_from(sorted(ReportStatus)[:4]))
def test_every_message_is_valid_and_carries_its_text_exactly(texts, status) -> None:
    """F86. `hl7apy` in strict mode reads each message that we make."""
    status = ReportStatus.FINAL if status is ReportStatus.DRAFT else status
    report = report_with(
        {SectionCode.FINDINGS: "x", **{code: text if text.strip() else "x" for code, text in texts.items()}}, status
    )
    content = oru(report, ORDER, SITE)
    assert text_of(content) == plain_text(report).removesuffix("\n")
    assert is_valid(content)
    segments = [line[:3] for line in content.decode().split("\r") if line]
    assert segments[:5] == ["MSH", "PID", "PV1", "ORC", "OBR"]
    assert set(segments[5:-1]) == {"OBX"}
    assert segments[-1] == "ZDS"


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_no_text_of_an_order_or_a_name_becomes_structure(name, reason, number) -> None:
    """F86."""
    patient = replace(ORDER.patient, name=clean(name))
    order = replace(ORDER, reason=clean(reason), placer_number=clean(number), patient=patient)
    content = oru(report_with({SectionCode.FINDINGS: "x"}), order, SITE)
    plain = oru(report_with({SectionCode.FINDINGS: "x"}), ORDER, SITE)
    shape = [(line[:3], line.count("|")) for line in content.decode().split("\r")]
    assert [name for name, _ in shape] == [line[:3] for line in plain.decode().split("\r")]
    read = hl7.read_message(content)
    assert " ".join(clean(reason).split()).startswith(read.first("OBR").value(31, 2))
    assert read.first("OBR").value(18) == "ACC-1"
    assert read.first("PID").value(3) == "P"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_is_escaped_comes_back(text: str) -> None:
    escaped = hl7.escaped(text)
    assert not set(escaped) & set("|^~&\r\n\x0b\x1c")
    assert hl7.unescaped(escaped) == text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    for given_bytes in (content, b"MSH|^~\\&|" + content):
        try:
            message = hl7.read_message(given_bytes)
        except hl7.BadMessage:
            continue
        assert message.header.name == "MSH"
        hl7.control_id_of(given_bytes)


def test_the_fields_are_those_of_the_standard() -> None:
    report = report_with({SectionCode.FINDINGS: "F.", SectionCode.IMPRESSION: "I."}, ReportStatus.APPENDED)
    message = hl7.read_message(oru(report, ORDER, SITE))
    header, patient, request = message.header, message.first("PID"), message.first("OBR")
    assert [header.value(n) for n in (3, 4, 5, 6, 11, 12, 18)] == [
        "LYSKASSE",
        "HEM",
        "RIS",
        "REGION",
        "P",
        "2.5.1",
        "UNICODE UTF-8",
    ]
    assert header.value(7) == "20261122201530+0100"
    assert (header.value(10), len(header.value(10))) == (control_id(report), 20)
    assert (patient.value(3), patient.value(3, 5), patient.value(5), patient.value(5, 2)) == (
        "P",
        "MR",
        "Åkerö",
        "Plantednamekari",
    )
    assert (patient.raw(7), patient.raw(8)) == ("19121212", "F")
    assert (request.raw(2), request.raw(3)) == ("P-1^^1.2.3^ISO", "F\\F\\1^^http://ris.example/numbers^URI")
    assert [request.value(n) for n in (18, 19, 20, 22, 24, 25)] == [
        "ACC-1",
        "RP-1",
        "SPS-1",
        "20261122201530.123+0100",
        "RAD",
        "C",
    ]
    assert (request.value(16), request.value(16, 2), request.value(32, 1, 2)) == ("77", "Läkare", "Dr A")
    assert message.first("PV1").value(19) == "V-1"
    assert (message.first("ORC").value(1), message.first("ORC").value(5)) == ("RE", "CM")
    assert [each.value(3) for each in message.all("OBX")] == ["18748-4", "18748-4", "59776-5", "18748-4", "19005-8"]
    assert {each.value(11) for each in message.all("OBX")} == {"C"}
    assert "Status: appended" in next(message.all("OBX")).text(5)


def test_who_signs_goes_with_the_number_and_who_signed_before_stands_in_the_text() -> None:
    """Of those before no number is known here: a name alone in OBR-33 may be anybody's."""
    report = replace(report_with({SectionCode.FINDINGS: "x"}), earlier_signers=("Dr B & C", "Dr D"))
    message = hl7.read_message(oru(report, ORDER, SITE))
    request = message.first("OBR")
    assert [request.value(32, 1, part) for part in (1, 2, 10, 11)] == ["9144900", "Dr A", "2.16.578.1", "ISO"]
    assert request.raw(33) == ""
    assert "Earlier signed by: Dr B & C; Dr D" in next(message.all("OBX")).text(5)
    assert is_valid(oru(report, ORDER, SITE))


@pytest.mark.parametrize(
    "signer",
    [
        SignerIdentity("Dr A"),
        SignerIdentity("Dr A", "9144900"),
        SignerIdentity("Dr A", "", "urn:oid:2.16.578.1"),
        SignerIdentity("Dr B", "9144900", "urn:oid:2.16.578.1"),
    ],
)
def test_without_the_signers_number_nothing_is_signed_and_the_words_say_what_to_set(signer) -> None:
    with pytest.raises(Refused, match="by the name alone") as refused:
        oru(report_with({SectionCode.FINDINGS: "x"}), ORDER, replace(SITE, signer=signer))
    assert "signer_id" in refused.value.hint
    assert "signer_id_system" in refused.value.hint


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (ReportStatus.PRELIMINARY, ("P", "IP")),
        (ReportStatus.FINAL, ("F", "CM")),
        (ReportStatus.AMENDED, ("C", "CM")),
        (ReportStatus.CORRECTED, ("C", "CM")),
        (ReportStatus.APPENDED, ("C", "CM")),
    ],
)
def test_each_status_has_its_letter(status, words) -> None:
    message = hl7.read_message(oru(report_with({SectionCode.FINDINGS: "x"}, status), ORDER, SITE))
    assert (message.first("OBR").value(25), message.first("ORC").value(5)) == words


def test_what_the_receiver_knows_is_cut_to_what_a_field_holds_and_a_report_never_is() -> None:
    order = replace(ORDER, reason="Hosta & feber " * 60)
    content = oru(report_with({SectionCode.FINDINGS: "ord " * 10_000}), order, SITE)
    assert is_valid(content)
    assert text_of(content).count("ord") == 10_000
    with pytest.raises(Refused, match="longer than HL7 can carry"):
        oru(report_with({SectionCode.FINDINGS: "&" * 30_000}), order, SITE)


def test_a_draft_has_no_letter_and_is_not_sent() -> None:
    with pytest.raises(Refused, match="no word for"):
        oru(report_with({SectionCode.FINDINGS: "x"}, ReportStatus.DRAFT), ORDER, SITE)


def test_the_same_version_is_always_the_same_bytes_and_the_next_has_another_number() -> None:
    report = report_with({SectionCode.FINDINGS: "x"})
    assert oru(report, ORDER, SITE) == oru(replace(report), ORDER, SITE)
    assert control_id(report) != control_id(replace(report, version=3))


def test_a_character_that_the_site_cannot_take_is_named_and_nothing_replaced() -> None:
    latin = replace(SITE, charset="8859/1")
    content = oru(report_with({SectionCode.FINDINGS: "Blåbær øl Ä"}), ORDER, latin)
    assert "Blåbær øl Ä" in content.decode("latin-1")
    assert hl7.read_message(content).charset == "8859/1"
    with pytest.raises(Refused, match=r"“č” \(U\+010D\) in the report"):
        oru(report_with({SectionCode.FINDINGS: "Čáhppe č".lower()}), ORDER, latin)
    named = replace(ORDER, patient=replace(ORDER.patient, name="Ŋ^Á"))
    with pytest.raises(Refused, match="what the order says"):
        oru(report_with({SectionCode.FINDINGS: "x"}), named, latin)


def test_a_report_of_a_patient_whom_the_order_is_not_of_is_not_signed() -> None:
    """F61."""
    form = OruForm(SITE, lambda _: replace(ORDER, patient=replace(PATIENT, key=PatientKey("another"))), True)
    with pytest.raises(Refused, match="another patient"):
        form.render(report_with({SectionCode.FINDINGS: "x"}))


# ---- acknowledgements ------------------------------------------------------------------------

OURS = "OURS1234567890123456"


def ack(code: str, number: str = OURS, *errors: dict[int, hl7.Value], text: str = "") -> bytes:
    lines = [
        hl7.header({9: ("ACK", "R01", "ACK"), 10: "A1", 11: "P", 12: "2.5.1"}),
        hl7.segment("MSA", {1: code, 2: number, 3: text}),
    ]
    return hl7.message([*lines, *(hl7.segment("ERR", error) for error in errors)], "UNICODE UTF-8")


def err(severity: str, text: str, code: str = "0") -> dict[int, hl7.Value]:
    return {3: (code, "", "HL70357"), 4: severity, 8: text}


LATE = "late preliminary report ignored: the report is already corrected"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (ack("AA"), AnswerKind.ACKNOWLEDGED),
        (ack("CA"), AnswerKind.ACKNOWLEDGED),
        (ack("AA", OURS, err("W", "OBX value type 'HD' is not mapped")), AnswerKind.ACKNOWLEDGED),
        (ack("AA", OURS, err("W", "duplicate of an already-accepted message; not sent again")), AnswerKind.ACKNOWLEDGED),
        (ack("AA", OURS, err("W", LATE)), AnswerKind.CONFLICT),
        (ack("AA", OURS, err("I", "fine"), err("W", LATE)), AnswerKind.CONFLICT),
        (ack("AA", OURS, err("E", "could not be filed")), AnswerKind.REFUSED),
        (ack("AE", OURS, err("E", "order belongs to another patient", "207")), AnswerKind.REFUSED),
        (ack("CE", text="unknown order"), AnswerKind.REFUSED),
        (ack("AE", OURS, err("E", "FHIR server unreachable; will be safe to resend", "207")), AnswerKind.UNKNOWN),
        (ack("AR", OURS, err("E", "FHIR server unreachable; will be safe to resend", "207")), AnswerKind.UNKNOWN),
        (ack("AR", text="system is down"), AnswerKind.UNKNOWN),
        (ack("AR", OURS, err("E", "message type not supported", "200")), AnswerKind.REFUSED),
        (ack("AR", OURS, err("E", "busy: segment sequence error", "100")), AnswerKind.REFUSED),
        (ack("AR"), AnswerKind.UNKNOWN),
        (ack("ZZ"), AnswerKind.UNKNOWN),
    ],
)
def test_what_an_acknowledgement_says(content: bytes, kind: AnswerKind) -> None:
    """F30, F34."""
    answer = answer_in(content, OURS)
    assert answer is not None
    assert answer.kind is kind


def test_an_error_of_before_v2_5_is_read_too() -> None:
    content = (
        b"MSH|^~\\&|RIS||||20261122||ACK|A1|P|2.3.1\rMSA|AE|"
        + OURS.encode()
        + b"|refused\rERR|OBR^1^4^204&Unknown order&HL70357\r"
    )
    assert answer_in(content, OURS).detail == "Unknown order"


def test_a_rejection_without_a_reason_ends_after_a_few_tries() -> None:
    assert answer_in(ack("AR"), OURS, MOST_REJECTIONS - 1).kind is AnswerKind.UNKNOWN
    assert answer_in(ack("AR"), OURS, MOST_REJECTIONS).kind is AnswerKind.REFUSED


@pytest.mark.parametrize("content", [ack("AA", "ANOTHER"), ack("AA", ""), b"", b"<html>", ack("AA").replace(b"MSA", b"MSX")])
def test_an_answer_to_another_message_is_none(content: bytes) -> None:
    """F33."""
    assert answer_in(content, OURS) is None


# ---- the line ----------------------------------------------------------------------------------


@given(
    st.lists(st.binary(max_size=50).filter(lambda b: b"\x0b" not in b and b"\x1c\r" not in b and not b.endswith(b"\x1c"))),
    st.data(),
)
def test_frames_come_out_however_the_bytes_are_cut(contents, data) -> None:
    stream = b"noise".join(framed(content) for content in contents)
    frames, found = Frames(1000), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += frames.feed(stream[:cut])
        stream = stream[cut:]
    assert found == contents


def test_a_frame_without_an_end_is_given_up() -> None:
    frames = Frames(100)
    assert list(frames.feed(b"\x0b" + b"x" * 50)) == []
    with pytest.raises(Overflow):
        list(frames.feed(b"x" * 100))


class Engine:
    """Answers one connection after the other with what `script` holds, each a list of bytes to write."""

    def __init__(self, *script: list[bytes]) -> None:
        self.got: list[bytes] = []
        self._script = list(script)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for answers in self._script:
            near, _ = self._socket.accept()
            with near:
                got = b""
                while not got.endswith(b"\x1c\r"):
                    got += near.recv(65536)
                self.got.append(got)
                with suppress(OSError):
                    for answer in answers:
                        near.sendall(answer)
                    near.shutdown(socket.SHUT_WR)
                    while near.recv(65536):
                        pass

    def close(self) -> None:
        self._thread.join(60)
        self._socket.close()


def deliver(port: int, total: float = 60.0):
    """What the driver makes of the answers to one message."""
    content = oru(report_with({SectionCode.FINDINGS: "x"}), ORDER, SITE)
    submission = Submission(1, "u", 2, "ACC-1", "order-1", PATIENT.key, "Patient/1", content, kind="hl7-oru-r01")
    ris = Hl7Ris(MllpLink("127.0.0.1", port, None, MllpLimits(total=total)), lambda _: "")
    with closing(ris):
        return ris.deliver(submission, None)


NUMBER = control_id(report_with({}))


def test_late_and_foreign_acknowledgements_are_passed_over_until_ours_comes() -> None:
    """F33: a duplicate of an earlier one, garbage, one for another message, then ours."""
    with closing(
        Engine([framed(ack("AE", "EARLIER")), b"\x0bgarbage\x1c\r", framed(ack("AA", NUMBER)[:20]), framed(ack("AA", NUMBER))])
    ) as e:
        assert deliver(e.port).kind is AnswerKind.ACKNOWLEDGED


@pytest.mark.parametrize(
    "answers",
    [[], [b"\x0bMSH|^~\\&|"], [framed(ack("AA", "ANOTHER"))], [b"HTTP/1.1 200 OK\r\n\r\n<html>"], [framed(b"")]],
)
def test_without_our_acknowledgement_nothing_is_known(answers: list[bytes]) -> None:
    """F31, F32."""
    with closing(Engine(answers)) as engine:
        assert deliver(engine.port).kind is AnswerKind.UNKNOWN


def test_silence_ends_in_not_knowing() -> None:
    """F28, F45."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        answer = deliver(silent.getsockname()[1], total=0.2)
    assert (answer.kind, "too long" in answer.detail) == (AnswerKind.UNKNOWN, True)


def test_an_endless_answer_is_cut() -> None:
    """F45."""
    with closing(Engine([b"\x0b" + b"x" * (2 * 1024 * 1024)])) as engine:
        answer = deliver(engine.port)
    assert answer.kind is AnswerKind.UNKNOWN


def test_an_exchange_under_way_can_be_cut() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        link = MllpLink("127.0.0.1", silent.getsockname()[1])

        def cut() -> None:
            near, _ = silent.accept()
            with near:
                near.recv(1)
                link.abort()
                while near.recv(65536):
                    pass

        thread = threading.Thread(target=cut, daemon=True)
        thread.start()
        with pytest.raises(NoAnswer):
            link.exchange(b"MSH", lambda _: None)
        thread.join(60)


def test_nothing_of_a_message_or_an_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """F90."""
    with caplog.at_level(logging.DEBUG), closing(Engine([framed(ack("AE", NUMBER, err("E", "Plantedwords")))])) as engine:
        answer = deliver(engine.port)
    assert "Plantedwords" in answer.detail
    assert "Planted" not in caplog.text


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("20261122201530.1234+0100", datetime(2026, 11, 22, 20, 15, 30, 123400, timezone(timedelta(hours=1)))),
        ("202611222015-0530", datetime(2026, 11, 22, 20, 15, tzinfo=timezone(-timedelta(hours=5, minutes=30)))),
        ("20261122-0500", None),
        ("20261122201530", None),
        ("20261340+0100", None),
        ("2026", None),
        ("20261122201530+9900", None),
        ("x", None),
    ],
)
def test_a_time_without_an_offset_says_no_instant(value: str, moment: datetime | None) -> None:
    assert hl7.time_in(value) == moment
