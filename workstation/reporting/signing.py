"""What must be true before a report may be signed. Each refusal says what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.patient import PatientKey
from workstation.domain.report import REPORT_TRANSITIONS, Report, ReportAction, ReportStatus, SectionCode
from workstation.errors import Refused
from workstation.reporting.standing import Standing

# FHIR R4 DiagnosticReport.status "appended": new content added, existing content unchanged.
_MARKED_CHANGES = frozenset({ReportStatus.AMENDED, ReportStatus.CORRECTED, ReportStatus.APPENDED})


class Missing(StrEnum):
    """What a refused signature lacks: where the reader has to look next."""

    OTHER = "other"
    IMAGES = "images"
    WORDS = "words"


class NotSigned(Refused):
    """A signature that was refused."""

    def __init__(self, detail: str, hint: str, missing: Missing = Missing.OTHER) -> None:
        super().__init__("Not signed", detail, hint)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class SigningEvidence:
    """What the reader had before the eyes: the study and patient on screen, and every image shown.

    `shown` holds (StudyInstanceUID, SOPInstanceUID). `accession_number` is compared when given.
    """

    study_uid: str
    patient: PatientKey
    shown: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    accession_number: str = ""

    def of(self, report: Report, standing: Standing) -> SigningEvidence:
        """The same, with the patient by the key that the report has, where both are one since a merge."""
        key = PatientKey(report.patient_id, report.patient_issuer)
        return replace(self, patient=key) if standing.survivor(self.patient) == standing.survivor(key) else self


NOTHING_SEEN = SigningEvidence("", PatientKey(""))


def status_after(
    report: Report,
    last_signed: Report | None,
    action: ReportAction,
    signer: str,
    evidence: SigningEvidence,
    deliveries: Iterable[Delivery],
) -> ReportStatus:
    """The status that signing gives the report, or `Refused`."""
    status = REPORT_TRANSITIONS.get((report.status, action))
    if status is None:
        raise _refused(
            f"a report that is {report.status.value} does not allow {action.value}",
            "A final report changes only by a new version: amend, correct or append",
        )
    if not signer.strip():
        raise _refused("no signer is named", "Set your name in the settings")
    _check_order(report)
    _check_evidence(report, evidence)
    _check_deliveries(deliveries)
    _check_words(report, last_signed, status)
    return status


def check_seen(report: Report, evidence: SigningEvidence) -> None:
    """What holds for every signature, also one on top of the RIS's version: an order, and images that were shown."""
    _check_order(report)
    _check_evidence(report, evidence)


def _check_order(report: Report) -> None:
    if not (report.order_id and report.ris_patient_reference and report.accession_number):
        raise _refused(
            "no order from the RIS stands behind this study, so the report has no way home",
            "Ask for an order with this accession number, refresh the worklist and open the study from it. The text is kept",
        )


def _check_evidence(report: Report, evidence: SigningEvidence) -> None:
    if evidence.patient != PatientKey(report.patient_id, report.patient_issuer):
        raise _refused("the patient on screen is not the patient of this report", "Open the report's own study and sign there")
    if evidence.study_uid not in report.study_uids:
        raise _refused("the study on screen is not the study of this report", "Open the report's own study and sign there")
    if evidence.accession_number not in ("", *report.accession_numbers):
        raise _refused("the accession number on screen is not this report's", "Open the report's own study and sign there")
    shown = {study for study, _ in evidence.shown}
    if report.study_instance_uid not in shown:
        hint = "Look at the images of the current study, then sign"
        raise _refused("no image of this very study has been shown", hint, Missing.IMAGES)
    unseen = [one.accession_number for one in report.joint if one.study_instance_uid and one.study_instance_uid not in shown]
    if unseen:
        hint = "Look at the images of each study that is read together, or take its order out of the report"
        raise _refused(f"no image of accession {', '.join(unseen)} has been shown", hint, Missing.IMAGES)


def _check_deliveries(deliveries: Iterable[Delivery]) -> None:
    if any(d.state is DeliveryState.CONFLICT for d in deliveries):
        raise _refused(
            "the RIS holds a report that differs from what was sent before",
            "Compare the two (Ctrl+Shift+X) and settle the conflict first. Nothing in the RIS was overwritten",
        )


def _check_words(report: Report, last_signed: Report | None, status: ReportStatus) -> None:
    if not (report.text(SectionCode.FINDINGS).strip() or report.text(SectionCode.IMPRESSION).strip()):
        raise _refused("findings and impression are both empty", "Dictate or type at least one of them", Missing.WORDS)
    if last_signed is None:
        return
    if same_text(last_signed, report) and (status in _MARKED_CHANGES or status is last_signed.status):
        raise _refused(f"nothing has changed since version {last_signed.version}", "Change the text first")
    if status is ReportStatus.APPENDED and not all(report.text(s.code).startswith(s.text) for s in last_signed.sections):
        raise _refused("an addendum may only add to the signed text", "Choose correct or amend, or put the signed text back")


def same_text(first: Report, second: Report) -> bool:
    """Whether two versions say the same. A section that one has empty and the other has not is the same."""

    def texts(report: Report) -> dict[SectionCode, str]:
        return {s.code: s.text for s in report.sections if s.text}

    return texts(first) == texts(second) and first.addenda == second.addenda


def _refused(reason: str, hint: str, missing: Missing = Missing.OTHER) -> NotSigned:
    return NotSigned(reason[0].upper() + reason[1:], hint, missing)
