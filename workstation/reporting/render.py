"""One signed version as a FHIR R4 DiagnosticReport, always the same bytes for the same version."""

from __future__ import annotations

import base64
import json
from html import escape
from typing import Any

from workstation.domain.fhir import DICOM_UID, REPORT_IDENTIFIER_SYSTEM, accession_identifier, fhir_date
from workstation.domain.report import SECTION_TITLES, Report
from workstation.reporting.content import conclusion_of
from workstation.reporting.layout import plain_text, written_sections
from workstation.reporting.signer import NOBODY, SignerIdentity
from workstation.reporting.text import clean, clean_line

LOINC = "http://loinc.org"
V2_DIAGNOSTIC_SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"


def payload(report: Report, signer: SignerIdentity = NOBODY) -> bytes:
    """The bytes that are frozen at signing: UTF-8 JSON, keys sorted, without `id`."""
    return canonical_json(diagnostic_report(report, signer))


def canonical_json(resource: dict[str, Any]) -> bytes:
    return json.dumps(resource, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def diagnostic_report(report: Report, signer: SignerIdentity = NOBODY) -> dict[str, Any]:
    """FHIR R4 DiagnosticReport. The report must be signed: `signed_at` carries an offset."""
    if report.signed_at is None:
        raise ValueError("only a signed version can be rendered")
    issued = report.signed_at.isoformat(timespec="milliseconds")
    readers = [_reader(name, signer) for name in (report.signed_by, *report.earlier_signers)]
    resource: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "identifier": _identifiers(report),
        "basedOn": [{"reference": f"ServiceRequest/{order_id}"} for order_id in report.order_ids],
        "status": report.status.value,
        "category": [{"coding": [{"system": V2_DIAGNOSTIC_SECTION, "code": "RAD", "display": "Radiology"}]}],
        "code": _code(report),
        "subject": {"reference": report.ris_patient_reference},
        "issued": issued,
        "performer": readers[:1],
        "resultsInterpreter": readers,
        "imagingStudy": [
            {"type": "ImagingStudy", "identifier": {"system": DICOM_UID, "value": f"urn:oid:{uid}"}}
            for uid in report.study_uids or (report.study_instance_uid,)
        ],
        "presentedForm": [
            {
                "contentType": "text/plain; charset=UTF-8",
                "language": report.language,
                "data": base64.b64encode(plain_text(report).encode("utf-8")).decode("ascii"),
                "title": "Radiology report",
                "creation": issued,
            }
        ],
        "text": {"status": "generated", "div": _narrative(report)},
    }
    if effective := fhir_date(report.study_date):
        resource["effectiveDateTime"] = effective
    if conclusion := conclusion_of(report):
        resource["conclusion"] = conclusion
    return resource


def _reader(name: str, signer: SignerIdentity) -> dict[str, Any]:
    """A logical reference (R4 references 2.3.0.2) where the number is known; else a name, for the eye alone."""
    number = {"identifier": {"system": signer.uri, "value": signer.number}} if signer.is_of(name) else {}
    return {"type": "Practitioner", **number, "display": clean_line(name)}


def _identifiers(report: Report) -> list[dict[str, Any]]:
    identifiers: list[dict[str, Any]] = [
        {"use": "official", "system": REPORT_IDENTIFIER_SYSTEM, "value": f"urn:uuid:{report.report_uuid}"}
    ]
    numbers = filter(None, report.accession_numbers)
    return [*identifiers, *({"use": "secondary", **accession_identifier(number)} for number in numbers)]


def _code(report: Report) -> dict[str, Any]:
    codings = [{"system": LOINC, "code": "18748-4", "display": "Diagnostic imaging study"}]
    if report.procedure_code:
        codings.append({"code": report.procedure_code})
    codings += [{"code": one.procedure_code} for one in report.joint if one.procedure_code]
    text = "; ".join(filter(None, map(clean_line, (report.procedure, *(one.procedure for one in report.joint)))))
    return {"coding": codings, "text": text} if text else {"coding": codings}


def _narrative(report: Report) -> str:
    parts = [f"<p>{escape(clean_line(report.procedure))} ({escape(report.status.value)}, version {report.version})</p>"]
    for section in written_sections(report):
        lines = "<br/>".join(escape(line) for line in clean(section.text).split("\n"))
        parts.append(f"<h2>{escape(SECTION_TITLES[section.code])}</h2><p>{lines}</p>")
    parts.append(f"<p>{escape('; '.join(map(clean_line, (report.signed_by, *report.earlier_signers))))}</p>")
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'
