"""Damaged and hostile files out of whole ones, from a seed: nothing is stored, everything can be made again.

Each mutation is a function (bytes, chance) -> bytes. `wholes` are the files they start from: one for each
transfer syntax, with the traits a header may have (sequences, several frames, colour, palettes, overlays).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
HEADER = 132
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
    return {name: save(one, folder / "whole.dcm").read_bytes() for name, one in made.items()}


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


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, cut_off, take_out, put_in, lie_in_a_number, lie_in_an_element, swap_tags, nest, rubbish_pixels,
)  # fmt: skip


def mutants(folder: Path, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """(what it is, bytes) `count` times; one in ten is mutated twice."""
    chance = np.random.default_rng(seed)
    sound = list(wholes(folder).items())
    for _ in range(count):
        name, data = sound[int(chance.integers(len(sound)))]
        done = []
        for _ in range(2 if chance.random() < 0.1 else 1):
            mutation = MUTATIONS[int(chance.integers(len(MUTATIONS)))]
            data = mutation(data, chance) if len(data) > HEADER + 16 else data
            done.append(mutation.__name__)
        yield f"{name}: {', '.join(done)}", data
