"""That a critical result was told, as a FHIR R4 Communication, and what of it must survive the way to the RIS.

The facts are taken from our own record and from what the RIS gives back; only equal hashes of them
are proof that it arrived.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from workstation.domain.critical import CriticalLevel, CriticalResult, communication_words
from workstation.domain.fhir import REPORT_IDENTIFIER_SYSTEM, Resource, instant_in, objects_of, reference_in, text_of

IDENTIFIER_SYSTEM = "urn:ietf:rfc:3986"
CATEGORY = "http://terminology.hl7.org/CodeSystem/communication-category"
PRIORITIES = {CriticalLevel.MINUTES: "stat", CriticalLevel.HOURS: "urgent", CriticalLevel.DAYS: "routine"}
"""RequestPriority (FHIR R4, required binding)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that the RIS is not proved to have. `was_sent` asks for a read-back before it is sent again."""

    critical_uuid: str
    payload: bytes
    local_sha256: str
    was_sent: bool


def communication(critical: CriticalResult, patient_reference: str, language: str) -> dict[str, Any]:
    """FHIR R4 Communication. The report is named by its identifier: it may not be in the RIS yet."""
    told = critical.told
    if told is None:
        raise ValueError("nobody was told")
    receiver = f"{told.recipient} ({told.role})" if told.role else told.recipient
    report = {"system": REPORT_IDENTIFIER_SYSTEM, "value": f"urn:uuid:{critical.report_uuid}"}
    return {
        "resourceType": "Communication",
        "identifier": [{"system": IDENTIFIER_SYSTEM, "value": f"urn:uuid:{critical.critical_uuid}"}],
        "status": "completed",
        "category": [{"coding": [{"system": CATEGORY, "code": "alert"}]}],
        "priority": PRIORITIES[critical.level],
        "subject": {"reference": patient_reference},
        "about": [{"type": "DiagnosticReport", "identifier": report}],
        "sent": told.at.isoformat(timespec="milliseconds"),
        "recipient": [{"type": "Practitioner", "display": receiver}],
        "sender": {"type": "Practitioner", "display": told.by},
        "payload": [{"contentString": communication_words(critical, language)}],
    }


def sha256_of(resource: Resource) -> str:
    """Of the facts that must survive the way. Never raises: what is missing or odd reads as ""."""
    abouts = [about.get("identifier") for about in objects_of(resource, "about")]
    sent = instant_in(text_of(resource, "sent"))
    sender = resource.get("sender")
    identifiers = objects_of(resource, "identifier")
    own = [text_of(i, "value") for i in identifiers if text_of(i, "system") == IDENTIFIER_SYSTEM]
    facts = {
        "identifier": own,
        "status": text_of(resource, "status"),
        "priority": text_of(resource, "priority"),
        "subject": reference_in(resource.get("subject")),
        "about": [text_of(i, "value") for i in abouts if isinstance(i, dict)],
        "sent": sent.astimezone(UTC).isoformat(timespec="milliseconds") if sent else "",
        "recipient": [text_of(who, "display") for who in objects_of(resource, "recipient")],
        "sender": text_of(sender, "display") if isinstance(sender, dict) else "",
        "payload": [text_of(part, "contentString") for part in objects_of(resource, "payload")],
    }
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
