"""A reading seat without a screen, for tests: orders, drafts and signatures in a line each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from workstation.domain.dictation import DictatedSegment
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import Report, ReportAction, ReportSection, ReportStatus, SectionCode
from workstation.reporting.store import ReportStore, SigningEvidence

PATIENT = Patient(PatientKey("19 121212-1212", "1.2.752.129"), "Åkerö^Plantednamekari^Mö", "19121212", "F")
STUDY = "1.2.826.0.1.3680043.8.498.1"
ACCESSION = "ACC-1"
SIGNED_AT = datetime(2026, 11, 22, 20, 15, 30, 123456, timezone(timedelta(hours=1)))


def order_for(accession: str = ACCESSION, study_uid: str = STUDY, patient: Patient = PATIENT, number: str = "1") -> Order:
    return Order(
        order_id=f"order-{number}",
        accession_number=accession,
        patient=patient,
        procedure="CT thorax",
        procedure_code="24627-2",
        study_instance_uid=study_uid,
        ris_patient_reference=f"Patient/{number}",
    )


def item_for(order: Order | None, accession: str = ACCESSION, study_uid: str = STUDY, patient: Patient = PATIENT) -> WorklistItem:
    """The worklist row of an order, or of a study that has none."""
    return WorklistItem(
        accession_number=order.accession_number if order else accession,
        study_instance_uid=order.study_instance_uid if order else study_uid,
        patient=order.patient if order else patient,
        procedure="CT thorax",
        modality="CT",
        priority=Priority.ROUTINE,
        due=None,
        status=ReadStatus.UNREAD,
        study_date="20261122",
        order=order,
    )


def evidence_for(order: Order, **changes: object) -> SigningEvidence:
    """What a reader who looked at one image of the ordered study has seen."""
    shown = frozenset({(order.study_instance_uid, "1.2.3.4")})
    return replace(SigningEvidence(order.study_instance_uid, order.patient.key, shown), **changes)


def segment(number: int, text: str = "") -> DictatedSegment:
    return DictatedSegment(segment_id=f"segment-{number}", text=text or f"word{number}")


def signed(store: ReportStore, order: Order, text: str = "No change.", action: ReportAction = ReportAction.SIGN_FINAL):
    """Open the order's report, set its findings and sign. Returns the delivery."""
    report = store.open_draft(item_for(order))
    store.write_section(report.report_uuid, SectionCode.FINDINGS, text)
    return store.sign(report.report_uuid, action, "Dr Signe Läkare", evidence_for(order))


def signed_report(sections: dict[SectionCode, str]) -> Report:
    """Version 2 of a final report, with every section."""
    return Report(
        report_uuid="6b1fe1a8-70b2-4a47-b7a1-1f9d31b4b7a7",
        accession_number=ACCESSION,
        study_instance_uid=STUDY,
        patient_id="P",
        patient_issuer="",
        order_id="order-1",
        ris_patient_reference="Patient/1",
        procedure="CT\nthorax",
        status=ReportStatus.FINAL,
        version=2,
        sections=tuple(ReportSection(code, sections.get(code, "")) for code in SectionCode),
        signed_by="Dr A",
        signed_at=SIGNED_AT,
        procedure_code="24627-2",
        study_date="20261121",
    )
