"""One signed version as an HL7 v2.5.1 ORU^R01 (IHE RAD-28), always the same bytes for the same version.

The whole text goes with every version, headings in it: v2 cannot tell an addendum from a correction
(both OBR-25 C) and a receiver replaces what it had. One OBX for each block of the text, its lines joined by
`\\.br\\`; all of them, one after the other, are the text as it was signed. The text of a section has the
section's LOINC code in OBX-3, headings and labels that of the report.

A report that answers several orders has one group of ORC, OBR and OBX for each accession number (one
ORDER_OBSERVATION each). The first has the text; by the site's setting each other one has it too, or says where it is
and names the first as its parent (OBR-29).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from workstation.domain import hl7
from workstation.domain.order import Order
from workstation.domain.patient import Patient
from workstation.domain.report import SECTION_TITLES, Report, ReportStatus, SectionCode
from workstation.errors import Refused
from workstation.reporting.content import content_of_report
from workstation.reporting.layout import plain_text
from workstation.reporting.signer import NOBODY, SignerIdentity
from workstation.reporting.text import clean_line

STATUS = {
    # Table 0123.
    ReportStatus.PRELIMINARY: "P",
    ReportStatus.FINAL: "F",
    ReportStatus.AMENDED: "C",
    ReportStatus.CORRECTED: "C",
    ReportStatus.APPENDED: "C",
}
REPORT_CODE = ("18748-4", "Diagnostic imaging study", "LN")
UNKNOWN_CLASS = "U"
LONGEST_STRING = 199
LONGEST_TEXT = 65536
"""What an ST and a TX may hold, escaped (v2.5.1 2.A.75, 2.A.78)."""


@dataclass(frozen=True, slots=True)
class Hl7Site:
    """Who sends to whom, and in which character set (table 0211)."""

    sending_application: str = "LYSKASSE"
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    charset: str = "UNICODE UTF-8"
    signer: SignerIdentity = NOBODY
    joint_text: str = "first"
    """Of a report for several orders: under the `first` accession number alone, or under `each`."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One order that a report answers, as the report names it and as the RIS last told it."""

    order: Order
    accession_number: str
    procedure: str
    procedure_code: str
    study_instance_uid: str


def answered(report: Report, order: Order, others: Sequence[Order]) -> tuple[Answered, ...]:
    """The report's own first; `others` are those of `report.joint`, in its order."""
    uid = report.study_instance_uid
    own = Answered(order, report.accession_number, report.procedure, report.procedure_code, uid)
    joint = zip(report.joint, others, strict=True)
    return (
        own,
        *(Answered(o, j.accession_number, j.procedure, j.procedure_code, j.study_instance_uid or uid) for j, o in joint),
    )


def control_id(report: Report) -> str:
    """MSH-10: 20 letters that this version has on every resending, and no other version ever."""
    number = hashlib.sha256(f"{report.report_uuid}/{report.version}".encode()).digest()
    return base64.b32encode(number).decode("ascii")[:20]


def oru(report: Report, order: Order, site: Hl7Site, others: Sequence[Order] = ()) -> bytes:
    """The message; `others` are the orders of `report.joint`.

    `Refused` when HL7 or the site's character set cannot carry it whole.
    """
    if report.signed_at is None:
        raise ValueError("only a signed version can be rendered")
    if not site.signer.is_of(report.signed_by):
        why = "The RIS takes reports by HL7, and your number is not set: by the name alone it would not know who signed"
        raise Refused("Not signed", why, "Set `signer_id` and `signer_id_system` in settings.toml. The text is kept")
    status = STATUS.get(report.status)
    if status is None:
        raise Refused(
            "Not signed", f"HL7 has no word for a report that is {report.status.value}", "Call support. The text is kept"
        )
    segments = [_header(report, site, report.signed_at), _patient(order.patient)]
    if order.visit_number:
        segments.append(hl7.segment("PV1", {1: "1", 2: UNKNOWN_CLASS, 19: order.visit_number}))
    groups = answered(report, order, others)
    for number, group in enumerate(groups, start=1):
        segments += _order(report, group, status, site.signer, number, groups[0])
        has_text = number == 1 or site.joint_text == "each"
        segments += _observations(report, status) if has_text else [_where(report, status)]
        if group.study_instance_uid:
            segments.append(hl7.segment("ZDS", {1: (group.study_instance_uid, "", "Application", "DICOM")}))
    try:
        return hl7.message(segments, site.charset)
    except UnicodeEncodeError as error:
        raise _not_in_charset(error, report, site.charset) from error


def _header(report: Report, site: Hl7Site, moment: datetime) -> str:
    return hl7.header(
        {
            3: site.sending_application,
            4: site.sending_facility,
            5: site.receiving_application,
            6: site.receiving_facility,
            7: hl7.hl7_time(moment),
            9: ("ORU", "R01", "ORU_R01"),
            10: control_id(report),
            11: "P",
            12: "2.5.1",
            18: site.charset,
        }
    )


def _patient(patient: Patient) -> str:
    number = (clean_line(patient.key.patient_id), "", "", authority(patient.key.issuer), "MR")
    return hl7.segment(
        "PID",
        {1: "1", 3: number, 5: person_name(patient.name), 7: hl7.date_in(patient.birth_date), 8: patient.sex or UNKNOWN_CLASS},
    )


def _numbers(group: Answered) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Placer and filler number."""
    order = group.order
    filler = entity(order.filler_number or group.accession_number, order.filler_system if order.filler_number else "")
    return entity(order.placer_number, order.placer_system), filler


def _order(report: Report, group: Answered, status: str, signer: SignerIdentity, number: int, first: Answered) -> list[str]:
    order = group.order
    placer, filler = _numbers(group)
    provider = (order.ordering_provider_id, *person_name(order.ordering_provider)) if order.ordering_provider else ""
    request: dict[int, hl7.Value] = {
        1: str(number),
        2: placer,
        3: filler,
        4: (_short(group.procedure_code), _short(group.procedure), "L" if group.procedure_code else ""),
        7: hl7.date_in(report.study_date),
        8: hl7.hl7_time(order.exam_end) if order.exam_end else "",
        16: provider,
        18: group.accession_number,
        19: order.requested_procedure_id,
        20: order.procedure_step_id,
        22: hl7.hl7_time(report.signed_at, with_milliseconds=True) if report.signed_at else "",
        24: "RAD",
        25: status,
        29: _numbers(first) if number > 1 else "",
        31: ("", _short(order.reason)) if order.reason else "",
        32: (_signer(report.signed_by, signer),),
    }
    control: dict[int, hl7.Value] = {1: "RE", 2: placer, 3: filler, 5: "IP" if status == "P" else "CM"}
    return [hl7.segment("ORC", control), hl7.segment("OBR", request)]


def _short(text: str) -> str:
    """What an ST may hold (v2.5.1 2.A.75). Only for what the receiver knows already: nothing of a report is cut."""
    line = clean_line(text)
    while len(hl7.escaped(line)) > LONGEST_STRING:
        line = line[:-1]
    return line


def _signer(name: str, identity: SignerIdentity) -> tuple[str, ...]:
    """The person in an NDL (CNN): number, name, and who gives the number. Others' numbers are not known here: those who
    signed earlier versions stand in the text, and not in OBR-33 as names that may be anybody's.
    """
    namespace, universal, kind = authority(identity.system)
    return identity.number, clean_line(name), "", "", "", "", "", "", namespace, universal, kind


def _observations(report: Report, status: str) -> list[str]:
    if any(len(hl7.escaped(text)) > LONGEST_TEXT for _, text in _blocks(report)):
        raise Refused("Not signed", "A section is longer than HL7 can carry", "Shorten it. The text is kept")
    return [
        hl7.segment("OBX", {1: str(number), 2: "TX", 3: code, 4: str(number), 5: text, 11: status})
        for number, (code, text) in enumerate(_blocks(report), start=1)
    ]


def _where(report: Report, status: str) -> str:
    """Of an order whose text stands under another one."""
    said = f"Read together with accession number {clean_line(report.accession_number)}: the report stands there"
    return hl7.segment("OBX", {1: "1", 2: "TX", 3: REPORT_CODE, 4: "1", 5: said, 11: status})


def _blocks(report: Report) -> Iterator[tuple[tuple[str, str, str], str]]:
    """The plain text in pieces, each with its code: labels, then for each section its heading and its words."""
    lines = plain_text(report).removesuffix("\n").split("\n")
    at = lines.index("")
    yield REPORT_CODE, "\n".join(lines[:at])
    for code, words in content_of_report(report).sections:
        start = at + 2
        yield REPORT_CODE, "\n".join(lines[at:start])
        at = start + words.count("\n") + 1
        yield (code, SECTION_TITLES[SectionCode(code)], "LN"), "\n".join(lines[start:at])


def entity(number: str, system: str) -> tuple[str, ...]:
    """EI of a number and what issues it: an OID, a URI, or a name."""
    parts = authority(system)
    return (number, *parts) if number else ("",)


def authority(system: str) -> tuple[str, str, str]:
    """HD: namespace, universal id and its type."""
    oid = system.removeprefix("urn:oid:")
    if oid and all(part.isdigit() for part in oid.split(".")) and "." in oid:
        return "", oid, "ISO"
    if "://" in system or system.startswith("urn:"):
        return "", system, "URI"
    return clean_line(system), "", ""


def person_name(dicom: str) -> tuple[str, ...]:
    """XPN of a DICOM name: family^given^middle^prefix^suffix there, family^given^middle^suffix^prefix here."""
    parts = [clean_line(part) for part in dicom.partition("=")[0].split("^")] + [""] * 5
    family, given, middle, prefix, suffix = parts[:5]
    return family, given, middle, suffix, prefix


def _not_in_charset(error: UnicodeEncodeError, report: Report, charset: str) -> Refused:
    letter = str(error.object)[error.start]
    where = "in the report" if letter in plain_text(report) else "in what the order says of the patient or the examination"
    return Refused(
        "Not signed",
        f"The RIS takes {charset} only, and “{letter}” (U+{ord(letter):04X}) {where} does not exist there",
        "Write it another way. Nothing was replaced; the text is kept",
    )
