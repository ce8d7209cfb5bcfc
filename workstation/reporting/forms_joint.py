"""Whether the RIS holds a version under each order that it answers, and nothing of somebody else's there (F66).

In FHIR one report names all orders, and is found from each. In HL7 each accession number has a result of its own: the
text under the first, under the others what their group of the message says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workstation.domain.delivery import FHIR_REPORT, Elsewhere
from workstation.domain.fhir import REPORT_IDENTIFIER_SYSTEM, Resource, objects_of, text_of
from workstation.reporting.forms import holds, holds_other
from workstation.reporting.joint import from_text

_READ = ("final", "amended", "corrected", "appended")


def holds_any(row: Mapping[str, Any], resource: Resource) -> bool:
    """Whether a DiagnosticReport is the version in this row of the outbox, or what it left under one of its other orders."""
    if holds(row, resource):
        return True
    return row["kind"] != FHIR_REPORT and any(holds_other(row, one, resource) for one in from_text(row["joint"]))


def judged(
    rows: Sequence[Mapping[str, Any]], report_uuid: str, ris_report_id: str, others: Mapping[str, Sequence[Resource]]
) -> Elsewhere:
    """`rows` of the outbox, the version in question first, those before it after it; `others` by accession number."""
    newest, foreign, missing = rows[0], [], []
    for one in from_text(newest["joint"]):
        found = others.get(one.accession_number, ())
        if newest["kind"] == FHIR_REPORT:
            ours = [each for each in found if _carries(each, report_uuid)]
            strange = [each for each in found if each not in ours and text_of(each, "status") in _READ]
            is_there = any(text_of(each, "id") == ris_report_id for each in ours)
        else:
            # A receiver keeps one result for each order: what is not ours would be written over.
            strange = [each for each in found if not any(holds_any(row, each) for row in rows)]
            is_there = any(holds_other(newest, one, each) for each in found)
        foreign += [one.accession_number] if strange else []
        missing += [] if is_there else [one.accession_number]
    return Elsewhere(tuple(foreign), tuple(missing))


def _carries(resource: Resource, report_uuid: str) -> bool:
    return any(
        text_of(each, "system") == REPORT_IDENTIFIER_SYSTEM and text_of(each, "value") == f"urn:uuid:{report_uuid}"
        for each in objects_of(resource, "identifier")
    )
