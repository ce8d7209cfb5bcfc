"""The worker's reading of sealed files: in memory or by blocks, it gives what the plain file gives."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from received import BIG, DEFLATED, EXPLICIT, IMPLICIT, RLE, dataset, encapsulated, rle_frame, save, smooth

from rendering import file_bytes
from rendering.decode import decode_into, open_source
from rendering.decode_direct import is_direct, read_frame
from rendering.file_bytes import SealedBytes, read_file
from rendering.header import ImageHeader
from rendering.parse import parse_bytes, parse_file
from rendering.shared_frames import SharedFrames
from rendering.worker import DecodeJob, ImageWorker, WorkerLimits
from workstation.at_rest.vault import Purpose, Vault
from workstation.domain.study import ParsedInstance
from workstation.errors import Refused

MOST = 1 << 30
VAULT = Vault.with_key(bytes(32))


def sealed(path: Path) -> Path:
    place = path.with_suffix(".sealed")
    with VAULT.create(place, Purpose.OBJECT) as file:
        file.write(path.read_bytes())
    return place


def frames_of(path: Path, key: bytes, header: ImageHeader, sha256: str) -> list[np.ndarray[Any, Any]]:
    source = open_source(read_file(path, MOST, key), header, sha256)
    slots = [np.zeros(header.frame_shape, header.dtype) for _ in range(header.frames)]
    for number, slot in enumerate(slots):
        decode_into(source, number, slot)
    return slots


def grey(count: int) -> np.ndarray[Any, Any]:
    return np.stack([smooth(200, 300, 4000) + number for number in range(count)]).astype("u2")


def made(name: str) -> Any:
    pixels = grey(4)
    if name == "RLE":
        data = encapsulated([rle_frame(frame) for frame in pixels])
        return dataset(pixels, RLE, NumberOfFrames=4, PixelData=data)
    if name == "bits":
        bits = np.random.default_rng(5).integers(0, 2, (5, 99, 33), "u1")
        packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
        return dataset(
            bits, EXPLICIT, NumberOfFrames=5, PixelData=packed + bytes(len(packed) % 2), BitsAllocated=1, BitsStored=1, HighBit=0
        )
    if name == "colour":
        return dataset(np.random.default_rng(5).integers(0, 255, (3, 99, 33, 3), "u1"), EXPLICIT, NumberOfFrames=3)
    return dataset(
        pixels, {"big-endian": BIG, "implicit": IMPLICIT, "deflated": DEFLATED, "explicit": EXPLICIT}[name], NumberOfFrames=4
    )


@pytest.mark.parametrize("by_blocks", [False, True])
@pytest.mark.parametrize("name", ["explicit", "implicit", "big-endian", "deflated", "RLE", "bits", "colour"])
def test_a_sealed_file_is_read_as_the_plain_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, by_blocks: bool
) -> None:
    plain = save(made(name), tmp_path / "a.dcm")
    place = sealed(plain)
    truth = parse_bytes(plain.read_bytes(), str(place))
    if by_blocks:
        monkeypatch.setattr(file_bytes, "MAPPED_FROM", 1)
    assert isinstance(read_file(place, MOST, VAULT.key_of(place)), SealedBytes) is by_blocks
    assert parse_file(place, MOST, VAULT.key_of(place)) == truth
    header = ImageHeader.from_json(truth.instance.header)
    expected = frames_of(plain, b"", header, truth.instance.sha256)
    found = frames_of(place, VAULT.key_of(place), header, truth.instance.sha256)
    assert len(found) == header.frames > 1
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.parametrize("name", ["explicit", "implicit", "big-endian", "deflated", "RLE", "bits", "colour"])
def test_a_file_whose_hash_is_known_is_read_as_the_whole_one(tmp_path: Path, name: str, is_sealed: bool) -> None:
    plain = save(made(name), tmp_path / "a.dcm")
    place = sealed(plain) if is_sealed else plain
    truth = parse_file(place, MOST, VAULT.key_of(place))
    assert parse_file(place, MOST, VAULT.key_of(place), truth.instance.sha256) == truth


def test_of_a_kept_file_the_worker_takes_the_hash_that_it_is_given(tmp_path: Path) -> None:
    """And takes it itself where none is given, of a file beside it."""
    paths = [save(made(name), tmp_path / f"{name}.dcm") for name in ("explicit", "implicit")]
    with ImageWorker(key_of=VAULT.key_of) as worker:
        found = [parsed for _, parsed in worker.parse_kept([(paths[0], "5a" * 32), (paths[1], "")])]
    hashes = [parsed.instance.sha256 for parsed in found if isinstance(parsed, ParsedInstance)]
    assert hashes == ["5a" * 32, hashlib.sha256(paths[1].read_bytes()).hexdigest()]


def test_a_large_sealed_file_is_sound_only_where_its_blocks_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F16: damage after the file was opened and its checksum was right."""
    plain = save(made("explicit"), tmp_path / "a.dcm")
    place = sealed(plain)
    truth = parse_bytes(plain.read_bytes(), str(place)).instance
    monkeypatch.setattr(file_bytes, "MAPPED_FROM", 1)
    header = ImageHeader.from_json(truth.header)
    source = open_source(read_file(place, MOST, VAULT.key_of(place)), header, truth.sha256)
    with place.open("r+b") as file:
        file.seek(-200_000, 2)
        file.write(b"x")
    slot = np.zeros(header.frame_shape, header.dtype)
    decode_into(source, 0, slot)
    assert np.array_equal(slot, grey(4)[0])
    with pytest.raises(Refused, match="damaged"):
        decode_into(source, 2, slot)


@pytest.mark.parametrize("side", [40, 512, 700])
def test_the_short_way_reads_a_sealed_file_into_its_slot(tmp_path: Path, side: int) -> None:
    plain = save(dataset(np.random.default_rng(side).integers(0, 65535, (side, side), "u2")), tmp_path / "a.dcm")
    place = sealed(plain)
    found = parse_bytes(plain.read_bytes(), "").instance
    header = ImageHeader.from_json(found.header)
    assert is_direct(header)
    direct, truth = (np.zeros(header.frame_shape, header.dtype) for _ in range(2))
    assert read_frame(place, MOST, header, found.sha256, direct, VAULT.key_of(place))
    assert read_frame(plain, MOST, header, found.sha256, truth)
    assert truth.any()
    assert np.array_equal(direct, truth)
    assert not read_frame(place, plain.stat().st_size - 1, header, found.sha256, direct, VAULT.key_of(place))
    direct[...] = 7
    with pytest.raises(Refused, match="has changed"):
        read_frame(place, MOST, header, "0" * 64, direct, VAULT.key_of(place))
    assert not direct.any()


def test_the_worker_knows_only_the_keys_it_is_given(tmp_path: Path) -> None:
    one, two = (sealed(save(dataset(smooth(40, 50, 4095)), tmp_path / f"{n}.dcm")) for n in "ab")
    asked: list[Path] = []

    def key_of(path: Path) -> bytes:
        asked.append(path)
        if path == two:
            raise Refused("No key")
        return VAULT.key_of(path)

    with ImageWorker(WorkerLimits(processes=1), key_of) as worker:
        (_, first), (_, second) = worker.parse_many([one, two])
        assert not isinstance(first, Refused)
        assert isinstance(second, Refused)
        assert second.title == "The stored file is encrypted"
        header = ImageHeader.from_json(first.instance.header)
        frames, answers = SharedFrames.for_header(header, 2), {}
        jobs = [DecodeJob(str(path), header, 0, slot, first.instance.sha256) for slot, path in enumerate((one, two))]
        worker.decode(jobs, frames, answers.__setitem__)
    assert answers[0] is None
    assert isinstance(answers[1], Refused)
    assert np.array_equal(frames.array[0], smooth(40, 50, 4095))
    assert not frames.array[1].any()
    assert set(asked) == {one, two}


def test_limits_count_the_plain_bytes(tmp_path: Path) -> None:
    place = sealed(save(dataset(smooth(40, 50, 4095)), tmp_path / "a.dcm"))
    size = (tmp_path / "a.dcm").stat().st_size
    assert len(read_file(place, size, VAULT.key_of(place))) == size
    with pytest.raises(Refused, match="larger than is allowed"):
        read_file(place, size - 1, VAULT.key_of(place))
