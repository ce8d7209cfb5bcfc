"""A small series of our own on disk, for objects to be about. Names and identifiers are invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

STUDY, SERIES, FRAME_OF_REFERENCE = "2.25.1001", "2.25.1002", "2.25.1003"
CT = "1.2.840.10008.5.1.4.1.1.2"
NAME = "Åsnes^Øyvind Čálliid"


@dataclass(frozen=True)
class Phantom:
    """Axial slices with a bright square; rows are 0.5 mm and columns 0.75 mm apart unless told otherwise."""

    folder: Path
    slices: int = 3
    rows: int = 64
    columns: int = 48
    spacing: tuple[float, float] = (0.5, 0.75)
    study: str = STUDY
    patient_id: str = "TEST-0001"

    def write(self, **changes: Any) -> list[Path]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return [self._slice(index, changes) for index in range(self.slices)]

    def uid(self, index: int) -> str:
        return f"{SERIES}.{index + 1}"

    def _slice(self, index: int, changes: dict[str, Any]) -> Path:
        ds = Dataset()
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.SOPClassUID, ds.SOPInstanceUID = CT, self.uid(index)
        ds.StudyInstanceUID, ds.SeriesInstanceUID = self.study, SERIES
        ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = NAME, self.patient_id, "TESTHOSPITAL"
        ds.PatientBirthDate, ds.PatientSex = "19610102", "M"
        ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20260102", "101112", "S1", "A1"
        ds.StudyDescription = "CT thorax – prøve"
        ds.ReferringPhysicianName = "Sjöberg^Åse"
        ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "CT", 1, index + 1
        ds.FrameOfReferenceUID = FRAME_OF_REFERENCE
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.ImagePositionPatient = [-10.0, 20.0, 300.0 + 2.0 * index]
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing, ds.SliceThickness = list(self.spacing), 2.0
        ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = self.rows, self.columns, 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = -1024, 1, "HU"
        ds.WindowCenter, ds.WindowWidth = 40, 400
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
        pixels = np.full((self.rows, self.columns), 1000, np.int16)
        pixels[20:40, 10:30] = 1100 + 50 * index
        ds.PixelData = pixels.tobytes()
        return save(ds, self.folder / f"slice{index}.dcm")


def save(ds: Dataset, path: Path) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta = meta
    pydicom.dcmwrite(path, ds, enforce_file_format=True)
    return path


def sequence(*items: dict[str, Any]) -> Sequence[Dataset]:
    """Items of a sequence from keywords and values."""
    made = []
    for item in items:
        ds = Dataset()
        for keyword, value in item.items():
            setattr(ds, keyword, value)
        made.append(ds)
    return made
