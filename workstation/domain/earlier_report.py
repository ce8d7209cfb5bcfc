"""Reports that were made before about a patient, wherever they lie: signed here, in the RIS, in a study as an object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.patient import Patient


class ReportOrigin(StrEnum):
    """Where a report was found."""

    SIGNED_HERE = "signed here"
    RIS = "in the RIS"
    OBJECT = "in the archive"


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """One report as it stood when it was last seen. All text is from outside: plain text.

    `uid` is the same however often it is found. `day` is `YYYYMMDD` of the examination, else of the report, or empty;
    `issued` an ISO 8601 instant or empty. `form` names what of it cannot be read here ("PDF"); `status` is FHIR's
    DiagnosticReport.status or empty. `version` counts our own from 1; 0 is unknown. Of `patient` the key counts, and
    the birth date where the key has no issuer.
    """

    uid: str
    origin: ReportOrigin
    patient: Patient
    text: str
    procedure: str = ""
    study_instance_uid: str = ""
    accession_number: str = ""
    day: str = ""
    issued: str = ""
    signer: str = ""
    status: str = ""
    version: int = 0
    form: str = ""

    @property
    def when(self) -> str:
        """Sorts by time: the day, then the instant it was issued."""
        return f"{self.day or self.issued[:10].replace('-', '')} {self.issued}"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a report's text around what was looked for: `before` and `after` stand around the `hit`."""

    before: str
    hit: str
    after: str


@dataclass(frozen=True, slots=True)
class FoundReport:
    """A report that a search found. `hits` are (start, end) in its text; `snippet` None when only its title matched."""

    report: EarlierReport
    snippet: Snippet | None = None
    hits: tuple[tuple[int, int], ...] = ()
