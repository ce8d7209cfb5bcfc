"""Hostile and damaged files (reliability 2.4): each a clean refusal, in bounded memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import psutil
import pytest
from pydicom.dataset import Dataset
from received import (
    BIG,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG,
    RLE,
    dataset,
    encapsulated,
    item,
    items,
    literal_runs,
    rle_frame,
    rle_header,
    save,
    smooth,
)

from rendering.header import ImageHeader
from rendering.shared_frames import SharedFrames
from rendering.worker import DecodeJob, ImageWorker, WorkerLimits
from workstation.domain.study import ParsedInstance
from workstation.errors import Refused

# The worker itself takes about 100 MB; a file of 2.4 may not make it grow by more than this.
MOST_GROWTH = 400 << 20

GREY = smooth(64, 64, 4095)
Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


@pytest.fixture
def fresh_worker() -> Iterator[ImageWorker]:
    """One whose memory nothing else has touched."""
    with ImageWorker(WorkerLimits(processes=1, threads=1)) as running:
        yield running


def refusal(worker: ImageWorker, path: Path) -> str:
    """Why the file is refused, when parsed or when decoded. Fails when it is not."""
    try:
        found = worker.parse(path)
    except Refused as refused:
        return str(refused)
    return decoding_refusal(worker, path, found)


def decoding_refusal(worker: ImageWorker, path: Path, found: ParsedInstance) -> str:
    header = ImageHeader.from_json(found.instance.header)
    frames = SharedFrames.for_header(header)
    refused: list[Refused | None] = []
    worker.decode([DecodeJob(str(path), header, 0, 0)], frames, lambda _slot, reason: refused.append(reason))
    frames.close()
    assert refused != [None], "the file was shown"
    return str(refused[0])


def test_a_huge_image_in_a_small_file_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    made = dataset(GREY, Rows=65535, Columns=65535)
    assert "larger than is allowed" in refusal(worker, save(made, tmp_path / "a.dcm"))


def test_a_large_image_in_a_small_file_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    made = dataset(GREY, Rows=20000, Columns=20000)
    assert "too short" in refusal(worker, save(made, tmp_path / "a.dcm"))


def test_an_rle_bomb_is_refused_in_bounded_memory(fresh_worker: ImageWorker, tmp_path: Path) -> None:
    segment = b"\x81\x00" * 400
    made = dataset(GREY, RLE, Rows=16000, Columns=16000, PixelData=encapsulated([rle_header([800, 800]) + segment * 2]))
    assert "too short for the image" in refusal(fresh_worker, save(made, tmp_path / "a.dcm"))
    assert peak() < MOST_GROWTH


def test_a_hundred_thousand_frames_in_a_kilobyte_are_refused(worker: ImageWorker, tmp_path: Path) -> None:
    made = dataset(GREY[np.newaxis], RLE, NumberOfFrames=100_000, PixelData=encapsulated([rle_frame(GREY)]))
    assert "Frames are missing" in refusal(worker, save(made, tmp_path / "a.dcm"))


def test_a_jpeg_2000_of_another_size_than_its_header_says_is_refused_before_decoding(
    fresh_worker: ImageWorker, tmp_path: Path
) -> None:
    stream = bytearray(imagecodecs.jpeg2k_encode(GREY, codecformat="j2k"))
    stream[8:16] = stream[24:32] = struct.pack(">II", 60000, 60000)
    made = dataset(GREY, JPEG + "90", PixelData=encapsulated([bytes(stream)]))
    assert "disagree" in refusal(fresh_worker, save(made, tmp_path / "a.dcm"))
    assert peak() < MOST_GROWTH


def test_a_deflate_bomb_is_stopped(fresh_worker: ImageWorker, tmp_path: Path) -> None:
    path = save(dataset(GREY, DEFLATED), tmp_path / "a.dcm")
    head = path.read_bytes()
    start = 144 + struct.unpack_from("<I", head, 140)[0]
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # A full flush makes the block stand alone, so that repeating it is a stream of 2 GB of zeros.
    block = engine.compress(bytes(32 << 20)) + engine.flush(zlib.Z_FULL_FLUSH)
    bomb = block * 64 + engine.flush()
    assert len(bomb) < 3_000_000
    path.write_bytes(head[:start] + bomb)
    assert "unpacks to more than is allowed" in refusal(fresh_worker, path)
    assert peak() < 1 << 30


def test_sequences_nested_five_thousand_deep_are_refused(worker: ImageWorker, tmp_path: Path) -> None:
    path = save(dataset(), tmp_path / "a.dcm")
    opening = struct.pack("<HH2sHIHHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
    path.write_bytes(path.read_bytes() + opening * 5000)
    assert "nests its sequences too deeply" in refusal(worker, path)


ENCODERS: dict[str, Callable[[Array], bytes]] = {
    JPEG + "50": lambda p: bytes(imagecodecs.jpeg8_encode((p >> 4).astype(np.uint8), 90)),
    JPEG + "70": lambda p: bytes(imagecodecs.jpeg8_encode(p, lossless=True, bitspersample=16)),
    JPEG + "80": lambda p: bytes(imagecodecs.jpegls_encode(p)),
    JPEG + "90": lambda p: bytes(imagecodecs.jpeg2k_encode(p, codecformat="j2k")),
    JPEG + "201": lambda p: bytes(imagecodecs.htj2k_encode(p)),
    RLE: rle_frame,
}


def compressed(syntax: str, stream: bytes, pixels: Array = GREY) -> Dataset:
    shown = (pixels >> 4).astype(np.uint8) if syntax == JPEG + "50" else pixels
    return dataset(shown, syntax, PixelData=encapsulated([stream]))


@pytest.mark.parametrize("syntax", ENCODERS)
def test_a_codestream_of_another_size_than_the_header_is_refused(worker: ImageWorker, tmp_path: Path, syntax: str) -> None:
    made = compressed(syntax, ENCODERS[syntax](GREY))
    made.Rows, made.Columns = 128, 32
    if syntax == RLE:
        made.Columns = 64
    assert refusal(worker, save(made, tmp_path / "a.dcm"))


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
@pytest.mark.parametrize("syntax", ENCODERS)
def test_a_codestream_cut_short_is_refused(worker: ImageWorker, tmp_path: Path, syntax: str, share: float) -> None:
    whole = ENCODERS[syntax](GREY)
    made = compressed(syntax, whole[: int(len(whole) * share)])
    assert refusal(worker, save(made, tmp_path / "a.dcm"))


@pytest.mark.parametrize("syntax", ENCODERS)
def test_a_file_cut_short_in_its_pixels_is_refused(worker: ImageWorker, tmp_path: Path, syntax: str) -> None:
    path = save(compressed(syntax, ENCODERS[syntax](GREY)), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-300])
    assert "cut off" in refusal(worker, path)


@pytest.mark.parametrize("syntax", ENCODERS)
def test_rubbish_for_a_codestream_is_refused(worker: ImageWorker, tmp_path: Path, syntax: str) -> None:
    rubbish = np.random.default_rng(5).bytes(4000)
    assert refusal(worker, save(compressed(syntax, rubbish), tmp_path / "a.dcm"))


def test_a_codestream_with_fewer_bits_than_the_header_says_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    stream = bytes(imagecodecs.jpeg8_encode(GREY, 95, bitspersample=12))
    made = dataset(GREY, JPEG + "51", PixelData=encapsulated([stream]), BitsStored=16)
    assert "BitsStored is 16, the precision 12" in refusal(worker, save(made, tmp_path / "a.dcm"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\xff\xc4", b"\xff\xe4"),  # no Huffman table at all
        (b"\xff\xda\x00\x08\x01\x00\x00", b"\xff\xda\x00\x08\x01\x00\x30"),  # a scan by a table that is not there
        (b"\xff\xc3\x00\x0b", b"\xff\xc3\x00\x30"),  # a frame header that swallows the tables
    ],
)
def test_a_lossless_jpeg_without_its_huffman_table_is_refused_before_it_is_decoded(
    worker: ImageWorker, tmp_path: Path, before: bytes, after: bytes
) -> None:
    """liblj92 reads through a null pointer there (found by fuzzing, F06)."""
    whole = ENCODERS[JPEG + "70"](GREY)
    if before not in whole:
        before, after = whole[(at := whole.index(b"\xff\xda")) : at + 7], whole[at : at + 6] + b"\x30"
    said = refusal(worker, save(compressed(JPEG + "70", whole.replace(before, after, 1)), tmp_path / "a.dcm"))
    assert "killed" not in said
    assert "malformed" in said


@pytest.mark.parametrize("place", range(0, 20, 3))
def test_a_huffman_table_that_cannot_be_is_refused(worker: ImageWorker, tmp_path: Path, place: int) -> None:
    whole = bytearray(ENCODERS[JPEG + "70"](GREY))
    at = whole.index(b"\xff\xc4") + 4
    whole[at + 1 + place] = 0xFF
    assert "killed" not in refusal(worker, save(compressed(JPEG + "70", bytes(whole)), tmp_path / "a.dcm"))


def test_raw_pixels_of_half_the_length_are_refused(worker: ImageWorker, tmp_path: Path) -> None:
    made = dataset(GREY, PixelData=GREY.tobytes()[: GREY.nbytes // 2])
    assert "too short" in refusal(worker, save(made, tmp_path / "a.dcm"))


def test_raw_pixels_of_double_the_length_are_refused(worker: ImageWorker, tmp_path: Path) -> None:
    made = dataset(GREY, PixelData=GREY.tobytes() * 2)
    assert "longer than the header says" in refusal(worker, save(made, tmp_path / "a.dcm"))


def test_an_rle_frame_with_a_byte_plane_missing_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    one = literal_runs(bytes(64 * 64))
    made = dataset(GREY, RLE, PixelData=encapsulated([rle_header([len(one)]) + one]))
    assert "RLE segments" in refusal(worker, save(made, tmp_path / "a.dcm"))


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"Rows": 0}, "Rows is missing or not possible"),
        ({"BitsStored": 17}, "contradict each other"),
        ({"HighBit": 3}, "contradict each other"),
        ({"BitsAllocated": 12}, "BitsAllocated is missing or not supported"),
        ({"SamplesPerPixel": 3}, "disagree"),
        ({"PhotometricInterpretation": "HSV"}, "not supported"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "palette"),
        ({"StudyInstanceUID": "../../../etc/passwd"}, "StudyInstanceUID is not a UID"),
        ({"SeriesInstanceUID": "1." * 40}, "SeriesInstanceUID is not a UID"),
        ({"SOPClassUID": None}, "SOPClassUID is missing"),
    ],
)
def test_a_header_that_cannot_be_is_refused(worker: ImageWorker, tmp_path: Path, elements: dict[str, Any], reason: str) -> None:
    assert reason in refusal(worker, save(dataset(GREY, **elements), tmp_path / "a.dcm"))


@pytest.mark.parametrize("data", [b"", b"x", b"MZ" + bytes(500), b"\x89PNG\r\n\x1a\n" + bytes(400), b"{}" * 300, bytes(4000)])
def test_what_is_not_dicom_is_refused_as_such(worker: ImageWorker, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(data)
    assert "Not a DICOM file" in refusal(worker, path)


def test_every_cut_of_a_file_is_refused_or_whole(worker: ImageWorker, tmp_path: Path) -> None:
    nested = dataset(GREY[:8, :8], ViewCodeSequence=items(item(CodeValue="R-10226", CodeMeaning="cranio-caudal")))
    whole = save(nested, tmp_path / "whole.dcm").read_bytes()
    paths = []
    for length in range(0, len(whole), 7):
        paths.append(tmp_path / f"{length}.dcm")
        paths[-1].write_bytes(whole[:length])
    for path, found in worker.parse_many(paths):
        assert isinstance(found, Refused) or found.instance.header.get("no_pixels"), path.name


def test_random_changes_never_do_more_than_refuse(worker: ImageWorker, tmp_path: Path) -> None:
    whole = save(dataset(GREY[:16, :16]), tmp_path / "whole.dcm").read_bytes()
    chance = np.random.default_rng(11)
    paths = []
    for number in range(200):
        changed = bytearray(whole)
        for place in chance.integers(132, len(whole), 6):
            changed[place] = chance.integers(0, 256)
        paths.append(tmp_path / f"{number}.dcm")
        paths[-1].write_bytes(changed)
    found = [result for _, result in worker.parse_many(paths)]
    assert len(found) == 200
    killed = [r for r in found if isinstance(r, Refused) and "killed" in r.detail]
    assert not killed


def test_a_refusal_holds_nothing_of_the_patient(worker: ImageWorker, tmp_path: Path) -> None:
    made = dataset(GREY, PatientName="Secret^Name", PatientID="19121212-1212", StudyInstanceUID="19121212-1212")
    assert "19121212" not in refusal(worker, save(made, tmp_path / "a.dcm"))


def peak() -> int:
    """The most memory that the last started worker process ever held, in bytes."""
    workers = [child for child in psutil.Process().children() if any("worker_process" in part for part in child.cmdline())]
    newest = max(workers, key=lambda child: child.create_time())
    status = Path(f"/proc/{newest.pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG, DEFLATED, RLE])
@pytest.mark.parametrize("lie", [{"Rows": 63}, {"Columns": 59}, {"Rows": 62}, {"Columns": 58}])
def test_pixels_of_a_row_or_column_more_than_the_header_says_are_refused(
    worker: ImageWorker, tmp_path: Path, syntax: str, lie: dict[str, int]
) -> None:
    pixels = smooth(64, 60, 4095)
    packed = {"PixelData": encapsulated([rle_frame(pixels)])} if syntax == RLE else {}
    path = save(dataset(pixels, syntax, **packed, **lie), tmp_path / "a.dcm")
    assert "header says" in (said := refusal(worker, path)) or "too long" in said


def test_more_codestreams_than_frames_are_refused(worker: ImageWorker, tmp_path: Path) -> None:
    frames = [bytes(imagecodecs.jpegls_encode(g)) for g in (GREY, GREY[::-1].copy())]
    path = save(dataset(GREY, JPEG + "80", PixelData=encapsulated(frames)), tmp_path / "a.dcm")
    assert "more frames" in refusal(worker, path)
