"""C-FIND in the Modality Worklist information model (PS3.4 K.6.1.2): the steps of the last weeks and of tomorrow.

The times of scheduled steps have no offset and say when images are planned, not when a report is due: they
narrow the search and are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from workstation.archives.gateway.dimse_association import NATIVE, associated
from workstation.archives.gateway.dimse_find import answers
from workstation.archives.gateway.dimse_text import text
from workstation.domain.archive import Archive, TestStep
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.scheduled_step import ScheduledStep
from workstation.errors import Refused, Unavailable, WorkstationError

WORKLIST_FIND = "1.2.840.10008.5.1.4.31"
MOST_STEPS = 2000
"""A reading room has fewer; a list that is cut off would take orders from the worklist that still stand."""
DAYS_BACK, DAYS_AHEAD = 14, 1
LONGEST = 256
"""Characters of one value that are kept: VR LO has 64."""

_KEYS = (
    "AccessionNumber", "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID",
    "ReferringPhysicianName", "RequestingPhysician", "RequestedProcedureDescription", "RequestedProcedureID",
    "ReasonForTheRequestedProcedure", "RequestedProcedurePriority",
)  # fmt: skip
_STEP_KEYS = (
    "Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepDescription", "ScheduledProcedureStepID", "ScheduledProcedureStepLocation",
)  # fmt: skip
_CODE_KEYS = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
_UID = re.compile(r"[0-9.]{1,64}")
_DATE = re.compile(r"[0-9]{8}")


def steps(archive: Archive, cancelled: Callable[[], bool], today: date | None = None) -> tuple[ScheduledStep, ...]:
    """Without those that have no accession number or no patient ID: nothing could be reported on them safely.

    Raises `Refused` for an archive that offers no worklist, or lists more than `MOST_STEPS`.
    """
    today = today or datetime.now().astimezone().date()
    days = (today - timedelta(days=DAYS_BACK)).strftime("%Y%m%d"), (today + timedelta(days=DAYS_AHEAD)).strftime("%Y%m%d")
    found = []
    with associated(archive, [(WORKLIST_FIND, NATIVE)]) as association:
        for answer in answers(association, _identifier("-".join(days)), cancelled, WORKLIST_FIND, MOST_STEPS):
            found += [step for step in _steps(archive, answer, days) if step.accession_number and step.patient.key.patient_id]
            if len(found) > MOST_STEPS:
                raise Refused("The archive gives too many answers", f"More than {MOST_STEPS} steps", "Ask who runs it")
    if cancelled():
        raise Unavailable("Cancelled")
    return tuple(found)


def check(archive: Archive) -> tuple[TestStep, ...]:
    """The worklist's line of the connection test: it is asked, as some archives take the association and refuse then."""
    try:
        count = len(steps(archive, lambda: False))
    except WorkstationError as reason:
        return (TestStep("Modality worklist", False, str(reason)),)
    return (TestStep("Modality worklist", True, f"Offered; steps with an accession number now: {count}"),)


def _identifier(days: str) -> Dataset:
    asked = _blank(_KEYS)
    asked.SpecificCharacterSet = "ISO_IR 192"
    asked.RequestedProcedureCodeSequence = Sequence([_blank(_CODE_KEYS)])
    step = _blank(_STEP_KEYS)
    step.ScheduledProcedureStepStartDate = days
    asked.ScheduledProcedureStepSequence = Sequence([step])
    return asked


def _blank(keys: tuple[str, ...]) -> Dataset:
    blank = Dataset()
    for keyword in keys:
        setattr(blank, keyword, "")
    return blank


def _steps(archive: Archive, answer: Dataset, days: tuple[str, str]) -> list[ScheduledStep]:
    try:
        return [_step(archive, answer, item) for item in _items(answer, "ScheduledProcedureStepSequence") if _is_of(item, days)]
    except (WorkstationError, MemoryError):
        raise
    except Exception as error:  # whatever a sequence that does not fit its bytes makes of the parser
        raise Unavailable("An answer of the archive cannot be read", "It is damaged", "Ask who runs the archive") from error


def _is_of(item: Dataset, days: tuple[str, str]) -> bool:
    """An archive may ignore a key it does not know."""
    day = text(item, "ScheduledProcedureStepStartDate")
    return not _DATE.fullmatch(day) or days[0] <= day <= days[1]


def _items(answer: Dataset, keyword: str) -> list[Dataset]:
    found = answer[keyword].value if keyword in answer else None
    return list(found)[:MOST_STEPS] if isinstance(found, Sequence) else []


def _step(archive: Archive, answer: Dataset, item: Dataset) -> ScheduledStep:
    def said(keyword: str) -> str:
        return text(answer, keyword)[:LONGEST]

    def name(keyword: str) -> str:
        """The alphabetic component group (PS3.5 6.2.1.1)."""
        return said(keyword).split("=")[0].rstrip("^ ")

    code = next(iter(_items(answer, "RequestedProcedureCodeSequence")), Dataset())
    meaning, value = (text(code, keyword, answer)[:LONGEST] for keyword in ("CodeMeaning", "CodeValue"))
    birth_date, sex, uid = said("PatientBirthDate"), said("PatientSex").upper(), said("StudyInstanceUID")
    return ScheduledStep(
        patient=Patient(
            PatientKey(said("PatientID"), said("IssuerOfPatientID") or archive.issuer),
            name("PatientName"),
            birth_date if _DATE.fullmatch(birth_date) else "",
            sex if sex in ("M", "F", "O") else "",
        ),
        accession_number=said("AccessionNumber"),
        study_instance_uid=uid if _UID.fullmatch(uid) else "",
        requested_procedure_id=said("RequestedProcedureID"),
        step_id=text(item, "ScheduledProcedureStepID", answer)[:LONGEST],
        modality=text(item, "Modality", answer)[:16],
        procedure=said("RequestedProcedureDescription")
        or meaning
        or text(item, "ScheduledProcedureStepDescription", answer)[:LONGEST],
        procedure_code=value,
        reason=said("ReasonForTheRequestedProcedure"),
        priority=said("RequestedProcedurePriority"),
        site=text(item, "ScheduledProcedureStepLocation", answer)[:LONGEST],
        ordering_provider=name("RequestingPhysician") or name("ReferringPhysicianName"),
    )
