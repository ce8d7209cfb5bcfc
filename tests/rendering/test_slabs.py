"""Slabs: whole slices along the voxels, exactly as thick as asked for across them, the same values either way (viewer.md)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from measured import K, on_cut, unit, value

from rendering.picture import Picture
from rendering.reslice import Cutters, Levels, VolumeSource, sample_volume
from rendering.sampling import Sampling
from rendering.slab import projected, slab_axis
from rendering.viewport import Viewport
from workstation.domain.geometry import VolumeGeometry, add, scale
from workstation.domain.viewing import Interpolation, Plane, ViewportState, VoiFunction, Window

SHAPE = (9, 10, 11)  # slices, rows, columns
OBLIQUE = ((0.8, 0.36, -0.48), (0.0, 0.8, 0.6))


def source(voxels: Any, slope: float = 1.0, intercept: float = 0.0) -> VolumeSource:
    geometry = VolumeGeometry(voxels.shape, ((1.0, 0, 0, 0), (0, 1.0, 0, 0), (0, 0, 1.0, 0)))
    return VolumeSource(voxels, geometry, slope, intercept, False)


def voxels(dtype: str = "i2") -> Any:
    made = np.random.default_rng(5).integers(-500, 1500, SHAPE).astype(dtype)
    if dtype == "f4":
        made[4, 5, 6] = np.nan
        made[:, 2, 3] = np.nan
    return made


def along(axis: int, first: float, samples: int, mode: str) -> Sampling:
    """A view on the voxels' own grid, looking along an index axis."""
    across, down = (one for one in range(3) if one != axis)
    steps = [[0.0, 0.0, 0.0] for _ in range(3)]
    steps[0][across] = steps[1][down] = steps[2][axis] = 1.0
    start = [0.0, 0.0, 0.0]
    start[axis] = first
    sizes = SHAPE[::-1]
    return Sampling(start, steps[0], steps[1], sizes[across], sizes[down], steps[2], samples, mode)


def one_by_one(volume: VolumeSource, sampling: Sampling) -> Any:
    """The slab from thin cuts put together: slow, and plainly right on the voxels' own grid.

    A MIP or MinIP is of whole slices, those whose middles lie in the slab.
    """
    cuts = []
    axis = slab_axis(sampling)
    for sample in range(sampling.samples):
        away = sample - (sampling.samples - 1) / 2
        first = [f + away * t for f, t in zip(sampling.first, sampling.through, strict=True)]
        if sampling.mode != "MEAN" and axis is not None:
            inside = -0.5 <= first[axis] <= SHAPE[2 - axis] - 0.5
            first[axis] = min(math.floor(first[axis] + 0.5), SHAPE[2 - axis] - 1) if inside else first[axis]
        cuts.append(sample_volume(volume, replace(sampling, first=first, samples=1)))
    known = [cut for cut in cuts if not np.isnan(cut).all()]
    return {"MIP": np.fmax.reduce, "MIN": np.fmin.reduce, "MEAN": lambda c: np.nanmean(c, axis=0)}[sampling.mode](np.array(known))


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("mode", ["MIP", "MIN", "MEAN"])
@pytest.mark.parametrize(("first", "samples"), [(4.0, 3), (4.0, 5), (3.25, 5), (0.0, 5), (7.6, 3), (4.5, 1001)])
def test_a_slab_by_whole_slices_is_the_slab_of_its_cuts(axis: int, mode: str, first: float, samples: int) -> None:
    volume = source(voxels(), 2.0, -7.0)
    sampling = along(axis, first, samples, mode)
    assert slab_axis(sampling) == axis
    found = sample_volume(volume, sampling)
    expected = one_by_one(volume, replace(sampling, samples=min(samples, 41)))
    # VTK interpolates by weights of its own precision.
    assert found == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("first", [4.0, 4.2, 4.5, 4.8])
def test_the_brightest_voxel_of_a_slab_is_as_bright_as_it_was_acquired_wherever_the_cut_lies(first: float) -> None:
    made = np.zeros(SHAPE, "i2")
    made[4, 3, 3] = 1000
    assert sample_volume(source(made), along(2, first, 3, "MIP")).max() == 1000.0


def test_values_that_are_no_numbers_count_for_nothing() -> None:
    volume = source(voxels("f4"))
    for mode in ("MIP", "MIN", "MEAN"):
        found = sample_volume(volume, along(2, 4.0, 3, mode))
        assert np.isnan(found[2, 3])
        assert found[5, 6] == pytest.approx(
            {"MIP": np.nanmax, "MIN": np.nanmin, "MEAN": np.nanmean}[mode](volume.voxels[3:6, 5, 6])
        )


def test_a_view_that_is_turned_in_its_plane_still_takes_whole_slices() -> None:
    cos, sin = math.cos(0.5), math.sin(0.5)
    sampling = Sampling((3.0, 3.0, 4.0), (cos, sin, 0.0), (-sin, cos, 0.0), 5, 5, (0.0, 0.0, 1.0), 5, "MIP")
    assert slab_axis(sampling) == 2
    volume = source(voxels())
    frame, on_frame = projected(volume.voxels, sampling, 2)
    assert frame.max() == volume.voxels[2:7].max()
    # The first pixel is a voxel's centre: nothing is interpolated there.
    assert sample_volume(volume, sampling)[0, 0] == volume.voxels[2:7, 3, 3].max()
    assert on_frame.width == 5


def test_beside_the_volume_there_is_nothing() -> None:
    assert np.isnan(sample_volume(source(voxels()), along(2, 40.0, 3, "MIP"))).all()
    assert slab_axis(Sampling((0, 0, 0), (1, 0, 0), (0, 1, 0), 2, 2, (0.1, 0.0, 1.0), 3)) is None


def test_a_falling_scale_turns_the_largest_into_the_smallest() -> None:
    volume = source(voxels(), -1.0, 0.0)
    assert (sample_volume(volume, along(2, 4.0, 3, "MIP")) == -volume.voxels[3:6].min(axis=0)).all()
    across = replace(along(2, 4.0, 3, "MIP"), through=(0.0, 1e-6, 1.0))
    assert slab_axis(across) is None
    assert sample_volume(volume, across)[3, 3] == pytest.approx(-volume.voxels[3:6, 3, 3].min(), abs=0.1)


def test_the_window_in_one_pass_is_the_window_of_the_values() -> None:
    volume, cutters = source(voxels(), 1.0, -100.0), Cutters()
    sampling = Sampling((1.3, 2.1, 3.4), (0.6, 0.1, 0.2), (-0.1, 0.7, 0.15), 12, 9)
    values = cutters.values(volume, sampling, Interpolation.LINEAR)
    for gain, offset in ((0.25, 40.0), (-0.25, 215.0)):
        levels = cutters.levels(volume, sampling, Interpolation.LINEAR, Levels(gain, offset), np.copy)
        inside = ~np.isnan(values)
        expected = np.clip(np.rint(values * gain + offset), 0, 255)
        assert np.abs(levels.astype(int) - np.where(inside, expected, 0)).max() <= 1
        assert (levels[~inside] == 0).all()


# ---- in a viewport -----------------------------------------------------------------------


def balls(points: Any) -> Any:
    """A small bright ball 8 mm in front of the middle, a dark one as far behind, in soft tissue."""
    near, far = (np.linalg.norm(points - np.array([-2.5, 28.0 + way, 309.0]), axis=-1) <= 2.5 for way in (-8.0, 8.0))
    return np.where(near, 900.0, np.where(far, -700.0, 40.0))


@pytest.fixture
def viewport(maker: Any, acquisition: Any) -> Viewport:
    grid = acquisition(row_spacing=1.0, column_spacing=1.0, gap=1.0, shape=(24, 40, 32), origin=(-18.0, 8.0, 298.0))
    found: Viewport = grid.fill(maker, balls).viewport()
    return found


MIDDLE = (-2.5, 28.0, 309.0)
GREYS = Window(100.0, 1600.0, VoiFunction.LINEAR_EXACT)


def coronal(viewport: Viewport, **changes: Any) -> ViewportState:
    return replace(viewport.default_state(Plane.CORONAL), focus=MIDDLE, window=GREYS, **changes)


def oblique(viewport: Viewport, **changes: Any) -> ViewportState:
    return replace(viewport.default_state(Plane.OBLIQUE), oblique=OBLIQUE, focus=MIDDLE, window=GREYS, **changes)


def seen(viewport: Viewport, state: ViewportState) -> int:
    x, y, _ = viewport.to_view(state, 400, 300, MIDDLE) or (0.0, 0.0, 0.0)
    return int(viewport.picture(state, 400, 300).pixels[int(y), int(x)])


def grey(hu: float) -> int:
    return round((hu - (GREYS.center - GREYS.width / 2)) / GREYS.width * 255)


def test_thin_mip_minip_and_mean_show_what_lies_in_depth(viewport: Viewport) -> None:
    assert seen(viewport, coronal(viewport)) == pytest.approx(grey(40), abs=1)
    assert seen(viewport, coronal(viewport, slab_mm=21.0, slab_mode="MIP")) == pytest.approx(grey(900), abs=1)
    assert seen(viewport, coronal(viewport, slab_mm=21.0, slab_mode="MIN")) == pytest.approx(grey(-700), abs=1)
    # Of 21 slices 5 are of the one ball and 5 of the other.
    mean = (5 * 900 - 5 * 700 + 11 * 40) / 21
    assert seen(viewport, coronal(viewport, slab_mm=21.0, slab_mode="MEAN")) == pytest.approx(grey(mean), abs=4)
    # A slab that reaches neither ball.
    assert seen(viewport, coronal(viewport, slab_mm=9.0, slab_mode="MIP")) == pytest.approx(grey(40), abs=1)


def test_an_oblique_slab_is_exactly_as_thick_as_was_asked_for(viewport: Viewport) -> None:
    for mm in (4.0, 20.0, 20.5, 33.3):
        state = replace(viewport.default_state(Plane.OBLIQUE), oblique=OBLIQUE, focus=MIDDLE, slab_mm=mm, slab_mode="MIP")
        picture = viewport.picture(state, 200, 200)
        assert picture.thickness_mm == pytest.approx(mm)
        assert picture.slab is not None
        assert picture.slab.samples % 2 == 1
        assert math.dist((0, 0, 0), picture.slab.step) <= 1.0


def test_the_slab_is_named_in_the_picture_and_a_thin_cut_names_none(viewport: Viewport) -> None:
    def slab(**changes: Any) -> Any:
        picture: Picture = viewport.picture(coronal(viewport, **changes), 50, 50)
        return picture.slab

    assert slab(slab_mm=20.0, slab_mode="MIP").words == "MIP 20 mm"
    assert slab(slab_mm=7.5, slab_mode="MIN").words == "MinIP 7.5 mm"
    assert slab() is None


@pytest.mark.parametrize("mode", ["MIP", "MIN", "MEAN"])
def test_a_coarse_frame_while_dragging_shows_the_same_slab(viewport: Viewport, mode: str) -> None:
    """Fewer samples, no other place: the coarse picture is near the full one nearly everywhere."""
    state = replace(
        viewport.default_state(Plane.OBLIQUE), oblique=OBLIQUE, focus=MIDDLE, slab_mm=21.0, slab_mode=mode, window=GREYS
    )
    fast = viewport.picture(state, 300, 300, fast=True).pixels.astype(int)
    full = viewport.picture(state, 300, 300).pixels.astype(int)
    assert fast.shape == full.shape
    assert np.median(np.abs(fast - full)) <= 2
    assert np.mean(np.abs(fast - full) > 40) < 0.05


def test_the_values_of_an_area_on_a_mip_are_those_of_the_mip_and_say_so(viewport: Viewport) -> None:
    state = coronal(viewport, slab_mm=21.0, slab_mode="MIP")
    corners = add(MIDDLE, (-1.0, 0.0, 1.0)), add(MIDDLE, (1.0, 0.0, -1.0))
    measured = on_cut(viewport, state, K.RECTANGLE, *corners)
    assert value(measured, "Max") == 900.0
    assert value(measured, "Mean") == pytest.approx(900.0, abs=120.0)
    assert measured.notes == ("Values of the MIP 21 mm",)
    thin = on_cut(viewport, coronal(viewport), K.RECTANGLE, *corners)
    assert value(thin, "Max") == 40.0
    assert thin.notes == ()
    dark = on_cut(viewport, coronal(viewport, slab_mm=21.0, slab_mode="MIN"), K.RECTANGLE, *corners)
    assert value(dark, "Min") == -700.0


def test_a_length_on_a_mip_is_in_plane_and_says_that_depth_is_projected(viewport: Viewport) -> None:
    state = coronal(viewport, slab_mm=21.0, slab_mode="MIP")
    measured = on_cut(viewport, state, K.LENGTH, MIDDLE, add(MIDDLE, scale((3.0, 0.0, 4.0), 1.0)))
    assert value(measured, "Length") == pytest.approx(5.0)
    assert unit(measured, "Length") == "mm"
    assert measured.notes == ("In a MIP 21 mm: depth is projected",)


def test_the_probe_tells_the_projections_voxel_or_its_mean_never_another(viewport: Viewport) -> None:
    def probe(**changes: Any) -> Any:
        state = coronal(viewport, **changes)
        x, y, _ = viewport.to_view(state, 400, 300, MIDDLE) or (0.0, 0.0, 0.0)
        return viewport.probe(state, 400, 300, x, y)

    assert probe().text == "40 HU"
    bright = probe(slab_mm=21.0, slab_mode="MIP")
    assert bright.text == "900 HU (MIP 21 mm)"
    # The voxel it is from, so that it can be gone to.
    assert bright.patient_point[1] < MIDDLE[1] - 5.0
    assert bright.stored == 900
    assert probe(slab_mm=21.0, slab_mode="MIN").value == -700
    mean = probe(slab_mm=21.0, slab_mode="MEAN")
    assert mean.value == pytest.approx((5 * 900 - 5 * 700 + 11 * 40) / 21, abs=1.0)
    assert (mean.stored, mean.identity) == (None, None)
    assert "(Mean 21 mm)" in mean.text


def test_slabs_and_oblique_cuts_work_on_a_volume_that_is_still_loading_and_say_that_it_is_partial(viewport: Viewport) -> None:
    """Progressive: every 8th slice has come. The picture is there, marked, and no single frame vouches for it."""
    whole = viewport.images.volume()
    coarse = np.ascontiguousarray(whole.voxels[::8])
    a = whole.geometry.affine
    affine = tuple((row[0], row[1], row[2] * 8, row[3]) for row in a)
    partial = VolumeSource(coarse, VolumeGeometry(coarse.shape, affine), whole.slope, whole.intercept, True)  # type: ignore[arg-type]
    viewport.images.volume = lambda *_: partial  # type: ignore[method-assign]
    for state in (
        coronal(viewport, slab_mm=21.0, slab_mode="MIP"),
        replace(
            viewport.default_state(Plane.OBLIQUE), oblique=OBLIQUE, focus=MIDDLE, slab_mm=12.0, slab_mode="MIP", window=GREYS
        ),
        replace(viewport.default_state(Plane.AXIAL), focus=MIDDLE, slab_mm=9.0, slab_mode="MEAN", window=GREYS),
    ):
        for fast in (True, False):
            picture = viewport.picture(state, 120, 120, fast=fast)
            assert picture.error is None
            assert picture.partial
            assert picture.identity is None
            assert picture.pixels.max() >= grey(40) - 2
