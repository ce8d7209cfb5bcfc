"""The report and its life: states as a table that cites FHIR R4 DiagnosticReport.status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReportStatus(StrEnum):
    """DiagnosticReportStatus (FHIR R4, required binding), as far as a reader moves it."""

    DRAFT = "registered"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"
    APPENDED = "appended"


class ReportAction(StrEnum):
    SIGN_PRELIMINARY = "sign-preliminary"
    SIGN_FINAL = "sign-final"
    AMEND = "amend"
    CORRECT = "correct"
    APPEND = "append"


REVISIONS = frozenset({ReportAction.AMEND, ReportAction.CORRECT, ReportAction.APPEND})
"""What is done to a report that was signed as final."""

# FHIR R4 DiagnosticReport.status: a final report changes only by a new, marked version
# (amended, corrected, appended); servers do not enforce it, so we do.
REPORT_TRANSITIONS: dict[tuple[ReportStatus, ReportAction], ReportStatus] = {
    (ReportStatus.DRAFT, ReportAction.SIGN_PRELIMINARY): ReportStatus.PRELIMINARY,
    (ReportStatus.DRAFT, ReportAction.SIGN_FINAL): ReportStatus.FINAL,
    (ReportStatus.PRELIMINARY, ReportAction.SIGN_PRELIMINARY): ReportStatus.PRELIMINARY,
    (ReportStatus.PRELIMINARY, ReportAction.SIGN_FINAL): ReportStatus.FINAL,
    (ReportStatus.FINAL, ReportAction.AMEND): ReportStatus.AMENDED,
    (ReportStatus.FINAL, ReportAction.CORRECT): ReportStatus.CORRECTED,
    (ReportStatus.FINAL, ReportAction.APPEND): ReportStatus.APPENDED,
    (ReportStatus.AMENDED, ReportAction.AMEND): ReportStatus.AMENDED,
    (ReportStatus.AMENDED, ReportAction.CORRECT): ReportStatus.CORRECTED,
    (ReportStatus.AMENDED, ReportAction.APPEND): ReportStatus.APPENDED,
    (ReportStatus.CORRECTED, ReportAction.AMEND): ReportStatus.AMENDED,
    (ReportStatus.CORRECTED, ReportAction.CORRECT): ReportStatus.CORRECTED,
    (ReportStatus.CORRECTED, ReportAction.APPEND): ReportStatus.APPENDED,
    (ReportStatus.APPENDED, ReportAction.AMEND): ReportStatus.AMENDED,
    (ReportStatus.APPENDED, ReportAction.CORRECT): ReportStatus.CORRECTED,
    (ReportStatus.APPENDED, ReportAction.APPEND): ReportStatus.APPENDED,
}


class SectionCode(StrEnum):
    """LOINC codes of the report sections (HL7 Europe imaging report, Composition sections)."""

    HISTORY = "11329-0"
    PROCEDURE = "55111-9"
    COMPARISON = "18834-2"
    FINDINGS = "59776-5"
    IMPRESSION = "19005-8"
    RECOMMENDATION = "18783-1"
    COMMUNICATION = "73568-8"
    ADDENDUM = "55107-7"
    """Of a draft: the words of the addendum that is being written. Signed, they are an `Addendum`."""


SECTION_TITLES: dict[SectionCode, str] = {
    SectionCode.HISTORY: "Clinical history",
    SectionCode.PROCEDURE: "Procedure",
    SectionCode.COMPARISON: "Comparison",
    SectionCode.FINDINGS: "Findings",
    SectionCode.IMPRESSION: "Impression",
    SectionCode.RECOMMENDATION: "Recommendation",
    SectionCode.COMMUNICATION: "Communication",
    SectionCode.ADDENDUM: "Addendum",
}


@dataclass(frozen=True, slots=True)
class ReportSection:
    code: SectionCode
    text: str = ""


@dataclass(frozen=True, slots=True)
class Addendum:
    """Words added below a signed report, which never change again. `at` carries an offset."""

    text: str
    signed_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """What was begun on a signed report and is not signed yet: an addendum, a correction, an amendment."""

    action: ReportAction
    begun_by: str
    at: datetime
    reason: str = ""
    """Why the text is changed, in the reader's words: a correction has one."""


@dataclass(frozen=True, slots=True)
class JointOrder:
    """Another order of the same patient that a report answers too. The study is "" where the order names none."""

    order_id: str
    accession_number: str
    study_instance_uid: str
    procedure: str
    procedure_code: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One version of one report. `report_uuid` is minted once and the same for all versions.

    `version` counts from 1 (the draft before any signature is version 0). Bound to an
    accession and a study, not to a window: dictation for it goes here, whatever has focus.
    """

    report_uuid: str
    accession_number: str
    study_instance_uid: str
    patient_id: str
    patient_issuer: str
    order_id: str
    ris_patient_reference: str
    procedure: str
    status: ReportStatus
    version: int
    sections: tuple[ReportSection, ...]
    language: str = "en"
    signed_by: str = ""
    signed_at: datetime | None = None
    procedure_code: str = ""
    study_date: str = ""
    """`YYYYMMDD` (0008,0020) or empty: FHIR DiagnosticReport.effective."""
    addenda: tuple[Addendum, ...] = ()
    """Oldest first."""
    earlier_signers: tuple[str, ...] = ()
    """Who signed versions before this one and is not `signed_by`: the resident of a preliminary report."""
    reason: str = ""
    """Why this version was made of a signed one."""
    revision: Revision | None = None
    """Of the report as it stands; a version has none."""
    joint: tuple[JointOrder, ...] = ()
    """Orders that are read together with the report's own: one text, one signature for all of them."""

    @property
    def accession_numbers(self) -> tuple[str, ...]:
        """The report's own first."""
        return (self.accession_number, *(one.accession_number for one in self.joint))

    @property
    def order_ids(self) -> tuple[str, ...]:
        return (self.order_id, *(one.order_id for one in self.joint))

    @property
    def study_uids(self) -> tuple[str, ...]:
        """Each study once, the report's own first."""
        uids = (self.study_instance_uid, *(one.study_instance_uid for one in self.joint))
        return tuple(dict.fromkeys(uid for uid in uids if uid))

    def text(self, code: SectionCode) -> str:
        return next((s.text for s in self.sections if s.code == code), "")
