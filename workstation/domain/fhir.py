"""Reading FHIR R4 JSON as it comes: what is missing or of the wrong kind reads as nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Resource = Mapping[str, Any]

DICOM_UID = "urn:dicom:uid"
"""System of an identifier whose value is `urn:oid:<UID>`."""
V2_IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
REPORT_IDENTIFIER_SYSTEM = "urn:ietf:rfc:3986"
"""System of the report's own identifier, `urn:uuid:<report_uuid>`, the same for all its versions."""


def text_of(resource: Resource, key: str) -> str:
    value = resource.get(key)
    return value if isinstance(value, str) else ""


def object_of(value: object) -> Resource:
    return value if isinstance(value, Mapping) else {}


def objects_of(resource: object, key: str) -> Iterator[Resource]:
    """The objects in a repeating element."""
    values = object_of(resource).get(key)
    return (v for v in values if isinstance(v, Mapping)) if isinstance(values, list) else iter(())


def texts_of(resource: Resource, key: str) -> list[str]:
    """The strings in a repeating element."""
    values = resource.get(key)
    return [v for v in values if isinstance(v, str)] if isinstance(values, list) else []


def reference_in(value: object) -> str:
    """`Type/id` of a FHIR Reference, whether the server wrote it relative, absolute or versioned."""
    return "/".join(text_of(object_of(value), "reference").split("/_history/")[0].split("/")[-2:])


def reference_to(resource: Resource) -> str:
    return f"{text_of(resource, 'resourceType')}/{text_of(resource, 'id')}"


def has_code(concept: object, code: str) -> bool:
    """Whether a CodeableConcept has a coding with this code."""
    return any(text_of(coding, "code") == code for coding in objects_of(concept, "coding"))


def accession_in(resource: Resource) -> str:
    """The accession number: value of the identifier whose type is ACSN (HL7 v2 table 0203)."""
    accessions = (i for i in objects_of(resource, "identifier") if has_code(i.get("type"), "ACSN"))
    return next((text_of(i, "value") for i in accessions), "")


def accession_identifier(accession_number: str) -> dict[str, Any]:
    return {"type": {"coding": [{"system": V2_IDENTIFIER_TYPE, "code": "ACSN"}]}, "value": accession_number}


def instant_in(value: str) -> datetime | None:
    """A FHIR dateTime or instant. One without a zone says no instant, and reads as None."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None


def fhir_date(dicom_date: str) -> str:
    """`YYYY-MM-DD` of a DICOM DA; "" when that is no date."""
    try:
        return datetime.strptime(dicom_date, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return ""


def dicom_date(fhir: str) -> str:
    """`YYYYMMDD` of a whole FHIR date; "" of a partial one."""
    digits = fhir.replace("-", "")
    return digits if len(fhir) == 10 and len(digits) == 8 and digits.isdigit() else ""
