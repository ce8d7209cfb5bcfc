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
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from workstation.domain.report import Report, SectionCode
from workstation.reporting.layout import filled_sections, plain_text, sections_of
from workstation.reporting.text import clean_line

REPORT_IDENTIFIER_SYSTEM = "urn:ietf:rfc:3986"
ACCESSION_TYPE = "ACSN"


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
    filled = filled_sections(report.sections)
    return ReportContent(
        identifier=f"urn:uuid:{report.report_uuid}",
        accession_number=report.accession_number,
        order=f"ServiceRequest/{report.order_id}",
        patient=report.ris_patient_reference,
        status=report.status.value,
        signer=clean_line(report.signed_by),
        issued=_utc(report.signed_at.isoformat(timespec="milliseconds")) if report.signed_at else "",
        conclusion=conclusion_of(report),
        sections=tuple((s.code.value, s.text) for s in filled),
        text=plain_text(report),
    )


def content_of_resource(resource: Mapping[str, Any]) -> ReportContent:
    """The facts of a DiagnosticReport as received. Never raises: what is missing or odd reads as ""."""
    text = _presented_text(resource)
    identifiers = list(_objects(resource, "identifier"))
    return ReportContent(
        identifier=next((_text(i, "value") for i in identifiers if _text(i, "system") == REPORT_IDENTIFIER_SYSTEM), ""),
        accession_number=next((_text(i, "value") for i in identifiers if _is_accession(i)), ""),
        order=" ".join(_reference(order) for order in _objects(resource, "basedOn")),
        patient=_reference(resource.get("subject")),
        status=_text(resource, "status"),
        signer=" ".join(_text(who, "display") for who in _objects(resource, "resultsInterpreter")),
        issued=_utc(_text(resource, "issued")),
        conclusion=_text(resource, "conclusion").strip(),
        sections=tuple((s.code.value, s.text) for s in sections_of(text)),
        text=text,
    )


def conclusion_of(report: Report) -> str:
    """DiagnosticReport.conclusion: the impression."""
    return report.text(SectionCode.IMPRESSION).strip()


def _presented_text(resource: Mapping[str, Any]) -> str:
    for form in _objects(resource, "presentedForm"):
        if _text(form, "contentType").split(";")[0].strip().lower() == "text/plain":
            try:
                return base64.b64decode(_text(form, "data"), validate=True).decode("utf-8")
            except (binascii.Error, ValueError):
                return ""
    return ""


def _is_accession(identifier: Mapping[str, Any]) -> bool:
    kind = identifier.get("type")
    return isinstance(kind, Mapping) and any(_text(c, "code") == ACCESSION_TYPE for c in _objects(kind, "coding"))


def _reference(value: object) -> str:
    """`Patient/1` of `https://ris/fhir/Patient/1/_history/3`: servers may answer either way."""
    if not isinstance(value, Mapping):
        return ""
    return "/".join(_text(value, "reference").split("/_history/")[0].split("/")[-2:])


def _utc(instant: str) -> str:
    try:
        parsed = datetime.fromisoformat(instant)
    except ValueError:
        return ""
    return parsed.astimezone(UTC).isoformat(timespec="milliseconds") if parsed.tzinfo else ""


def _objects(resource: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    values = resource.get(key)
    return iter([v for v in values if isinstance(v, Mapping)] if isinstance(values, list) else [])


def _text(resource: Mapping[str, Any], key: str) -> str:
    value = resource.get(key)
    return value if isinstance(value, str) else ""
