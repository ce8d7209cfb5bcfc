"""A laid-over series lies where its own voxels lie in the patient, is of that patient, and says what it is (F50, F63)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import fused_pair as pair
import numpy as np
import pytest
from fused_pair import CENTRE, FUSION, HU, PET_FACTS, RADIUS, SUV
from made_series import Acquisition

from rendering.fusion import blended
from rendering.pixels.colour_maps import colour_map, colour_maps
from rendering.registration.displacement import Displacement, displacements
from rendering.viewport import Viewport
from workstation.domain.alignment import IDENTITY
from workstation.domain.annotation import AnnotationKind
from workstation.domain.geometry import add, cross, length, scale, sub, unit
from workstation.domain.viewing import FusionMode, Plane, ViewportState, VoiFunction, Window

WIDE, HIGH = 230, 190
ASKEW = (unit((0.9, 0.3, -0.2)), unit((-0.3, 0.9, 0.1)))
TILTED = unit(sub(ASKEW[1], scale(ASKEW[0], sum(a * b for a, b in zip(*ASKEW, strict=True)))))


def around_centre(grid: Acquisition) -> Acquisition:
    """The same grid, so placed that the ball lies off its middle, between voxels."""
    slices, rows, columns = grid.shape
    normal = cross(grid.row_direction, grid.column_direction)
    middle = add(
        add(
            scale(grid.row_direction, grid.column_spacing * columns * 0.42),
            scale(grid.column_direction, grid.row_spacing * rows * 0.55),
        ),
        scale(normal, grid.gap * slices * 0.47),
    )
    return replace(grid, origin=sub(CENTRE, middle))


FLIPPED = {"row_direction": (-1.0, 0.0, 0.0), "column_direction": (0.0, 1.0, 0.0)}
CORONAL = {"row_direction": (1.0, 0.0, 0.0), "column_direction": (0.0, 0.0, -1.0)}
OBLIQUE = {"row_direction": ASKEW[0], "column_direction": TILTED}
GRIDS = {
    "fine": Acquisition(row_spacing=2.0, column_spacing=2.0, gap=2.0, shape=(40, 50, 50)),
    "coarse": Acquisition(row_spacing=4.1, column_spacing=4.1, gap=5.0, shape=(18, 24, 24)),
    "from the feet": Acquisition(**FLIPPED, row_spacing=3.0, column_spacing=2.5, gap=3.0, shape=(26, 34, 34)),
    "coronal": Acquisition(**CORONAL, row_spacing=3.0, column_spacing=3.0, gap=4.0, shape=(22, 30, 30)),
    "askew": Acquisition(**OBLIQUE, row_spacing=3.0, column_spacing=3.0, gap=3.0, shape=(30, 30, 30)),
}
LOOKS: dict[str, dict[str, Any]] = {
    "axial": {"plane": Plane.AXIAL},
    "coronal, turned": {"plane": Plane.CORONAL, "rotation": 90},
    "sagittal, flipped": {"plane": Plane.SAGITTAL, "flipped_horizontally": True},
    "oblique, zoomed": {
        "plane": Plane.OBLIQUE,
        "oblique": ((0.6, 0.0, 0.8), (0.0, 1.0, 0.0)),
        "zoom": 1.7,
        "flipped_vertically": True,
    },
    "as acquired": {"plane": Plane.STACK},
}


def looking(view: Viewport, look: dict[str, Any]) -> ViewportState:
    state = (
        view.at_point(view.default_state(look["plane"]), CENTRE)
        if look["plane"] is not Plane.OBLIQUE
        else view.default_state(Plane.AXIAL)
    )
    return replace(state, focus=CENTRE, fusion=FUSION, **look)


@pytest.fixture(scope="module")
def base() -> Any:
    return pair.ct()


@pytest.fixture(scope="module")
def over() -> Any:
    return pair.pet()


@pytest.mark.parametrize("grid", GRIDS)
def test_the_hottest_place_lies_on_the_ball_whatever_the_grid_and_the_view(base: Any, grid: str) -> None:
    """Within half a voxel of the PET and half of the CT, in every view (F50)."""
    series = pair.pet(around_centre(GRIDS[grid]))
    view = pair.viewport(base, series)
    for name, look in LOOKS.items():
        state = looking(view, look)
        seen = view.fusion.values(view.fusion.found(FUSION), view._view(state, WIDE, HIGH), state, WIDE, HIGH).values
        weight = np.where(np.nan_to_num(seen) > 0.6 * np.nanmax(seen), np.nan_to_num(seen), 0.0)
        rows, columns = np.indices(weight.shape)
        x, y = ((part * weight).sum() / weight.sum() + 0.5 for part in (columns, rows))
        found = view.to_patient(state, WIDE, HIGH, float(x), float(y))
        assert found is not None
        assert length(sub(found, CENTRE)) < 0.5 * min(series.verdict.geometry.spacing) + 0.5, name
        # Half of it is left at the ball's edge: the size is right as well as the place.
        inside = np.nan_to_num(seen) >= SUV / 2
        area = inside.sum() * view.picture(state, WIDE, HIGH).mm_per_pixel ** 2  # type: ignore[operator]
        assert area == pytest.approx(math.pi * RADIUS**2, rel=0.12), name
        assert np.nanmax(seen) == pytest.approx(SUV, rel=0.12), name


def test_a_registered_series_is_laid_over_through_its_transform(base: Any) -> None:
    """A PET whose space is turned by 30 degrees and shifted: its alignment brings the ball back."""
    turn, shift = math.radians(30.0), np.array([12.0, -4.0, 9.0])
    matrix = np.array([[math.cos(turn), -math.sin(turn), 0.0], [math.sin(turn), math.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    there = matrix @ np.array(CENTRE) + shift

    def elsewhere(points: Any) -> Any:
        return pair.uptake(points - there + np.array(CENTRE))

    grid = replace(pair.PET_GRID, origin=tuple(float(v) for v in there - 50.0))
    series = pair.pet(grid, elsewhere, frame_of_reference_uid="1.2.77")
    view = pair.viewport(base, series)
    transform = tuple(float(v) for v in np.hstack([matrix, shift[:, None]]).ravel())
    fusion = replace(FUSION, transform=transform, words="fused, registered, residual 0.4 mm")
    state = replace(looking(view, LOOKS["axial"]), fusion=fusion)
    probe = view.probe(state, WIDE, HIGH, *view.to_view(state, WIDE, HIGH, CENTRE)[:2])
    assert "PT 7." in probe.text or "PT 8" in probe.text
    assert view.picture(state, WIDE, HIGH).fused.words == "fused, registered, residual 0.4 mm"
    point = view.hottest(state, WIDE, HIGH)
    assert length(sub(point, CENTRE)) < 3.0 * math.sqrt(3) / 2
    unregistered = view.picture(replace(state, fusion=FUSION), WIDE, HIGH)
    assert unregistered.fused is None
    assert any("no common frame of reference" in d.text for d in unregistered.doubts)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patient": "P2"}, "another patient"),
        ({"issuer": "elsewhere"}, "another patient"),
        ({"frame_of_reference_uid": "1.2.8"}, "no common frame of reference"),
        ({"frame_of_reference_uid": ""}, "no common frame of reference"),
    ],
)
def test_what_is_not_proved_to_belong_here_is_not_laid_over_and_said(base: Any, changes: dict[str, str], words: str) -> None:
    """F63: the image stays as it is, with the reason on it."""
    view = pair.viewport(base, pair.pet(**changes))
    state = looking(view, LOOKS["axial"])
    shown, alone = view.picture(state, WIDE, HIGH), view.picture(replace(state, fusion=None), WIDE, HIGH)
    assert shown.fused is None
    assert any(words in doubt.text for doubt in shown.doubts)
    assert np.array_equal(shown.pixels, alone.pixels)


def test_a_series_that_is_not_open_or_still_coming_is_said(base: Any) -> None:
    view = pair.viewport(base, None)
    assert any("not open" in d.text for d in view.picture(looking(view, LOOKS["axial"]), WIDE, HIGH).doubts)
    waiting = pair.viewport(base, pair.pet(load=False))
    shown = waiting.picture(looking(waiting, LOOKS["as acquired"]), WIDE, HIGH)
    assert shown.error is None
    assert any("being loaded" in d.text for d in shown.doubts)


def test_the_picture_tells_both_series_window_and_unit(base: Any, over: Any) -> None:
    view = pair.viewport(base, over)
    state = looking(view, LOOKS["axial"])
    picture = view.picture(state, WIDE, HIGH)
    fused = picture.fused
    assert (fused.series_uid, fused.modality, fused.words, fused.unit) == (
        pair.PET_UID,
        "PT",
        "fused, same frame of reference",
        "SUVbw",
    )
    assert (fused.window.center, fused.window.width) == (3.5, 7.0)
    assert picture.unit == "HU"
    told = view.picture(replace(state, value_unit="SUVlbm (Janma)"), WIDE, HIGH)
    share = 9270 * 74 / (6680 + 216 * 74 / 1.8**2) / 74
    assert told.fused.unit == "SUVlbm (Janma)"
    assert told.fused.window.width == pytest.approx(7.0 * share)
    assert np.array_equal(told.pixels, picture.pixels)


def test_colours_mix_by_opacity_and_leave_alone_what_is_below_the_window_or_outside() -> None:
    hot = colour_map("hot")
    base = np.full((1, 5), 100, np.uint8)
    values = np.array([[np.nan, 0.0, 2.0, 4.0, 9.0]], np.float32)
    window = Window(2.0, 4.0, VoiFunction.LINEAR_EXACT)
    mixed = blended(base, values, window, hot, 0.5)
    assert mixed[0, 0].tolist() == mixed[0, 1].tolist() == [100, 100, 100]
    for column, level in ((2, 128), (3, 255), (4, 255)):
        assert np.abs(mixed[0, column].astype(int) - (50 + hot.table[level] / 2)).max() <= 1
    covered = blended(base, values, window, hot, 1.0)
    assert covered[0, 0].tolist() == [100, 100, 100]
    assert covered[0, 3].tolist() == hot.table[255].tolist()


def test_while_the_hand_moves_the_picture_is_the_same_but_for_what_lies_between_voxels(base: Any, over: Any) -> None:
    """Fewer places are looked at, none skips a voxel of the PET: the colours are those of the still picture nearly everywhere."""
    view = pair.viewport(base, over)
    for look in ("axial", "oblique, zoomed"):
        state = replace(looking(view, LOOKS[look]), window=Window(40.0, 400.0), zoom=3.0)
        for opacity in (0.5, 1.0):
            state = replace(state, fusion=replace(FUSION, opacity=opacity))
            base_view = view._view(state, WIDE, HIGH)
            seen = view.fusion.values(view.fusion.found(FUSION), base_view, state, WIDE, HIGH, fast=True)
            assert seen.times > 1
            alone = view.picture(replace(state, fusion=None), WIDE, HIGH)
            made = [view.fusion.over(alone, base_view, state, lambda: np.empty(0), quick).pixels for quick in (True, False)]
            fast, still = (pixels.astype(int) for pixels in made)
            assert fast.shape == still.shape
            away = np.abs(fast - still).max(axis=2)
            assert np.mean(away > 12) < 0.02
            assert np.median(away) <= 2


def test_a_slab_lays_over_as_much_depth_as_it_shows(base: Any, over: Any) -> None:
    view = pair.viewport(base, over)
    above = replace(looking(view, LOOKS["axial"]), focus=add(CENTRE, (0.0, 0.0, 16.0)))
    thin = view.fusion.values(view.fusion.found(FUSION), view._view(above, WIDE, HIGH), above, WIDE, HIGH).values
    slab = replace(above, slab_mm=40.0, slab_mode="MIP")
    thick = view.fusion.values(view.fusion.found(FUSION), view._view(slab, WIDE, HIGH), slab, WIDE, HIGH).values
    assert np.nanmax(thin) < SUV / 4
    assert np.nanmax(thick) > SUV * 0.9


def test_a_difference_is_that_of_the_values_and_says_its_sign() -> None:
    """More in the shown series is red, less is blue, the same is grey, and units that differ are refused."""
    now = pair.ct()
    before = pair.made(pair.PET_UID, "CT", pair.CT_GRID, lambda p: pair.hounsfield(p) - np.where(p[..., 0] < 0, 100.0, 0.0), "HU")
    view = pair.viewport(now, before)
    state = looking(view, LOOKS["axial"])
    state = replace(state, fusion=replace(FUSION, mode=FusionMode.DIFFERENCE, colour_map="difference"))
    picture = view.picture(state, WIDE, HIGH)
    assert picture.fused.mode is FusionMode.DIFFERENCE
    assert (picture.fused.unit, picture.fused.window.width) == ("HU", 400.0)
    left, right = (picture.pixels[round(y), round(x)] for x, y, _ in (
        view.to_view(state, WIDE, HIGH, (-30.0, -7.0, 30.0)), view.to_view(state, WIDE, HIGH, (30.0, -7.0, 30.0))))  # fmt: skip
    assert int(left[0]) > int(left[2]) + 60
    assert right.tolist() == colour_map("difference", "difference").table[128].tolist()
    refused = pair.viewport(now, pair.pet())
    shown = refused.picture(state, WIDE, HIGH)
    assert shown.fused is None
    assert any("No difference" in d.text for d in shown.doubts)


def test_a_probe_and_a_drawing_on_a_fused_image_tell_both_series(base: Any, over: Any) -> None:
    """The laid-over value is measured in its own voxels: fused regions that say HU only are a known fault (viewer.md 1c)."""
    view = pair.viewport(base, over)
    for look in ("axial", "as acquired", "sagittal, flipped"):
        state = looking(view, LOOKS[look])
        x, y, _ = view.to_view(state, WIDE, HIGH, CENTRE)
        probe = view.probe(state, WIDE, HIGH, x, y)
        assert probe.text.startswith(f"CT {HU:.0f} HU   PT "), probe.text
        assert probe.text.endswith("SUVbw")
        reach = 5.0 / view.picture(state, WIDE, HIGH).mm_per_pixel
        drawn = view.annotation_at(state, WIDE, HIGH, [(x - reach, y - reach), (x + reach, y + reach)], AnnotationKind.ELLIPSE)
        measured = view.measure(drawn)
        told = {(value.of, value.name): value for value in measured.values}
        assert told["CT", "Mean"].value == pytest.approx(HU)
        assert told["CT", "Mean"].unit == "HU"
        assert told["PT", "Max"].unit == "SUVbw"
        assert told["PT", "Max"].value == pytest.approx(SUV, rel=0.06)
        assert told["PT", "Mean"].value == pytest.approx(SUV * 0.9, rel=0.08)
        assert [value.name for value in measured.values].count("Area") == 1
        in_lean = view.measure(drawn, (), "SUVlbm (Janma)")
        assert {v.unit for v in in_lean.values if v.of == "PT" and v.name == "Max"} == {"SUVlbm (Janma)"}


def test_without_suv_the_laid_over_values_are_activity_and_the_doubt_is_said(base: Any) -> None:
    """F55: a missing weight takes the SUV away, on the fused image too."""
    view = pair.viewport(base, pair.pet(pet=replace(PET_FACTS, weight=None)))
    picture = view.picture(looking(view, LOOKS["axial"]), WIDE, HIGH)
    assert picture.fused.unit == "BQML"
    assert any(d.text.startswith("PT: No SUV: PatientWeight") for d in picture.doubts)


# ---- colours ---------------------------------------------------------------------------


def lightness(table: Any) -> Any:
    """CIE 1976 L* of sRGB."""
    share = table / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(luminance > 0.008856, 116.0 * np.cbrt(luminance) - 16.0, 903.3 * luminance)


def test_an_ordered_map_only_gets_brighter_or_only_darker() -> None:
    for one in colour_maps():
        steps = np.diff(lightness(one.table.astype(float)))
        assert bool((steps > 0).all() or (steps < 0).all()) is one.is_ordered, one.name


def test_the_even_map_rises_by_the_same_lightness_everywhere() -> None:
    light = lightness(colour_map("even").table.astype(float))
    assert np.abs(light - np.linspace(light[0], light[-1], 256)).max() < 1.5
    assert light[-1] - light[0] > 90


def test_both_signs_of_a_difference_are_as_bright_and_the_middle_is_grey() -> None:
    table = colour_map("difference", "difference").table.astype(float)
    light = lightness(table)
    assert np.abs(light - light[::-1]).max() < 4.0
    assert np.ptp(table[127:129]) < 4


def test_a_deformed_series_is_laid_over_where_its_field_says(base: Any, over: Any) -> None:
    """A field that moves all by 9 mm: the ball is found 9 mm away, as by a transform; a forgotten field is said."""
    away = np.array([6.0, -3.0, 6.0])
    field = np.broadcast_to(away.astype(np.float32), (9, 9, 9, 3)).copy()
    displacements.keep("made", Displacement(field, np.array([-80.0, -80.0, -80.0]), 25.0), IDENTITY)
    view = pair.viewport(base, over)
    state = looking(view, LOOKS["axial"])
    try:
        bent = replace(FUSION, transform=IDENTITY, warp="made", words="fused, deformed")
        moved = replace(FUSION, transform=(1.0, 0.0, 0.0, 6.0, 0.0, 1.0, 0.0, -3.0, 0.0, 0.0, 1.0, 6.0), words="fused")
        for slab in (0.0, 12.0):
            shown = replace(state, focus=tuple(np.array(CENTRE) - away), slab_mm=slab, slab_mode="MIP")
            one, other = (
                view.fusion.values(view.fusion.found(way), view._view(shown, WIDE, HIGH), shown, WIDE, HIGH).values
                for way in (bent, moved)
            )
            assert np.array_equal(np.isfinite(one), np.isfinite(other))
            assert np.nanmax(np.abs(one - other)) < (1e-3 if not slab else 0.2)
        there = tuple(np.array(CENTRE) - away)
        shown = replace(state, focus=there, fusion=bent)
        probe = view.probe(shown, WIDE, HIGH, *view.to_view(shown, WIDE, HIGH, there)[:2])
        assert probe.text.split("PT ")[1].startswith(("7.", "8"))
    finally:
        displacements.forget()
    gone = view.picture(replace(state, fusion=bent), WIDE, HIGH)
    assert gone.fused is None
    assert any("deformation" in d.text for d in gone.doubts)
