"""Grey levels at known places are what the formulas say, and what is beside the image is black."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rendering.header import (
    FrameFacts,
    LookupTable,
    ModalityTransform,
    Overlay,
    Palette,
    PetFacts,
    Shutter,
)
from rendering.picture import Letters
from rendering.pixels import grey
from rendering.viewport import Viewport
from rendering.viewport_values import screen_grey
from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Plane, VoiFunction, Window
from workstation.errors import Refused

RAMP = (np.arange(64, dtype="i2").reshape(8, 8) * 10 - 100).astype("i2")
EXACT = Window(200.0, 400.0, VoiFunction.LINEAR_EXACT)


def single(maker: Any, pixels: Any = RAMP, **changes: Any) -> Viewport:
    maker.header = replace(maker.header, modality="DX")
    maker.add(pixels, **changes)
    viewport: Viewport = maker.viewport()
    return viewport


def shown(viewport: Viewport, width: int, height: int, window: Window | None = EXACT, **changes: Any) -> Any:
    state = replace(viewport.default_state(), window=window, **changes)
    return viewport.picture(state, width, height).pixels


def test_at_its_own_size_every_pixel_has_the_grey_of_its_value(maker: Any) -> None:
    expected = np.floor(np.clip(RAMP / 400.0, 0.0, 1.0) * 255.0 + 0.5)
    assert np.array_equal(shown(single(maker), 8, 8), expected)


@pytest.mark.parametrize(
    ("changes", "turn"),
    [
        ({"rotation": 90}, lambda p: np.rot90(p, -1)),
        ({"rotation": 180}, lambda p: np.rot90(p, 2)),
        ({"rotation": -90}, np.rot90),
        ({"flipped_horizontally": True}, np.fliplr),
        ({"flipped_vertically": True}, np.flipud),
        ({"rotation": 90, "flipped_horizontally": True}, lambda p: np.fliplr(np.rot90(p, -1))),
        ({"rotation": 270, "flipped_vertically": True}, lambda p: np.flipud(np.rot90(p, 1))),
    ],
)
def test_turning_and_flipping_move_pixels_and_change_none(maker: Any, changes: dict[str, Any], turn: Any) -> None:
    viewport = single(maker)
    assert np.array_equal(shown(viewport, 8, 8, **changes), turn(shown(viewport, 8, 8)))


def test_values_are_interpolated_before_the_window_is_applied(maker: Any) -> None:
    pixels = np.array([[0, 1000]], "i2")
    viewport = single(maker, pixels)
    row = shown(viewport, 40, 20, Window(900.0, 100.0, VoiFunction.LINEAR_EXACT))[10]
    # The value is 900 nine tenths of the way between the centres at 10 and 30.
    place = 10 + 0.9 * 20
    assert [int(row[int(place) + k]) for k in (-4, 3)] == [0, 255]
    assert int(row[28]) == pytest.approx(255 * (0.925 - 0.85) / 0.1, abs=1)


def test_beside_the_image_it_is_black_also_when_inverted(maker: Any) -> None:
    viewport = single(maker, np.zeros((8, 8), "i2"))
    pixels = shown(viewport, 24, 8, inverted=True)
    assert (pixels[:, 8:16] == 255).all()
    assert not pixels[:, :8].any()
    assert not pixels[:, 16:].any()


def test_zoom_and_pan_keep_the_centre_and_move_by_shares_of_the_view(maker: Any) -> None:
    viewport = single(maker, np.pad(np.full((1, 1), 400, "i2"), 4))
    assert np.argwhere(shown(viewport, 9, 9)).tolist() == [[4, 4]]
    zoomed = np.argwhere(shown(viewport, 90, 90, zoom=2.0) > 127)
    assert zoomed.mean(axis=0) == pytest.approx([44.5, 44.5])
    moved = np.argwhere(shown(viewport, 90, 90, zoom=2.0, pan=(0.25, -0.1)) > 127)
    assert moved.mean(axis=0) == pytest.approx([44.5 - 9.0, 44.5 + 22.5], abs=0.51)


@pytest.mark.parametrize(
    "changes", [{"spacing": (2.0, 1.0), "spacing_source": SpacingSource.PIXEL_SPACING}, {"pixel_aspect_ratio": (2.0, 1.0)}]
)
def test_pixels_that_are_not_square_are_drawn_so(maker: Any, changes: dict[str, Any]) -> None:
    viewport = single(maker, np.full((10, 10), 400, "i2"), **changes)
    rows, columns = np.nonzero(shown(viewport, 40, 40))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (40, 20)


def test_a_large_image_is_averaged_and_not_thinned_out(maker: Any) -> None:
    checkers = (np.indices((400, 400)).sum(axis=0) % 2 * 400).astype("i2")
    pixels = shown(single(maker, checkers), 50, 50)
    assert (pixels[1:-1, 1:-1] == 128).all()


def test_a_shrunk_image_stays_in_its_place(maker: Any) -> None:
    pixels = np.zeros((403, 403), "i2")
    pixels[100:120, 300:320] = 400
    viewport = single(maker, pixels)
    state = replace(viewport.default_state(), window=EXACT)
    spot = viewport.picture(state, 101, 101).pixels.astype(float)
    rows, columns = np.indices(spot.shape) + 0.5
    centre = (rows * spot).sum() / spot.sum(), (columns * spot).sum() / spot.sum()
    assert centre == pytest.approx((110.0 * 101 / 403, 310.0 * 101 / 403), abs=0.05)


def test_monochrome1_is_shown_inverted_and_inverting_shows_it_plain(maker: Any) -> None:
    viewport = single(maker, photometric="MONOCHROME1")
    plain = shown(single(type(maker)()), 8, 8)
    assert np.array_equal(shown(viewport, 8, 8, inverted=True), plain)
    assert np.abs(shown(viewport, 8, 8).astype(int) - (255 - plain.astype(int))).max() <= 1


def test_padding_is_black_in_either_polarity(maker: Any) -> None:
    pixels = RAMP.copy()
    pixels[2, 3] = -2000
    viewport = single(maker, pixels, padding=(-2000, -2000))
    assert shown(viewport, 8, 8, inverted=True)[2, 3] == 0
    assert shown(viewport, 8, 8, inverted=True)[0, 3] == 255


def test_a_shutter_covers_and_an_overlay_draws(maker: Any) -> None:
    drawn = np.zeros((8, 8), bool)
    drawn[5, 2] = True
    overlay = Overlay(0x6000, 8, 8, 1, 1, "G", zlib.compress(np.packbits(drawn, bitorder="little").tobytes()))
    viewport = single(maker, np.full((8, 8), 200, "i2"), shutter=Shutter(rectangle=(2, 7, 2, 7)), overlays=(overlay,))
    pixels = shown(viewport, 8, 8)
    assert pixels[5, 2] == 255
    assert pixels[1, 1] == 128
    assert not pixels[0].any()
    assert not pixels[:, 7].any()


def test_a_line_of_an_overlay_stays_when_the_image_is_shrunk(maker: Any) -> None:
    drawn = np.zeros((64, 64), bool)
    drawn[:, 33] = True
    overlay = Overlay(0x6000, 64, 64, 1, 1, "G", zlib.compress(np.packbits(drawn, bitorder="little").tobytes()))
    pixels = shown(single(maker, np.zeros((64, 64), "i2"), overlays=(overlay,)), 16, 16)
    assert (pixels[:, 8] == 255).all()
    assert not pixels[:, :8].any()


def test_rgb_is_shown_as_it_is(maker: Any) -> None:
    rgb = np.arange(8 * 8 * 3, dtype="u1").reshape(8, 8, 3)
    maker.header = replace(maker.header, bits_allocated=8, bits_stored=8, high_bit=7, is_signed=False, photometric="RGB")
    viewport = single(maker, rgb)
    picture = viewport.picture(viewport.default_state(), 8, 8)
    assert np.array_equal(picture.pixels, rgb)
    assert picture.window is None
    probe = viewport.probe(viewport.default_state(), 8, 8, 2.5, 1.5)
    assert probe is not None
    assert (probe.value, probe.colour) == (None, (30, 31, 32))


def test_a_palette_gives_its_colours(maker: Any) -> None:
    tables = [LookupTable(0, 8, np.array(v, "<u2").tobytes()) for v in ([0, 255, 9], [10, 20, 8], [1, 2, 7])]
    maker.header = replace(
        maker.header, bits_allocated=8, bits_stored=8, high_bit=7, is_signed=False,
        photometric="PALETTE COLOR", palette=Palette(*tables),
    )  # fmt: skip
    viewport = single(maker, np.array([[0, 1], [2, 1]], "u1"))
    picture = viewport.picture(viewport.default_state(), 2, 2)
    assert picture.pixels.tolist() == [[[0, 10, 1], [255, 20, 2]], [[9, 8, 7], [255, 20, 2]]]


@pytest.mark.parametrize("function", list(VoiFunction))
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize(("center", "width"), [(40.0, 400.0), (0.5, 1.0), (3.25, 7.5)])
def test_the_quick_window_gives_the_greys_of_the_exact_one(
    function: VoiFunction, inverse: bool, center: float, width: float
) -> None:
    values = np.concatenate([np.linspace(-300, 300, 4001), [np.nan]]).astype(np.float32)
    window = Window(center, width, function)
    quick, exact = screen_grey(values, window, inverse, None), grey(values, window, inverse)
    assert np.abs(quick.astype(int) - exact).max() <= 1
    assert np.count_nonzero(quick != exact) <= 20
    assert quick[-1] == 0


def test_a_volume_has_one_window_for_all_its_slices(maker: Any, acquisition: Any) -> None:
    for index in range(7):
        maker.add(np.zeros((9, 11), "i2"), acquisition().plane(index), windows=(Window(float(index), 10.0),))
    viewport = maker.viewport()
    windows = {viewport.window_of(viewport.at_index(viewport.default_state(), i)) for i in range(7)}
    assert windows == {Window(3.0, 10.0)}


def test_images_of_a_stack_have_windows_of_their_own(maker: Any) -> None:
    maker.header = replace(maker.header, modality="CR")
    for center in (10.0, 20.0):
        maker.add(RAMP, windows=(Window(center, 10.0),))
    viewport = maker.viewport()
    assert [viewport.window_of(viewport.at_index(viewport.default_state(), i)).center for i in (0, 1)] == [10.0, 20.0]


def pet(maker: Any, acquisition: Any, slopes: Any = None) -> Viewport:
    facts = PetFacts(
        "BQML", "", ("ATTN", "DECY"), "START", 6586.2, 370e6, "100000", "", "20200101", "110000", "20200101", "110000", 74.0
    )
    maker.header = replace(maker.header, modality="PT", is_signed=False, pet=facts)
    scan = acquisition()
    for index in range(7):
        slope = 2.0 if slopes is None else slopes[index]
        transform = ModalityTransform(slope, 0.0, "BQML")
        stored = np.full((9, 11), 1000 * (index + 1), "u2")
        maker.add(stored, scan.plane(index), transform=transform, windows=(Window(5000.5, 10001.0),))
    viewport: Viewport = maker.viewport()
    return viewport


# Half an hour short of one half-life would be wrong: 3600 s after the injection.
SUV_FACTOR = 74000.0 / (370e6 * 2.0 ** (-3600.0 / 6586.2))


def test_pet_is_probed_and_windowed_in_suv(maker: Any, acquisition: Any) -> None:
    viewport = pet(maker, acquisition)
    for plane in (Plane.STACK, Plane.AXIAL):
        state = viewport.at_index(viewport.default_state(plane), 2)
        probe = viewport.probe(state, 22, 18, 11.0, 9.0)
        assert probe is not None
        assert (probe.unit, probe.stored, probe.modality_value, probe.modality_unit) == ("SUVbw", 5000, 10000.0, "BQML")
        assert probe.value == pytest.approx(10000.0 * SUV_FACTOR, rel=1e-6)
        picture = viewport.picture(replace(state, window=Window(5000.0 * SUV_FACTOR * 2, 10000.0 * SUV_FACTOR * 2)), 22, 18)
        assert picture.unit == "SUVbw"
        assert int(picture.pixels[9, 11]) in (127, 128)


def test_the_pet_window_of_the_file_gives_the_same_greys_in_suv(maker: Any, acquisition: Any) -> None:
    viewport = pet(maker, acquisition)
    window = viewport.window_of(viewport.default_state())
    assert window.function is VoiFunction.LINEAR_EXACT
    assert (window.center, window.width) == pytest.approx((5000.0 * SUV_FACTOR, 10000.0 * SUV_FACTOR))


def test_pet_slices_with_windows_of_their_own_are_shown_from_0_to_7_suv(maker: Any, acquisition: Any) -> None:
    viewport = pet(maker, acquisition)
    changed = replace(maker.headers[2].shared, windows=(Window(1.0, 2.0),))
    maker.headers[2] = replace(maker.headers[2], shared=changed)
    viewport = maker.viewport()
    assert viewport.window_of(viewport.default_state()) == Window(3.5, 7.0, VoiFunction.LINEAR_EXACT)


def test_pet_slices_of_different_slope_are_cut_in_values(maker: Any, acquisition: Any) -> None:
    slopes = [840.0 / (index + 1) for index in range(7)]
    viewport = pet(maker, acquisition, slopes)
    state = replace(viewport.default_state(Plane.CORONAL), window=Window(840000.0 * SUV_FACTOR, 1680000.0 * SUV_FACTOR))
    inside = viewport.picture(state, 33, 42).pixels[12:30, 10:23]
    assert set(np.unique(inside)) <= {127, 128}


def test_pet_without_the_facts_says_why_it_has_no_suv(maker: Any, acquisition: Any) -> None:
    maker.header = replace(maker.header, modality="PT", pet=PetFacts(units="BQML"))
    viewport = acquisition().fill(maker, lambda p: p[..., 2], transform=ModalityTransform(unit="BQML")).viewport()
    picture = viewport.picture(viewport.default_state(), 20, 20)
    assert picture.unit == "BQML"
    assert any(d.code == "no-suv" and "PatientWeight" in d.text for d in picture.doubts)


def test_a_probe_reads_the_voxel_and_not_the_interpolated_grey(maker: Any) -> None:
    viewport = single(maker, np.array([[0, 1000]], "i2"), transform=ModalityTransform(0.1, -5.0, "HU"))
    state = viewport.default_state()
    values = [viewport.probe(state, 40, 20, x, 10.0) for x in (19.9, 20.1)]
    assert [v.value for v in values if v] == pytest.approx([-5.0, 95.0])
    assert [v.text for v in values if v] == ["-5 HU", "95 HU"]
    assert viewport.probe(state, 40, 20, 19.0, -0.1) is None
    assert viewport.probe(state, 40, 20, 40.1, 5.0) is None


def test_a_point_in_space_is_probed_in_a_stack_too(maker: Any, acquisition: Any) -> None:
    scan = acquisition(shape=(2, 9, 11))
    viewport = scan.fill(maker, lambda p: p[..., 2] + 10 * p[..., 1], slice_thickness=2.0).viewport()
    assert viewport.images.verdict.geometry is None
    probe = viewport.probe_patient((-8.6, 22.1, 303.9))
    assert probe is not None
    assert (probe.column, probe.row, probe.value) == (1, 1, 523.0)
    assert viewport.probe_patient((-8.6, 22.1, 301.5)) is None
    assert viewport.probe_patient((-28.6, 22.1, 303.0)) is None


def test_what_is_not_a_number_has_no_value(maker: Any) -> None:
    maker.header = replace(maker.header, float_bits=32, bits_allocated=32, bits_stored=32, high_bit=31)
    viewport = single(maker, np.array([[np.nan, 2.5]], "f4"))
    state = viewport.default_state()
    assert viewport.probe(state, 40, 20, 5.0, 10.0) is None
    probe = viewport.probe(state, 40, 20, 35.0, 10.0)
    assert probe is not None
    assert probe.value == 2.5
    assert viewport.picture(state, 40, 20).pixels[10, 2] == 0


def test_without_spacing_a_picture_says_so(maker: Any) -> None:
    viewport = single(maker, np.zeros((10, 10), "i2"))
    picture = viewport.picture(viewport.default_state(), 100, 100)
    assert picture.mm_per_pixel is None
    assert [d.code for d in picture.doubts] == ["spacing-none"]


def test_a_picture_knows_how_long_its_pixels_are(maker: Any) -> None:
    viewport = single(maker, np.zeros((10, 10), "i2"), spacing=(0.5, 0.25), spacing_source=SpacingSource.PIXEL_SPACING)
    # 100 view pixels are 10 columns of 0.25 mm: 40 pixels to the mm in both directions.
    assert viewport.picture(viewport.default_state(), 100, 200).mm_per_pixel == pytest.approx(1 / 40)


def test_images_without_geometry_have_the_letters_of_their_orientation(maker: Any) -> None:
    viewport = single(maker, patient_orientation=("P", "FL"))
    state = viewport.default_state()
    assert viewport.picture(state, 8, 8).letters == Letters("HR", "FL", "A", "P")
    assert viewport.picture(replace(state, rotation=90), 8, 8).letters == Letters("A", "P", "FL", "HR")
    assert viewport.picture(replace(state, flipped_horizontally=True), 8, 8).letters == Letters("HR", "FL", "P", "A")
    assert viewport.picture(replace(state, rotation=30), 8, 8).letters == Letters()
    assert single(type(maker)(), patient_orientation=("RT", "X")).picture(state, 8, 8).letters == Letters()


def test_a_frame_that_is_refused_is_an_error_tile_with_its_place(maker: Any) -> None:
    viewport = single(maker, Refused("The pixel data are cut off"))
    picture = viewport.picture(viewport.default_state(), 8, 8)
    assert picture.error is not None
    assert "cut off" in str(picture.error)
    assert picture.identity is not None
    assert picture.count == 1
    assert not picture.pixels.any()


def test_a_frame_that_is_on_its_way_is_a_partial_picture(maker: Any, acquisition: Any) -> None:
    viewport = Viewport(acquisition().fill(maker, lambda p: p[..., 2]).images(load=False))
    for plane in (Plane.STACK, Plane.AXIAL):
        picture = viewport.picture(viewport.default_state(plane), 8, 8)
        assert picture.partial
        assert picture.error is None
        assert not picture.pixels.any()


def test_a_state_of_another_series_is_never_painted(maker: Any) -> None:
    viewport = single(maker)
    state = replace(viewport.default_state(), series_uid="1.9")
    picture = viewport.picture(state, 8, 8)
    assert picture.error is not None
    assert picture.identity is None
    assert not picture.pixels.any()
    with pytest.raises(Refused):
        viewport.probe(state, 8, 8, 4.0, 4.0)


def test_a_cut_through_a_stack_is_refused_with_its_reason(maker: Any) -> None:
    viewport = single(maker)
    picture = viewport.picture(viewport.default_state(Plane.CORONAL), 8, 8)
    assert picture.error is not None
    assert "DX images are not slices" in str(picture.error)


def test_the_picture_carries_its_frame(maker: Any) -> None:
    """F56: and how much was lost in it."""
    maker.header = replace(maker.header, modality="US")
    maker.add_frames([RAMP] * 3, [FrameFacts()] * 3, lossy=True, lossy_ratio=(12.3,))
    viewport = maker.viewport()
    picture = viewport.picture(viewport.at_index(viewport.default_state(), 1), 8, 8)
    assert picture.identity is not None
    assert (picture.identity.study_uid, picture.identity.series_uid) == ("1.2.3", "1.2.3.4")
    assert (picture.identity.sop_instance_uid, picture.identity.frame_number) == ("1.2.3.4.1", 2)
    assert (picture.index, picture.count) == (1, 3)
    assert "Lossy compressed 12:1" in [d.text for d in picture.doubts]
