"""FHIR R4 ServiceRequest, Patient and Task as an `Order`, and back.

Where an order says which study it is of (R4 leaves it open; HL7 Europe and IHE do it by logical
reference): `ServiceRequest.supportingInfo` with the study's identifier, system `urn:dicom:uid`,
value `urn:oid:<StudyInstanceUID>`. When it is due: `Task.restriction.period.end` of the Task whose
focus it is, else the end of its own `occurrencePeriod`. Accession number: the identifier of type ACSN.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from workstation.domain.fhir import (
    DICOM_UID,
    V2_IDENTIFIER_TYPE,
    Resource,
    accession_in,
    dicom_date,
    fhir_date,
    has_code,
    instant_in,
    object_of,
    objects_of,
    reference_in,
    reference_to,
    text_of,
    texts_of,
)
from workstation.domain.order import Order, OrderStatus, Priority
from workstation.domain.patient import Patient, PatientKey

_SIDES = {"7771000": "L", "24028007": "R", "51440002": "B", "L": "L", "R": "R", "B": "B", "LEFT": "L", "RIGHT": "R"}
_IMAGING = {"363679005", "RAD", "LP29684-5"}
_SEX = {"male": "M", "female": "F", "other": "O"}
_GENDER = {letter: word for word, letter in _SEX.items()}


def orders_of(resources: Iterable[Resource]) -> tuple[Order, ...]:
    """The imaging orders among the resources of a search result, in its order.

    An order whose patient is not among them, or has no identifier, is left out: nothing could be
    reported on it safely.
    """
    everything = list(resources)
    patients = {reference_to(r): r for r in everything if r.get("resourceType") == "Patient"}
    due = {reference_in(r.get("focus")): _period_end(r.get("restriction")) for r in everything if r.get("resourceType") == "Task"}
    found = []
    for request in everything:
        patient = patients.get(reference_in(request.get("subject")))
        if request.get("resourceType") == "ServiceRequest" and patient is not None and _is_imaging(request):
            order = _order(request, patient, due.get(reference_to(request)))
            if order.patient.key.patient_id:
                found.append(order)
    return tuple(found)


def _order(request: Resource, patient: Resource, due: datetime | None) -> Order:
    code = request.get("code")
    priority = text_of(request, "priority")
    return Order(
        order_id=text_of(request, "id"),
        accession_number=accession_in(request),
        patient=patient_of(patient),
        procedure=_concept_text(code),
        procedure_code=next(filter(None, (text_of(coding, "code") for coding in objects_of(code, "coding"))), ""),
        reason="; ".join(filter(None, (_concept_text(reason) for reason in objects_of(request, "reasonCode")))),
        priority=Priority(priority) if priority in set(Priority) else Priority.ROUTINE,
        due=due or instant_in(text_of(object_of(request.get("occurrencePeriod")), "end")),
        study_instance_uid=_study_uid(request),
        ris_patient_reference=reference_to(patient),
        status=_status(request),
        ordered=instant_in(text_of(request, "authoredOn")),
        **_numbers(request),
        **_circumstances(request),
    )


def _status(request: Resource) -> OrderStatus:
    status = text_of(request, "status")
    return OrderStatus(status) if status in set(OrderStatus) else OrderStatus.ACTIVE


def _numbers(request: Resource) -> dict[str, Any]:
    """By the type of the identifier (table 0203). FHIR has no type for the last two: IHE's and HL7's own words are read."""
    found: dict[str, Any] = {}
    for code, name in (("PLAC", "placer"), ("FILL", "filler")):
        identifier = next((i for i in objects_of(request, "identifier") if has_code(i.get("type"), code)), {})
        found |= {f"{name}_number": text_of(identifier, "value"), f"{name}_system": text_of(identifier, "system")}
    for codes, name in ((("RPID", "RI"), "requested_procedure_id"), (("SPSID",), "procedure_step_id")):
        matching = (i for i in objects_of(request, "identifier") if any(has_code(i.get("type"), code) for code in codes))
        found[name] = text_of(next(matching, {}), "value")
    return found


def _circumstances(request: Resource) -> dict[str, Any]:
    requester, encounter = object_of(request.get("requester")), object_of(request.get("encounter"))
    sites = list(objects_of(request, "bodySite"))
    codes = [text_of(coding, "code").upper() for site in sites for coding in objects_of(site, "coding")]
    return {
        "ordering_provider": text_of(requester, "display").replace("^", " "),
        "ordering_provider_id": text_of(object_of(requester.get("identifier")), "value"),
        "visit_number": text_of(object_of(encounter.get("identifier")), "value"),
        "body_site": "; ".join(filter(None, map(_concept_text, sites))),
        "laterality": next((_SIDES[code] for code in codes if code in _SIDES), ""),
        "site": _site(request),
    }


def _site(request: Resource) -> str:
    """Where it is made: the location by reference or by code, else the organisation that makes it."""
    places = [text_of(place, "display") for place in objects_of(request, "locationReference")]
    places += [_concept_text(place) for place in objects_of(request, "locationCode")]
    organisations = [text_of(one, "display") for one in objects_of(request, "performer") if _is_organisation(one)]
    return next(filter(None, (*places, *organisations)), "")


def _is_organisation(reference: Resource) -> bool:
    return text_of(reference, "type") == "Organization" or reference_in(reference).startswith("Organization/")


def patient_of(resource: Resource) -> Patient:
    """Patient ID: the identifier of type MR, else the first. Issuer: its assigner, else its system."""
    name = next((n for n in objects_of(resource, "name") if text_of(n, "use") != "old"), {})
    return Patient(
        key=next(iter(patient_keys(resource)), PatientKey("")),
        name=_dicom_name(name),
        birth_date=dicom_date(text_of(resource, "birthDate")),
        sex=_SEX.get(text_of(resource, "gender"), ""),
    )


def patient_keys(resource: Resource) -> tuple[PatientKey, ...]:
    """Every identifier that the RIS gives the patient, the medical record number first."""
    found = sorted(objects_of(resource, "identifier"), key=lambda i: not has_code(i.get("type"), "MR"))
    return tuple(PatientKey(text_of(i, "value"), _issuer(i)) for i in found if text_of(i, "value"))


def identifier_for(key: PatientKey) -> dict[str, Any]:
    """The FHIR identifier that `patient_keys` reads as this key."""
    identifier: dict[str, Any] = {"type": {"coding": [{"system": V2_IDENTIFIER_TYPE, "code": "MR"}]}, "value": key.patient_id}
    return {**identifier, "assigner": {"display": key.issuer}} if key.issuer else identifier


def patient_resource(patient: Patient) -> dict[str, Any]:
    """FHIR R4 Patient without `id`; parts that FHIR cannot carry are left out."""
    resource: dict[str, Any] = {"resourceType": "Patient", "identifier": [identifier_for(patient.key)]}
    if name := _human_name(patient.name):
        resource["name"] = [name]
    if patient.sex in _GENDER:
        resource["gender"] = _GENDER[patient.sex]
    if birth_date := fhir_date(patient.birth_date):
        resource["birthDate"] = birth_date
    return resource


def _human_name(dicom: str) -> dict[str, Any]:
    """PS3.5 6.2: family^given^middle^prefix^suffix of the alphabetic group."""
    alphabetic = dicom.partition("=")[0].split("^") + [""] * 5
    family, given, middle, prefix, suffix = (" ".join(component.split()) for component in alphabetic[:5])
    lists = {"given": [given, middle], "prefix": [prefix], "suffix": [suffix]}
    parts: dict[str, Any] = {key: [word for word in words if word] for key, words in lists.items()}
    return {key: value for key, value in {"family": family, **parts}.items() if value}


def _dicom_name(name: Resource) -> str:
    given = texts_of(name, "given")
    affixes = (" ".join(texts_of(name, "prefix")), " ".join(texts_of(name, "suffix")))
    parts = (text_of(name, "family"), "".join(given[:1]), " ".join(given[1:]), *affixes)
    return "^".join(part.replace("^", " ").replace("=", " ") for part in parts).rstrip("^") or text_of(name, "text")


def _issuer(identifier: Resource) -> str:
    return text_of(object_of(identifier.get("assigner")), "display") or text_of(identifier, "system").removeprefix("urn:oid:")


def _study_uid(request: Resource) -> str:
    for info in objects_of(request, "supportingInfo"):
        identifier = object_of(info.get("identifier"))
        if text_of(identifier, "system") == DICOM_UID:
            return text_of(identifier, "value").removeprefix("urn:oid:")
    return ""


def _is_imaging(request: Resource) -> bool:
    codes = {text_of(c, "code") for category in objects_of(request, "category") for c in objects_of(category, "coding")}
    return not codes or bool(codes & _IMAGING)


def _period_end(restriction: object) -> datetime | None:
    return instant_in(text_of(object_of(object_of(restriction).get("period")), "end"))


def _concept_text(concept: object) -> str:
    whole = object_of(concept)
    displays = (text_of(coding, "display") for coding in objects_of(whole, "coding"))
    return text_of(whole, "text") or next(filter(None, displays), "")
