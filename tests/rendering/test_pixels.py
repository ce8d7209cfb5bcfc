"""The grey and colour pipeline against the standard's formulas, written out a second time here."""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rendering.header import FrameFacts, ImageHeader, LookupTable, ModalityTransform, Overlay, Palette, Shutter
from rendering.pixels import (
    auto_window,
    colour,
    equivalent_window,
    first_voi,
    first_window,
    grey,
    is_inverse,
    modality_values,
    overlay_planes,
    padding_mask,
    padding_values,
    shutter_mask,
    stored_values,
    voi_choices,
)
from rendering.pixels.modality import modality_value
from workstation.domain.viewing import VoiFunction, Window

Array = np.ndarray[Any, Any]


PLAIN = FrameFacts()


def header(facts: FrameFacts = PLAIN, **changes: Any) -> ImageHeader:
    plain = ImageHeader(
        "1.1", "1.2", "1.3", "1.4", "1.2.840.10008.1.2.1", "CT", rows=4, columns=4, frames=1, photometric="MONOCHROME2",
        bits_allocated=16, bits_stored=16, high_bit=15, shared=facts,
    )  # fmt: skip
    return replace(plain, **changes)


def table(first: int, entries: list[int], bits: int = 16) -> LookupTable:
    return LookupTable(first, bits, struct.pack(f"<{len(entries)}H", *entries))


def linear(x: float, c: float, w: float) -> float:
    """PS3.3 C.11.2.1.2.1, ymin 0 and ymax 255."""
    if x <= c - 0.5 - (w - 1) / 2:
        return 0.0
    if x > c - 0.5 + (w - 1) / 2:
        return 255.0
    return ((x - (c - 0.5)) / (w - 1) + 0.5) * 255.0


def linear_exact(x: float, c: float, w: float) -> float:
    """PS3.3 C.11.2.1.3.2."""
    if x <= c - w / 2:
        return 0.0
    if x > c + w / 2:
        return 255.0
    return ((x - c) / w + 0.5) * 255.0


def sigmoid(x: float, c: float, w: float) -> float:
    """PS3.3 C.11.2.1.3.1."""
    return 255.0 / (1.0 + math.exp(min(700.0, -4.0 * (x - c) / w)))


FORMULAS = {VoiFunction.LINEAR: linear, VoiFunction.LINEAR_EXACT: linear_exact, VoiFunction.SIGMOID: sigmoid}


@pytest.mark.parametrize("function", FORMULAS)
@pytest.mark.parametrize(("center", "width"), [(40.0, 400.0), (-600.0, 1500.0), (0.0, 100.0), (2048.0, 4096.0), (0.5, 1.0)])
@pytest.mark.parametrize("dtype", ["i2", "i4", "f4", "f8"])
def test_windows_follow_the_standard_to_the_grey_level(function: VoiFunction, center: float, width: float, dtype: str) -> None:
    values = np.arange(-3000, 5000, dtype=dtype)
    if width == 1.0 and function is VoiFunction.LINEAR:
        expected = np.where(values <= 0, 0.0, 255.0)
    else:
        expected = np.array([FORMULAS[function](float(x), center, width) for x in values])
    shown = grey(values, Window(center, width, function))
    assert shown.dtype == np.uint8
    # Half levels may round either way in single precision.
    assert np.abs(shown - expected).max() <= 0.501


def test_the_ends_of_a_linear_window_are_where_the_standard_has_them() -> None:
    # c 2048, w 4096 is the identity of 12 bits: 0 is black and 4095 white (C.11.2.1.2.1 note).
    shown = grey(np.array([0, 1, 4094, 4095], np.int16), Window(2048.0, 4096.0))
    np.testing.assert_array_equal(shown, [0, 0, 255, 255])
    # c 0, w 100: -50 and below black, 49 and above white.
    np.testing.assert_array_equal(
        grey(np.array([-51, -50, -49, 48, 49, 50], np.int16), Window(0.0, 100.0)), [0, 0, 3, 252, 255, 255]
    )


def test_inversion_turns_the_scale_around() -> None:
    values = np.arange(-200, 300, dtype=np.int16)
    plain, turned = (grey(values, Window(40.0, 400.0), inverse) for inverse in (False, True))
    assert np.abs(plain.astype(int) + turned - 255).max() <= 1
    assert (turned[0], turned[-1]) == (255, 0)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverse"),
    [
        ("MONOCHROME1", False, True),
        ("MONOCHROME1", True, True),
        ("MONOCHROME2", True, True),
        ("MONOCHROME2", False, False),
    ],
)
def test_monochrome1_and_an_inverse_presentation_do_not_cancel(photometric: str, shape: bool, inverse: bool) -> None:
    assert is_inverse(header(photometric=photometric, presentation_inverse=shape)) is inverse


def test_slope_and_intercept_give_hounsfield_units_as_integers() -> None:
    facts = FrameFacts(transform=ModalityTransform(1.0, -1024.0, "HU"))
    found = modality_values(np.array([0, 1024, 4095], np.uint16), header(facts, bits_stored=12, high_bit=11), 0)
    assert found.unit == "HU"
    assert found.values.dtype == np.int16
    np.testing.assert_array_equal(found.values, [-1024, 0, 3071])


def test_integers_grow_rather_than_wrap() -> None:
    facts = FrameFacts(transform=ModalityTransform(1.0, -1024.0, "HU"))
    found = modality_values(np.array([0, 65535], np.uint16), header(facts), 0)
    np.testing.assert_array_equal(found.values, [-1024, 64511])


def test_a_fractional_slope_differs_from_frame_to_frame() -> None:
    facts = tuple(FrameFacts(transform=ModalityTransform(slope, 0.0, "BQML")) for slope in (0.5, 2.25))
    both = header(facts[0], frames=2, per_frame=facts)
    stored = np.array([100], np.uint16)
    assert [float(modality_values(stored, both, i).values[0]) for i in (0, 1)] == [50.0, 225.0]
    assert modality_value(32767, both, 1) == 32767 * 2.25


def test_a_modality_lut_maps_and_clamps() -> None:
    facts = FrameFacts(transform=ModalityTransform(unit="OD", table=table(10, [5, 50, 500])))
    found = modality_values(np.array([0, 10, 11, 12, 99], np.uint16), header(facts), 0)
    np.testing.assert_array_equal(found.values, [5, 5, 50, 500, 500])
    assert found.unit == "OD"


@pytest.mark.parametrize(("bits_stored", "high_bit"), [(12, 11), (12, 15), (10, 11), (16, 15), (1, 0)])
@pytest.mark.parametrize("is_signed", [False, True])
def test_stored_values_are_the_stored_bits_only(bits_stored: int, high_bit: int, is_signed: bool) -> None:
    containers = np.random.default_rng(2).integers(0, 65536, 500).astype(np.uint16)
    low = high_bit - bits_stored + 1
    expected = [(int(c) >> low) & ((1 << bits_stored) - 1) for c in containers]
    if is_signed:
        expected = [v - (1 << bits_stored) if v >> (bits_stored - 1) else v for v in expected]
    described = header(bits_stored=bits_stored, high_bit=high_bit, is_signed=is_signed)
    np.testing.assert_array_equal(stored_values(containers.view("i2" if is_signed else "u2"), described), expected)


def test_a_voi_lut_maps_modality_values_and_clamps() -> None:
    lut = table(100, [0, 1000, 65535])
    np.testing.assert_array_equal(grey(np.array([0, 100, 101, 102, 500], np.int16), lut), [0, 0, 4, 255, 255])
    np.testing.assert_array_equal(grey(np.array([0.0, 101.4, 500.0], np.float32), lut), [0, 4, 255])


def test_voi_comes_in_the_files_order_windows_first() -> None:
    windows, lut = (Window(1.0, 2.0), Window(3.0, 4.0)), table(0, [0, 9])
    with_both = header(FrameFacts(windows=windows, voi_tables=(lut,)))
    assert voi_choices(with_both) == (*windows, lut)
    assert first_voi(with_both, 0, np.zeros((4, 4), np.uint16)) == windows[0]
    only_lut = header(FrameFacts(voi_tables=(table(50, [0, 0, 10, 20, 20]),)))
    assert isinstance(first_voi(only_lut, 0, np.zeros((4, 4), np.uint16)), LookupTable)
    assert first_window(only_lut, 0, np.zeros((4, 4), np.uint16)) == equivalent_window(table(50, [0, 0, 10, 20, 20]))


def test_the_window_that_spans_a_lut_is_black_and_white_where_it_is() -> None:
    lut = table(0, [0] * 100 + list(range(0, 65536, 656)) + [65535] * 100)
    window = equivalent_window(lut)
    values = np.arange(300, dtype=np.int16)
    by_lut, by_window = grey(values, lut).astype(int), grey(values, window).astype(int)
    assert np.abs(by_lut - by_window).max() <= 5


def test_an_image_without_a_window_gets_one_that_ignores_padding_and_outliers() -> None:
    pixels = np.random.default_rng(4).integers(1000, 2000, (200, 200)).astype(np.uint16)
    pixels[:60] = 63536
    pixels[100, 100] = 40000
    window = auto_window(header(rows=200, columns=200, padding=(63536, 63536)), 0, pixels)
    low, high = window.center - window.width / 2, window.center + window.width / 2
    assert 990 < low < 1020
    assert 1980 < high < 2010


def test_eight_bits_without_a_window_are_shown_as_they_are() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    described = header(bits_allocated=8, bits_stored=8, high_bit=7)
    np.testing.assert_array_equal(grey(pixels, auto_window(described, 0, pixels)), pixels)


@pytest.mark.parametrize(
    "pixels", [np.full((8, 8), 7, np.uint16), np.full((8, 8), np.nan, np.float32), np.zeros((8, 8), np.float32)]
)
def test_an_image_of_one_value_has_a_window_all_the_same(pixels: Array) -> None:
    described = header(float_bits=32 if pixels.dtype.kind == "f" else 0)
    assert auto_window(described, 0, pixels).width > 0


def test_padding_is_background_whatever_the_polarity() -> None:
    stored = np.array([[0, 63536, 2000, 63540]], np.uint16)
    described = header(FrameFacts(transform=ModalityTransform(1.0, -1024.0, "HU")), padding=(63536, 63540))
    mask = padding_mask(stored, described)
    assert mask is not None
    np.testing.assert_array_equal(mask, [[False, True, False, True]])
    values = modality_values(stored, described, 0).values
    assert padding_values(described, 0) == (62512.0, 62516.0)
    shown = grey(values, Window(40.0, 400.0), inverse=True, padding=padding_values(described, 0))
    np.testing.assert_array_equal(shown, [[255, 0, 0, 0]])


def test_values_that_are_not_numbers_are_background() -> None:
    np.testing.assert_array_equal(grey(np.array([np.nan, np.inf, 5.0], np.float32), Window(0.0, 2.0), inverse=False), [0, 0, 255])


def palette(
    entries: tuple[list[int], list[int], list[int]], first: int = 0, bits: int = 16, supplemental: bool = False
) -> Palette:
    red, green, blue = (table(first, channel, bits) for channel in entries)
    return Palette(red, green, blue, supplemental)


def test_palettes_of_eight_and_sixteen_bits_give_the_same_colour() -> None:
    stored = np.array([[0, 1, 2, 9]], np.uint8)
    described = header(bits_allocated=8, bits_stored=8, high_bit=7, photometric="PALETTE COLOR")
    deep = replace(described, palette=palette(([0, 65535, 32896], [0, 0, 65535], [0, 257, 0])))
    flat = replace(described, palette=palette(([0, 255, 128], [0, 0, 255], [0, 1, 0]), bits=8))
    expected = [[[0, 0, 0], [255, 0, 1], [128, 255, 0], [128, 255, 0]]]
    np.testing.assert_array_equal(colour(stored, deep), expected)
    np.testing.assert_array_equal(colour(stored, flat), expected)


def test_a_supplemental_palette_leaves_lower_values_grey() -> None:
    stored = np.array([[3, 100, 101]], np.uint16)
    colours = palette(([65535, 0], [0, 65535], [0, 0]), first=100, supplemental=True)
    shown = colour(stored, header(palette=colours), grey=np.array([[77, 1, 2]], np.uint8))
    np.testing.assert_array_equal(shown, [[[77, 77, 77], [255, 0, 0], [0, 255, 0]]])


def overlay(bits: Array, row: int = 1, column: int = 1, **changes: Any) -> Overlay:
    packed = np.packbits(bits.ravel().astype(np.uint8), bitorder="little").tobytes()
    rows, columns = bits.shape[-2:]
    return replace(Overlay(0x6000, rows, columns, row, column, "G", zlib.compress(packed)), **changes)


def test_an_overlay_lies_where_its_origin_says() -> None:
    bits = np.array([[1, 0, 1], [0, 1, 1]])
    described = header(overlays=(overlay(bits, 2, 3), overlay(bits, 0, 0)))
    (_, inside), (_, outside) = overlay_planes(described)
    np.testing.assert_array_equal(inside.astype(int), [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
    np.testing.assert_array_equal(outside.astype(int)[0], [1, 1, 0, 0])


def test_an_overlay_of_many_frames_starts_at_its_own_frame() -> None:
    bits = np.random.default_rng(1).integers(0, 2, (2, 4, 4))
    described = header(frames=3, overlays=(overlay(bits, first_frame=1, frames=2),))
    assert overlay_planes(described, 0) == ()
    for frame in (1, 2):
        np.testing.assert_array_equal(overlay_planes(described, frame)[0][1], bits[frame - 1].astype(bool))


def test_an_overlay_in_unused_bits_is_read_from_the_container() -> None:
    mask = np.eye(4, dtype=np.uint16)
    embedded = Overlay(0x6000, 4, 4, 1, 1, "G", embedded_bit=14)
    described = header(bits_stored=12, high_bit=11, overlays=(embedded,))
    container = mask << 14 | np.uint16(100)
    np.testing.assert_array_equal(overlay_planes(described, 0, container)[0][1], mask.astype(bool))
    assert (stored_values(container, described) == 100).all()


def test_shutters_cover_what_lies_outside_every_shape() -> None:
    assert shutter_mask(header()) is None
    covered = shutter_mask(header(rows=10, columns=10, shutter=Shutter(rectangle=(3, 8, 2, 9))))
    assert covered is not None
    expected = np.ones((10, 10), bool)
    expected[1:9, 2:8] = False
    np.testing.assert_array_equal(covered, expected)
    both = shutter_mask(header(rows=10, columns=10, shutter=Shutter(rectangle=(3, 8, 2, 9), circle=(5, 5, 2))))
    assert both is not None
    assert [tuple(p + 1) for p in np.argwhere(~both)] == [
        (3, 5), (4, 4), (4, 5), (4, 6), (5, 3), (5, 4), (5, 5), (5, 6), (5, 7), (6, 4), (6, 5), (6, 6), (7, 5),
    ]  # fmt: skip


def test_a_polygonal_shutter_shows_its_inside() -> None:
    covered = shutter_mask(header(rows=10, columns=10, shutter=Shutter(polygon=((1, 1), (1, 9), (9, 1)))))
    assert covered is not None
    assert not covered[1, 1]
    assert covered[7, 7]
    # The triangle with its edges: 1 + 2 + ... + 9 pixels.
    assert (~covered).sum() == 45
