"""What somebody else wrote in the RIS: reports of the same order, versions that are not ours.

FHIR R4 conditional create (http 3.1.0.9) on the order and a final status makes the RIS itself refuse a second
final report of one order, whoever comes first: nobody has to be asked before, and two readers who were both
offline cannot both have theirs stored.
"""

from __future__ import annotations

import json
from typing import Protocol, runtime_checkable
from urllib.parse import quote

from workstation.domain.delivery import Comparison, Held, Submission
from workstation.domain.fhir import REPORT_IDENTIFIER_SYSTEM
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


def condition(submission: Submission) -> str:
    """The `If-None-Exist` of a first sending, which also makes a repeated one harmless."""
    if json.loads(submission.payload).get("status") in FINAL:
        return f"based-on=ServiceRequest/{quote(submission.order_id, safe='')}&status={','.join(FINAL)}"
    return f"identifier={quote(f'{REPORT_IDENTIFIER_SYSTEM}|urn:uuid:{submission.report_uuid}', safe=':')}"


def held_for(ris: Ris, submission: Submission) -> Holding:
    """What the RIS holds that this version would follow: the report with our identifier, or the one settled on."""
    holding = ris.read_back(submission.report_uuid)
    if submission.settled is None or holding.kind is not HoldingKind.NONE or not isinstance(ris, ReportLookup):
        return holding
    return ris.holding_at(submission.settled.ris_report_id)


def why_not_over(holding: Holding, held: Comparison | None, submission: Submission) -> str:
    """Why this version must not be put on top of what the RIS holds, or "" when it may."""
    if holding.kind is HoldingKind.SEVERAL:
        return "The RIS holds more than one report with this report's identifier"
    if held is None:
        follows = submission.base_version or submission.settled
        return "The RIS no longer holds the version that this one follows" if follows else ""
    if (settled := submission.settled) is not None:
        seen = (settled.ris_report_id, settled.etag, settled.sha256)
        same = (holding.ris_report_id, holding.etag, held.ris_sha256) == seen
        return "" if same else "The report was changed in the RIS again, after you chose"
    if held.held is Held.SOMETHING_ELSE:
        return "The report was changed in the RIS"
    if submission.base_version and (held.version, holding.etag) != (submission.base_version, submission.base_etag):
        return "The report was changed in the RIS since our last version"
    return ""
