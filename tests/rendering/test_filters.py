"""Filters and filling in by known values; what is measured never follows them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rendering.filters import SHARPENING, SMOOTHING, filtered, gaussian, words
from rendering.header import LookupTable
from rendering.viewport import Viewport
from rendering.window_of_values import window_of_values
from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Interpolation, Plane, Sizing, VoiFunction, Window
from workstation.errors import Refused

EXACT = Window(500.0, 1000.0, VoiFunction.LINEAR_EXACT)
STEP = np.where(np.arange(64) < 32, 200, 800).astype("i2") * np.ones((64, 1), "i2")


def single(maker: Any, pixels: Any = STEP, **changes: Any) -> Viewport:
    maker.header = replace(maker.header, modality="DX")
    maker.add(pixels, **changes)
    viewport: Viewport = maker.viewport()
    return viewport


def shown(viewport: Viewport, width: int, height: int, **changes: Any) -> Any:
    state = replace(viewport.default_state(), window=EXACT, **changes)
    return viewport.picture(state, width, height)


# ---- the filters -------------------------------------------------------------------------


def test_a_gaussian_keeps_the_mean_and_has_its_width() -> None:
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 1000.0
    smooth = gaussian(point, 1.7)
    assert smooth.sum() == pytest.approx(1000.0, rel=1e-4)
    offsets = np.arange(41) - 20.0
    spread = math.sqrt(float((smooth.sum(axis=0) * offsets**2).sum() / smooth.sum()))
    assert spread == pytest.approx(1.7, rel=0.03)


@pytest.mark.parametrize("steps", [-3, -2, -1, 1, 2, 3])
def test_what_is_flat_stays_flat_to_its_edge(steps: int) -> None:
    flat = np.full((20, 30), 123.0, np.float32)
    assert np.allclose(filtered(flat, steps), 123.0, atol=1e-3)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_sharpening_adds_what_smoothing_takes_away(steps: int) -> None:
    values = STEP.astype(np.float32)
    expected = values + SHARPENING[steps - 1] * (values - gaussian(values, 1.0))
    assert np.allclose(filtered(STEP, steps), expected, atol=1e-3)
    assert filtered(STEP, steps).max() > 800.0


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_stronger_smoothing_leaves_less_noise(steps: int) -> None:
    noise = np.random.default_rng(1).normal(0.0, 50.0, (64, 64)).astype(np.float32)
    assert filtered(noise, -steps).std() < (filtered(noise, 1 - steps).std() if steps > 1 else 50.0)
    assert tuple(sorted(SMOOTHING)) == SMOOTHING


def test_padding_and_what_is_no_number_neither_bleeds_nor_changes() -> None:
    values = np.full((20, 20), 100.0, np.float32)
    values[:, :8] = -2000.0
    values[0, 15] = np.nan
    for steps in (-3, 3):
        result = filtered(values, steps, values == -2000.0)
        assert np.all(result[:, :8] == -2000.0)
        assert np.isnan(result[0, 15])
        assert np.allclose(result[1:, 8:], 100.0, atol=1e-2)


def test_the_badge_says_what_and_how_much() -> None:
    assert [words(s) for s in (-2, 0, 3)] == ["Smoothed 2", "", "Sharpened 3"]


# ---- on screen ---------------------------------------------------------------------------


def test_a_filter_acts_before_the_window_and_says_so(maker: Any) -> None:
    viewport = single(maker)
    picture = shown(viewport, 64, 64, sharpening=2)
    expected = np.floor(np.clip(filtered(STEP, 2) / 1000.0, 0.0, 1.0) * 255.0 + 0.5)
    assert np.abs(picture.pixels.astype(int) - expected).max() <= 1
    assert picture.processed == "Sharpened 2"
    plain = shown(viewport, 64, 64)
    assert plain.processed == ""
    assert not np.array_equal(plain.pixels, picture.pixels)


@pytest.mark.parametrize("steps", [-3, 3])
def test_values_under_the_pointer_are_those_of_the_file_whatever_the_filter(maker: Any, steps: int) -> None:
    viewport = single(maker)
    state = replace(viewport.default_state(), sharpening=steps)
    viewport.picture(state, 64, 64)
    assert [viewport.probe(state, 64, 64, x + 0.5, 10.5).value for x in (31, 32)] == [200, 800]
    assert viewport.probe_pixel(0, 31, 10).value == 200


@pytest.mark.parametrize("steps", [-3, 0, 3])
def test_a_window_from_a_box_is_of_the_unfiltered_values(maker: Any, steps: int) -> None:
    viewport = single(maker)
    state = replace(viewport.default_state(), sharpening=steps)
    window = viewport.window_in(state, 64, 64, (20.0, 5.0), (44.0, 60.0))
    assert (window.center, window.width) == (500.0, 600.0)


def test_a_filter_on_a_cut_acts_in_voxels_and_leaves_its_values(stack_of_slices: Any) -> None:
    viewport = stack_of_slices
    state = replace(viewport.default_state(Plane.CORONAL), window=Window(50.0, 100.0))
    plain, smooth = (viewport.picture(replace(state, sharpening=s), 64, 64) for s in (0, -3))
    assert smooth.processed == "Smoothed 3"
    assert smooth.pixels.std() < plain.pixels.std()
    one, other = (viewport.probe(replace(state, sharpening=s), 64, 64, 32.0, 32.0).value for s in (0, -3))
    assert one == other


def test_colours_are_filtered_too(maker: Any) -> None:
    rgb = np.random.default_rng(2).integers(0, 256, (32, 32, 3), np.uint8)
    maker.header = replace(maker.header, bits_allocated=8, bits_stored=8, high_bit=7, is_signed=False, photometric="RGB")
    viewport = single(maker, rgb)
    picture = shown(viewport, 32, 32, sharpening=-3)
    assert picture.processed == "Smoothed 3"
    assert picture.pixels.std() < shown(viewport, 32, 32).pixels.std()


# ---- filling in --------------------------------------------------------------------------


def test_nearest_shows_squares_and_says_so(maker: Any) -> None:
    viewport = single(maker, np.array([[0, 1000], [500, 250]], "i2"))
    picture = shown(viewport, 64, 64, interpolation=Interpolation.NEAREST)
    assert picture.is_nearest
    assert set(np.unique(picture.pixels)) == {0, 64, 128, 255}
    assert np.all(picture.pixels[:32, 32:] == 255)


def test_an_image_that_is_smaller_than_its_pixels_is_averaged_all_the_same(maker: Any) -> None:
    noise = np.random.default_rng(3).integers(0, 1000, (64, 64)).astype("i2")
    viewport = single(maker, noise)
    linear, nearest = (shown(viewport, 16, 16, interpolation=i) for i in (Interpolation.LINEAR, Interpolation.NEAREST))
    assert np.array_equal(linear.pixels, nearest.pixels)
    assert not nearest.is_nearest


def test_cubic_goes_through_the_pixels_and_is_smoother_between(maker: Any) -> None:
    row = np.array([0, 0, 0, 1000, 0, 0, 0, 0], "i2") * np.ones((8, 1), "i2")
    viewport = single(maker, row)
    cubic = shown(viewport, 72, 72, interpolation=Interpolation.CUBIC).pixels[36].astype(int)
    linear = shown(viewport, 72, 72).pixels[36].astype(int)
    # Nine view pixels a pixel: the centre of pixel 3 is the middle of view pixel 31.
    assert cubic[31] == linear[31] == 255
    # Half way Keys' kernel (a = -1/2) gives 9/16 of the peak, linear half of it.
    quarter = 0.5
    keys = 1.5 * quarter**3 - 2.5 * quarter**2 + 1
    assert keys == 9 / 16
    near = [abs(place - 31) / 9 for place in (33, 34)]
    expected = [255 * (1.5 * t**3 - 2.5 * t**2 + 1) for t in near]
    assert [cubic[33], cubic[34]] == pytest.approx(expected, abs=2)


# ---- sizes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "turn", [{}, {"rotation": 90}, {"flipped_horizontally": True}, {"rotation": 270, "flipped_vertically": True}]
)
@pytest.mark.parametrize("size", [(40, 30), (41, 31), (100, 77)])
def test_pixel_for_pixel_shows_every_value_on_one_device_pixel(maker: Any, turn: dict[str, Any], size: tuple[int, int]) -> None:
    noise = np.random.default_rng(4).integers(0, 1000, (200, 220)).astype("i2")
    viewport = single(maker, noise, spacing=(0.143, 0.143), spacing_source=SpacingSource.PIXEL_SPACING)
    picture = shown(viewport, *size, sizing=Sizing.PIXELS, **turn)
    assert picture.per_pixel == pytest.approx(1.0, abs=1e-9)
    turned = np.rot90(noise, -(turn.get("rotation", 0) // 90))
    turned = np.fliplr(turned) if turn.get("flipped_horizontally") else turned
    turned = np.flipud(turned) if turn.get("flipped_vertically") else turned
    grey = np.floor(turned / 1000.0 * 255.0 + 0.5).astype(np.uint8)
    wide, high = size
    # The middle of the image lies in the middle of the view, to half a pixel.
    tops = {(turned.shape[0] - high) // 2, -((high - turned.shape[0]) // 2)}
    lefts = {(turned.shape[1] - wide) // 2, -((wide - turned.shape[1]) // 2)}
    matches = [np.array_equal(picture.pixels, grey[top : top + high, left : left + wide]) for top in tops for left in lefts]
    assert any(matches)


def test_zoom_is_told_in_device_pixels_per_image_pixel(maker: Any) -> None:
    viewport = single(maker)
    assert shown(viewport, 128, 128).per_pixel == pytest.approx(2.0)
    assert shown(viewport, 32, 32).per_pixel == pytest.approx(0.5)
    assert shown(viewport, 500, 30, sizing=Sizing.PIXELS, zoom=2.0).per_pixel == pytest.approx(2.0)


def test_true_size_is_a_millimetre_for_a_millimetre_and_only_with_spacing(maker: Any) -> None:
    viewport = single(maker, spacing=(0.5, 0.25), spacing_source=SpacingSource.PIXEL_SPACING)
    picture = shown(viewport, 300, 300, sizing=Sizing.TRUE_SIZE, pixel_mm=0.2)
    assert picture.mm_per_pixel == pytest.approx(0.2)
    (x0, _), (x1, _) = (viewport.frame_to_view(_sized(viewport), 300, 300, c, 0.0) for c in (0.0, 40.0))
    assert x1 - x0 == pytest.approx(40 * 0.25 / 0.2)


def _sized(viewport: Viewport) -> Any:
    return replace(viewport.default_state(), sizing=Sizing.TRUE_SIZE, pixel_mm=0.2)


def test_true_size_without_spacing_fits_and_claims_nothing(maker: Any) -> None:
    viewport = single(maker)
    picture = shown(viewport, 128, 128, sizing=Sizing.TRUE_SIZE, pixel_mm=0.2)
    assert picture.per_pixel == pytest.approx(2.0)
    assert picture.mm_per_pixel is None


# ---- windows of the file -----------------------------------------------------------------


def test_the_files_windows_and_tables_are_chosen_by_number(maker: Any) -> None:
    table = LookupTable(0, 8, np.arange(255, -1, -1, dtype="<u2").tobytes(), "Reversed")
    windows = (Window(100, 200, explanation="Soft"), Window(500, 1000, explanation="Wide"))
    pixels = np.arange(256, dtype="i2").reshape(16, 16)
    viewport = single(maker, pixels, windows=windows, voi_tables=(table,))
    state = viewport.default_state()
    assert viewport.own_windows(state) == ("Soft", "Wide", "LUT: Reversed")
    named = [viewport.picture(replace(state, own_window=n), 16, 16).window.explanation for n in (0, 1, 2, 9)]
    assert named == ["Soft", "Wide", "Reversed", "Soft"]
    reversed_grey = viewport.picture(replace(state, own_window=2), 16, 16).pixels
    assert [int(reversed_grey[0, 0]), int(reversed_grey[15, 15])] == [255, 0]


def test_an_automatic_window_does_not_look_at_what_the_file_asks_for(maker: Any) -> None:
    viewport = single(maker, windows=(Window(0, 10),))
    assert viewport.auto_window(viewport.default_state()) == Window(500.5, 601.0)


def test_a_box_over_nothing_and_over_one_value_is_refused(maker: Any) -> None:
    viewport = single(maker)
    state = viewport.default_state()
    with pytest.raises(Refused, match="all alike"):
        viewport.window_in(state, 64, 64, (2.0, 2.0), (20.0, 20.0))
    with pytest.raises(Refused, match="Too little"):
        viewport.window_in(state, 64, 64, (2.0, 2.0), (4.0, 4.0))
    with pytest.raises(Refused, match="Too little"):
        window_of_values(np.full((9, 9), np.nan, np.float32), None)


def test_padding_makes_no_window(maker: Any) -> None:
    values = np.array([[-2000.0] * 50, list(np.linspace(0.0, 100.0, 50))], np.float32)
    window = window_of_values(values, (-2000.0, -2000.0))
    assert window.center - window.width / 2 == pytest.approx(1.0, abs=0.5)


@pytest.fixture
def stack_of_slices(maker: Any) -> Viewport:
    from workstation.domain.geometry import FramePlane

    noise = np.random.default_rng(5).integers(0, 100, (20, 32, 32)).astype("i2")
    for number, pixels in enumerate(noise):
        maker.add(pixels, FramePlane((0.0, 0.0, float(number)), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 1.0, 1.0))
    viewport: Viewport = maker.viewport()
    return viewport
