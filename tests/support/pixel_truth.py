"""What a file's pixels are, by another way than the program's: numpy on the dataset, SimpleITK's and dcmtk's decoders.

Nothing of `rendering` is used. Shapes are (frames, rows, columns[, 3]); grey frames are stored values
(int64 or float64), colour frames RGB as stored (8 or 16 bits) or, through a palette, as 8 bits.
"""

from __future__ import annotations

import copy
import itertools
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import generate_frames
from pydicom.uid import UID

Array = np.ndarray[Any, Any]

NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
JPEG = "1.2.840.10008.1.2.4."
DCT_JPEG = tuple(JPEG + n for n in ("50", "51", "53", "55"))
JPEG_2000 = tuple(JPEG + n for n in ("90", "91", "201", "202", "203"))

# How far two decoders of one lossy stream may be apart, in stored values. DCT: both inverse
# transforms round once (T.81 allows it). JPEG-LS and JPEG 2000 decode to one exact result, but
# the irreversible wavelet's, which rounds.
TOLERANCE = {**dict.fromkeys(DCT_JPEG, 1.0), JPEG + "91": 1.0, JPEG + "203": 1.0}

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


class NoOtherDecoder(Exception):
    """Neither dcmtk nor SimpleITK reads this stream."""


def read(path: Path) -> FileDataset:
    return pydicom.dcmread(path, force=True)


def frame_count(dataset: Dataset) -> int:
    return int(dataset.get("NumberOfFrames") or 1)


def stored(dataset: FileDataset, scratch: Path) -> Array:
    """Every frame: grey as stored values, colour as RGB."""
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if syntax in NATIVE:
        raw = _native(dataset, syntax)
    elif syntax == RLE:
        raw = np.stack([_rle(frame, dataset) for frame in _compressed(dataset)])
    elif syntax == DEFLATED_FRAME:
        raw = np.stack([_deflated(frame, dataset) for frame in _compressed(dataset)])
    else:
        return _by_other_decoder(dataset, syntax, scratch)
    return _finished(raw, dataset)


def _finished(raw: Array, dataset: Dataset) -> Array:
    """Containers to stored values, YBR to RGB, palette to RGB."""
    if raw.dtype.kind == "f":
        return raw
    values = _stored_bits(raw, dataset)
    photometric = str(dataset.PhotometricInterpretation)
    if photometric.startswith("YBR_FULL"):
        return _rgb(values, int(dataset.BitsStored))
    return through_palette(values, dataset) if photometric == "PALETTE COLOR" else values


def _native(dataset: Dataset, syntax: str) -> Array:
    order = ">" if syntax == "1.2.840.10008.1.2.2" else "<"
    frames, rows, columns, samples = frame_count(dataset), int(dataset.Rows), int(dataset.Columns), int(dataset.SamplesPerPixel)
    for keyword, kind in (("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")):
        if keyword in dataset:
            return np.frombuffer(dataset[keyword].value, order + kind, frames * rows * columns).reshape(frames, rows, columns)
    bits = int(dataset.BitsAllocated)
    if bits == 1:
        # PS3.5 8.1.1: the first pixel is the lowest bit; frames follow each other without a gap.
        packed = np.frombuffer(dataset.PixelData, np.uint8)
        return ((packed[:, None] >> np.arange(8)) & 1).ravel()[: frames * rows * columns].reshape(frames, rows, columns)
    values = np.frombuffer(dataset.PixelData, f"{order}u{bits // 8}")
    if samples == 1:
        return values[: frames * rows * columns].reshape(frames, rows, columns)
    if str(dataset.PhotometricInterpretation) == "YBR_FULL_422":
        pairs = values[: frames * rows * columns * 2].reshape(frames, rows, columns // 2, 4)
        two = [np.stack((pairs[..., i], pairs[..., 2], pairs[..., 3]), axis=-1) for i in (0, 1)]
        return np.stack(two, axis=3).reshape(frames, rows, columns, 3)
    values = values[: frames * rows * columns * 3]
    if int(dataset.PlanarConfiguration) == 1:
        return np.moveaxis(values.reshape(frames, 3, rows, columns), 1, -1)
    return values.reshape(frames, rows, columns, 3)


def _compressed(dataset: Dataset) -> Iterator[bytes]:
    yield from generate_frames(dataset.PixelData, number_of_frames=frame_count(dataset))


def _rle(frame: bytes, dataset: Dataset) -> Array:
    """PS3.5 Annex G, byte by byte."""
    rows, columns, width = int(dataset.Rows), int(dataset.Columns), int(dataset.BitsAllocated) // 8
    count, *offsets = struct.unpack("<16I", frame[:64])
    edges = [*offsets[:count], len(frame)]
    planes = [_packbits(frame[a:b], rows * columns) for a, b in itertools.pairwise(edges)]
    samples = []
    for start in range(0, count, width):
        total = np.zeros(rows * columns, np.uint32)
        for plane in planes[start : start + width]:
            total = (total << 8) | np.frombuffer(plane, np.uint8)
        samples.append(total.reshape(rows, columns))
    return samples[0] if len(samples) == 1 else np.stack(samples, axis=-1)


def _packbits(data: bytes, size: int) -> bytes:
    out, at = bytearray(), 0
    while len(out) < size:
        control = data[at]
        if control < 128:
            out += data[at + 1 : at + 2 + control]
            at += 2 + control
        elif control > 128:
            out += data[at + 1 : at + 2] * (257 - control)
            at += 2
        else:
            at += 1
    return bytes(out[:size])


def _deflated(frame: bytes, dataset: Dataset) -> Array:
    raw = np.frombuffer(zlib.decompress(frame, -15), np.uint8)
    size = int(dataset.Rows) * int(dataset.Columns)
    if int(dataset.BitsAllocated) == 1:
        raw = ((raw[:, None] >> np.arange(8)) & 1).ravel()
    return raw[:size].reshape(int(dataset.Rows), int(dataset.Columns))


def _stored_bits(raw: Array, dataset: Dataset) -> Array:
    """PS3.5 8.1.1: BitsStored bits that end at HighBit, two's complement when signed."""
    high, bits = int(dataset.HighBit), int(dataset.BitsStored)
    values = (raw.astype(np.int64) >> (high + 1 - bits)) & ((1 << bits) - 1)
    if int(dataset.PixelRepresentation) == 1:
        values = np.where(values >= 1 << (bits - 1), values - (1 << bits), values)
    return values


def _rgb(ybr: Array, bits: int) -> Array:
    """ITU-R BT.601 as in PS3.3 C.7.6.3.1.2, its matrix inverted."""
    forward = np.array([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
    centred = ybr.astype(np.float64) - np.array([0.0, 1 << (bits - 1), 1 << (bits - 1)])
    return np.clip(np.rint(centred @ np.linalg.inv(forward).T), 0, (1 << bits) - 1).astype(np.int64)


def through_palette(values: Array, dataset: Dataset) -> Array:
    """PS3.3 C.7.6.3.1.5-6; entries as 8 bits."""
    channels = []
    for colour in ("Red", "Green", "Blue"):
        count, first, bits = (int(v) for v in dataset[f"{colour}PaletteColorLookupTableDescriptor"].value)
        data = dataset[f"{colour}PaletteColorLookupTableData"].value
        wide = bits == 16 or len(data) >= 2 * (count or 65536)
        table = np.frombuffer(data, "<u2" if wide else "u1")[: count or 65536].astype(np.int64)
        top = 65535 if table.max() > 255 else 255
        channels.append(np.rint(table * 255.0 / top).astype(np.int64)[np.clip(values - first, 0, len(table) - 1)])
    return np.stack(channels, axis=-1)


def _by_other_decoder(dataset: FileDataset, syntax: str, scratch: Path) -> Array:
    """dcmtk for DCT, near-lossless and 8-bit JPEG-LS, SimpleITK for the rest. The header is stripped to its pixel module."""
    bare = _bare(dataset, scratch / "bare.dcm")
    tool = "dcmdjpeg" if syntax in DCT_JPEG else "dcmdjpls" if _is_for_dcmtk(dataset, syntax) else ""
    if tool and shutil.which(tool):
        plain = scratch / "plain.dcm"
        # -cn keeps the stored colours: the conversion to RGB is then ours.
        options = ["+cn"] if tool == "dcmdjpeg" else []
        if subprocess.run([tool, *options, str(bare), str(plain)], check=False, capture_output=True).returncode:
            raise NoOtherDecoder
        return _finished(_native(read(plain), "1.2.840.10008.1.2.1"), read(plain))
    image = SimpleITK.GetArrayFromImage(_itk(bare)).astype(np.int64)
    samples = int(dataset.SamplesPerPixel)
    frames = image.reshape(frame_count(dataset), int(dataset.Rows), int(dataset.Columns), *([3] if samples == 3 else []))
    return through_palette(frames, dataset) if str(dataset.PhotometricInterpretation) == "PALETTE COLOR" else frames


def _is_for_dcmtk(dataset: Dataset, syntax: str) -> bool:
    return syntax == JPEG + "81" or (syntax == JPEG + "80" and int(dataset.BitsAllocated) == 8)


def _itk(path: Path) -> Any:
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    try:
        return reader.Execute()
    except RuntimeError as error:
        raise NoOtherDecoder from error


_PIXEL_MODULE = (
    "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "NumberOfFrames", "PixelData",
)  # fmt: skip


def _bare(dataset: FileDataset, path: Path) -> Path:
    """The same compressed pixels with nothing that could rescale, turn or colour them."""
    bare = Dataset()
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = UID(str(dataset.file_meta.TransferSyntaxUID))
    many = frame_count(dataset) > 1
    bare.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7.2" if many else "1.2.840.10008.5.1.4.1.1.7"
    bare.file_meta.MediaStorageSOPClassUID = bare.SOPClassUID
    bare.SOPInstanceUID = bare.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    for keyword in _PIXEL_MODULE:
        if keyword in dataset:
            bare[keyword] = copy.copy(dataset[keyword])
    if "PlanarConfiguration" in bare:
        # A codestream orders its samples itself; GDCM believes the element when it lies.
        bare.PlanarConfiguration = 0
    # GDCM turns MONOCHROME1 round.
    if str(bare.PhotometricInterpretation) in ("PALETTE COLOR", "MONOCHROME1"):
        bare.PhotometricInterpretation = "MONOCHROME2"
    bare.save_as(path, enforce_file_format=True)
    return path


def modality(dataset: Dataset, values: Array, frame: int) -> Array:
    """Stored values of `frame` (0-based) in modality units, in double precision (PS3.3 C.11.1)."""
    if str(dataset.SOPClassUID) == RT_DOSE:
        return values * float(dataset.DoseGridScaling)
    slope, intercept = _rescale(dataset, frame)
    return values * slope + intercept


def _rescale(dataset: Dataset, frame: int) -> tuple[float, float]:
    groups = []
    if "PerFrameFunctionalGroupsSequence" in dataset and len(dataset.PerFrameFunctionalGroupsSequence) == frame_count(dataset):
        groups = [dataset.PerFrameFunctionalGroupsSequence[frame], *dataset.get("SharedFunctionalGroupsSequence", [])]
    items = [g.PixelValueTransformationSequence[0] for g in groups if g.get("PixelValueTransformationSequence")]
    for item in (*items, dataset):
        if item.get("RescaleSlope") is not None and item.get("RescaleIntercept") is not None:
            return float(item.RescaleSlope), float(item.RescaleIntercept)
    return 1.0, 0.0
