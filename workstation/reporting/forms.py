"""In which form a signed version goes to the RIS, and whether what the RIS holds is that version.

The bytes are made once, when the report is signed, and kept in the outbox; what was sent is compared with
what is read back as far as the form can carry it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from workstation.domain.delivery import FHIR_REPORT, HL7_REPORT
from workstation.domain.fhir import Resource
from workstation.domain.hl7 import Message, read_message
from workstation.domain.order import Order
from workstation.domain.patient import PatientKey
from workstation.domain.report import JointOrder, Report, ReportStatus
from workstation.errors import Refused
from workstation.reporting.content import ReportContent, content_of_report, content_of_resource
from workstation.reporting.oru import STATUS, Hl7Site, control_id, oru
from workstation.reporting.render import payload
from workstation.reporting.signer import NOBODY, SignerIdentity
from workstation.reporting.standing import NothingKnown, Standing
from workstation.reporting.text import clean_line

_CHANGED = frozenset(status.value for status, code in STATUS.items() if code == "C")
_STATUS_OF = {code: status.value for status, code in STATUS.items() if code != "C"} | {"C": ReportStatus.CORRECTED.value}
_IMPRESSION = "19005-8"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the outbox freezes. `local_sha256` stands for the facts that a read-back must show."""

    kind: str
    idem_key: str
    payload: bytes
    local_sha256: str


class Form(Protocol):
    can_be_proved: bool
    """Whether the RIS can be read back. Where it cannot, "acknowledged" is the end of the way."""

    def render(self, signed: Report) -> Rendered:
        """Raises `Refused` when the form would not carry the report whole."""
        ...


class FhirForm:
    """A FHIR R4 DiagnosticReport. The reader is named there with the number, where one is set."""

    can_be_proved = True

    def __init__(self, signer: SignerIdentity = NOBODY) -> None:
        self._signer = signer

    def render(self, signed: Report) -> Rendered:
        body, local = payload(signed, self._signer), content_of_report(signed)
        if content_of_resource(json.loads(body)) != local:
            raise Refused("Not signed", "The report cannot be written as FHIR without a change", "Call support. The text is kept")
        return Rendered(FHIR_REPORT, f"urn:uuid:{signed.report_uuid}/{signed.version}", body, local.sha256())


class OruForm:
    """An HL7 v2.5.1 ORU^R01. `order_of` gives the order by its id, as the RIS last told it."""

    def __init__(
        self,
        site: Hl7Site,
        order_of: Callable[[str], Order | None],
        can_be_proved: bool,
        standing: Standing | None = None,
    ) -> None:
        self._site = site
        self._standing = standing or NothingKnown()
        self._order_of = order_of
        self.can_be_proved = can_be_proved

    def render(self, signed: Report) -> Rendered:
        order = self._order_of(signed.order_id)
        if order is None:
            raise Refused("Not signed", "The order behind the report is not on this machine", "Refresh the worklist, then sign")
        if order.patient.key != self._standing.survivor(PatientKey(signed.patient_id, signed.patient_issuer)):
            raise Refused("Not signed", "The order belongs to another patient now", "Ask the RIS desk. The text is kept")
        others = [other for one in signed.joint if (other := self._order_of(one.order_id)) is not None]
        if len(others) != len(signed.joint) or any(other.patient.key != order.patient.key for other in others):
            why = "An order that is read together is not on this machine, or is of another patient now"
            raise Refused("Not signed", why, "Refresh the worklist, or take it out of the report")
        body = oru(signed, order, self._site, others)
        local = content_of_report(signed)
        carried = _carried(local, clean_line(signed.signed_by))
        sent = content_of_oru(read_message(body))
        # A line that reads like a heading has a space before it in the message, as in the text.
        if carried.conclusion.split() == sent.conclusion.split():
            carried = replace(carried, conclusion=sent.conclusion)
        if sent != carried:
            raise Refused("Not signed", "The report cannot be written as HL7 without a change", "Call support. The text is kept")
        of_order = replace(carried, order=local.order, patient=local.patient)
        return Rendered(HL7_REPORT, control_id(signed), body, of_order.sha256())


def holds(row: Mapping[str, Any], resource: Resource) -> bool:
    """Whether a DiagnosticReport that was read back is the version in this row of the outbox.

    `row` has `kind`, `payload`, `local_sha256`, and for HL7 the `order_id` and `ris_patient_reference` of the version.
    """
    found = content_of_resource(resource)
    if row["kind"] == FHIR_REPORT:
        return found.sha256() == str(row["local_sha256"])
    return _holds_message(content_of_oru(read_message(row["payload"])), found, row["order_id"], row)


def _holds_message(sent: ReportContent, found: ReportContent, order_id: str, row: Mapping[str, Any]) -> bool:
    held = _carried(found, found.signer)
    if not held.signer or held.signer.startswith(f"{sent.signer} "):  # who signed earlier versions may stand after
        held = replace(held, signer=sent.signer)
    if held.conclusion in ("", held.text):  # a receiver that knows no impression keeps none, or takes all of it
        held = replace(held, conclusion=sent.conclusion)
    return held == sent and _is_of(order_id, row["ris_patient_reference"], found)


def holds_other(row: Mapping[str, Any], one: JointOrder, resource: Resource) -> bool:
    """Whether a DiagnosticReport is what the HL7 message in this row left under another order that it answers."""
    message = read_message(row["payload"])
    number = next((n for n, obr in enumerate(message.all("OBR")) if obr.value(18) == one.accession_number), None)
    if number is None:
        return False
    return _holds_message(content_of_oru(message, number), content_of_resource(resource), one.order_id, row)


def content_of_oru(message: Message, group: int = 0) -> ReportContent:
    """The facts that an ORU carries in one of its groups."""
    starts = [place for place, segment in enumerate(message.segments) if segment.name == "OBR"]
    if not starts:
        return _carried(_NOTHING, "")
    whole = message.segments[starts[group] : (*starts, len(message.segments))[group + 1]]
    request = whole[0]
    observations = tuple(segment for segment in whole if segment.name == "OBX")
    said = [each.text(5) for each in observations if each.value(3) == _IMPRESSION]
    return _carried(
        replace(
            _NOTHING,
            accession_number=request.value(18),
            status=_STATUS_OF.get(request.value(25), ""),
            conclusion="\n".join(said),
            text="\n".join(each.text(5) for each in observations),
        ),
        request.value(32, 1, 2),
    )


_NOTHING = ReportContent("", "", "", "", "", "", "", "", (), "")


def _carried(content: ReportContent, signer: str) -> ReportContent:
    """What of the facts can come back by way of HL7: no identifier of ours, one word for every change after final.

    References are compared apart. White space at the ends of lines is not kept by receivers; the time of
    signing is in the text, to the millisecond.
    """
    return replace(
        _NOTHING,
        accession_number=content.accession_number,
        status=ReportStatus.CORRECTED.value if content.status in _CHANGED else content.status,
        signer=signer,
        conclusion=_lines(content.conclusion),
        text=_lines(content.text),
    )


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _is_of(order_id: str, patient: str, found: ReportContent) -> bool:
    """Orders that came by HL7 have no FHIR reference to compare."""
    if not patient.startswith("Patient/"):
        return True
    return (found.order, found.patient) == (f"ServiceRequest/{order_id}", patient)
