"""Colours with an ICC profile of their own become those of sRGB: against littlecms, and by the numbers of the formulas."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from received import dataset, save

from rendering.header import ImageHeader
from rendering.objects.srgb_profile import srgb_profile
from rendering.parse import parse_bytes
from rendering.parse_profile import NOT_FOLLOWED
from rendering.pixels import colour, stored_colour

# Columns of XYZ (D50) of the primaries: Adobe RGB (1998) and Display P3, adapted by Bradford.
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
SRGB_CURVE = (3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
MOST = 1
"""Levels by which two programs may differ: littlecms reckons in whole numbers."""


def xyz(values: tuple[float, ...]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in values))


def gamma(power: float) -> bytes:
    return struct.pack(">4s4xIH2x", b"curv", 1, round(power * 256))


def parametric(kind: int, numbers: tuple[float, ...]) -> bytes:
    return struct.pack(f">4s4xH2x{len(numbers)}i", b"para", kind, *(round(value * 65536) for value in numbers))


def table(power: float) -> bytes:
    entries = [round(65535 * (i / 255) ** power) for i in range(256)]
    return struct.pack(f">4s4xI{len(entries)}H", b"curv", len(entries), *entries)


def profile(columns: tuple[tuple[float, ...], ...], curve: bytes, space: bytes = b"RGB ", **more: bytes) -> bytes:
    parts = {
        b"desc": struct.pack(">4s4xI5s12x67x", b"desc", 5, b"Test\0") + bytes(3),
        b"cprt": b"text\0\0\0\0none",
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        **{name: xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
        **{name.encode(): data for name, data in more.items()},
    }
    start, rows, body = 132 + 12 * len(parts), b"", b""
    for name, part in parts.items():
        data = part + bytes(-len(part) % 4)
        rows += struct.pack(">4sII", name, start + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4xI4s4s4s12s4s28x3i48x",
        start + len(body),
        0x02400000,
        b"mntr",
        space,
        b"XYZ ",
        bytes(12),
        b"acsp",
        *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)),
    )
    return head + struct.pack(">I", len(parts)) + rows + body


def cube() -> np.ndarray[Any, Any]:
    """All colours of 18 levels a channel, and every grey."""
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    return np.concatenate([colours, greys])[np.newaxis]


def header(path: Path, data: bytes, pixels: np.ndarray[Any, Any], **elements: Any) -> ImageHeader:
    made = dataset(pixels, ICCProfile=data, **elements)
    return ImageHeader.from_json(parse_bytes(save(made, path / "a.dcm").read_bytes(), "a.dcm").instance.header)


@pytest.mark.parametrize(
    ("columns", "curve"),
    [(ADOBE, gamma(2.19921875)), (ADOBE, table(2.2)), (P3, parametric(*SRGB_CURVE)), (P3, parametric(0, (1.8,)))],
    ids=["Adobe RGB", "a table", "Display P3", "a power"],
)
def test_colours_are_those_that_littlecms_makes(tmp_path: Path, columns: Any, curve: bytes) -> None:
    data, pixels = profile(columns, curve), cube()
    found = header(tmp_path, data, pixels)
    assert NOT_FOLLOWED not in found.warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ImageCms.profileToProfile(
            Image.fromarray(pixels), ImageCms.ImageCmsProfile(io.BytesIO(data)), ImageCms.createProfile("sRGB"), renderingIntent=1
        )
    assert theirs is not None
    ours = colour(pixels, found).astype(int)
    assert abs(ours - np.asarray(theirs).astype(int)).max() <= MOST
    assert abs(ours - pixels).max() > 10, "or nothing was done"


def test_a_colour_is_what_the_formulas_say(tmp_path: Path) -> None:
    """Adobe RGB (0, 128, 0) to sRGB, reckoned here: light, matrix, sRGB's curve."""
    pixels = np.array([[[0, 128, 0], [200, 100, 50]]], np.uint8)
    found = colour(pixels, header(tmp_path, profile(ADOBE, gamma(2.19921875)), pixels))
    light = (pixels[0] / 255.0) ** 2.19921875 @ np.array(ADOBE)
    to_srgb = np.linalg.inv(
        np.array([[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]])
    )
    linear = np.clip(light @ to_srgb.T, 0, 1)
    truth = 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert abs(found[0] - truth).max() <= 0.6


def test_what_is_srgb_is_left_as_it_is(tmp_path: Path) -> None:
    pixels = cube()
    for data in (srgb_profile(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()):
        found = header(tmp_path, data, pixels)
        assert found.colour_profile is None
        assert found.warnings == ()
        assert np.array_equal(colour(pixels, found), pixels)


def test_the_pixel_under_the_pointer_is_the_stored_one(tmp_path: Path) -> None:
    pixels = cube()
    found = header(tmp_path, profile(ADOBE, gamma(2.2)), pixels)
    assert np.array_equal(stored_colour(pixels, found), pixels)


@pytest.mark.parametrize(
    "data",
    [
        profile(P3, gamma(2.2), A2B0=b"mft2" + bytes(60)),
        profile(P3, gamma(2.2), space=b"CMYK"),
        profile(P3, b"para\0\0\0\0\0\x09\0\0"),
        profile(P3, gamma(2.2))[:200],
        b"no profile at all",
        struct.pack(">128xI", 0xFFFFFFFF),
    ],
    ids=["tables", "no RGB", "unknown curve", "cut off", "no profile", "endless"],
)
def test_a_profile_that_is_not_followed_is_said(tmp_path: Path, data: bytes) -> None:
    """Never a wrong colour without a word (F57); nothing from outside makes more work than its size."""
    pixels = cube()
    found = header(tmp_path, data, pixels)
    assert found.colour_profile is None
    assert NOT_FOLLOWED in found.warnings
    assert np.array_equal(colour(pixels, found), pixels)


def test_a_grey_image_has_no_colours_to_follow(tmp_path: Path) -> None:
    grey = np.zeros((4, 5), np.uint8)
    found = header(tmp_path, profile(P3, gamma(2.2)), grey)
    assert (found.colour_profile, NOT_FOLLOWED in found.warnings) == (None, False)
