"""A Scheduled Procedure Step of a Modality Worklist (PS3.4 annex K, PS3.3 C.4.10): what a modality is told to do.

A reading room takes orders from it only where nobody else tells of them. All of it is text from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from workstation.domain.patient import Patient


@dataclass(frozen=True, slots=True)
class ScheduledStep:
    """`priority` is Requested Procedure Priority (0040,1003) as it stands there: STAT, HIGH, ROUTINE, MEDIUM, LOW."""

    patient: Patient
    accession_number: str
    study_instance_uid: str = ""
    requested_procedure_id: str = ""
    step_id: str = ""
    modality: str = ""
    procedure: str = ""
    procedure_code: str = ""
    reason: str = ""
    priority: str = ""
    ordering_provider: str = ""
    """In DICOM form, as a patient's name is."""
    site: str = ""
    """Scheduled Procedure Step Location (0040,0011)."""


def _never() -> bool:
    return False


@runtime_checkable
class WorklistConnection(Protocol):
    """A connection that can be asked for scheduled steps, beside what `ArchiveConnection` says."""

    def scheduled_steps(self, cancelled: Callable[[], bool] = _never) -> tuple[ScheduledStep, ...]:
        """All that are listed for these days, or none: raises `WorkstationError` rather than give a part."""
        ...
