"""What was signed, apart from how a server writes it down: the facts that must survive the way.

The same facts are taken from our own signed version and from the DiagnosticReport that the RIS
gives back. Only equal hashes of them are proof that the report arrived (FHIR R4 3.1.0: a 2xx
acknowledges a request, it does not vouch for what is stored).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC

from workstation.domain.fhir import (
    REPORT_IDENTIFIER_SYSTEM,
    Resource,
    accession_in,
    instant_in,
    objects_of,
    reference_in,
    text_of,
)
from workstation.domain.report import Report, SectionCode
from workstation.reporting.layout import plain_text, sections_of, written_sections
from workstation.reporting.text import clean_line


@dataclass(frozen=True, slots=True)
class ReportContent:
    """The facts, each "" where absent. `issued` is UTC; references are `Type/id`."""

    identifier: str
    accession_number: str
    order: str
    patient: str
    status: str
    signer: str
    issued: str
    conclusion: str
    sections: tuple[tuple[str, str], ...]
    text: str

    def sha256(self) -> str:
        canonical = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def content_of_report(report: Report) -> ReportContent:
    """The facts of a signed version, straight from the model and not by way of FHIR."""
    return ReportContent(
        identifier=f"urn:uuid:{report.report_uuid}",
        accession_number=report.accession_number,
        order=" ".join(f"ServiceRequest/{order_id}" for order_id in report.order_ids),
        patient=report.ris_patient_reference,
        status=report.status.value,
        signer=" ".join(map(clean_line, (report.signed_by, *report.earlier_signers))),
        issued=_utc(report.signed_at.isoformat(timespec="milliseconds")) if report.signed_at else "",
        conclusion=conclusion_of(report),
        sections=tuple((s.code.value, s.text) for s in written_sections(report)),
        text=plain_text(report),
    )


def content_of_resource(resource: Resource) -> ReportContent:
    """The facts of a DiagnosticReport as received. Never raises: what is missing or odd reads as ""."""
    text = _presented_text(resource)
    own = (text_of(i, "value") for i in objects_of(resource, "identifier") if text_of(i, "system") == REPORT_IDENTIFIER_SYSTEM)
    return ReportContent(
        identifier=next(own, ""),
        accession_number=accession_in(resource),
        order=" ".join(reference_in(order) for order in objects_of(resource, "basedOn")),
        patient=reference_in(resource.get("subject")),
        status=text_of(resource, "status"),
        signer=" ".join(text_of(who, "display") for who in objects_of(resource, "resultsInterpreter")),
        issued=_utc(text_of(resource, "issued")),
        conclusion=text_of(resource, "conclusion").strip(),
        sections=tuple((s.code.value, s.text) for s in sections_of(text)),
        text=text,
    )


def conclusion_of(report: Report) -> str:
    """DiagnosticReport.conclusion: the impression."""
    return report.text(SectionCode.IMPRESSION).strip()


def _presented_text(resource: Resource) -> str:
    for form in objects_of(resource, "presentedForm"):
        if text_of(form, "contentType").split(";")[0].strip().lower() == "text/plain":
            try:
                return base64.b64decode(text_of(form, "data"), validate=True).decode("utf-8")
            except (binascii.Error, ValueError):
                return ""
    return ""


def _utc(instant: str) -> str:
    parsed = instant_in(instant)
    return parsed.astimezone(UTC).isoformat(timespec="milliseconds") if parsed else ""
