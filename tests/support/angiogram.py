"""An X-ray run of our own: bone that moves, a vessel that fills, by Beer and Lambert. Identifiers are invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from made_series import FakeWorker
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from rendering.images import SeriesImages
from rendering.parse import parse_bytes
from rendering.subtracting import SubtractingViewport

XA = "1.2.840.10008.5.1.4.1.1.12.1"
ENHANCED_XA = "1.2.840.10008.5.1.4.1.1.12.1.1"
STUDY, SERIES, IMAGE = "2.25.7001", "2.25.7002", "2.25.7003"
ROWS, COLUMNS, FRAMES = 48, 64, 6
BITS = 12
OPEN_BEAM = 3500.0
# How much each frame's patient has moved: (down, right) in pixels.
MOTION = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (1.0, -2.0), (1.0, -2.0), (1.0, -2.0))
# Line integral of iodine in the vessel: it fills from the fourth frame on.
IODINE = (0.0, 0.0, 0.0, 0.2, 0.4, 0.5)
VESSEL = slice(20, 26)
"""Rows of the vessel, which does not move: what comes with the contrast."""


def attenuation(down: float = 0.0, right: float = 0.0) -> np.ndarray[Any, Any]:
    """Line integrals of the patient without contrast, moved by so many pixels."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    y, x = y - down, x - right
    bone = 0.6 * np.exp(-(((x - 20.0) / 4.0) ** 2)) + 0.4 * np.exp(-(((y - 34.0) / 3.0) ** 2))
    return 0.3 + 0.004 * x + bone


def intensities() -> np.ndarray[Any, Any]:
    """The run in linear intensities, uint16 of 12 bits: (frames, rows, columns)."""
    made = []
    for (down, right), iodine in zip(MOTION, IODINE, strict=True):
        total = attenuation(down, right)
        total[VESSEL] += iodine
        made.append(OPEN_BEAM * np.exp(-total))
    return np.rint(np.array(made)).astype("u2")


def logarithmic(linear: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The same run as a scanner stores it that takes the logarithm itself."""
    return np.rint(np.log1p(linear.astype(float)) * (4095.0 / np.log(4096.0))).astype("u2")


def run(frames: np.ndarray[Any, Any] | None = None, relationship: str = "LIN", **elements: Any) -> Dataset:
    """A whole X-ray angiographic image; `elements` are set last, None takes one away."""
    pixels = intensities() if frames is None else frames
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = XA, IMAGE, STUDY, SERIES
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = "Årnes^Test", "XA-0001", "TESTHOSPITAL"
    ds.PatientBirthDate, ds.PatientSex = "19550102", "F"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20260103", "101112", "S7", "A7"
    ds.StudyDescription, ds.ReferringPhysicianName = "Cerebral angiography", "Sjöberg^Åse"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "XA", 1, 1
    ds.SeriesDescription, ds.BodyPartExamined, ds.PatientOrientation = "Run 1", "HEAD", ["L", "F"]
    ds.Manufacturer, ds.ImageType = "Lyskasse test", ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    ds.KVP, ds.RadiationSetting, ds.XRayTubeCurrent, ds.ExposureTime = "80", "GR", 100, 20
    ds.NumberOfFrames, ds.FrameTime, ds.FrameIncrementPointer = len(pixels), "250", 0x00181063
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = *pixels.shape[1:], 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, BITS, BITS - 1, 0
    ds.ImagerPixelSpacing = ["0.3", "0.3"]
    ds.WindowCenter, ds.WindowWidth = "2048", "4096"
    ds.PixelIntensityRelationship = relationship
    ds.LossyImageCompression = "00"
    ds.PixelData = pixels.tobytes()
    ds["PixelData"].VR = "OW"
    for keyword, value in elements.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def masked(operation: str = "AVG_SUB", mode: str = "SUB", **item: Any) -> dict[str, Any]:
    """A Mask Module of one item."""
    return {"MaskSubtractionSequence": [mask_item(operation, **item)], "RecommendedViewingMode": mode}


def mask_item(operation: str = "AVG_SUB", **elements: Any) -> Dataset:
    made = Dataset()
    made.MaskOperation = operation
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def write(ds: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.save_as(path, enforce_file_format=True)
    return path


def opened(ds: Dataset, frames: Any, path: Path) -> SubtractingViewport:
    """A viewport of the run, parsed from its file, every frame at hand."""
    write(ds, path)
    parsed = parse_bytes(path.read_bytes(), str(path))
    worker = FakeWorker()
    worker.pixels = {(IMAGE, number): frame for number, frame in enumerate(frames)}
    images = SeriesImages(parsed.study, parsed.series, worker)  # type: ignore[arg-type]
    images.load()
    return SubtractingViewport(images)
