"""Orders as a Modality Worklist has them (PS3.4 annex K): for an accession number that nobody else tells of."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import replace

from workstation.domain.order import Order, Priority
from workstation.domain.scheduled_step import ScheduledStep

SCHEDULED_ORDER = "mwl."
"""Begins the id of an order that only a worklist told of."""

# Requested Procedure Priority (0040,1003).
_PRIORITIES = {"STAT": Priority.STAT, "HIGH": Priority.URGENT}


def orders_of_steps(steps: Iterable[ScheduledStep], patient_reference: str) -> tuple[Order, ...]:
    """One order for each accession number, study and patient, in the order of the steps.

    `patient_reference` stands for the patient's FHIR reference: empty where reports go home by FHIR, as such an
    order has no way there.
    """
    orders: dict[str, Order] = {}
    for step in steps:
        made = _order(step, patient_reference)
        there = orders.setdefault(made.order_id, made)
        if made.procedure and made.procedure not in there.procedure.split("; "):
            procedure = "; ".join(filter(None, (there.procedure, made.procedure)))
            orders[made.order_id] = replace(there, procedure=procedure)
    return tuple(orders.values())


def _order(step: ScheduledStep, patient_reference: str) -> Order:
    return Order(
        order_id=_order_id(step),
        accession_number=step.accession_number,
        patient=step.patient,
        procedure=step.procedure,
        procedure_code=step.procedure_code,
        reason=step.reason,
        priority=_PRIORITIES.get(step.priority.upper(), Priority.ROUTINE),
        study_instance_uid=step.study_instance_uid,
        ris_patient_reference=patient_reference,
        requested_procedure_id=step.requested_procedure_id,
        procedure_step_id=step.step_id,
        ordering_provider=step.ordering_provider,
        modality=step.modality,
        site=step.site,
    )


def _order_id(step: ScheduledStep) -> str:
    facts = (step.accession_number, step.study_instance_uid, step.patient.key.patient_id, step.patient.key.issuer)
    digest = hashlib.sha256("\x1f".join(facts).encode()).digest()
    return SCHEDULED_ORDER + base64.b32encode(digest).decode("ascii")[:24]
