"""Results that the RIS sends of itself (ORU^R01): a newer version of a report of ours, where nobody can ask for it.

What came is kept as the RIS's version (`workstation.reporting.conflicts`), on disk before the answer. Ours that comes
back is no news; a result of an examination that was not reported here is not kept.
"""

from __future__ import annotations

import base64
from typing import Any, Protocol

from workstation.domain.fhir import accession_identifier
from workstation.domain.hl7 import Message, Segment, time_in
from workstation.domain.patient import PatientKey
from workstation.domain.report import Report
from workstation.ris.standing import patient_in

# Table 0123, as the HL7 v2-to-FHIR guide reads it.
_STATUS = {"R": "partial", "P": "preliminary", "F": "final", "C": "corrected", "X": "cancelled"}
_TEXTS = frozenset({"TX", "FT", "ST"})
_IMPRESSIONS = frozenset({"19005-8", "IMP", "&IMP"})


class Kept(Protocol):
    """`workstation.reporting.conflicts.Conflicts`."""

    def keep(self, report_uuid: str, ris_report_id: str, etag: str, resource: dict[str, Any]) -> object | None: ...


class Reports(Protocol):
    """`workstation.reporting.store.ReportStore`."""

    @property
    def conflicts(self) -> Kept: ...
    def report_of(self, accession_number: str, study_uid: str) -> Report | None: ...


class Survivors(Protocol):
    def survivor(self, key: PatientKey) -> PatientKey: ...


class Results:
    """`take` is called in the listener's thread. It may raise `WorkstationError` when the disk takes nothing."""

    def __init__(self, reports: Reports, patients: Survivors) -> None:
        self._reports = reports
        self._patients = patients

    def take(self, message: Message) -> tuple[bool, str]:
        """(whether a report of ours stands against something new, why the message is refused or "")."""
        named = message.first("PID")
        patient = patient_in(named) if named is not None else None
        if patient is None:
            return False, "PID-3 is empty"
        found = [(report, result) for result in _results(message) if (report := self._report(result[0])) is not None]
        for report, _ in found:
            own = PatientKey(report.patient_id, report.patient_issuer)
            if self._patients.survivor(own) != self._patients.survivor(patient):
                return False, "The accession number is that of a report of another patient"
        standing = [
            self._reports.conflicts.keep(report.report_uuid, f"hl7/{number}", message.control_id, resource)
            for report, (number, facts) in found
            if (resource := _resource(report, number, facts)) is not None
        ]
        return any(version is not None for version in standing), ""

    def _report(self, accession_number: str) -> Report | None:
        return self._reports.report_of(accession_number, "") if accession_number else None


def _results(message: Message) -> list[tuple[str, list[Segment]]]:
    """(accession number, OBR and its OBX) of each group."""
    found: list[tuple[str, list[Segment]]] = []
    for segment in message.segments:
        if segment.name == "OBR":
            found.append((segment.value(18) or segment.value(3), [segment]))
        elif segment.name == "OBX" and found:
            found[-1][1].append(segment)
    return found


def _resource(report: Report, accession_number: str, group: list[Segment]) -> dict[str, Any] | None:
    """As a FHIR R4 DiagnosticReport. None for what is no result yet, or has no text."""
    request, observations = group[0], [one for one in group[1:] if one.value(2).upper() in _TEXTS]
    status = _STATUS.get(request.value(25).upper(), "")
    text = "\n".join(one.text(5) for one in observations)
    if not status or not (text.strip() or status == "cancelled"):
        return None
    order = next((one.order_id for one in report.joint if one.accession_number == accession_number), report.order_id)
    issued = time_in(request.value(22))
    signer = " ".join(filter(None, (request.value(32, 1, part) for part in (6, 3, 2))))
    conclusion = "\n".join(one.text(5) for one in observations if one.value(3).upper() in _IMPRESSIONS)
    form = {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(text.encode("utf-8")).decode("ascii")}
    return {
        "resourceType": "DiagnosticReport",
        "identifier": [accession_identifier(accession_number)],
        "basedOn": [{"reference": f"ServiceRequest/{order}"}],
        "subject": {"reference": report.ris_patient_reference},
        "status": status,
        "presentedForm": [form],
        **({"conclusion": conclusion} if conclusion else {}),
        **({"issued": issued.isoformat()} if issued is not None else {}),
        **({"resultsInterpreter": [{"display": signer}]} if signer else {}),
    }
