"""Every file of the shared data is decoded with every frame, or refused with a true reason."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from rendering.header import ImageHeader
from rendering.pixels import SuvFactor, modality_values, stored_values, suv_factor
from rendering.shared_frames import SharedFrames
from rendering.worker import DecodeJob, ImageWorker
from workstation.domain.study import Instance
from workstation.errors import Refused

# The whole list of what is not shown, by reason: anything else that is not shown is a fault.
NOT_PARSED = {
    "A DICOMDIR lists files: it is not an image itself": 2,
}
WITHOUT_PIXELS = {
    "Structured report: no pixel data to display": 15,
    "RT structure set: no pixel data of its own": 5,
    "Real world value mapping: no pixel data to display": 4,
    "MR spectroscopy: no pixel data to display": 3,
    "Presentation state: no pixel data of its own": 2,
    "Key object selection: no pixel data to display": 2,
    "Encapsulated PDF: not an image": 2,
    "RT plan: no pixel data to display": 1,
    "Waveform: no pixel data to display": 1,
}

# First frames of one value: segments that begin later, test objects, and the last two of 384
# slices of a head that was cut out.
MAY_BE_BLANK = (
    "02_PETCT_ACRIN042/SEG",
    "04_MR_T1_studyforrest02_2013/N2D_0383",
    "04_MR_T1_studyforrest02_2013/N2D_0384",
    "10_eCT_perfusion/mf_24x38x3",
    "17_RT_dose",
    "18_SEG",
    "20_transfer_syntaxes/misc/liver_deflate",
)

NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")


@dataclass
class Walk:
    """What the worker made of every file, and the frames of those that are small enough to keep."""

    rows: dict[str, dict[str, str]]
    refused: dict[str, Refused] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    headers: dict[str, ImageHeader] = field(default_factory=dict)
    undecoded: dict[str, str] = field(default_factory=dict)
    frames: Counter[str] = field(default_factory=Counter)
    kept: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def walk(shared_data: Path) -> Walk:
    with (shared_data / "manifest.tsv").open() as manifest:
        rows = {row["path"]: row for row in csv.DictReader(manifest, delimiter="\t")}
    found = Walk(rows)
    with ImageWorker() as worker:
        for path, result in worker.parse_many(shared_data / name for name in rows):
            name = str(path.relative_to(shared_data))
            if isinstance(result, Refused):
                found.refused[name] = result
            else:
                found.instances[name] = result.instance
                found.headers[name] = ImageHeader.from_json(result.instance.header)
        _decode_all(found, worker)
    return found


def _decode_all(found: Walk, worker: ImageWorker) -> None:
    alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for name, header in found.headers.items():
        if header.has_pixels:
            alike[header.frame_shape, header.dtype].append(name)
    for names in alike.values():
        slots = [(name, frame) for name in names for frame in range(found.headers[name].frames)]
        block = SharedFrames.for_header(found.headers[names[0]], len(slots))
        jobs = [
            DecodeJob(found.instances[name].path, found.headers[name], frame, slot, found.instances[name].sha256)
            for slot, (name, frame) in enumerate(slots)
        ]

        def note(slot: int, reason: Refused | None, slots: list[tuple[str, int]] = slots) -> None:
            name, _ = slots[slot]
            if reason is None:
                found.frames[name] += 1
            else:
                found.undecoded[name] = str(reason)

        worker.decode(jobs, block, note)
        for slot, (name, frame) in enumerate(slots):
            if frame == 0:
                found.kept[name] = block.array[slot].copy()
        block.close()


def test_every_file_is_decoded_or_on_the_list_of_refusals(walk: Walk) -> None:
    assert len(walk.rows) == 1407
    assert not walk.undecoded
    assert Counter(str(r) for r in walk.refused.values()) == NOT_PARSED
    assert Counter(h.no_pixels for h in walk.headers.values() if h.no_pixels) == WITHOUT_PIXELS
    shown = sum(h.has_pixels for h in walk.headers.values())
    assert shown == 1407 - sum(NOT_PARSED.values()) - sum(WITHOUT_PIXELS.values())


def test_every_frame_is_there_in_the_size_the_manifest_gives(walk: Walk) -> None:
    for name, header in walk.headers.items():
        if header.has_pixels:
            columns_rows_frames = walk.rows[name]["dims"].split(" ")[0]
            assert columns_rows_frames == f"{header.columns}x{header.rows}x{header.frames}", name
            assert walk.frames[name] == header.frames, name


def test_the_bytes_are_the_ones_the_manifest_lists(walk: Walk) -> None:
    for name, instance in walk.instances.items():
        assert instance.sha256 == walk.rows[name]["sha256"], name


def test_only_pictures_known_to_be_empty_are(walk: Walk) -> None:
    blank = {name for name, pixels in walk.kept.items() if pixels.min() == pixels.max()}
    assert not {n for n in blank if not n.startswith(MAY_BE_BLANK)}


def test_uncompressed_files_hold_what_an_independent_reading_finds(walk: Walk, shared_data: Path) -> None:
    compared = 0
    for name, header in walk.headers.items():
        if header.transfer_syntax_uid not in NATIVE or not header.has_pixels or header.samples != 1 or header.bits_allocated == 1:
            continue
        truth = _first_frame(shared_data / name)
        np.testing.assert_array_equal(stored_values(walk.kept[name], header), truth, err_msg=name)
        compared += 1
    assert compared > 100


def _first_frame(path: Path) -> Any:
    """The stored values of frame 1 by pydicom's elements and plain numpy."""
    read = dcmread(path)
    order = ">" if read.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.2" else "<"
    for keyword, kind in (("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")):
        if keyword in read:
            return np.frombuffer(read[keyword].value, order + kind, read.Rows * read.Columns).reshape(read.Rows, read.Columns)
    words = np.frombuffer(read.PixelData, f"{order}u{read.BitsAllocated // 8}", read.Rows * read.Columns).astype(np.int64)
    values = (words >> (read.HighBit + 1 - read.BitsStored)) & ((1 << read.BitsStored) - 1)
    if read.PixelRepresentation == 1:
        values = np.where(values >= 1 << (read.BitsStored - 1), values - (1 << read.BitsStored), values)
    return values.reshape(read.Rows, read.Columns)


@pytest.mark.parametrize("folder", ["01_CT_chest_NLST101287/CT_3_952642", "06_CT_pair_A002304_19001231"])
def test_ct_is_in_hounsfield_units_by_its_own_slope_and_intercept(walk: Walk, shared_data: Path, folder: str) -> None:
    names = [name for name in walk.kept if name.startswith(folder)]
    assert names
    for name in names:
        read = dcmread(shared_data / name, stop_before_pixels=True)
        header = walk.headers[name]
        found = modality_values(walk.kept[name], header, 0)
        expected = stored_values(walk.kept[name], header) * float(read.RescaleSlope) + float(read.RescaleIntercept)
        assert found.unit == "HU"
        assert np.abs(found.values - expected).max() <= 1e-3, name
        # Air around the patient or padding is the least there is, bone and metal the most.
        assert found.values.min() <= -900
        assert found.values.max() < 32767


def test_the_pet_has_the_suv_factor_of_its_dose_and_weight_and_the_uncorrected_one_has_none(walk: Walk) -> None:
    corrected = [h for name, h in walk.headers.items() if name.startswith("02_PETCT_ACRIN042/PT_1")]
    uncorrected = [h for name, h in walk.headers.items() if name.startswith("02_PETCT_ACRIN042/PT_2")]
    assert len(corrected) == len(uncorrected) == 135
    # 91 kg, 588.8 MBq of F-18 at 07:21:00, scan at 09:59:47.
    expected = 91_000.0 / (588_802_304.0 * 2.0 ** (-9527.0 / 6588.0))
    assert expected == pytest.approx(0.00042111, abs=5e-9)
    for header in corrected:
        factor = suv_factor(header)
        assert isinstance(factor, SuvFactor)
        assert factor.factor == pytest.approx(expected, rel=1e-9)
    for header in uncorrected:
        assert isinstance(suv_factor(header), tuple)


def test_the_same_slice_looks_alike_in_the_lossy_syntaxes(walk: Walk) -> None:
    folder = "20_transfer_syntaxes/CTImage/CTImage"
    reference = walk.kept[f"{folder}_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm"].astype(float)
    lossy = [
        n
        for n in walk.kept
        if n.startswith(folder) and n.endswith((".4.50.dcm", ".4.51.dcm", ".4.53.dcm", ".4.55.dcm", ".4.81.dcm", ".4.91.dcm"))
    ]
    assert len(lossy) == 6
    for name in lossy:
        pixels = stored_values(walk.kept[name], walk.headers[name]).astype(float)
        assert np.corrcoef(pixels.ravel(), reference.ravel())[0, 1] > 0.99, name
