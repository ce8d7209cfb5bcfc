"""What this workstation asks of a RIS, and the few kinds of answer that matter.

A driver never raises for what a network or server may do while delivering: it says UNKNOWN
with the reason, because only the outbox knows what follows from that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from workstation.domain.delivery import Submission
from workstation.domain.order import Order


class AnswerKind(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    """The RIS says that it took the report. Not proof that it is stored."""
    REFUSED = "refused"
    """The RIS will not take this content, now or later. Repeating does not help."""
    CONFLICT = "conflict"
    """The RIS holds another version than the one this builds on."""
    TAKEN = "taken"
    """The RIS holds a final report of this order that somebody else wrote. Ours was not stored."""
    UNKNOWN = "unknown"
    """No answer, or none that says what the RIS did. It may have stored the report."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`detail` may quote the RIS: it is for the reader's eyes, never for a log.

    `retry_after` is in seconds, as the RIS asked, or None.
    """

    kind: AnswerKind
    detail: str = ""
    ris_report_id: str = ""
    retry_after: float | None = None


class HoldingKind(StrEnum):
    ONE = "one"
    NONE = "none"
    SEVERAL = "several"
    UNPROVABLE = "unprovable"
    """This RIS offers no way to ask."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Holding:
    """What the RIS holds under a report's identifier. `resource` is a FHIR R4 DiagnosticReport."""

    kind: HoldingKind
    detail: str = ""
    ris_report_id: str = ""
    etag: str = ""
    resource: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """What it holds under each other accession number that the report answers, where that was asked."""
    retry_after: float | None = None


OTHER_FORM = "It was signed for a RIS of another kind than the one that is set now: set that one again, or sign a new version"


class OrderCheckKind(StrEnum):
    STANDS = "stands"
    DOUBT = "doubt"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """Whether the order still stands and still is of that patient and accession number."""

    kind: OrderCheckKind
    detail: str = ""
    retry_after: float | None = None


class Ris(Protocol):
    """A RIS. Methods block, within a bounded time; call them from a worker thread."""

    def orders(self) -> tuple[Order, ...]:
        """The open imaging orders. Raises `Unavailable`."""
        ...

    def check_order(self, submission: Submission) -> OrderCheck: ...

    def deliver(self, submission: Submission, replaces: Holding | None) -> Answer:
        """Create the report, or update the very version `replaces`. Safe to repeat: never a second report."""
        ...

    def read_back(self, report_uuid: str) -> Holding: ...

    def abort(self) -> None:
        """End requests under way; they answer UNKNOWN. From any thread."""
        ...
