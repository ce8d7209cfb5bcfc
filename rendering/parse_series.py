"""Who and what an instance belongs to: study, patient, series, and what hanging protocols ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rendering.parse_attributes import series_attributes
from rendering.parse_elements import Elements, is_uid
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused

# DICOM keywords kept in Series.attributes as text, and as codes.
_TEXT_ATTRIBUTES = (
    "AcquisitionContrast",
    "AcquisitionType",
    "AngioFlag",
    "BodyPartExamined",
    "ContrastBolusAgent",
    "ContrastBolusRoute",
    "ConvolutionKernel",
    "CorrectedImage",
    "DetectorType",
    "EchoTime",
    "ExposureTime",
    "FilterType",
    "FrameLaterality",
    "ImageComments",
    "ImageLaterality",
    "ImageType",
    "InversionTime",
    "KVP",
    "Laterality",
    "MRAcquisitionType",
    "MagneticFieldStrength",
    "Manufacturer",
    "ManufacturerModelName",
    "PatientOrientation",
    "PatientPosition",
    "PixelPresentation",
    "PresentationIntentType",
    "ProtocolName",
    "RepetitionTime",
    "ScanOptions",
    "ScanningSequence",
    "SequenceName",
    "SequenceVariant",
    "SeriesDate",
    "SeriesTime",
    "SliceThickness",
    "SpacingBetweenSlices",
    "StationName",
    "StudyID",
    "Units",
    "ViewPosition",
    "VolumetricProperties",
)
_CODE_ATTRIBUTES = (
    "AnatomicRegionSequence",
    "PartialViewCodeSequence",
    "PerformedProtocolCodeSequence",
    "ProcedureCodeSequence",
    "ViewCodeSequence",
    "ViewModifierCodeSequence",
)


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


def read_attributes(elements: Elements) -> dict[str, tuple[str, ...]]:
    """Series.attributes: DICOM keyword to its values, only those present."""
    found: dict[str, tuple[str, ...]] = {}
    for name in _TEXT_ATTRIBUTES:
        values = elements.texts(name)
        if any(values):
            found[name] = values
    for name in _CODE_ATTRIBUTES:
        codes = elements.codes(name)
        if codes:
            found[name] = codes
    for name, values in series_attributes(elements).items():
        found.setdefault(name, values)
    _add_shared_anatomy(elements, found)
    return found


def _add_shared_anatomy(elements: Elements, found: dict[str, Any]) -> None:
    """FrameAnatomySequence of enhanced images holds laterality and region (C.7.6.16.2.8)."""
    shared = elements.item("SharedFunctionalGroupsSequence")
    anatomy = shared.item("FrameAnatomySequence") if shared is not None else None
    if anatomy is None:
        return
    if anatomy.text("FrameLaterality"):
        found.setdefault("FrameLaterality", anatomy.texts("FrameLaterality"))
    if codes := anatomy.codes("AnatomicRegionSequence"):
        found.setdefault("AnatomicRegionSequence", codes)
