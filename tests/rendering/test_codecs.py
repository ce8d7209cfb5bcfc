"""Every transfer syntax gives back the pixels that went in, through the real worker process."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from received import (
    BIG,
    CT,
    DEFLATED,
    DEFLATED_FRAME,
    EXPLICIT,
    IMPLICIT,
    JPEG,
    RLE,
    dataset,
    encapsulated,
    native_bytes,
    rle_frame,
    save,
    smooth,
)

from rendering.header import ImageHeader
from rendering.pixels import colour, stored_values
from rendering.shared_frames import SharedFrames
from rendering.worker import DecodeJob, ImageWorker
from workstation.errors import Refused

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


def decoded(worker: ImageWorker, path: Path) -> tuple[ImageHeader, Array]:
    """The header and all frames as containers."""
    found = worker.parse(path).instance
    header = ImageHeader.from_json(found.header)
    frames = SharedFrames.for_header(header)
    reasons: dict[int, Refused | None] = {}
    jobs = [DecodeJob(str(path), header, i, i, found.sha256) for i in range(header.frames)]
    worker.decode(jobs, frames, reasons.__setitem__)
    refused = next((r for r in reasons.values() if r is not None), None)
    if refused is not None:
        raise refused
    assert set(reasons) == set(range(header.frames))
    pixels = frames.array.copy()
    frames.close()
    return header, pixels


GREY = smooth(70, 90, 4095)
COLOUR = np.stack([smooth(70, 90, 255, "u1", seed) for seed in (1, 2, 3)], axis=-1)


def jpeg_lossless(pixels: Array) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(pixels, lossless=True, bitspersample=pixels.dtype.itemsize * 8))


def j2k(pixels: Array) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", reversible=True))


def htj2k(pixels: Array) -> bytes:
    return bytes(imagecodecs.htj2k_encode(pixels, reversible=True))


def jpeg_ls(pixels: Array) -> bytes:
    return bytes(imagecodecs.jpegls_encode(pixels))


def jpeg_xl(pixels: Array) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(pixels, lossless=True))


def deflated(pixels: Array) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return engine.compress(native_bytes(pixels)) + engine.flush()


LOSSLESS: dict[str, Callable[[Array], bytes]] = {
    RLE: rle_frame,
    JPEG + "57": jpeg_lossless,
    JPEG + "70": jpeg_lossless,
    JPEG + "80": jpeg_ls,
    JPEG + "90": j2k,
    JPEG + "201": htj2k,
    JPEG + "202": htj2k,
    JPEG + "110": jpeg_xl,
    DEFLATED_FRAME: deflated,
}


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_native_syntaxes_give_the_stored_values(worker: ImageWorker, tmp_path: Path, syntax: str) -> None:
    frames = np.stack([GREY, GREY[::-1]])
    header, pixels = decoded(worker, save(dataset(frames, syntax, NumberOfFrames=2), tmp_path / "a.dcm"))
    assert header.transfer_syntax_uid == syntax
    assert pixels.dtype == np.uint16
    np.testing.assert_array_equal(pixels, frames)


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("kind", ["grey 16", "grey 8", "colour"])
def test_lossless_syntaxes_give_the_exact_pixels(worker: ImageWorker, tmp_path: Path, syntax: str, kind: str) -> None:
    first = {"grey 16": GREY, "grey 8": COLOUR[..., 0], "colour": COLOUR}[kind]
    frames = np.stack([first, np.ascontiguousarray(first[::-1])])
    data = encapsulated([LOSSLESS[syntax](np.ascontiguousarray(frame)) for frame in frames])
    path = save(dataset(frames, syntax, NumberOfFrames=2, PixelData=data), tmp_path / "a.dcm")
    _, pixels = decoded(worker, path)
    np.testing.assert_array_equal(pixels, frames)


@pytest.mark.parametrize(
    ("syntax", "encode", "most"),
    [
        (JPEG + "81", lambda p: imagecodecs.jpegls_encode(p, level=2), 2),
        (JPEG + "91", lambda p: imagecodecs.jpeg2k_encode(p, level=60, codecformat="j2k", reversible=False), 400),
        (JPEG + "203", lambda p: imagecodecs.htj2k_encode(p, level=0.0005, reversible=False), 100),
    ],
)
def test_lossy_syntaxes_stay_near_the_pixels(
    worker: ImageWorker, tmp_path: Path, syntax: str, encode: Callable[[Array], bytes], most: int
) -> None:
    path = save(dataset(GREY, syntax, PixelData=encapsulated([bytes(encode(GREY))])), tmp_path / "a.dcm")
    _, pixels = decoded(worker, path)
    error = np.abs(pixels[0].astype(int) - GREY)
    assert 0 < error.max() <= most


BLACK_AND_WHITE = np.random.default_rng(5).random((64, 64)) > 0.5


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEG + "91", lambda p: imagecodecs.jpeg2k_encode(p, level=45, codecformat="j2k", reversible=False)),
        (JPEG + "203", lambda p: imagecodecs.htj2k_encode(p, level=0.01, reversible=False)),
    ],
)
def test_white_that_overshoots_in_a_lossy_syntax_stays_white(
    worker: ImageWorker, tmp_path: Path, syntax: str, encode: Callable[[Array], bytes], bits: int
) -> None:
    top = (1 << bits) - 1
    image = (BLACK_AND_WHITE * top).astype("u1" if bits == 8 else "u2")
    made = dataset(image, syntax, PixelData=encapsulated([bytes(encode(image))]), BitsStored=bits, HighBit=bits - 1)
    header, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    shown = stored_values(pixels[0], header).astype(int)
    assert (np.abs(shown - image) < top // 2).all()
    assert shown.max() == top


def test_lossy_htj2k_under_a_lossless_name_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    data = encapsulated([bytes(imagecodecs.htj2k_encode(GREY, level=0.01, reversible=False))])
    path = save(dataset(GREY, JPEG + "201", PixelData=data), tmp_path / "a.dcm")
    with pytest.raises(Refused, match="not of its transfer syntax"):
        decoded(worker, path)


@pytest.mark.parametrize("syntax", [JPEG + "50", JPEG + "51", JPEG + "53", JPEG + "55"])
def test_dct_jpeg_of_eight_bits_stays_near_the_pixels(worker: ImageWorker, tmp_path: Path, syntax: str) -> None:
    grey = np.ascontiguousarray(COLOUR[..., 0])
    data = encapsulated([bytes(imagecodecs.jpeg8_encode(grey, 98))])
    _, pixels = decoded(worker, save(dataset(grey, syntax, PixelData=data), tmp_path / "a.dcm"))
    assert np.abs(pixels[0].astype(int) - grey).max() <= 8


def test_twelve_bit_jpeg_stays_near_the_pixels(worker: ImageWorker, tmp_path: Path) -> None:
    data = encapsulated([bytes(imagecodecs.jpeg8_encode(GREY, 98, bitspersample=12))])
    path = save(dataset(GREY, JPEG + "51", PixelData=data, BitsStored=12, HighBit=11), tmp_path / "a.dcm")
    _, pixels = decoded(worker, path)
    assert np.abs(pixels[0].astype(int) - GREY).max() <= 100


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_a_jpeg_in_ybr_comes_out_in_rgb(worker: ImageWorker, tmp_path: Path, photometric: str) -> None:
    flat = np.empty((32, 32, 3), np.uint8)
    flat[:] = (200, 60, 20)
    data = encapsulated([bytes(imagecodecs.jpeg8_encode(flat, 95))])
    made = dataset(flat, JPEG + "50", PixelData=data, PhotometricInterpretation=photometric)
    header, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    assert np.abs(colour(pixels[0], header).astype(int) - flat).max() <= 3


def test_a_jpeg_in_rgb_is_not_turned_again(worker: ImageWorker, tmp_path: Path) -> None:
    flat = np.empty((32, 32, 3), np.uint8)
    flat[:] = (200, 60, 20)
    data = encapsulated([bytes(imagecodecs.jpeg8_encode(flat, 95, colorspace="RGB", outcolorspace="RGB"))])
    _, pixels = decoded(worker, save(dataset(flat, JPEG + "50", PixelData=data), tmp_path / "a.dcm"))
    assert np.abs(pixels[0].astype(int) - flat).max() <= 2


def test_planar_colour_is_delivered_interleaved(worker: ImageWorker, tmp_path: Path) -> None:
    made = dataset(COLOUR, PlanarConfiguration=1, PixelData=native_bytes(np.moveaxis(COLOUR, -1, 0)))
    _, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(pixels[0], COLOUR)


def test_uncompressed_ybr_full_follows_the_standards_formula(worker: ImageWorker, tmp_path: Path) -> None:
    ybr = np.array([[[76, 85, 255], [150, 44, 21], [29, 255, 107], [128, 128, 128]]], np.uint8)
    header, pixels = decoded(worker, save(dataset(ybr, PhotometricInterpretation="YBR_FULL"), tmp_path / "a.dcm"))
    y, cb, cr = (ybr[..., i].astype(float) for i in range(3))
    red = y + 1.402 * (cr - 128)
    green = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)
    blue = y + 1.772 * (cb - 128)
    np.testing.assert_array_equal(colour(pixels[0], header), np.clip(np.rint(np.stack([red, green, blue], -1)), 0, 255))


def test_uncompressed_422_shares_chroma_between_two_pixels(worker: ImageWorker, tmp_path: Path) -> None:
    shown = np.zeros((1, 4, 3), np.uint8)
    packed = bytes([10, 20, 128, 128, 30, 40, 128, 128])
    made = dataset(shown, PhotometricInterpretation="YBR_FULL_422", PixelData=packed)
    _, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(pixels[0, 0, :, 0], [10, 20, 30, 40])


def test_sixteen_bit_colour_is_scaled_not_cut(worker: ImageWorker, tmp_path: Path) -> None:
    deep = (COLOUR.astype(np.uint16) << 8) | 0x80
    header, pixels = decoded(worker, save(dataset(deep, BitsStored=16), tmp_path / "a.dcm"))
    np.testing.assert_array_equal(colour(pixels[0], header), np.rint(deep * (255 / 65535)))


def test_single_bits_run_on_from_frame_to_frame(worker: ImageWorker, tmp_path: Path) -> None:
    masks = np.random.default_rng(3).integers(0, 2, (3, 5, 7), np.uint8)
    data = np.packbits(masks.ravel(), bitorder="little").tobytes()
    made = dataset(masks, NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=data + b"\0" * (len(data) % 2))
    _, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(pixels, masks)


@pytest.mark.parametrize(("keyword", "dtype"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")])
def test_floating_point_pixels_come_as_they_are(worker: ImageWorker, tmp_path: Path, keyword: str, dtype: str) -> None:
    values = np.linspace(-1.5, 9.25, 70 * 90).reshape(70, 90).astype(dtype)
    made = dataset(GREY, PixelData=None, BitsStored=None, HighBit=None, PixelRepresentation=None, **{keyword: values.tobytes()})
    made.BitsAllocated = values.dtype.itemsize * 8
    _, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    assert pixels.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(pixels[0], values)


def test_foreign_bits_are_masked_and_the_sign_is_extended(worker: ImageWorker, tmp_path: Path) -> None:
    values = np.array([[-2048, -1, 0, 1, 2047]], np.int16)
    container = (values.view(np.uint16) & 0x0FFF) | 0xA000
    made = dataset(container.view(np.int16), BitsStored=12, HighBit=11)
    header, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(stored_values(pixels[0], header), values)


def test_signed_values_survive_codecs_that_know_no_sign(worker: ImageWorker, tmp_path: Path) -> None:
    values = smooth(64, 64, 4095).astype(np.int16) - 2048
    for syntax in (JPEG + "70", JPEG + "80", RLE):
        data = encapsulated([LOSSLESS[syntax](values.view(np.uint16))])
        header, pixels = decoded(worker, save(dataset(values, syntax, CT, PixelData=data), tmp_path / "a.dcm"))
        np.testing.assert_array_equal(stored_values(pixels[0], header), values)


@pytest.mark.parametrize("fragments", [1, 3])
def test_a_frame_in_several_fragments_is_put_together(worker: ImageWorker, tmp_path: Path, fragments: int) -> None:
    frames = [GREY, np.ascontiguousarray(GREY[::-1]), np.ascontiguousarray(GREY[:, ::-1])]
    data = encapsulated([jpeg_ls(f) for f in frames], fragments_per_frame=fragments, has_bot=True)
    made = dataset(np.stack(frames), JPEG + "80", NumberOfFrames=3, PixelData=data)
    _, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(pixels, np.stack(frames))


def test_fragments_without_an_offset_table_are_told_by_where_codestreams_begin(worker: ImageWorker, tmp_path: Path) -> None:
    frames = [GREY, np.ascontiguousarray(GREY[::-1])]
    data = encapsulated([jpeg_ls(f) for f in frames], fragments_per_frame=2, has_bot=False)
    made = dataset(np.stack(frames), JPEG + "80", NumberOfFrames=2, PixelData=data)
    _, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(pixels, np.stack(frames))


def test_an_extended_offset_table_is_followed(worker: ImageWorker, tmp_path: Path) -> None:
    first, second = rle_frame(GREY), rle_frame(np.ascontiguousarray(GREY[::-1]))
    half = len(first) // 4 * 2
    data = encapsulated([first[:half], first[half:], second], has_bot=False)
    made = dataset(np.stack([GREY, GREY]), RLE, NumberOfFrames=2, PixelData=data)
    start_of_second = len(first) + len(first) % 2 + 16
    made.ExtendedOffsetTable = np.array([0, start_of_second], "<u8").tobytes()
    made.ExtendedOffsetTableLengths = np.array([len(first), len(second)], "<u8").tobytes()
    _, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(pixels, np.stack([GREY, GREY[::-1]]))


def test_the_same_slice_is_the_same_in_every_lossless_syntax_of_the_real_files(worker: ImageWorker, shared_data: Path) -> None:
    folder = shared_data / "20_transfer_syntaxes" / "CTImage"
    exact = ("1.2", "2.1", "2.2", "1.99", "4.57", "4.70", "4.80", "4.90", "2.5")
    files = [f for f in sorted(folder.iterdir()) if f.stem.endswith(tuple(f".{e}" for e in exact))]
    assert len(files) == len(exact)
    raw = (folder / "CTImage_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm").read_bytes()
    truth = np.frombuffer(raw[-512 * 512 * 2 :], "<i2").reshape(512, 512)
    for file in files:
        header, pixels = decoded(worker, file)
        np.testing.assert_array_equal(stored_values(pixels[0], header), truth, err_msg=file.name)


# Offsets of frames, and lies about them


def with_table(entries: list[int], pieces: list[bytes]) -> bytes:
    """Items with a Basic Offset Table of these very entries, true or not."""
    table = np.array(entries, "<u4").tobytes()
    items = [table, *(piece + b"\0" * (len(piece) % 2) for piece in pieces)]
    return b"".join(b"\xfe\xff\x00\xe0" + len(i).to_bytes(4, "little") + i for i in items) + b"\xfe\xff\xdd\xe0" + bytes(4)


def halves(stream: bytes) -> list[bytes]:
    middle = len(stream) // 4 * 2
    return [stream[:middle], stream[middle:]]


@pytest.mark.parametrize(
    "entries",
    [
        [0],  # fewer than frames
        [0, 8, 16],  # more than frames
        [4, 8],  # not from the beginning
        [0, 0],  # twice the same
        [0, 6],  # into the middle of a fragment
        [0, 0xFFFFFFFE],  # beyond the end
    ],
)
def test_an_offset_table_that_does_not_fit_the_fragments_is_refused(
    worker: ImageWorker, tmp_path: Path, entries: list[int]
) -> None:
    data = with_table(entries, [*halves(jpeg_ls(GREY)), *halves(jpeg_ls(GREY))])
    path = save(dataset(np.stack([GREY, GREY]), JPEG + "80", NumberOfFrames=2, PixelData=data), tmp_path / "a.dcm")
    with pytest.raises(Refused, match="where each frame begins"):
        decoded(worker, path)


@pytest.mark.parametrize("offsets", [[0], [0, 1 << 40], [0, (1 << 64) - 8], [8, 0], [0, 0]])
def test_an_extended_offset_table_that_does_not_fit_is_refused(worker: ImageWorker, tmp_path: Path, offsets: list[int]) -> None:
    data = with_table([], [*halves(jpeg_ls(GREY)), *halves(jpeg_ls(GREY))])
    made = dataset(np.stack([GREY, GREY]), JPEG + "80", NumberOfFrames=2, PixelData=data)
    made.ExtendedOffsetTable = np.array(offsets, "<u8").tobytes()
    made.ExtendedOffsetTableLengths = np.array([10] * len(offsets), "<u8").tobytes()
    with pytest.raises(Refused, match="where each frame begins"):
        decoded(worker, save(made, tmp_path / "a.dcm"))


def test_fragments_that_cannot_be_told_apart_are_refused(worker: ImageWorker, tmp_path: Path) -> None:
    """RLE frames have no first bytes of their own: without a table nothing says where the second begins."""
    data = with_table([], [*halves(rle_frame(GREY)), *halves(rle_frame(GREY))])
    path = save(dataset(np.stack([GREY, GREY]), RLE, NumberOfFrames=2, PixelData=data), tmp_path / "a.dcm")
    with pytest.raises(Refused, match="where each frame begins"):
        decoded(worker, path)
