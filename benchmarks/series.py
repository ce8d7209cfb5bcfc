"""A CT of any size for the benchmarks: deterministic, noisy enough to be honest, uncompressed or not."""

from __future__ import annotations

import math
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


# Centre and half axes in mm, and HU, of what the moved body is made of: nothing in it is symmetrical.
ORGANS = (
    ((0.0, 0.0, 75.0), (112.0, 82.0, 400.0), 40.0),
    ((-52.0, -8.0, 95.0), (42.0, 55.0, 70.0), -820.0),
    ((50.0, -4.0, 100.0), (38.0, 52.0, 66.0), -800.0),
    ((22.0, -30.0, 62.0), (34.0, 28.0, 40.0), 160.0),
    ((0.0, 58.0, 75.0), (17.0, 15.0, 400.0), 420.0),
    ((14.0, 40.0, 75.0), (11.0, 11.0, 400.0), 190.0),
    ((-60.0, 20.0, 20.0), (48.0, 46.0, 34.0), 110.0),
    ((68.0, 30.0, 16.0), (20.0, 24.0, 26.0), 130.0),
    ((-34.0, -20.0, 118.0), (7.0, 7.0, 7.0), 45.0),
    ((62.0, 10.0, 80.0), (9.0, 6.0, 12.0), 50.0),
    ((-70.0, 14.0, 96.0), (5.0, 8.0, 20.0), 60.0),
    ((-96.0, 0.0, 60.0), (6.0, 20.0, 12.0), 600.0),
    ((97.0, 6.0, 104.0), (6.0, 18.0, 9.0), 560.0),
    ((-88.0, 30.0, 120.0), (7.0, 14.0, 8.0), 620.0),
)


def write_moved_ct(
    folder: Path, slices: int, size: int, number: int, shift: tuple[float, float, float], degrees: float
) -> list[Path]:
    """A body of known organs, turned about the patient's length by `degrees` in its middle, then shifted by mm."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(number)
    coarse = size // 2
    axis = (np.arange(coarse, dtype=np.float32) - coarse / 2 + 0.5) * (0.5 * size / coarse)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = np.meshgrid(axis - shift[0], axis - shift[1])
    x, y = cos * x + sin * y, cos * y - sin * x
    paths = []
    for k in range(slices):
        z = k - slices / 2.0 - shift[2] + 75.0
        values = np.full((coarse, coarse), -1000.0, np.float32)
        for (cx, cy, cz), (a, b, c), hu in ORGANS:
            values[((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 + ((z - cz) / c) ** 2 < 1.0] = hu
        whole = values.repeat(2, axis=0).repeat(2, axis=1) + rng.normal(0.0, 15.0, (size, size))
        path = folder / f"{k:05d}.dcm"
        _dataset(k, size, np.clip(whole + 1024.0, 0, 4095).astype("<u2"), f"{ROOT}.{number}").save_as(
            path, enforce_file_format=True
        )
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
