"""The way of an object of ours to an archive: forward only on proof, unknown is a state.

QUEUED -> SENDING(unknown) -> STORED -> PROVEN. "Stored" is the archive's word (C-STORE status 0000,
PS3.4 B.2.3; STOW-RS, PS3.18 10.5.3); "proven" is storage commitment (PS3.4 J) or its own list.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workstation.domain.archive import FoundInstance


class SendingState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    STORED = "stored"
    PROVEN = "proven"
    REJECTED = "rejected"
    HELD = "held"


class SendingEvent(StrEnum):
    SEND = "send"
    SAID_STORED = "archive says stored"
    FOUND_THERE = "found in the archive"
    NOT_THERE = "not in the archive"
    ARCHIVE_REFUSES = "archive refuses"
    DOUBT = "doubt"
    RETRY = "retry"


_S, _E = SendingState, SendingEvent

SENDING_TRANSITIONS: dict[tuple[SendingState, SendingEvent], SendingState] = {
    (_S.QUEUED, _E.SEND): _S.SENDING,
    (_S.QUEUED, _E.DOUBT): _S.HELD,
    # A crash or a cut link leaves SENDING: what the archive holds is unknown until it is asked.
    (_S.SENDING, _E.SAID_STORED): _S.STORED,
    (_S.SENDING, _E.FOUND_THERE): _S.PROVEN,
    (_S.SENDING, _E.NOT_THERE): _S.QUEUED,
    (_S.SENDING, _E.ARCHIVE_REFUSES): _S.REJECTED,
    (_S.STORED, _E.FOUND_THERE): _S.PROVEN,
    # It said yes and does not list it: visibly unproven, and asked again.
    (_S.STORED, _E.NOT_THERE): _S.STORED,
    (_S.STORED, _E.RETRY): _S.QUEUED,
    (_S.REJECTED, _E.RETRY): _S.QUEUED,
    (_S.HELD, _E.RETRY): _S.QUEUED,
}

FINISHED_SENDINGS = frozenset({SendingState.PROVEN})
WAITING_SENDINGS = frozenset({SendingState.QUEUED, SendingState.SENDING, SendingState.STORED})


@dataclass(frozen=True, slots=True)
class Sending:
    """One object on its way, as the screen needs it. `sha256` is of its bytes, `created` carries an offset."""

    sending_id: int
    archive: str
    study_instance_uid: str
    instance: FoundInstance
    sha256: str
    state: SendingState
    created: datetime
    tries: int = 0
    reason: str = ""

    @property
    def sop_instance_uid(self) -> str:
        return self.instance.sop_instance_uid

    @property
    def is_proven(self) -> bool:
        return self.state is SendingState.PROVEN
