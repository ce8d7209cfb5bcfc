"""One pinned decoder for each transfer syntax, or words; the codestream says what the dataset says, or words."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom._uid_dict import UID_dictionary
from received import CT, DEFLATED_FRAME, JPEG, NATIVE, RLE, dataset, encapsulated, native_bytes, rle_frame, save, smooth

from rendering.codecs import CODECS
from rendering.header import ImageHeader
from rendering.shared_frames import SharedFrames
from rendering.transfer_syntaxes import TRANSFER_SYNTAXES, VIDEO
from rendering.worker import DecodeJob, ImageWorker
from workstation.errors import Refused

Array = np.ndarray[Any, Any]

UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
GREY = smooth(48, 56, 4095)
BYTES = smooth(48, 56, 255, "u1")
COLOUR = np.stack([smooth(48, 56, 255, "u1", seed) for seed in (1, 2, 3)], axis=-1)


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


def shown(worker: ImageWorker, path: Path) -> tuple[ImageHeader, Array]:
    """The header and the first frame. Raises Refused."""
    found = worker.parse(path).instance
    header = ImageHeader.from_json(found.header)
    frames = SharedFrames.for_header(header, 1)
    reasons: list[Refused | None] = []
    worker.decode([DecodeJob(str(path), header, 0, 0)], frames, lambda _slot, reason: reasons.append(reason))
    if reasons[0] is not None:
        raise reasons[0]
    pixels = frames.array[0].copy()
    frames.close()
    return header, pixels


# The table


def test_every_transfer_syntax_of_the_standard_is_in_the_table() -> None:
    known = {uid for uid, (_, kind, *_rest) in UID_dictionary.items() if kind == "Transfer Syntax"}
    assert known <= set(TRANSFER_SYNTAXES)


@pytest.mark.parametrize("uid", TRANSFER_SYNTAXES)
def test_a_syntax_has_one_decoder_or_words_and_never_both(uid: str) -> None:
    syntax = TRANSFER_SYNTAXES[uid]
    assert bool(syntax.decoder) != bool(syntax.refusal)
    ways = (uid in NATIVE, uid in CODECS, uid in VIDEO)
    assert sum(ways) == bool(syntax.decoder)
    assert not (syntax.is_lossy and syntax.must_be_lossless)


@pytest.mark.parametrize("uid", [uid for uid, syntax in TRANSFER_SYNTAXES.items() if syntax.refusal])
def test_a_syntax_that_is_not_read_is_kept_with_its_words(worker: ImageWorker, tmp_path: Path, uid: str) -> None:
    made = dataset(BYTES, JPEG + "110", PixelData=encapsulated([b"\xff\xd8\xff\xc0" * 20]))
    path = save(made, tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(padded(JPEG + "110"), padded(uid)))
    header = ImageHeader.from_json(worker.parse(path).instance.header)
    assert header.transfer_syntax_uid == uid
    assert header.no_pixels == TRANSFER_SYNTAXES[uid].refusal


def padded(uid: str) -> bytes:
    """The element, of one length for all: UIDs may end with NUL."""
    return b"UI" + (24).to_bytes(2, "little") + uid.encode().ljust(24, b"\0")


def test_an_unheard_of_syntax_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    made = dataset(BYTES, JPEG + "110", PixelData=encapsulated([b"\xff\xd8\xff\xc0" * 20]))
    path = save(made, tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(padded(JPEG + "110"), padded("1.2.840.10008.1.2.4.299")))
    with pytest.raises(Refused, match="not supported"):
        shown(worker, path)


def test_each_file_of_the_shared_data_is_shown_or_refused_in_words(worker: ImageWorker, shared_data: Path) -> None:
    """Their values are compared in `test_pixel_truth`; here, that no syntax that occurs is left out."""
    with (shared_data / "manifest.tsv").open() as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t"))
    by_syntax: dict[str, str] = {}
    for row in rows:
        by_syntax.setdefault(row["transfer_syntax"].split(" ")[0], row["path"])
    paths = {shared_data / path for path in by_syntax.values()}
    paths |= set((shared_data / "20_transfer_syntaxes").rglob("*.dcm"))
    syntaxes = set()
    for path, found in worker.parse_many(sorted(paths)):
        assert not isinstance(found, Refused), f"{path.name}: {found}"
        syntaxes.add(found.instance.transfer_syntax_uid)
        if found.instance.has_pixels:
            header, pixels = shown(worker, path)
            assert pixels.shape == header.frame_shape
        else:
            assert found.instance.header["no_pixels"], path.name
    assert len(syntaxes) >= 19
    assert syntaxes <= set(TRANSFER_SYNTAXES)


# The codestream against the dataset


def deflated(pixels: Array) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return engine.compress(native_bytes(pixels)) + engine.flush()


ENCODERS: dict[str, Callable[[Array], bytes]] = {
    **dict.fromkeys((JPEG + n for n in ("50", "51", "53", "55")), lambda p: bytes(imagecodecs.jpeg8_encode(p, 95))),
    **dict.fromkeys(
        (JPEG + n for n in ("57", "70")),
        lambda p: bytes(imagecodecs.jpeg8_encode(p, lossless=True, bitspersample=p.dtype.itemsize * 8)),
    ),
    JPEG + "80": lambda p: bytes(imagecodecs.jpegls_encode(p)),
    JPEG + "81": lambda p: bytes(imagecodecs.jpegls_encode(p, level=2)),
    JPEG + "90": lambda p: bytes(imagecodecs.jpeg2k_encode(p, codecformat="j2k", reversible=True)),
    JPEG + "91": lambda p: bytes(imagecodecs.jpeg2k_encode(p, codecformat="j2k", level=60, reversible=False)),
    JPEG + "110": lambda p: bytes(imagecodecs.jpegxl_encode(p, lossless=True)),
    JPEG + "111": lambda p: bytes(imagecodecs.jpegxl_encode_jpeg(imagecodecs.jpeg8_encode(p, 95))),
    JPEG + "112": lambda p: bytes(imagecodecs.jpegxl_encode(p, level=95)),
    JPEG + "201": lambda p: bytes(imagecodecs.htj2k_encode(p, reversible=True)),
    JPEG + "202": lambda p: bytes(imagecodecs.htj2k_encode(p, reversible=True)),
    JPEG + "203": lambda p: bytes(imagecodecs.htj2k_encode(p, level=0.001, reversible=False)),
    RLE: rle_frame,
    DEFLATED_FRAME: deflated,
    UNCOMPRESSED: native_bytes,
}


def test_every_codec_of_the_table_is_tried_here() -> None:
    assert set(ENCODERS) == set(CODECS)


@pytest.mark.parametrize("syntax", ENCODERS)
@pytest.mark.parametrize("pixels", [BYTES, COLOUR], ids=["grey", "colour"])
def test_each_codec_gives_back_the_picture(worker: ImageWorker, tmp_path: Path, syntax: str, pixels: Array) -> None:
    made = dataset(pixels, syntax, PixelData=encapsulated([ENCODERS[syntax](pixels)]))
    if TRANSFER_SYNTAXES[syntax].is_lossy and pixels.ndim == 3 and syntax != JPEG + "81":
        made.PhotometricInterpretation = "YBR_FULL_422"
    _, found = shown(worker, save(made, tmp_path / "a.dcm"))
    away = np.abs(found.astype(int) - pixels)
    if TRANSFER_SYNTAXES[syntax].must_be_lossless:
        assert away.max() == 0
    else:
        assert np.percentile(away, 90) <= 24
        assert away.mean() <= 10


@pytest.mark.parametrize("syntax", ENCODERS)
@pytest.mark.parametrize(
    ("lie", "made_of"),
    [
        ({"Rows": 47}, BYTES),
        ({"Rows": 50}, BYTES),
        ({"Columns": 55}, BYTES),
        ({"Columns": 112}, BYTES),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}, BYTES),
        ({"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}, COLOUR),
        ({"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15}, BYTES),
    ],
)
def test_a_codestream_that_is_not_what_the_dataset_says_is_refused(
    worker: ImageWorker, tmp_path: Path, syntax: str, lie: dict[str, Any], made_of: Array
) -> None:
    made = dataset(made_of, syntax, PixelData=encapsulated([ENCODERS[syntax](made_of)]), **lie)
    with pytest.raises(Refused):
        shown(worker, save(made, tmp_path / "a.dcm"))


@pytest.mark.parametrize("syntax", [JPEG + n for n in ("57", "70", "80", "81", "90", "91", "110", "112", "201", "202", "203")])
def test_sixteen_bits_under_an_eight_bit_header_are_refused(worker: ImageWorker, tmp_path: Path, syntax: str) -> None:
    made = dataset(BYTES, syntax, PixelData=encapsulated([ENCODERS[syntax](GREY)]))
    with pytest.raises(Refused, match="disagree"):
        shown(worker, save(made, tmp_path / "a.dcm"))


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEG + "80", lambda p: imagecodecs.jpegls_encode(p, level=2)),
        (JPEG + "90", lambda p: imagecodecs.jpeg2k_encode(p, codecformat="j2k", level=60, reversible=False)),
        (JPEG + "201", lambda p: imagecodecs.htj2k_encode(p, level=0.001, reversible=False)),
        (JPEG + "57", lambda p: imagecodecs.jpeg8_encode(p, 90)),
        (JPEG + "70", lambda p: imagecodecs.jpeg8_encode(p, 90)),
    ],
)
def test_a_lossy_picture_under_a_lossless_name_is_refused(
    worker: ImageWorker, tmp_path: Path, syntax: str, encode: Callable[[Array], bytes]
) -> None:
    made = dataset(BYTES, syntax, PixelData=encapsulated([bytes(encode(BYTES))]))
    with pytest.raises(Refused, match="not of its transfer syntax"):
        shown(worker, save(made, tmp_path / "a.dcm"))


@pytest.mark.parametrize("syntax", ENCODERS)
def test_what_another_codec_wrote_is_not_tried_with_it(worker: ImageWorker, tmp_path: Path, syntax: str) -> None:
    """No fall-through: a codestream of another family is refused, whichever decoder could read it."""
    families = {
        JPEG + "50": "dct",
        JPEG + "70": "lossless",
        JPEG + "80": "ls",
        JPEG + "90": "2000",
        JPEG + "110": "xl",
        RLE: "rle",
    }
    of = {**families, **dict.fromkeys((JPEG + n for n in ("51", "53", "55")), "dct"), JPEG + "57": "lossless", JPEG + "81": "ls"}
    of |= dict.fromkeys((JPEG + n for n in ("91", "201", "202", "203")), "2000") | dict.fromkeys(
        (JPEG + "111", JPEG + "112"), "xl"
    )
    for other, family in families.items():
        if family == of.get(syntax):
            continue
        made = dataset(BYTES, syntax, CT, PixelData=encapsulated([ENCODERS[other](BYTES)]))
        with pytest.raises(Refused):
            shown(worker, save(made, tmp_path / "a.dcm"))
