"""Dose reports of our own: X-Ray Radiation Dose SR of a CT (PS3.16 TID 10011) and of a fluoroscopy (TID 10001)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.88.67"


def code(value: str, scheme: str, meaning: str) -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return made


def item(relation: str, kind: str, name: tuple[str, str, str], *children: Dataset) -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType = relation, kind
    made.ConceptNameCodeSequence = [code(*name)]
    if kind == "CONTAINER":
        made.ContinuityOfContent = "SEPARATE"
    if children:
        made.ContentSequence = list(children)
    return made


def dcm(value: str, meaning: str) -> tuple[str, str, str]:
    return value, "DCM", meaning


def coded(relation: str, name: tuple[str, str, str], value: tuple[str, str, str], *children: Dataset) -> Dataset:
    made = item(relation, "CODE", name, *children)
    made.ConceptCodeSequence = [code(*value)]
    return made


def number(name: tuple[str, str, str], value: float, unit: str, *children: Dataset) -> Dataset:
    made = item("CONTAINS", "NUM", name, *children)
    measured = Dataset()
    measured.NumericValue = f"{value:g}"
    measured.MeasurementUnitsCodeSequence = [code(unit, "UCUM", unit)]
    made.MeasuredValueSequence = [measured]
    return made


def text(name: tuple[str, str, str], value: str) -> Dataset:
    made = item("CONTAINS", "TEXT", name)
    made.TextValue = value
    return made


def uid(relation: str, name: tuple[str, str, str], value: str) -> Dataset:
    made = item(relation, "UIDREF", name)
    made.UID = value
    return made


def ct_scan(number_of: int, protocol: str, ctdi: float, dlp: float, kind: str = "116152004", phantom: str = "113691") -> Dataset:
    is_scout = kind == "113805"
    type_of = (kind, "DCM", "Constant Angle Acquisition") if is_scout else ("116152004", "SCT", "Spiral Acquisition")
    dose = item(
        "CONTAINS", "CONTAINER", dcm("113829", "CT Dose"),
        number(dcm("113830", "Mean CTDIvol"), ctdi, "mGy"),
        coded("CONTAINS", dcm("113835", "CTDIw Phantom Type"), dcm(phantom, "IEC Body Dosimetry Phantom")),
        number(dcm("113838", "DLP"), dlp, "mGy.cm"),
    )  # fmt: skip
    parameters = item(
        "CONTAINS", "CONTAINER", dcm("113822", "CT Acquisition Parameters"),
        number(dcm("113824", "Exposure Time"), 4.2, "s"),
        number(dcm("113825", "Scanning Length"), 400, "mm"),
        number(dcm("113826", "Nominal Single Collimation Width"), 0.6, "mm"),
        number(dcm("113827", "Nominal Total Collimation Width"), 38.4, "mm"),
        number(dcm("113823", "Number of X-Ray Sources"), 1, "{X-Ray sources}"),
    )  # fmt: skip
    return item(
        "CONTAINS", "CONTAINER", dcm("113819", "CT Acquisition"),
        text(dcm("125203", "Acquisition Protocol"), protocol),
        coded("CONTAINS", dcm("123014", "Target Region"), ("51185008", "SCT", "Chest")),
        coded("CONTAINS", dcm("113820", "CT Acquisition Type"), type_of),
        uid("CONTAINS", dcm("113769", "Irradiation Event UID"), f"2.25.77{number_of}"),
        parameters, dose,
    )  # fmt: skip


def ct_children(scans: Sequence[Dataset], total: float, unit: str = "mGy.cm") -> list[Dataset]:
    return [
        item(
            "CONTAINS", "CONTAINER", dcm("113811", "CT Accumulated Dose Data"),
            number(dcm("113812", "Total Number of Irradiation Events"), len(scans), "{events}"),
            number(dcm("113813", "CT Dose Length Product Total"), total, unit),
        ),
        *scans,
    ]  # fmt: skip


def fluoroscopy_children(dap: float, point: float, seconds: float, unit: str = "Gy.m2") -> list[Dataset]:
    """One plane; `dap` in `unit`, `point` in Gy."""
    plane = dcm("113620", "Plane A")
    return [
        item(
            "CONTAINS", "CONTAINER", dcm("113702", "Accumulated X-Ray Dose Data"),
            coded("HAS CONCEPT MOD", dcm("113764", "Acquisition Plane"), dcm("113622", "Single Plane")),
            number(dcm("113722", "Dose Area Product Total"), dap, unit),
            number(dcm("113725", "Dose (RP) Total"), point, "Gy"),
            number(dcm("113730", "Total Fluoro Time"), seconds, "s"),
        ),
        item(
            "CONTAINS", "CONTAINER", dcm("113706", "Irradiation Event X-Ray Data"),
            coded("HAS CONCEPT MOD", dcm("113764", "Acquisition Plane"), plane),
            uid("CONTAINS", dcm("113769", "Irradiation Event UID"), "2.25.881"),
            number(dcm("122130", "Dose Area Product"), dap, unit),
        ),
    ]  # fmt: skip


def write(
    path: Path, source: Dataset, children: Sequence[Dataset], is_ct: bool = True, scope: str = "", sop: str = "2.25.9001"
) -> Path:
    """A report for the patient and study of `source`; `scope` is the study that it says its totals are of."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID"):
        setattr(ds, keyword, getattr(source, keyword))
    for keyword in ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        setattr(ds, keyword, getattr(source, keyword))
    ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID = SOP_CLASS, sop, "2.25.9000"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "SR", 99, 1
    ds.SeriesDescription = "Dose report"
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.Manufacturer, ds.ManufacturerModelName, ds.DeviceSerialNumber, ds.SoftwareVersions = "Invented", "Model", "1", "1"
    ds.ContentDate, ds.ContentTime = ds.StudyDate, ds.StudyTime
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    ds.PerformedProcedureCodeSequence = []
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [code("113701", "DCM", "X-Ray Radiation Dose Report")]
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "10011" if is_ct else "10001"
    ds.ContentTemplateSequence = [template]
    modality = ("77477000", "SCT", "Computed Tomography X-Ray") if is_ct else ("113704", "DCM", "Projection X-Ray")
    intent = coded("HAS CONCEPT MOD", ("363703001", "SCT", "Has Intent"), ("261004008", "SCT", "Diagnostic Intent"))
    procedure = coded("HAS CONCEPT MOD", dcm("121058", "Procedure reported"), modality, intent)
    observer = coded("HAS OBS CONTEXT", dcm("121005", "Observer Type"), dcm("121007", "Device"))
    device = uid("HAS OBS CONTEXT", dcm("121012", "Device Observer UID"), "2.25.500")
    over = coded(
        "HAS OBS CONTEXT", dcm("113705", "Scope of Accumulation"), dcm("113014", "Study"),
        uid("HAS PROPERTIES", dcm("110180", "Study Instance UID"), scope or str(ds.StudyInstanceUID)),
    )  # fmt: skip
    kept = coded("CONTAINS", dcm("113854", "Source of Dose Information"), dcm("113856", "Automated Data Collection"))
    ds.ContentSequence = [procedure, observer, device, over, *children, kept]
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = SOP_CLASS, sop
    ds.save_as(path, enforce_file_format=True)
    return path
