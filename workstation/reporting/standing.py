"""What reports depend on and the report store does not know: who a patient is by now, whether an order still stands."""

from __future__ import annotations

from typing import Protocol

from workstation.domain.patient import PatientKey
from workstation.domain.report import Report


class Standing(Protocol):
    """Methods may be called from any thread, within a writing of the report store."""

    def survivor(self, key: PatientKey) -> PatientKey:
        """Whom this patient was merged into; the patient itself when into nobody."""
        ...

    def doubt_of(self, report: Report) -> str:
        """Why the report must not be signed for its order, or ""."""
        ...


class NothingKnown:
    """Nobody was merged, every order stands."""

    def survivor(self, key: PatientKey) -> PatientKey:
        return key

    def doubt_of(self, report: Report) -> str:
        return ""
