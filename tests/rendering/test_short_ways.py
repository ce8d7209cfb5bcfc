"""Where a shorter way was built for speed, it gives what the long way gives."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from received import BIG, EXPLICIT, dataset, save, smooth

from rendering import decode_direct, viewport_paint
from rendering.decode import decode_into, open_source
from rendering.frame_memory import zeros
from rendering.header import FrameFacts, ImageHeader, ModalityTransform, PetFacts
from rendering.pixels import clear_foreign_bits, stored_values
from rendering.shared_frames import SharedFrames
from rendering.spare import SparePictures
from rendering.viewport import Viewport
from rendering.viewport_cut import enlarged
from rendering.worker import DecodeJob, ImageWorker, WorkerLimits
from workstation.domain.viewing import Plane, VoiFunction, Window
from workstation.errors import Refused

MOST = 1 << 30
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def worker() -> Iterator[ImageWorker]:
    with ImageWorker(WorkerLimits(processes=1, threads=2)) as running:
        yield running


# ---- an image at its own size ---------------------------------------------------------


@pytest.mark.parametrize(("dtype", "bits", "signed"), [("u1", 8, False), ("u2", 12, False), ("i2", 12, True), ("u2", 16, False)])
@pytest.mark.parametrize(
    "transform", [ModalityTransform(), ModalityTransform(1.0, -1024.0, "HU"), ModalityTransform(0.37, 3.2, "X")]
)
@pytest.mark.parametrize("changes", [{}, {"inverted": True}, {"pan": (0.25, -0.5)}, {"pan": (-1.5, 0.0)}])
@pytest.mark.parametrize("window", [Window(40.0, 400.0), Window(10.0, 33.3, VoiFunction.LINEAR_EXACT)])
def test_an_image_at_its_own_size_has_the_greys_of_the_resampled_one(
    maker: Any,
    monkeypatch: pytest.MonkeyPatch,
    dtype: str,
    bits: int,
    signed: bool,
    transform: ModalityTransform,
    changes: dict[str, Any],
    window: Window,
) -> None:
    container = dtype[0].replace("i", "u") + dtype[1]
    pixels = np.random.default_rng(3).integers(0, 1 << (8 * int(dtype[1])), (16, 16), dtype=container).view(dtype)
    allocated = 8 * pixels.itemsize
    maker.header = replace(
        maker.header, modality="DX", bits_allocated=allocated, bits_stored=bits, high_bit=bits - 1, is_signed=signed
    )
    maker.add(pixels, transform=transform)
    viewport = maker.viewport()
    state = replace(viewport.default_state(), window=window, **changes)
    short = viewport.picture(state, 16, 16).pixels
    monkeypatch.setattr(viewport_paint, "pixel_for_pixel", lambda *_: None)
    assert np.array_equal(short, Viewport(viewport.images).picture(state, 16, 16).pixels)


def test_a_turned_enlarged_or_half_shifted_image_is_no_pixel_for_pixel_picture(maker: Any) -> None:
    maker.add(smooth(16, 16, 400, "i2"))
    viewport = maker.viewport()
    plain = viewport.default_state()

    def corner(size: int, **changes: Any) -> tuple[int, int] | None:
        view = viewport._view(replace(plain, **changes), size, 16)
        return viewport_paint.pixel_for_pixel(view.screen, size, 16)

    assert corner(16) == (0, 0)
    assert corner(18) == (-1, 0)
    assert corner(17) is None
    assert corner(16, rotation=90) is None
    assert corner(16, flipped_horizontally=True) is None
    assert corner(16, zoom=1.001) is None


# ---- while the mouse moves ------------------------------------------------------------


def test_a_picture_filled_in_between_every_second_or_fourth_pixel_is_linear_between_them() -> None:
    ramp = (np.arange(33)[:, np.newaxis] * 2 + np.arange(33)[np.newaxis] * 4).astype(np.uint8)
    for times in (2, 4):
        reached = 33 - times  # the last pixels only repeat
        thin = np.ascontiguousarray(ramp[::times, ::times])
        found = np.zeros((33, 33), np.uint8)
        enlarged(thin, times, found)
        assert np.array_equal(found[:reached, :reached], ramp[:reached, :reached])


@pytest.mark.parametrize("size", [(64, 64), (61, 47)])
def test_the_picture_after_a_drag_is_that_of_a_cut_never_dragged(maker: Any, acquisition: Any, size: tuple[int, int]) -> None:
    acquisition(shape=(12, 16, 16)).fill(maker, lambda points: points @ np.array([3.0, 2.0, 1.0]))
    viewport = maker.viewport()
    plain = viewport.default_state(Plane.OBLIQUE)
    oblique = ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0))
    state = replace(plain, oblique=oblique, window=Window(300.0, 200.0, VoiFunction.LINEAR_EXACT))
    dragged = viewport.picture(state, *size, fast=True).pixels
    still = viewport.picture(state, *size).pixels
    assert np.array_equal(still, Viewport(viewport.images).picture(state, *size).pixels)
    assert dragged.shape == still.shape == (size[1], size[0])
    inside = np.zeros(still.shape, bool)
    inside[24:40, 16:32] = True
    # The values are a ramp: what lies between is known, but for rounding.
    assert np.abs(dragged.astype(int) - still)[inside].max() <= 2


# ---- from the disk to the slot --------------------------------------------------------


def parsed(worker: ImageWorker, path: Path) -> tuple[ImageHeader, str]:
    found = worker.parse(path).instance
    return ImageHeader.from_json(found.header), found.sha256


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2"])
@pytest.mark.parametrize("columns", [50, 51])
def test_a_file_read_straight_into_its_slot_is_as_one_that_was_decoded(
    worker: ImageWorker, tmp_path: Path, dtype: str, columns: int
) -> None:
    path = save(dataset(smooth(41, columns, 100, dtype)), tmp_path / "a.dcm")
    header, sha256 = parsed(worker, path)
    assert decode_direct.is_direct(header)
    direct, decoded = (np.zeros(header.frame_shape, header.dtype) for _ in range(2))
    assert decode_direct.read_frame(path, MOST, header, sha256, direct)
    decode_into(open_source(path.read_bytes(), header, sha256), 0, decoded)
    assert direct.any()
    assert np.array_equal(direct, decoded)


@pytest.mark.parametrize("at", [0, 200, -1])
def test_a_byte_changed_anywhere_in_the_file_leaves_the_slot_black(worker: ImageWorker, tmp_path: Path, at: int) -> None:
    path = save(dataset(smooth(40, 50, 4095)), tmp_path / "a.dcm")
    header, _ = parsed(worker, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    slot = np.ones(header.frame_shape, header.dtype)
    with pytest.raises(Refused, match="has changed"):
        decode_direct.read_frame(path, MOST, header, sha256, slot)
    assert not slot.any()


def test_what_is_not_its_frame_byte_for_byte_goes_the_long_way(worker: ImageWorker, tmp_path: Path) -> None:
    grey = smooth(40, 50, 4095)
    for name, made in {
        "big": dataset(grey, BIG),
        "colour": dataset(np.zeros((8, 8, 3), "u1")),
        "frames": dataset(np.stack([grey, grey]), NumberOfFrames=2),
    }.items():
        header, _ = parsed(worker, save(made, tmp_path / f"{name}.dcm"))
        assert not decode_direct.is_direct(header), name
    path = save(dataset(grey, EXPLICIT), tmp_path / "plain.dcm")
    header, sha256 = parsed(worker, path)
    slot = np.zeros(header.frame_shape, header.dtype)
    assert not decode_direct.read_frame(path, path.stat().st_size - 1, header, sha256, slot)
    assert not decode_direct.read_frame(tmp_path / "missing.dcm", MOST, header, sha256, slot)
    assert not decode_direct.read_frame(path, MOST, header, sha256, slot.T)


@pytest.mark.parametrize(
    ("bits", "high", "signed"), [(12, 11, False), (12, 11, True), (12, 13, False), (10, 15, True), (16, 15, True)]
)
def test_clearing_foreign_bits_in_place_gives_the_stored_values(bits: int, high: int, signed: bool) -> None:
    header = ImageHeader(
        "", "", "", "", "", "CT", bits_allocated=16, bits_stored=bits, high_bit=high, is_signed=signed, rows=1, columns=1 << 16
    )
    container = np.arange(1 << 16, dtype="u2").view("i2" if signed else "u2")
    expected = stored_values(container.copy(), header)
    clear_foreign_bits(container, header)
    assert np.array_equal(container, expected)


def test_the_worker_clears_foreign_bits_when_it_is_asked_to(worker: ImageWorker, tmp_path: Path) -> None:
    plain = smooth(40, 50, 4095)
    path = save(dataset(plain, BitsStored=12, HighBit=11, PixelData=(plain | 0xF000).tobytes()), tmp_path / "a.dcm")
    header, sha256 = parsed(worker, path)
    frames = SharedFrames.for_header(header, 2)
    jobs = [DecodeJob(str(path), header, 0, slot, sha256, clean) for slot, clean in ((0, False), (1, True))]
    for job in jobs:
        worker.decode([job], frames, lambda _slot, reason: None)
    assert np.array_equal(frames.array[0], plain | 0xF000)
    assert np.array_equal(frames.array[1], plain)


def test_a_new_block_under_the_number_of_a_scrapped_one_gets_its_own_frames(worker: ImageWorker, tmp_path: Path) -> None:
    path = save(dataset(smooth(40, 50, 4095)), tmp_path / "a.dcm")
    header, sha256 = parsed(worker, path)
    names = set()
    for _ in range(3):
        frames = SharedFrames.for_header(header)
        names.add(frames.address.name)
        worker.decode([DecodeJob(str(path), header, 0, 0, sha256)], frames, lambda _slot, reason: None)
        assert np.array_equal(frames.array[0], smooth(40, 50, 4095))
        frames.scrap()
    assert len(names) == 1, "the numbers were not used again: this proves nothing"


def test_a_frame_cannot_change_once_it_was_taken_over(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, lambda points: points[..., 2])
    blocks: list[Any] = []
    decode = maker.worker.decode

    def spying(jobs: Any, target: Any, on_frame: Any, cancelled: Any) -> None:
        blocks.append(target)
        decode(jobs, target, on_frame, cancelled)
        target.array[...] = 7

    maker.worker.decode = spying
    images = maker.images()
    assert blocks
    assert [int(images.values(p).values[0, 0]) for p in range(7)] == [318, 315, 312, 309, 306, 303, 300]


# ---- headers and memory ---------------------------------------------------------------


def test_a_header_read_back_is_frozen_and_equal_to_the_one_written() -> None:
    header = ImageHeader("a", "b", "c", "d", "e", "PT", shared=FrameFacts(spacing=(1.0, 2.0)), pet=PetFacts(units="BQML"))
    found = ImageHeader.from_json(header.to_json())
    assert found == header
    assert hash(found) == hash(header)
    assert (type(found), type(found.shared), type(found.pet)) == (ImageHeader, FrameFacts, PetFacts)
    with pytest.raises(FrozenInstanceError):
        found.rows = 3  # type: ignore[misc]
    with pytest.raises(KeyError):
        ImageHeader.from_json({"rows": 1})
    with pytest.raises(TypeError):
        ImageHeader.from_json(header.to_json() | {"unheard_of": 1})
    with pytest.raises(ValueError, match="3 numbers instead of 2"):
        ImageHeader.from_json(header.to_json() | {"shared": {"spacing": [1, 2, 3]}})


def test_memory_for_frames_is_zero_writable_and_refused_when_there_is_too_little() -> None:
    block = zeros((3, 4, 5), "i2")
    assert block.shape == (3, 4, 5)
    assert not block.any()
    block[1] = 9
    assert block.sum() == 180
    assert zeros((0, 4, 5), "u1").size == 0
    with pytest.raises(Refused, match="no memory"):
        zeros((1 << 40, 1 << 20), "f4")


def test_a_session_begins_without_voxels_decoders_or_an_http_client(tmp_path: Path) -> None:
    heavy = ("vtkmodules", "pydicom", "SimpleITK", "imagecodecs", "httpx2")
    program = (
        "import sys; from pathlib import Path; from main import open_core; from workstation.settings import Folders;"
        "root = Path(sys.argv[1]); core = open_core(folders=Folders(root / 'd', root / 'c', root / 'k'));"
        f"core.session.refresh_worklist(); print([m for m in {heavy} if m in sys.modules]); core.close()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (5, 4), (6, 9), (33, 47), (64, 64)])
@pytest.mark.parametrize("times", [1, 2, 4])
def test_every_pixel_of_a_filled_in_picture_is_written(shape: tuple[int, int], times: int) -> None:
    """Memory is used again: nothing of another picture may be left in it (F63)."""
    thin = tuple(1 + -(-(size - 1) // times) for size in shape)
    target = np.full(shape, 7, np.uint8)
    enlarged(np.full(thin, 200, np.uint8), times, target)
    assert (target == 200).all()


def test_memory_of_a_picture_is_used_again_only_when_nobody_refers_to_it() -> None:
    spare = SparePictures()
    first = spare.take((4, 5))
    second = spare.take((4, 5))
    assert not np.shares_memory(first, second)
    place = first.ctypes.data
    seen = first[1:3]  # a view keeps the whole
    del first
    assert spare.take((4, 5)).ctypes.data != place
    buffer = memoryview(seen)
    del seen
    assert spare.take((4, 5)).ctypes.data != place
    del buffer
    assert place in [spare.take((4, 5)).ctypes.data for _ in range(1)] + [spare.take((4, 5)).ctypes.data]
    assert spare.take((2, 2)).shape == (2, 2)


def test_a_picture_that_is_kept_stays_what_it_was_while_others_are_drawn(maker: Any, acquisition: Any) -> None:
    acquisition(shape=(12, 16, 16)).fill(maker, lambda points: points @ np.array([3.0, 2.0, 1.0]))
    viewport = maker.viewport()
    oblique = ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0))
    state = replace(viewport.default_state(Plane.OBLIQUE), oblique=oblique, window=Window(300.0, 200.0))
    kept = [viewport.picture(viewport.at_index(state, index), 40, 40, fast=fast) for index in range(8) for fast in (True, False)]
    copies = [picture.pixels.copy() for picture in kept]
    for index in range(8):
        viewport.picture(viewport.at_index(state, index), 40, 40, fast=True)
    assert all(np.array_equal(picture.pixels, copy) for picture, copy in zip(kept, copies, strict=True))
