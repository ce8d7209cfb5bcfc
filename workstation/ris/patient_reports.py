"""The DiagnosticReports that a FHIR R4 RIS has of a patient, as earlier reports: plain text is read, other forms are named.

The patient is found by identifier and must carry the very ID and issuer that was asked for. Another Patient counts as
the same only where the RIS links the two (`Patient.link`, replaces or replaced-by).
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from workstation.domain.earlier_report import EarlierReport, ReportOrigin
from workstation.domain.fhir import (
    DICOM_UID,
    REPORT_IDENTIFIER_SYSTEM,
    Resource,
    accession_in,
    dicom_date,
    has_code,
    object_of,
    objects_of,
    reference_in,
    reference_to,
    text_of,
)
from workstation.domain.patient import Patient, PatientKey
from workstation.ris.orders import patient_keys, patient_of

if TYPE_CHECKING:
    from workstation.ris.wire import Query  # which loads an HTTP client

MOST_LINKED = 10
# HL7 v2 table 0074 as far as it is imaging, LOINC's and SNOMED CT's word for it.
_IMAGING = frozenset(
    {"RAD", "RX", "RUS", "CT", "CUS", "NMR", "NMS", "OUS", "VUS", "XRC", "LP29684-5", "363679005", "18748-4", "IMG", "imaging"}
)
# A report that has no words yet, or that was taken back.
_UNREAD = frozenset({"registered", "cancelled", "entered-in-error"})
_FORMS = {"application/pdf": "PDF", "text/html": "HTML", "text/rtf": "RTF", "application/rtf": "RTF"}
_CHARSETS = {"": "utf-8", "utf-8": "utf-8", "us-ascii": "ascii", "iso-8859-1": "latin-1", "windows-1252": "cp1252"}


@runtime_checkable
class SearchableRis(Protocol):
    """A RIS that can be searched (`workstation.ris.fhir.FhirRis`)."""

    def search(self, resource_type: str, query: Query) -> list[Resource]:
        """All pages. Raises `NoAnswer`."""
        ...


@dataclass(frozen=True, slots=True)
class RisReport:
    """A report, and the DiagnosticReport that it was read from. `uuid` is ours, where it is a report of this program's."""

    report: EarlierReport
    uuid: str
    resource: Resource


@dataclass(frozen=True, slots=True)
class RisReports:
    """`same` are, by the key that was asked for, the keys that the RIS says are the same patient."""

    reports: tuple[RisReport, ...]
    same: tuple[tuple[PatientKey, tuple[PatientKey, ...]], ...]


def reports_in_ris(
    ris: SearchableRis, patients: Iterable[Patient], is_same: Callable[[Patient, Patient], bool], cancelled: Callable[[], bool]
) -> RisReports:
    """`is_same` says whether two are one person. Raises `NoAnswer` when the RIS does not answer whole.

    Half a list must not pass for all of it.
    """
    found: dict[str, RisReport] = {}
    same: list[tuple[PatientKey, tuple[PatientKey, ...]]] = []
    for patient in patients:
        if cancelled():
            break
        own = [r for r in ris.search("Patient", (("identifier", patient.key.patient_id),)) if _is_of(r, patient, is_same)]
        others = _linked(ris, own)
        for resource in (*own, *others):
            for report in _reports_of(ris, resource, patient if resource in own else _as_patient(resource)):
                found.setdefault(report.report.uid, report)
        same.append((patient.key, tuple(key for other in others for key in patient_keys(other))))
    return RisReports(tuple(found.values()), tuple(same))


def _is_of(resource: Resource, patient: Patient, is_same: Callable[[Patient, Patient], bool]) -> bool:
    if text_of(resource, "resourceType") != "Patient":
        return False
    born = dicom_date(text_of(resource, "birthDate"))
    return any(is_same(Patient(key, "", born), patient) for key in patient_keys(resource))


def _as_patient(resource: Resource) -> Patient:
    read = patient_of(resource)
    return Patient(read.key, "", read.birth_date)


def _linked(ris: SearchableRis, patients: Sequence[Resource]) -> list[Resource]:
    """The patients that the RIS says were merged with these."""
    known = {reference_to(patient) for patient in patients}
    waiting = list(patients)
    found: list[Resource] = []
    while waiting and len(found) < MOST_LINKED:
        for link in objects_of(waiting.pop(), "link"):
            other = reference_in(link.get("other"))
            if text_of(link, "type") not in ("replaces", "replaced-by") or other in known or not other.startswith("Patient/"):
                continue
            known.add(other)
            read = [r for r in ris.search("Patient", (("_id", other.removeprefix("Patient/")),)) if reference_to(r) == other]
            found += read
            waiting += read
    return found


def _reports_of(ris: SearchableRis, patient: Resource, known: Patient) -> list[RisReport]:
    query = (("patient", text_of(patient, "id")), ("_count", "100"))
    resources = ris.search("DiagnosticReport", query)
    # Whatever else a server may put into its answer is of somebody else.
    own = (r for r in resources if reference_in(r.get("subject")) == reference_to(patient))
    return [RisReport(_report(r, known), _own_uuid(r), r) for r in own if _is_report(r)]


def _is_report(resource: Resource) -> bool:
    if text_of(resource, "resourceType") != "DiagnosticReport" or text_of(resource, "status") in _UNREAD:
        return False
    categories = objects_of(resource, "category")
    codes = {text_of(coding, "code") for category in categories for coding in objects_of(category, "coding")}
    return not codes or bool(codes & _IMAGING) or has_code(resource.get("code"), "18748-4")


def _report(resource: Resource, patient: Patient) -> EarlierReport:
    text, form = _words(resource)
    when = text_of(resource, "effectiveDateTime") or text_of(object_of(resource.get("effectivePeriod")), "start")
    issued = text_of(resource, "issued")
    code = object_of(resource.get("code"))
    return EarlierReport(
        uid=f"ris/{reference_to(resource)}",
        origin=ReportOrigin.RIS,
        patient=patient,
        text=text,
        procedure=_line(text_of(code, "text") or next((text_of(c, "display") for c in objects_of(code, "coding")), "")),
        study_instance_uid=_study_uid(resource),
        accession_number=accession_in(resource),
        day=dicom_date(when[:10]) or dicom_date(issued[:10]),
        issued=issued,
        signer=_line(", ".join(_people(resource, "resultsInterpreter") or _people(resource, "performer"))),
        status=text_of(resource, "status"),
        form=form,
    )


def _words(resource: Resource) -> tuple[str, str]:
    """The text, and the name of a form that is not read here."""
    texts, others = [], []
    for form in objects_of(resource, "presentedForm"):
        kind, _, parameters = text_of(form, "contentType").lower().partition(";")
        if kind.strip() == "text/plain" and (read := _decoded(text_of(form, "data"), parameters)):
            texts.append(read)
        elif kind.strip():
            others.append(_FORMS.get(kind.strip(), kind.strip()[:40]))
    text = "\n\n".join(dict.fromkeys(texts))
    conclusion = _tidy(text_of(resource, "conclusion"))
    if conclusion and conclusion not in text:
        text = f"{text}\n\n{conclusion}" if text else conclusion
    return text, ", ".join(dict.fromkeys(others))


def _decoded(data: str, parameters: str) -> str:
    """By the character set that is named, UTF-8 when none is; never guessed: "" then."""
    name = next((p.partition("=")[2].strip(' "') for p in parameters.split(";") if p.strip().startswith("charset")), "")
    try:
        return _tidy(base64.b64decode("".join(data.split()), validate=True).decode(_CHARSETS.get(name, "utf-8")))
    except (binascii.Error, ValueError):
        return ""


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _line(text: str) -> str:
    return " ".join(text.split())


def _people(resource: Resource, element: str) -> list[str]:
    return [name for who in objects_of(resource, element) if (name := text_of(who, "display"))]


def _study_uid(resource: Resource) -> str:
    for study in objects_of(resource, "imagingStudy"):
        identifier = object_of(study.get("identifier"))
        if text_of(identifier, "system") == DICOM_UID:
            return text_of(identifier, "value").removeprefix("urn:oid:")
    return ""


def _own_uuid(resource: Resource) -> str:
    own = (text_of(i, "value") for i in objects_of(resource, "identifier") if text_of(i, "system") == REPORT_IDENTIFIER_SYSTEM)
    return next(own, "").removeprefix("urn:uuid:")
