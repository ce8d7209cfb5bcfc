"""Orders from the RIS and the worklist made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workstation.domain.ai_result import AiFlag
from workstation.domain.patient import Patient


class Priority(StrEnum):
    """RequestPriority of FHIR R4 ServiceRequest (request-priority), most urgent last."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


class OrderStatus(StrEnum):
    """RequestStatus of FHIR R4; HL7's order control and status (tables 0119, 0038) are read as these."""

    ACTIVE = "active"
    ON_HOLD = "on-hold"
    REVOKED = "revoked"
    COMPLETED = "completed"
    ENTERED_IN_ERROR = "entered-in-error"


class ReadStatus(StrEnum):
    """How far the reading of one worklist row has come, as this workstation can prove it."""

    UNREAD = "unread"
    DRAFT = "draft"
    PRELIMINARY = "preliminary"
    SIGNED = "signed"
    CONFIRMED = "confirmed"
    ELSEWHERE = "elsewhere"
    """The RIS's own version stands: a reader here let it."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Order:
    """One imaging order (FHIR ServiceRequest / HL7 OBR). Times carry an offset; never naive."""

    order_id: str
    accession_number: str
    patient: Patient
    procedure: str
    procedure_code: str = ""
    reason: str = ""
    priority: Priority = Priority.ROUTINE
    due: datetime | None = None
    study_instance_uid: str = ""
    ris_patient_reference: str = ""
    status: OrderStatus = OrderStatus.ACTIVE
    placer_number: str = ""
    placer_system: str = ""
    """Who gives the placer numbers: an OID, a URI or a name. The same for the filler's."""
    filler_number: str = ""
    filler_system: str = ""
    requested_procedure_id: str = ""
    procedure_step_id: str = ""
    """Scheduled Procedure Step ID (0040,0009)."""
    ordering_provider: str = ""
    """In DICOM form, as a patient's name is."""
    ordering_provider_id: str = ""
    visit_number: str = ""
    body_site: str = ""
    laterality: str = ""
    """`L`, `R`, `B` (0020,0060) or empty."""
    exam_end: datetime | None = None
    ordered: datetime | None = None
    """When it was asked for, as whoever told of it says."""
    modality: str = ""
    """Of the scheduled procedure step, where a Modality Worklist told of it."""
    site: str = ""
    """Where the examination is made, in the RIS's words."""


@dataclass(frozen=True, slots=True)
class WorklistItem:
    """A row of the worklist: an order, its study in the cache (if there), and how far it is.

    A study without an order can be read but its report has no way home: `order` is None.
    `patient` is the study's own when it is here. `warning` is an English source string: why the
    status is PROBLEM, or what else must be known before the row is opened.
    """

    accession_number: str
    study_instance_uid: str
    patient: Patient
    procedure: str
    modality: str
    priority: Priority
    due: datetime | None
    status: ReadStatus
    image_count: int = 0
    study_date: str = ""
    order: Order | None = None
    warning: str = ""
    read_by: str = ""
    """Who has claimed it, when that is another reader: text from outside."""
    read_since: datetime | None = None
    """Since when, as the RIS tells it."""
    body_part: str = ""
    site: str = ""
    ai: AiFlag = AiFlag.NONE
    ai_count: int = 0
    """How many findings the results state, where they number them."""
    ai_said: tuple[str, ...] = ()
    """What each result says, as `workstation.domain.ai_result` writes it."""
    owner: str = ""
    """Whom the RIS has given it to, or who reads it: text from outside."""
    is_mine: bool = False
    """That owner is this seat's reader."""
    waiting_since: datetime | None = None
    """The end of the examination as the RIS tells it; where it does not, when the study was begun."""
    signed_at: datetime | None = None
    """When it was last signed here."""
    together: tuple[str, ...] = ()
    """Accession numbers of the orders that are read in the same report as this one."""

    @property
    def is_to_read(self) -> bool:
        """Whether it waits for a reader: it has images, no signature, and nobody else has claimed it."""
        has_images = bool(self.study_instance_uid and self.image_count)
        return has_images and not self.read_by and self.status in (ReadStatus.UNREAD, ReadStatus.DRAFT)
