"""Who and what an instance belongs to: study, patient, series."""

from __future__ import annotations

from collections.abc import Sequence

from rendering.parse_elements import Elements, is_uid
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused


def checked_uids(elements: Elements) -> tuple[str, str, str, str]:
    """(study, series, SOP instance, SOP class), each a UID. Raises Refused, quoting none of them."""
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
    found = tuple(elements.uid(name) for name in names)
    for name, value in zip(names, found, strict=True):
        if not value:
            raise Refused(f"{name} is missing")
        if not is_uid(value):
            raise Refused(f"{name} is not a UID")
    study, series, instance, sop_class = found
    return study, series, instance, sop_class


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
