"""Rows of `report` and `report_version` as reports, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workstation.domain.delivery import Delivery
from workstation.domain.life import Withdrawal
from workstation.domain.report import Addendum, Report, ReportSection, ReportStatus, SectionCode
from workstation.reporting.database import Row
from workstation.reporting.joint import as_text, from_text


@dataclass(frozen=True, slots=True)
class SignedVersion:
    """One signature in the history of a report; `withdrawn` where it was taken back before it was sent."""

    report: Report
    delivery: Delivery | None = None
    withdrawn: Withdrawal | None = None


def draft_of(row: Row) -> Report:
    """The report before any signature, without its text."""
    return Report(
        report_uuid=row["report_uuid"],
        accession_number=row["accession_number"],
        study_instance_uid=row["study_instance_uid"],
        patient_id=row["patient_id"],
        patient_issuer=row["patient_issuer"],
        order_id=row["order_id"],
        ris_patient_reference=row["ris_patient_reference"],
        procedure=row["procedure"],
        status=ReportStatus.DRAFT,
        version=0,
        sections=(),
        language=row["language"],
        procedure_code=row["procedure_code"],
        study_date=row["study_date"],
    )


def signed_of(row: Row, version: Row) -> Report:
    """Exactly as it was signed."""
    return replace(
        draft_of(row),
        order_id=version["order_id"],
        ris_patient_reference=version["ris_patient_reference"],
        status=ReportStatus(version["status"]),
        version=version["version"],
        sections=tuple(ReportSection(SectionCode(code), text) for code, text in json.loads(version["sections"]).items()),
        signed_by=version["signed_by"],
        signed_at=datetime.fromisoformat(version["signed_at"]),
        addenda=tuple(
            Addendum(a["text"], a["signed_by"], datetime.fromisoformat(a["at"])) for a in json.loads(version["addenda"])
        ),
        earlier_signers=tuple(json.loads(version["earlier_signers"])),
        reason=version["reason"],
        joint=from_text(version["joint"]),
    )


def version_row(signed: Report) -> dict[str, object]:
    """The facts of a signed version; its hash and place in the journal are the store's to add."""
    assert signed.signed_at is not None
    addenda = [{"text": a.text, "signed_by": a.signed_by, "at": a.at.isoformat()} for a in signed.addenda]
    return {
        "report_uuid": signed.report_uuid,
        "version": signed.version,
        "status": signed.status.value,
        "sections": json.dumps({s.code.value: s.text for s in signed.sections}, ensure_ascii=False),
        "signed_by": signed.signed_by,
        "signed_at": signed.signed_at.isoformat(),
        "order_id": signed.order_id,
        "ris_patient_reference": signed.ris_patient_reference,
        "addenda": json.dumps(addenda, ensure_ascii=False),
        "earlier_signers": json.dumps(signed.earlier_signers, ensure_ascii=False),
        "reason": signed.reason,
        "joint": as_text(signed.joint),
    }


def put_together(
    current: Report, status: ReportStatus, number: int, signer: str, at: datetime, earlier: Sequence[Report]
) -> Report:
    """What is signed: the words of a new addendum go below, under its author and time; who signed before is named."""
    words = current.text(SectionCode.ADDENDUM).strip()
    addenda = (*current.addenda, Addendum(words, signer, at)) if words else current.addenda
    sections = tuple(ReportSection(s.code, "" if s.code is SectionCode.ADDENDUM else s.text) for s in current.sections)
    before = dict.fromkeys(version.signed_by for version in earlier)
    return replace(
        current,
        status=status,
        version=number,
        sections=sections,
        signed_by=signer,
        signed_at=at,
        addenda=addenda,
        earlier_signers=tuple(name for name in before if name != signer),
        reason=current.revision.reason if current.revision else "",
        revision=None,
    )
