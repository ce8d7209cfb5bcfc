"""Who reads an examination, as the RIS's own FHIR Task says: so that two readers never read one study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class ClaimState(StrEnum):
    FREE = "free"
    OURS = "ours"
    OTHERS = "others"
    DONE = "done"
    """The task is completed, cancelled or failed: there is nothing to claim."""
    UNTOLD = "untold"
    """Nobody else can be told: the RIS does not answer, or keeps no task for the order."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What was found. `owner` and `reason` are text from outside. `task` and `etag` are for the one who asked."""

    order_id: str
    state: ClaimState
    owner: str = ""
    since: datetime | None = None
    reason: str = ""
    """Why it was taken over, or why nobody can be told."""
    etag: str = ""
    task: Mapping[str, Any] = field(default_factory=dict)
    has_lapsed: bool = False
    """It was another reader's, and nobody has renewed it for long."""
    is_given_to_us: bool = False
    """Nobody reads it yet, and the RIS has it for this seat's reader."""


class ClaimSource(Protocol):
    """Claims in the RIS. Methods block, within a bounded time; call them from a worker thread.

    They never raise for what the network or the RIS does: the answer is then UNTOLD. Of several who take
    one claim at once, the RIS lets one through.
    """

    @property
    def seen(self) -> Mapping[str, Claim]:
        """By order id, as the last list of orders told: a hint, without an ETag."""
        ...

    @property
    def was_told(self) -> bool:
        """Whether a list of orders came since the start; until then `seen` says nothing."""
        ...

    def look(self, order_id: str) -> Claim: ...

    def take(self, claim: Claim, reader: str, reason: str = "") -> Claim:
        """Claim or renew what was looked at; the claim as it is then, perhaps another's who came first."""
        ...

    def give(self, claim: Claim, reader: str) -> Claim:
        """Note that a free one is this seat's reader's to read, or with "" nobody's; it may be read by others meanwhile."""
        ...

    def release(self, claim: Claim) -> Claim:
        """Nobody reads it; what was given to this seat's reader before stays given."""
        ...

    def complete(self, claim: Claim, ris_report_id: str) -> Claim: ...
