"""Damaged and hostile files out of whole ones, from a seed: nothing is stored, everything can be made again.

Each mutation is a function (bytes, chance) -> bytes. `wholes` are the files they start from: one for each
transfer syntax, with the traits a header may have (sequences, several frames, colour, palettes, overlays).
"""

from __future__ import annotations

import itertools
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clips
import imagecodecs
import numpy as np
from received import (
    BIG,
    DEFLATED,
    DEFLATED_FRAME,
    EXPLICIT,
    IMPLICIT,
    JPEG,
    RLE,
    dataset,
    encapsulated,
    item,
    items,
    native_bytes,
    rle_frame,
    save,
    smooth,
)

Chance = np.random.Generator
Mutation = Callable[[bytes, Chance], bytes]

GREY = smooth(48, 56, 4095)
COLOUR = np.stack([smooth(40, 44, 255, "u1", seed) for seed in (1, 2, 3)], axis=-1)
UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
HEADER = 132
MOST_REAL = 1_000_000
PIXELS = struct.pack("<HH", 0x7FE0, 0x0010)
VRS = (b"AE", b"CS", b"DS", b"FD", b"FL", b"IS", b"LO", b"OB", b"OW", b"PN", b"SQ", b"SS", b"UI", b"UL", b"UN", b"US", b"UT")
# An explicit element's tag and VR, good enough to aim at.
ELEMENT = re.compile(b"[\x00-\xff]{4}(?:" + b"|".join(VRS) + b")", re.DOTALL)
# Where a codestream says how large and deep it is: SOF and SOF55, SIZ, COD, SOT, sequence and parameter headers.
MARKERS = re.compile(b"\xff[\xc0-\xc3\xf7\xda\x51\x52\x90]|\x00\x00\x01[\x67\x68\x65\xb3\xb5\xb8\x40\x42\x44]")
EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def _deflated(pixels: Any) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return engine.compress(native_bytes(pixels)) + engine.flush()


CODESTREAMS: dict[str, Callable[[Any], bytes]] = {
    RLE: rle_frame,
    DEFLATED_FRAME: _deflated,
    JPEG + "57": lambda p: bytes(imagecodecs.jpeg8_encode(p, lossless=True, bitspersample=p.dtype.itemsize * 8)),
    JPEG + "70": lambda p: bytes(imagecodecs.ljpeg_encode(p, bitspersample=p.dtype.itemsize * 8)),
    JPEG + "80": lambda p: bytes(imagecodecs.jpegls_encode(p)),
    JPEG + "81": lambda p: bytes(imagecodecs.jpegls_encode(p, level=2)),
    JPEG + "90": lambda p: bytes(imagecodecs.jpeg2k_encode(p, codecformat="j2k", reversible=True)),
    JPEG + "91": lambda p: bytes(imagecodecs.jpeg2k_encode(p, codecformat="j2k", level=60, reversible=False)),
    JPEG + "201": lambda p: bytes(imagecodecs.htj2k_encode(p, reversible=True)),
    JPEG + "203": lambda p: bytes(imagecodecs.htj2k_encode(p, level=0.001, reversible=False)),
    JPEG + "110": lambda p: bytes(imagecodecs.jpegxl_encode(p, lossless=True)),
    JPEG + "112": lambda p: bytes(imagecodecs.jpegxl_encode(p, level=90)),
    JPEG + "202": lambda p: bytes(imagecodecs.htj2k_encode(p, reversible=True)),
    UNCOMPRESSED: native_bytes,
}
DCT = tuple(JPEG + n for n in ("50", "51", "53", "55"))


def wholes(folder: Path) -> dict[str, bytes]:
    """Name to the bytes of a sound file."""
    made = {}
    for syntax in (IMPLICIT, EXPLICIT, BIG, DEFLATED):
        for name, pixels, more in _kinds(syntax):
            made[f"{name} {syntax}"] = dataset(pixels, syntax, **more)
    for syntax, encode in CODESTREAMS.items():
        frames = encapsulated([encode(GREY), encode(np.ascontiguousarray(GREY[::-1]))])
        made[f"grey {syntax}"] = dataset(np.stack([GREY, GREY]), syntax, NumberOfFrames=2, PixelData=frames, **_traits())
    for syntax in DCT:
        made[f"colour {syntax}"] = dataset(COLOUR, syntax, PixelData=encapsulated([bytes(imagecodecs.jpeg8_encode(COLOUR, 90))]))
    twelve = bytes(imagecodecs.jpeg8_encode(GREY, 95, bitspersample=12))
    made["twelve bits"] = dataset(GREY, JPEG + "51", PixelData=encapsulated([twelve]), BitsStored=12, HighBit=11)
    made["JPEG in JPEG XL"] = dataset(
        COLOUR,
        JPEG + "111",
        PixelData=encapsulated([bytes(imagecodecs.jpegxl_encode_jpeg(imagecodecs.jpeg8_encode(COLOUR, 90)))]),
        PhotometricInterpretation="YBR_FULL_422",
    )
    for syntax in clips.ENCODERS:
        for container in ("", clips.PROGRAM[syntax], "mpegts"):
            stream = clips.encoded(clips.frames(5), syntax, container)
            made[f"video {syntax} {container}"] = clips.video(stream, syntax, 5)
    return {name: save(one, folder / "whole.dcm").read_bytes() for name, one in made.items()}


def real(data: Path) -> dict[str, bytes]:
    """Every file of each transfer syntax at hand and the first small one of each other folder, by its name."""
    chosen = [path for path in sorted((data / "20_transfer_syntaxes").rglob("*.dcm")) if path.stat().st_size < MOST_REAL]
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        small = (path for path in sorted(folder.rglob("*.dcm")) if path.stat().st_size < MOST_REAL)
        chosen += itertools.islice(small, 1)
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in dict.fromkeys(chosen)}


def _kinds(syntax: str) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    ramp = np.arange(256, dtype="<u2").tobytes()
    tables = {
        f"{c}PaletteColorLookupTable{part}": v
        for c in ("Red", "Green", "Blue")
        for part, v in (("Descriptor", [256, 0, 16]), ("Data", ramp))
    }
    yield "grey", GREY, _traits()
    yield "colour", COLOUR, {"PlanarConfiguration": 0}
    yield "palette", COLOUR[..., 0], {"PhotometricInterpretation": "PALETTE COLOR", **tables}
    if syntax != BIG:
        groups = [item(PlanePositionSequence=items(item(ImagePositionPatient=[0, 0, k]))) for k in range(3)]
        yield "frames", np.stack([GREY] * 3), {"NumberOfFrames": 3, "PerFrameFunctionalGroupsSequence": items(*groups)}


def _traits() -> dict[str, Any]:
    return {
        "Modality": "CT", "PixelSpacing": [0.5, 0.5], "ImagePositionPatient": [0, 0, 0],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "WindowCenter": [40, 50], "WindowWidth": [400, 80], "RescaleSlope": 1, "RescaleIntercept": -1024, "PixelPaddingValue": 0,
        "SpecificCharacterSet": "ISO_IR 192", "PatientName": "Åse^Test", "BitsStored": 16,
        "ProcedureCodeSequence": items(item(CodeValue="X", CodingSchemeDesignator="99", CodeMeaning="Y")),
    }  # fmt: skip


def flip_bits(data: bytes, chance: Chance) -> bytes:
    changed = bytearray(data)
    for place in chance.integers(HEADER, len(data), chance.integers(1, 12)):
        changed[place] ^= 1 << int(chance.integers(8))
    return bytes(changed)


def cut_off(data: bytes, chance: Chance) -> bytes:
    return data[: int(chance.integers(HEADER, len(data)))]


def take_out(data: bytes, chance: Chance) -> bytes:
    start = int(chance.integers(HEADER, len(data)))
    return data[:start] + data[start + int(chance.integers(1, 200)) :]


def put_in(data: bytes, chance: Chance) -> bytes:
    start = int(chance.integers(HEADER, len(data)))
    return data[:start] + chance.bytes(int(chance.integers(1, 64))) + data[start:]


def lie_in_a_number(data: bytes, chance: Chance) -> bytes:
    """An extreme number over two or four bytes anywhere: lengths, sizes, counts."""
    size = int(chance.choice((2, 4)))
    place = int(chance.integers(HEADER, max(HEADER + 1, len(data) - size)))
    number = int(chance.choice(EXTREMES)) & ((1 << 8 * size) - 1)
    return data[:place] + struct.pack("<H" if size == 2 else "<I", number) + data[place + size :]


def lie_in_an_element(data: bytes, chance: Chance) -> bytes:
    """Another number in an element that says how large or deep the image is (group 0028)."""
    tag = struct.pack("<HH", 0x0028, int(chance.choice((0x02, 0x06, 0x08, 0x10, 0x11, 0x100, 0x101, 0x102, 0x103))))
    place = data.find(tag, HEADER)
    if place < 0 or place + 10 > len(data):
        return lie_in_a_number(data, chance)
    number = int(chance.choice((0, 1, 2, 3, 7, 8, 12, 16, 32, 47, 48, 49, 55, 56, 57, 96, 65535)))
    return data[: place + 8] + struct.pack("<H", number) + data[place + 10 :]


def swap_tags(data: bytes, chance: Chance) -> bytes:
    """One element's tag over another's."""
    places = [i for i in range(HEADER, min(len(data) - 8, HEADER + 4000)) if data[i + 1] == 0 and data[i + 4 : i + 6].isalpha()]
    if len(places) < 2:
        return flip_bits(data, chance)
    a, b = chance.choice(places, 2)
    return data[:a] + data[b : b + 4] + data[a + 4 :]


def nest(data: bytes, chance: Chance) -> bytes:
    """A sequence of undefined length in an item in a sequence, many deep, before the pixels."""
    depth = int(chance.choice((3, 40, 3000)))
    opening = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    place = data.find(struct.pack("<HH", 0x7FE0, 0x0010))
    return data[:place] + opening * depth + data[place:] if place > 0 else opening * depth + data


def rubbish_pixels(data: bytes, chance: Chance) -> bytes:
    """Everything behind the pixel data's tag scrambled, or another file's kind of stream."""
    place = data.find(struct.pack("<HH", 0x7FE0, 0x0010)) + 20
    tail = bytearray(data[place:])
    for _ in range(int(chance.integers(1, 40))):
        tail[int(chance.integers(len(tail)))] = int(chance.integers(256))
    return data[:place] + bytes(tail)


def _elements(data: bytes) -> list[int]:
    end = data.find(PIXELS)
    return [found.start() for found in ELEMENT.finditer(data, HEADER, end if end > 0 else len(data))]


def _over(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


def lie_in_a_length(data: bytes, chance: Chance) -> bytes:
    places = _elements(data)
    if not places:
        return lie_in_a_number(data, chance)
    number = int(chance.choice(EXTREMES))
    return _over(data, int(chance.choice(places)) + 6, struct.pack("<H", number & 0xFFFF))


def another_vr(data: bytes, chance: Chance) -> bytes:
    places = _elements(data)
    return _over(data, int(chance.choice(places)) + 4, VRS[int(chance.integers(len(VRS)))]) if places else flip_bits(data, chance)


def lie_in_frames(data: bytes, chance: Chance) -> bytes:
    """NumberOfFrames, as many digits as before."""
    place = data.find(struct.pack("<HH", 0x0028, 0x0008), HEADER)
    if place < 0:
        return lie_in_an_element(data, chance)
    return _over(data, place + 8, str(int(chance.choice((0, 1, 2, 4, 6, 50, 99)))).encode().rjust(2))


def lie_in_offsets(data: bytes, chance: Chance) -> bytes:
    """An offset table of other entries, or an item's length."""
    place = data.find(PIXELS)
    item_at = data.find(struct.pack("<HH", 0xFFFE, 0xE000), place)
    if place < 0 or item_at < 0:
        return lie_in_a_number(data, chance)
    if chance.random() < 0.5:
        items_at = [found.start() for found in re.finditer(struct.pack("<HH", 0xFFFE, 0xE000), data[place:])][:8]
        return _over(data, place + int(chance.choice(items_at)) + 4, struct.pack("<I", int(chance.choice(EXTREMES))))
    entries = [int(chance.choice((*EXTREMES, 8, 100, 1000))) for _ in range(int(chance.integers(1, 6)))]
    size = struct.unpack_from("<I", data, item_at + 4)[0]
    table = struct.pack(f"<I{len(entries)}I", 4 * len(entries), *entries)
    return data[: item_at + 4] + table + data[item_at + 8 + (size if size < len(data) else 0) :]


def lie_in_an_overlay(data: bytes, chance: Chance) -> bytes:
    """An overlay group of extreme numbers before the pixels (explicit little endian)."""
    group = 0x6000 + 2 * int(chance.integers(16))
    numbers = [(e, int(chance.choice(EXTREMES)) & 0xFFFF) for e in (0x10, 0x11, 0x51, 0x100, 0x102)]
    made = b"".join(struct.pack("<HH2sHH", group, e, b"US", 2, n) for e, n in numbers)
    made += struct.pack("<HH2sHI", group, 0x3000, b"OW", 0, 8) + chance.bytes(8)
    return _before_pixels(data, made)


def lie_in_a_palette(data: bytes, chance: Chance) -> bytes:
    place = data.find(struct.pack("<HH", 0x0028, 0x1101 + int(chance.integers(3))), HEADER)
    if place >= 0:
        numbers = [int(chance.choice(EXTREMES)) & 0xFFFF for _ in range(3)]
        return _over(data, place + 8, struct.pack("<3H", *numbers))
    made = b"".join(
        struct.pack("<HH2sH3H", 0x0028, 0x1101 + i, b"US", 6, *chance.integers(0, 65536, 3).tolist()) for i in range(3)
    )
    return _before_pixels(data, made)


def lie_in_functional_groups(data: bytes, chance: Chance) -> bytes:
    """Functional groups for another number of frames, of sizes that do not fit."""
    count = int(chance.choice((0, 1, 2, 3, 500)))
    groups = struct.pack("<HHI", 0xFFFE, 0xE000, int(chance.choice((0, 0, 0, 8, 0xFFFFFFFF)))) * count
    size = int(chance.choice((len(groups), 0xFFFFFFFF, len(groups) + 8, 0)))
    return _before_pixels(data, struct.pack("<HH2sHI", 0x5200, 0x9230, b"SQ", 0, size) + groups)


def _before_pixels(data: bytes, elements: bytes) -> bytes:
    place = data.find(PIXELS)
    return data[:place] + elements + data[place:] if place > 0 else data + elements


def lie_in_a_codestream(data: bytes, chance: Chance) -> bytes:
    """A number behind a marker that says how large, deep, many or long."""
    start = max(HEADER, data.find(PIXELS))
    places = [found.end() for found in itertools.islice(MARKERS.finditer(data, start), 200)]
    if not places:
        return rubbish_pixels(data, chance)
    place = int(chance.choice(places)) + int(chance.integers(0, 24))
    number = int(chance.choice((*EXTREMES, 8, 12, 16, 100)))
    return _over(data, place, struct.pack(">H", number & 0xFFFF) if chance.random() < 0.5 else bytes([number & 0xFF]))


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, cut_off, take_out, put_in, lie_in_a_number, lie_in_an_element, swap_tags, nest, rubbish_pixels,
    lie_in_a_length, another_vr, lie_in_frames, lie_in_offsets, lie_in_an_overlay, lie_in_a_palette,
    lie_in_functional_groups, lie_in_a_codestream,
)  # fmt: skip


def mutants(whole: dict[str, bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """(what it is, bytes) `count` times; one in ten is mutated twice."""
    chance = np.random.default_rng(seed)
    sound = list(whole.items())
    for _ in range(count):
        name, data = sound[int(chance.integers(len(sound)))]
        done = []
        for _ in range(2 if chance.random() < 0.1 else 1):
            mutation = MUTATIONS[int(chance.integers(len(MUTATIONS)))]
            data = mutation(data, chance) if len(data) > HEADER + 16 else data
            done.append(mutation.__name__)
        yield f"{name}: {', '.join(done)}", data
