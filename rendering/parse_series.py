"""Who and what an instance belongs to: study, patient, series."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from rendering.parse_elements import Elements, is_uid
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused

# UIDs that say where an image belongs, and what a reader must know when the file lacks one.
WITHOUT = {
    "StudyInstanceUID": "The file names no study: what it belongs to cannot be checked",
    "SeriesInstanceUID": "The file names no series: what it belongs to cannot be checked",
    "SOPInstanceUID": "The file has no SOP Instance UID: which image it is cannot be checked",
}


def missing_uids(elements: Elements) -> tuple[str, ...]:
    """The keywords of WITHOUT that the file leaves out."""
    return tuple(name for name in WITHOUT if not elements.uid(name))


def checked_uids(elements: Elements, sha256: str) -> tuple[str, str, str, str]:
    """(study, series, SOP instance, SOP class), each a UID. Raises Refused, quoting none of them.

    A missing one of the first three is made from the file's hash: no two files can meet in it.
    """
    names = (*WITHOUT, "SOPClassUID")
    found = tuple(elements.uid(name) or _stand_in(name, sha256) for name in names)
    for name, value in zip(names, found, strict=True):
        if not value:
            raise Refused(f"{name} is missing")
        if not is_uid(value):
            raise Refused(f"{name} is not a UID")
    study, series, instance, sop_class = found
    return study, series, instance, sop_class


def _stand_in(name: str, sha256: str) -> str:
    """A UUID-derived UID (PS3.5 B.2), or nothing for what no stand-in can be made of."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'{name} {sha256}').int}" if name in WITHOUT else ""


def build_study(elements: Elements, uids: Sequence[str], attributes: dict[str, tuple[str, ...]], instance: Instance) -> Study:
    """A study of one series of one instance."""
    series = Series(
        uids[1],
        elements.text("Modality"),
        elements.integer("SeriesNumber"),
        elements.text("SeriesDescription"),
        elements.text("BodyPartExamined"),
        elements.uid("FrameOfReferenceUID"),
        attributes,
        (instance,),
    )
    codes = elements.codes("ProcedureCodeSequence")
    return Study(
        uids[0],
        read_patient(elements),
        elements.text("AccessionNumber"),
        elements.text("StudyDate").replace(".", ""),
        elements.text("StudyTime").replace(":", ""),
        elements.text("StudyDescription"),
        codes,
        elements.text("InstitutionName"),
        (series,),
    )


def read_patient(elements: Elements) -> Patient:
    """The first component group of the name; sex and birth date only when they are what they should be."""
    sex, born = elements.text("PatientSex"), elements.text("PatientBirthDate").replace(".", "")
    return Patient(
        PatientKey(elements.text("PatientID"), elements.text("IssuerOfPatientID")),
        elements.text("PatientName").split("=")[0].rstrip("^"),
        born if len(born) == 8 and born.isdigit() else "",
        sex if sex in ("M", "F", "O") else "",
    )
