"""A CT of any size for the benchmarks: deterministic, noisy enough to be honest, uncompressed or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
)

ROOT = "2.25.31415926535897932384626433832795"


CODECS: dict[str, tuple[UID, Callable[[np.ndarray], bytes | bytearray]]] = {
    "JPEG 2000": (
        JPEG2000Lossless,
        lambda pixels: imagecodecs.jpeg2k_encode(pixels, level=0, reversible=True, codecformat="j2k"),
    ),
    "JPEG-LS": (JPEGLSLossless, imagecodecs.jpegls_encode),
}


def write_ct(folder: Path, slices: int, size: int = 512, codec: str = "", number: int = 1) -> list[Path]:
    """Study `number`: `slices` files of `size` x `size`, 12 bit in 16, 1 mm apart. Returns the paths in slice order."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    body = np.where((x / 0.42) ** 2 + (y / 0.32) ** 2 < 1, 1064, 0).astype(np.int16)
    noise = rng.normal(0, 25, (8, size, size)).astype(np.int16)
    paths = []
    for k in range(slices):
        pixels = np.clip(body + noise[k % 8] + (k % 97), 0, 4095).astype("<u2")
        path = folder / f"{k:05d}.dcm"
        dataset = _dataset(k, size, pixels, f"{ROOT}.{number}")
        if codec:
            dataset.file_meta.TransferSyntaxUID, encode = CODECS[codec]
            dataset.PixelData = encapsulate([bytes(encode(pixels))])
            dataset["PixelData"].VR = "OB"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def write_mammogram(path: Path, rows: int, columns: int) -> Path:
    """One mammogram for presentation: 12 bit in 16, bright breast beside black air."""
    rng = np.random.default_rng(7)
    y, x = np.ogrid[0:rows, 0:columns]
    breast = (x / (0.8 * columns)) ** 2 + ((y - rows / 2) / (0.45 * rows)) ** 2 < 1
    noise = rng.normal(2000, 300, (64, columns)).astype(np.int16)
    pixels = np.where(breast, np.resize(noise, (rows, columns)), 20).clip(0, 4095).astype("<u2")
    dataset = _dataset(0, 8, pixels[:8, :8], f"{ROOT}.9")
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    dataset.Modality, dataset.ImageType, dataset.ImagerPixelSpacing = "MG", ["DERIVED", "PRIMARY"], [0.05, 0.05]
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        del dataset[name]
    dataset.Rows, dataset.Columns, dataset.PixelData = rows, columns, pixels.tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


def _dataset(k: int, size: int, pixels: np.ndarray, study: str) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = UID(f"{study}.1.{k + 1}")
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, f"{study}.1.{k + 1}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, f"{study}.1", f"{study}.2"
    ds.PatientID, ds.PatientName, ds.PatientBirthDate, ds.PatientSex = "BENCH", "Bench^Mark", "19700101", "O"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20261122", "080000", "1", "BENCH1"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber, ds.ImageType = "CT", 1, k + 1, ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-size / 4, -size / 4, float(k)], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [0.5, 0.5], 1.0
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", size, size
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, -1024, "HU"
    ds.WindowCenter, ds.WindowWidth = 40, 400
    ds.PixelData = pixels.tobytes()
    ds["PixelData"].VR = "OW"
    return ds
