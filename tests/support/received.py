"""Files as they come from outside, made in the test: good ones, and ones that are not."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite, write_dataset, write_file_meta_info
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
NATIVE = (IMPLICIT, EXPLICIT, BIG, DEFLATED)
RLE = "1.2.840.10008.1.2.5"
JPEG = "1.2.840.10008.1.2.4."
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
TOO_NEW = (JPEG + "110", JPEG + "111", JPEG + "112", DEFLATED_FRAME)
CT, SC, PET = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.128"


def dataset(pixels: np.ndarray[Any, Any] | None = None, syntax: str = EXPLICIT, sop_class: str = SC, **elements: Any) -> Dataset:
    """A complete dataset; `pixels` is (rows, columns), (rows, columns, 3), with frames in front when NumberOfFrames is given.

    For a compressed `syntax` give PixelData yourself (`encapsulated`).
    """
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = UID(syntax)
    made.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    made.file_meta.MediaStorageSOPInstanceUID = UID("1.2.826.0.1.1.3")
    for keyword, value in {
        "SOPClassUID": sop_class, "SOPInstanceUID": "1.2.826.0.1.1.3", "StudyInstanceUID": "1.2.826.0.1.1.1",
        "SeriesInstanceUID": "1.2.826.0.1.1.2", "Modality": "OT", "PatientID": "P1", "PatientName": "Test^One",
    }.items():  # fmt: skip
        setattr(made, keyword, value)
    if pixels is not None:
        _describe(made, pixels, "NumberOfFrames" in elements)
        if syntax in NATIVE:
            made.PixelData = native_bytes(pixels, syntax)
            made["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    with disable_value_validation():
        for keyword, value in elements.items():
            if keyword in made:
                del made[keyword]
            if value is not None:
                setattr(made, keyword, value)
    return made


def _describe(made: Dataset, pixels: np.ndarray[Any, Any], has_frames: bool) -> None:
    shape = pixels.shape[1:] if has_frames else pixels.shape
    made.Rows, made.Columns = shape[:2]
    made.SamplesPerPixel = 3 if len(shape) == 3 else 1
    made.PhotometricInterpretation = "RGB" if len(shape) == 3 else "MONOCHROME2"
    if len(shape) == 3:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = pixels.dtype.itemsize * 8
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")


def native_bytes(pixels: np.ndarray[Any, Any], syntax: str = EXPLICIT) -> bytes:
    data = pixels.astype(pixels.dtype.newbyteorder(">" if syntax == BIG else "<")).tobytes()
    return data + b"\0" * (len(data) % 2)


def encapsulated(frames: Sequence[bytes], **options: Any) -> bytes:
    return encapsulate([frame + b"\0" * (len(frame) % 2) for frame in frames], **options)


def items(*datasets: Dataset) -> Items:
    return Items(datasets)


def item(**elements: Any) -> Dataset:
    made = Dataset()
    with disable_value_validation():
        for keyword, value in elements.items():
            setattr(made, keyword, value)
    return made


def save(made: Dataset, path: Path) -> Path:
    syntax = made.file_meta.TransferSyntaxUID
    if "PixelData" in made and syntax not in NATIVE:
        made["PixelData"].is_undefined_length = True
        made["PixelData"].VR = "OB"
    if syntax in TOO_NEW:
        path.write_bytes(_by_hand(made))
        return path
    with disable_value_validation():
        dcmwrite(path, made, enforce_file_format=True, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG)
    return path


def _by_hand(made: Dataset) -> bytes:
    """A Part 10 file in a syntax that pydicom does not write."""
    out = DicomBytesIO(b"\0" * 128 + b"DICM")
    out.seek(132)
    out.is_little_endian, out.is_implicit_VR = True, False
    write_file_meta_info(out, made.file_meta, enforce_standard=True)
    write_dataset(out, made)
    return out.getvalue()


def rle_frame(pixels: np.ndarray[Any, Any]) -> bytes:
    """PS3.5 Annex G, written the long way: literal runs only."""
    planes = pixels[np.newaxis] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    segments = []
    for plane in planes:
        as_bytes = np.ascontiguousarray(plane.astype(plane.dtype.newbyteorder(">"))).view(np.uint8).reshape(plane.size, -1)
        segments += [literal_runs(as_bytes[:, i].tobytes()) for i in range(plane.dtype.itemsize)]
    return rle_header([len(s) for s in segments]) + b"".join(segments)


def rle_header(lengths: Sequence[int]) -> bytes:
    offsets = [64 + sum(lengths[:i]) for i in range(len(lengths))]
    return struct.pack("<16I", len(lengths), *offsets, *([0] * (15 - len(lengths))))


def literal_runs(data: bytes) -> bytes:
    runs = (data[i : i + 128] for i in range(0, len(data), 128))
    packed = b"".join(bytes([len(run) - 1]) + run for run in runs)
    return packed + b"\x80" * (len(packed) % 2)


def smooth(rows: int, columns: int, top: int, dtype: str = "u2", seed: int = 1) -> np.ndarray[Any, Any]:
    """An image with structure and noise, from 0 to `top`, no two rows or columns alike."""
    noise = np.random.default_rng(seed).random((rows, columns))
    wave = np.sin(np.arange(columns) / 9.0)[np.newaxis] + np.cos(np.arange(rows) / 7.0)[:, np.newaxis]
    grown = (wave + 2.0) / 4.0 * 0.9 + noise * 0.1
    return np.round(grown * top).astype(dtype)
