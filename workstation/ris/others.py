"""What somebody else wrote in the RIS: reports of the same order, versions that are not ours.

FHIR R4 conditional create (http 3.1.0.9) on the order and a final status makes the RIS itself refuse a second
final report of one order, whoever comes first: nobody has to be asked before, and two readers who were both
offline cannot both have theirs stored.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Protocol, runtime_checkable
from urllib.parse import quote

from workstation.domain.delivery import Comparison, Elsewhere, Held, Submission
from workstation.domain.fhir import REPORT_IDENTIFIER_SYSTEM, Resource
from workstation.domain.report import JointOrder
from workstation.ris.no_answer import NoAnswer
from workstation.ris.ris import Holding, HoldingKind, Ris

FINAL = ("final", "amended", "corrected", "appended")
"""DiagnosticReport.status of a report that counts as read."""


@runtime_checkable
class ReportLookup(Protocol):
    """A RIS that can be asked for reports that we did not write. Methods block; call them from a worker thread."""

    def reports_of(self, order_id: str) -> tuple[Holding, ...]:
        """Every report of the order, with its own ETag. Raises `Unavailable`."""
        ...

    def holding_at(self, ris_report_id: str) -> Holding: ...


@runtime_checkable
class JointLookup(Protocol):
    """A RIS that tells which reports it holds for an order that is read together with another. Raises `NoAnswer`."""

    def held_under(self, order: JointOrder) -> tuple[Resource, ...]: ...


def order_ids(submission: Submission) -> tuple[str, ...]:
    """Every order that the version answers, its own first."""
    return (submission.order_id, *(one.order_id for one in submission.joint))


def condition(submission: Submission) -> str:
    """The `If-None-Exist` of a first sending, which also makes a repeated one harmless."""
    if json.loads(submission.payload).get("status") in FINAL:
        orders = ",".join(f"ServiceRequest/{quote(order_id, safe='')}" for order_id in order_ids(submission))
        return f"based-on={orders}&status={','.join(FINAL)}"
    return f"identifier={quote(f'{REPORT_IDENTIFIER_SYSTEM}|urn:uuid:{submission.report_uuid}', safe=':')}"


def held_for(ris: Ris, submission: Submission) -> Holding:
    """What the RIS holds that this version would follow, and what under the other orders that it answers."""
    holding = _held_for(ris, submission)
    if not submission.joint or holding.kind is HoldingKind.UNKNOWN or not isinstance(ris, JointLookup):
        return holding
    try:
        return replace(holding, others={one.accession_number: ris.held_under(one) for one in submission.joint})
    except NoAnswer as error:
        return Holding(HoldingKind.UNKNOWN, str(error), retry_after=error.retry_after)


def _held_for(ris: Ris, submission: Submission) -> Holding:
    """The report with our identifier, or the one settled on."""
    holding = ris.read_back(submission.report_uuid)
    if submission.settled is None or holding.kind is not HoldingKind.NONE or not isinstance(ris, ReportLookup):
        return holding
    return ris.holding_at(submission.settled.ris_report_id)


def why_not_over(holding: Holding, held: Comparison | None, submission: Submission) -> str:
    """Why this version must not be put on top of what the RIS holds, or "" when it may."""
    if holding.kind is HoldingKind.SEVERAL:
        return "The RIS holds more than one report with this report's identifier"
    if holding.kind is HoldingKind.UNPROVABLE:
        return ""  # what it holds cannot be asked: it says itself when it has something newer
    if held is None:
        follows = submission.base_version or submission.settled
        return "The RIS no longer holds the version that this one follows" if follows else ""
    if (settled := submission.settled) is not None:
        seen = (settled.ris_report_id, settled.etag, settled.sha256)
        same = (holding.ris_report_id, holding.etag, held.ris_sha256) == seen
        return "" if same else "The report was changed in the RIS again, after you chose"
    if held.held is Held.SOMETHING_ELSE:
        return "The report was changed in the RIS"
    if held.held is Held.THIS_VERSION:
        return ""  # it is there, and not yet under every order that it answers
    if submission.base_version and (held.version, holding.etag) != (submission.base_version, submission.base_etag):
        return "The report was changed in the RIS since our last version"
    return ""


def why_not_beside(elsewhere: Elsewhere) -> str:
    """Why a version must not go, or has not come, to the other orders that it answers, or ""."""
    if not elsewhere.foreign:
        return ""
    return f"The RIS holds another report under accession number {', '.join(elsewhere.foreign)}, which this one answers too"
