"""Datasets as the standard wants them (PS3.3), and their bytes (PS3.5, PS3.10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGLSLossless

from rendering.phantoms.scan import Planes
from rendering.phantoms.study import ISSUER, Making

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
PET_IMAGE = "1.2.840.10008.5.1.4.1.1.128"
MAMMOGRAPHY = "1.2.840.10008.5.1.4.1.1.1.2"
DIGITAL_X_RAY = "1.2.840.10008.5.1.4.1.1.1.1"
TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
X_RAY_ANGIOGRAPHY = "1.2.840.10008.5.1.4.1.1.12.1"
ULTRASOUND_CINE = "1.2.840.10008.5.1.4.1.1.3.1"
_MANUFACTURER = "Lyskasse phantom generator"


@dataclass(frozen=True)
class Series:
    """What the images of a series share. `key` makes its UIDs and its folder."""

    key: str
    sop_class: str
    modality: str
    number: int
    description: str
    lossless: bool = False
    frame_of_reference: str = ""


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """One item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def image(making: Making, series: Series, number: int, seconds: float = 0.0) -> Dataset:
    """A dataset with patient, study, series, equipment and SOP common modules filled in.

    `number` is InstanceNumber, from 1; `seconds` after the study's beginning is when it was made.
    """
    if series.modality not in making.modalities:
        making.modalities.append(series.modality)
    exam, ds = making.examination, Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = series.sop_class, making.uid("instance", exam.role, series.key, str(number))
    ds.Modality, ds.SeriesNumber, ds.SeriesDescription = series.modality, series.number, series.description
    ds.InstanceNumber = number
    ds.StudyInstanceUID, ds.SeriesInstanceUID = making.study_uid, making.uid("series", exam.role, series.key)
    _patient(ds, making)
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = exam.day.strftime("%Y%m%d")
    ds.StudyTime = exam.time
    ds.SeriesTime = clock(exam.time, 60.0 * series.number)
    ds.AcquisitionTime = ds.ContentTime = clock(exam.time, 60.0 * series.number + seconds)
    ds.InstanceCreationDate, ds.InstanceCreationTime = ds.ContentDate, ds.ContentTime
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = exam.accession[-4:], exam.accession, "Demovik^Tove"
    ds.StudyDescription, ds.BodyPartExamined = exam.description, exam.body_part
    ds.Manufacturer, ds.ManufacturerModelName, ds.DeviceSerialNumber = _MANUFACTURER, "Phantom", "1"
    ds.SoftwareVersions, ds.InstitutionName, ds.StationName = "1", "Lyskasse demonstration", f"DEMO{series.modality}"
    if series.frame_of_reference:
        ds.FrameOfReferenceUID = making.uid("frame of reference", exam.role, series.frame_of_reference)
        ds.PositionReferenceIndicator = ""
    return ds


def _patient(ds: Dataset, making: Making) -> None:
    subject = making.examination.subject
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = subject.name, subject.patient_id, ISSUER
    ds.PatientBirthDate, ds.PatientSex = subject.birth_date.strftime("%Y%m%d"), subject.sex
    ds.PatientAge, ds.PatientSize, ds.PatientWeight = making.examination.age(), f"{subject.height}", f"{subject.weight}"


def clock(start: str, seconds: float) -> str:
    """A DICOM time some seconds after another; the demonstration never passes midnight."""
    total = int(start[0:2]) * 3600 + int(start[2:4]) * 60 + int(start[4:6]) + seconds
    return f"{int(total // 3600):02d}{int(total % 3600 // 60):02d}{total % 60:09.6f}"[:13]


def place(ds: Dataset, planes: Planes, index: int, thickness: float) -> None:
    """The Image Plane Module (PS3.3 C.7.6.2)."""
    ds.ImageOrientationPatient = [decimal(v) for v in (*planes.along_row, *planes.down)]
    ds.ImagePositionPatient = [decimal(v) for v in planes.position(index)]
    ds.PixelSpacing = [decimal(v) for v in planes.spacing]
    ds.SliceThickness = decimal(thickness)
    ds.SliceLocation = decimal(float(np.dot(planes.position(index), planes.normal)))


def decimal(value: float) -> str:
    """A DS of at most 16 characters."""
    text = f"{value:.8f}"[:16].rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def pixels(
    ds: Dataset, frames: Sequence[npt.NDArray[Any]], *, stored: int, photometric: str = "MONOCHROME2", lossless: bool = False
) -> None:
    """The Image Pixel Module from equal frames: uint8, uint16 or int16, (rows, columns) or (rows, columns, 3)."""
    first = frames[0]
    allocated = first.dtype.itemsize * 8
    ds.SamplesPerPixel = 3 if first.ndim == 3 else 1
    ds.PhotometricInterpretation = photometric
    if first.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = first.shape[:2]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, stored, stored - 1
    ds.PixelRepresentation = int(first.dtype.kind == "i")
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = JPEGLSLossless if lossless else ExplicitVRLittleEndian
    if lossless:
        coded = [bytes(imagecodecs.jpegls_encode(np.ascontiguousarray(f.view(f"u{f.dtype.itemsize}")), level=0)) for f in frames]
        ds.PixelData = encapsulate(coded)
        ds["PixelData"].is_undefined_length = True
    else:
        raw = b"".join(np.ascontiguousarray(f).tobytes() for f in frames)
        ds.PixelData = raw + b"\0" * (len(raw) % 2)
    ds["PixelData"].VR = "OB" if lossless or allocated == 8 else "OW"


def save(making: Making, series: Series, ds: Dataset) -> Path:
    """Write a dataset with pixels into the study's folder; the same dataset gives the same bytes."""
    folder = making.folder / f"{series.number:02d}_{series.key}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"IM{int(ds.InstanceNumber):04d}.dcm"
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.ImplementationClassUID = UID(making.uid("implementation"))
    ds.file_meta.ImplementationVersionName = "LYSKASSE_PHANTOM"
    ds.save_as(path, enforce_file_format=True)
    return path


def windows(ds: Dataset, choices: Iterable[tuple[float, float, str]]) -> None:
    """VOI windows: (centre, width, explanation) (PS3.3 C.11.2)."""
    rows = list(choices)
    ds.WindowCenter = [decimal(c) for c, _, _ in rows]
    ds.WindowWidth = [decimal(w) for _, w, _ in rows]
    ds.WindowCenterWidthExplanation = [text for _, _, text in rows]
