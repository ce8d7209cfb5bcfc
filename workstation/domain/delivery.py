"""The way of a signed report to the RIS: forward only on proof, unknown is a state.

QUEUED -> SENDING(unknown) -> ACKNOWLEDGED -> CONFIRMED. "Acknowledged" means the RIS said yes;
"confirmed" means that we read the report back and it matches what was signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workstation.domain.patient import PatientKey
from workstation.domain.report import JointOrder

FHIR_REPORT = "fhir-diagnostic-report"
HL7_REPORT = "hl7-oru-r01"


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    CONFLICT = "conflict"
    HELD = "held"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"
    """A reader let the RIS's version stand: ours never leaves, and is kept."""
    WITHDRAWN = "withdrawn"
    """The signature was taken back before anything was sent: it never leaves."""


class DeliveryEvent(StrEnum):
    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    READ_BACK_MATCHES = "read back matches"
    READ_BACK_MISSING = "read back finds nothing"
    READ_BACK_DIFFERS = "read back differs"
    RIS_REFUSES = "RIS refuses"
    RIS_HAS_NEWER = "RIS has newer"
    IDENTITY_DOUBT = "identity doubt"
    RETRY = "retry"
    NEWER_VERSION_SIGNED = "newer version signed"
    WITHDRAW = "signature withdrawn"
    NEWER_VERSION_WITHDRAWN = "newer version withdrawn"
    SETTLE = "conflict settled by a new version"
    DISCARD = "the RIS's version stands"


_S, _E = DeliveryState, DeliveryEvent

# FHIR R4 http: a 2xx is an acknowledgement (3.1.0), only a read (3.1.0.1) is proof of content;
# 412/409 is version conflict (3.1.0.5), 400/404/422 a refusal (3.1.0.1.x).
DELIVERY_TRANSITIONS: dict[tuple[DeliveryState, DeliveryEvent], DeliveryState] = {
    (_S.QUEUED, _E.SEND): _S.SENDING,
    (_S.QUEUED, _E.IDENTITY_DOUBT): _S.HELD,
    (_S.QUEUED, _E.RIS_HAS_NEWER): _S.CONFLICT,
    (_S.QUEUED, _E.NEWER_VERSION_SIGNED): _S.SUPERSEDED,
    # A crash or timeout leaves SENDING: what the RIS holds is unknown until read back.
    (_S.SENDING, _E.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.SENDING, _E.READ_BACK_MATCHES): _S.CONFIRMED,
    (_S.SENDING, _E.READ_BACK_MISSING): _S.QUEUED,
    (_S.SENDING, _E.RIS_REFUSES): _S.REJECTED,
    (_S.SENDING, _E.RIS_HAS_NEWER): _S.CONFLICT,
    (_S.ACKNOWLEDGED, _E.READ_BACK_MATCHES): _S.CONFIRMED,
    (_S.ACKNOWLEDGED, _E.READ_BACK_DIFFERS): _S.CONFLICT,
    # "Accepted" but not stored: the alarm case. It stays acknowledged, visibly unconfirmed.
    (_S.ACKNOWLEDGED, _E.READ_BACK_MISSING): _S.ACKNOWLEDGED,
    (_S.ACKNOWLEDGED, _E.RETRY): _S.QUEUED,
    (_S.REJECTED, _E.RETRY): _S.QUEUED,
    (_S.HELD, _E.RETRY): _S.QUEUED,
    (_S.REJECTED, _E.NEWER_VERSION_SIGNED): _S.SUPERSEDED,
    # A conflict ends only by a reader's choice, made with the RIS's version before the eyes.
    (_S.CONFLICT, _E.SETTLE): _S.SUPERSEDED,
    (_S.CONFLICT, _E.DISCARD): _S.DISCARDED,
    # Asked again: the RIS may have taken its change back. Nothing is overwritten by asking.
    (_S.CONFLICT, _E.RETRY): _S.QUEUED,
    (_S.QUEUED, _E.DISCARD): _S.DISCARDED,
    (_S.REJECTED, _E.DISCARD): _S.DISCARDED,
    (_S.HELD, _E.DISCARD): _S.DISCARDED,
    (_S.HELD, _E.NEWER_VERSION_SIGNED): _S.SUPERSEDED,
    # Before the first SEND only: the ledger looks.
    (_S.QUEUED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.SUPERSEDED, _E.NEWER_VERSION_WITHDRAWN): _S.QUEUED,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One outbox row as the screen needs it. `age_of` is `created`; times carry an offset."""

    delivery_id: int
    report_uuid: str
    version: int
    accession_number: str
    state: DeliveryState
    created: datetime
    tries: int = 0
    last_error: str = ""
    ris_report_id: str = ""
    local_sha256: str = ""
    ris_sha256: str = ""
    since: datetime | None = None
    """When it came into its state; None for rows that an earlier version of the program wrote."""
    can_be_proved: bool = True
    """False where the RIS offers no way to read the report back: "acknowledged" is then the end of its way."""


FINISHED_DELIVERIES = frozenset(
    {DeliveryState.CONFIRMED, DeliveryState.SUPERSEDED, DeliveryState.DISCARDED, DeliveryState.WITHDRAWN}
)


PROBLEMS = frozenset({DeliveryState.CONFLICT, DeliveryState.HELD, DeliveryState.REJECTED})
"""What waits for a reader and not for the RIS."""
ALARM_AFTER = timedelta(minutes=2)
"""So long may the RIS take to show what it accepted (F34)."""


def is_unfound(delivery: Delivery, now: datetime) -> bool:
    """Whether the RIS said yes a while ago and still does not hold it: somebody must call."""
    came = delivery.since or delivery.created
    return delivery.state is DeliveryState.ACKNOWLEDGED and delivery.can_be_proved and now - came > ALARM_AFTER


UNPROVABLE = "The RIS said yes; it offers no way to prove it"


def is_unprovable(delivery: Delivery) -> bool:
    """Whether the RIS said yes and cannot be read: that is all that will ever be known."""
    return delivery.state is DeliveryState.ACKNOWLEDGED and not delivery.can_be_proved


def is_at_end(delivery: Delivery) -> bool:
    """Whether nothing more will become of it by itself, and nothing is wrong."""
    return delivery.state in FINISHED_DELIVERIES or is_unprovable(delivery)


@dataclass(frozen=True, slots=True)
class Settled:
    """The very version in the RIS that a reader saw and chose to sign on top of."""

    ris_report_id: str
    etag: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Submission:
    """What goes to the RIS for one signed version: frozen when it was signed, never made anew.

    `payload` is a FHIR R4 DiagnosticReport without `id` (UTF-8 JSON) or an HL7 v2 message, by `kind`; not `intact` when it does
    not match its hash any more. `base_version` is our latest version before this one that was
    confirmed (0: none), `base_etag` the ETag it had in the RIS then. With `settled`, that version
    of the RIS is what it builds on, and nothing else.
    """

    delivery_id: int
    report_uuid: str
    version: int
    accession_number: str
    order_id: str
    patient: PatientKey
    ris_patient_reference: str
    payload: bytes
    intact: bool = True
    base_version: int = 0
    base_etag: str = ""
    kind: str = FHIR_REPORT
    verified: datetime | None = None
    """When a reader last looked into why it was held and let it go on."""
    survivor: PatientKey | None = None
    """Whom the patient has been merged into by now."""
    settled: Settled | None = None
    joint: tuple[JointOrder, ...] = ()
    """Orders that this version answers beside its own: it must be found under each."""


class Held(StrEnum):
    """What the report in the RIS is, compared with one signed version of ours."""

    THIS_VERSION = "this version"
    EARLIER_VERSION = "an earlier version of ours"
    SOMETHING_ELSE = "something that is not ours"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict on a read-back: `version` is ours that it equals (0: none)."""

    held: Held
    version: int
    ris_sha256: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Of the orders that are read together with a report's own: accession numbers under which the RIS holds
    what somebody else wrote, and those under which this version is not held."""

    foreign: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
