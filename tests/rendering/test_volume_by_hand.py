"""3D that is cut, thinned, pointed at and given up: known places in volumes of every kind of grid."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rendering import volume_reduce, volume_turn
from rendering.reslice import VolumeSource
from rendering.viewport_solid import box_corners, solid_view
from rendering.volume_body import crop_planes, thickened
from rendering.volume_presets import named
from rendering.volume_reduce import means, picked
from rendering.volume_render import GivenUp, Manner, SolidRenderer, look
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import VolumeGeometry
from workstation.domain.turning import turned, way_round
from workstation.domain.viewing import WHOLE_BOX, Plane, SolidLook, ViewportState, Window
from workstation.errors import Refused

SIZE = (150, 120)
GRIDS = {
    "upright": {},
    "feet first": {"step": (0.0, 0.0, -3.0)},
    "sagittal": {"row_direction": (0.0, 1.0, 0.0), "column_direction": (0.0, 0.0, -1.0)},
    "oblique": {"row_direction": (0.8, 0.6, 0.0), "column_direction": (-0.48, 0.64, 0.6)},
    "sheared": {"step": (0.0, 1.2, 2.8)},
}
MARKER = (5, 6, 15)


def volume(maker: Any, acquisition: Any, grid: str, value_at: Any) -> tuple[Any, Any]:
    """A viewport on 12 x 14 x 20 voxels (slices, rows, columns), and its points by slice, row, column."""
    scan = acquisition(shape=(12, 14, 20), **GRIDS[grid])
    return scan.fill(maker, value_at).viewport(), scan.points()


def solid_state(viewport: Any, name: str, **changes: Any) -> ViewportState:
    state = viewport.solid.with_look(viewport.default_state(Plane.THREE_D), name)
    return replace(state, **changes)


def test_what_3d_took_is_given_back_and_the_next_picture_is_the_same(maker: Any, acquisition: Any) -> None:
    middle = acquisition(shape=(12, 14, 20), **GRIDS["oblique"]).points()[MARKER]
    viewport, _ = volume(maker, acquisition, "oblique", lambda p: np.where(np.abs(p - middle).max(axis=-1) < 4, 3000, -1000))
    state = solid_state(viewport, "CT MIP")
    before = viewport.picture(state, *SIZE)
    assert before.pixels.any()
    assert viewport.solid.bytes > 0
    viewport.solid.rest()
    assert viewport.solid.bytes == 0
    viewport.solid.rest()
    assert np.array_equal(viewport.picture(state, *SIZE).pixels, before.pixels)
    assert viewport.solid.bytes > 0


# ---- the box


@pytest.mark.parametrize("grid", GRIDS)
def test_the_box_cuts_along_rows_columns_and_slices_of_any_grid(maker: Any, acquisition: Any, grid: str) -> None:
    """One bright voxel vanishes when the box passes it by one voxel along each axis in turn, and stays half a voxel before."""
    scan = acquisition(shape=(12, 14, 20), **GRIDS[grid])
    target = scan.points()[MARKER]
    viewport = scan.fill(maker, lambda p: np.where(np.abs(p - target).max(axis=-1) < 0.1, 3000, -1000)).viewport()
    assert viewport.images.verdict.geometry is not None, viewport.images.verdict.reasons
    geometry = viewport.images.verdict.geometry
    place = np.rint(geometry.to_index(tuple(target))).astype(int)
    for axis in range(3):
        count = geometry.shape[2 - axis]
        for cut, is_seen in ((place[axis] + 2.0, False), (place[axis] - 1.5, True)):
            crop = list(WHOLE_BOX)
            crop[axis] = ((cut + 0.5) / count, 1.0)
            state = solid_state(viewport, "CT MIP")
            picture = viewport.picture(replace(state, solid=replace(state.solid, crop=tuple(crop))), *SIZE)
            assert bool(picture.pixels.max() > 100) is is_seen, (axis, cut)
            assert any("cut away" in note for note in picture.notes)


def test_the_boxs_corners_are_the_edges_of_voxels(maker: Any, acquisition: Any) -> None:
    viewport, _ = volume(maker, acquisition, "sheared", lambda p: p[..., 0])
    geometry = viewport.images.verdict.geometry
    corners = box_corners(geometry, ((0.0, 0.5), (0.0, 1.0), (0.25, 1.0)))
    assert corners[0] == pytest.approx(geometry.to_patient(-0.5, -0.5, 2.5))
    assert corners[0b101] == pytest.approx(geometry.to_patient(9.5, -0.5, 11.5))
    assert corners[0b010] == pytest.approx(geometry.to_patient(-0.5, 13.5, 2.5))


@pytest.mark.parametrize("make", [means, picked], ids=["means", "single voxels"])
def test_the_box_is_at_the_same_place_on_every_level(make: Any) -> None:
    geometry = VolumeGeometry((40, 64, 64), ((0.5, 0, 0, 0), (0, 0.5, 0, 0), (0, 0, 1.0, 0)))
    level = make(np.zeros((40, 64, 64), "i2"), geometry, (2, 4, 4))
    crop = ((0.25, 0.75), (0.0, 1.0), (0.1, 0.9))
    planes = crop_planes(crop, level, geometry)
    for axis in range(3):
        direction = np.array(level.geometry.axis(axis)) / level.geometry.spacing[axis]
        for end in (0, 1):
            there = np.array(level.geometry.origin) + planes[2 * axis + end] * direction
            wanted = crop[axis][end] * geometry.shape[2 - axis] - 0.5
            assert np.array(geometry.to_index(tuple(there)))[axis] == pytest.approx(wanted)


# ---- opacity


def test_opacity_thickens_every_millimetre_and_never_what_is_clear() -> None:
    assert thickened(0.0, 64.0) == 0.0
    assert thickened(1.0, 0.1) == 1.0
    assert thickened(0.2, 2.0) == pytest.approx(1 - 0.8 * 0.8)
    assert thickened(0.2, 1.0) == pytest.approx(0.2)


def test_a_denser_look_lets_less_through(maker: Any, acquisition: Any) -> None:
    """VTK's light needs a slope: what is even all over stays black."""
    viewport, _ = volume(maker, acquisition, "upright", lambda p: 300 + 10 * (p[..., 1] - p[..., 1].min()))
    state = solid_state(viewport, "CT bone")
    brightness = []
    for times in (0.02, 1.0):
        denser = replace(state, solid=replace(state.solid, opacity=times))
        brightness.append(viewport.picture(denser, *SIZE).pixels.mean())
    assert 0.0 < brightness[0] < 0.8 * brightness[1]


# ---- pointing


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("degrees", [(0.0, 0.0), (40.0, 25.0), (180.0, 0.0)])
def test_a_mip_points_at_the_brightest_voxel_behind_a_pixel(
    maker: Any, acquisition: Any, grid: str, degrees: tuple[float, float]
) -> None:
    scan = acquisition(shape=(12, 14, 20), **GRIDS[grid])
    target = scan.points()[MARKER]
    viewport = scan.fill(maker, lambda p: np.where(np.abs(p - target).max(axis=-1) < 0.1, 3000, 40)).viewport()
    state = solid_state(viewport, "CT MIP", oblique=turned(None, *degrees), zoom=1.5, pan=(0.1, -0.05), rotation=90)
    x, y = viewport.solid.project(state, *SIZE, tuple(target))
    assert viewport.pick(state, *SIZE, x, y) == pytest.approx(tuple(target), abs=1e-6)
    assert viewport.pick(state, *SIZE, -500.0, -500.0) is None
    assert viewport.pick(viewport.default_state(Plane.AXIAL), *SIZE, x, y) is None


def test_a_surface_is_what_the_eye_meets_first(maker: Any, acquisition: Any) -> None:
    """Two plates of bone: seen from the front the front one is meant, from behind the other, and cut away neither is."""

    def plates(points: Any) -> Any:
        depth = points[..., 1] - points[..., 1].mean()
        return np.where(np.abs(depth + 8.0) < 1.1, 1500, np.where(np.abs(depth - 8.0) < 1.1, 1500, -1000))

    viewport, points = volume(maker, acquisition, "upright", plates)
    middle = points[..., 1].mean()
    for degrees, side in ((0.0, -8.0), (180.0, 8.0)):
        state = solid_state(viewport, "CT bone", oblique=turned(None, degrees, 0.0))
        found = viewport.pick(state, *SIZE, SIZE[0] / 2, SIZE[1] / 2)
        assert found[1] == pytest.approx(middle + side, abs=2.1)
        assert found[0] == pytest.approx(viewport.images.verdict.geometry.centre[0], abs=0.8)
    front = solid_state(viewport, "CT bone")
    cut = replace(front, solid=replace(front.solid, crop=((0.0, 1.0), (0.5, 1.0), (0.0, 1.0))))
    assert viewport.pick(cut, *SIZE, SIZE[0] / 2, SIZE[1] / 2)[1] == pytest.approx(middle + 8.0, abs=2.1)
    air = solid_state(viewport, "CT bone", window=Window(9000.0, 100.0, explanation="CT bone"))
    assert viewport.pick(air, *SIZE, SIZE[0] / 2, SIZE[1] / 2) is None


# ---- given up, refined, kept small


def block(side: int) -> tuple[VolumeSource, VolumeGeometry]:
    geometry = VolumeGeometry((side, side, side), ((1.0, 0, 0, 0), (0, 1.0, 0, 0), (0, 0, 1.0, 0)))
    z, y, x = np.ogrid[:side, :side, :side]
    inside = (x - side / 2) ** 2 + (y - side / 2) ** 2 + (z - side / 2) ** 2 < (side / 2.2) ** 2
    return VolumeSource(np.where(inside, 230 + 2 * y, -1000).astype("i2"), geometry, 1.0, 0.0, False), geometry


def asked(renderer: SolidRenderer, source: VolumeSource, size: tuple[int, int], manner: Manner, **more: Any) -> Any:
    preset = named("CT", "CT bone")
    state = ViewportState("1", "2", Plane.THREE_D)
    camera = solid_view(source.geometry, SpacingSource.NONE, state, *size).camera(*size)
    appearance = look(preset, preset.window, source, 1.0, SolidLook(opacity=0.2))
    return renderer.draw(source, appearance, camera, size, manner, **more)


def test_a_picture_that_nobody_wants_is_given_up_long_before_it_is_done() -> None:
    """A full picture of 600 x 600 pixels takes the processor seconds; the one that is wanted instead waits for a tenth."""
    source, _ = block(120)
    renderer = SolidRenderer()
    asked(renderer, source, (64, 64), Manner.STILL)
    started = time.perf_counter()
    asked(renderer, source, (600, 600), Manner.STILL)
    whole = time.perf_counter() - started
    unwanted, gone = threading.Event(), []
    threading.Timer(0.1 * whole, unwanted.set).start()
    started = time.perf_counter()
    with pytest.raises(GivenUp):
        asked(renderer, source, (600, 600), Manner.STILL, cancelled=unwanted.is_set)
    gone.append(time.perf_counter() - started)
    assert gone[0] < 0.7 * whole
    assert asked(renderer, source, (64, 64), Manner.STILL).pixels.max() > 20


def test_a_still_picture_becomes_finer_by_itself_and_the_voxels_are_never_copied_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume_reduce, "FIRST_VOXELS", 5_000)
    monkeypatch.setattr(volume_reduce, "SOFTWARE_VOXELS", 40_000)
    source, _ = block(64)
    renderer = SolidRenderer()
    first = asked(renderer, source, (64, 64), Manner.STILL)
    assert first.refining
    end = time.monotonic() + 20
    drawn = first
    while drawn.refining and time.monotonic() < end:
        time.sleep(0.02)
        drawn = asked(renderer, source, (64, 64), Manner.STILL)
    assert not drawn.refining
    levels = renderer._levels
    assert levels.first.level.by == (4, 4, 4)
    assert levels.moving.level.by == (2, 2, 2)
    assert levels.whole.level.voxels is source.voxels
    copied = levels.first.level.voxels.nbytes + levels.moving.level.voxels.nbytes
    assert sum(body.level.copied_bytes for body in levels.bodies) == copied < source.voxels.nbytes / 5
    assert renderer.bytes == copied + 3 * sum(body.level.voxels.size for body in levels.bodies)
    assert drawn.pixels.max() > 20


def test_a_map_of_a_file_larger_than_what_may_be_copied_is_drawn_reduced_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """G18 in small: the voxels stay in their file, what is drawn is a sixty-fourth of them."""
    monkeypatch.setattr(volume_reduce, "FIRST_VOXELS", 5_000)
    monkeypatch.setattr(volume_reduce, "SOFTWARE_VOXELS", 5_000)
    monkeypatch.setattr(volume_reduce, "STILL_VOXELS", 100_000)
    source, geometry = block(64)
    mapped = np.memmap(tmp_path / "voxels", "i2", "w+", shape=(64, 64, 64))
    mapped[:] = source.voxels
    renderer = SolidRenderer()
    onfile = VolumeSource(mapped, geometry, 1.0, 0.0, False)
    end = time.monotonic() + 20
    drawn = asked(renderer, onfile, (64, 64), Manner.STILL)
    while drawn.refining and time.monotonic() < end:
        time.sleep(0.02)
        drawn = asked(renderer, onfile, (64, 64), Manner.STILL)
    (words,) = drawn.words
    assert words == "3D shown at a quarter of its resolution: 64 x 64 x 64 voxels are more than this processor turns smoothly"
    assert sum(body.level.copied_bytes for body in renderer._levels.bodies) <= mapped.nbytes / 30
    assert all(body.level.voxels is not mapped for body in renderer._levels.bodies)
    assert drawn.pixels.max() > 20


def test_two_viewports_of_a_series_share_what_3d_holds(maker: Any, acquisition: Any) -> None:
    viewport, _ = volume(maker, acquisition, "upright", lambda p: np.full(p.shape[:-1], 320))
    first = viewport.picture(solid_state(viewport, "CT bone"), *SIZE)
    levels = viewport.solid._renderer._levels
    second = viewport.picture(solid_state(viewport, "CT bone", zoom=2.0), 80, 60)
    assert first.error is second.error is None
    assert viewport.solid._renderer._levels is levels
    assert levels.first.level.voxels is viewport.images.volume().voxels


# ---- the loop


def test_a_loop_is_drawn_once_shown_again_without_drawing_and_let_go(
    monkeypatch: pytest.MonkeyPatch, maker: Any, acquisition: Any
) -> None:
    viewport, _ = volume(maker, acquisition, "upright", lambda p: np.where(p[..., 0] > p[..., 0].mean(), 900, -1000))
    state = solid_state(viewport, "CT MIP")
    told: list[float] = []
    taken = viewport.solid.make_loop(state, (40, 30), 30.0, told.append, lambda: False)
    assert taken == 12 * 40 * 30 * 3
    assert told[-1] == 1.0
    ways = way_round(state.oblique, 30.0)
    monkeypatch.setattr(SolidRenderer, "draw", lambda *_, **__: pytest.fail("it is drawn again"))
    pictures = [viewport.picture(replace(state, oblique=way), 40, 30) for way in ways]
    columns = np.arange(40)
    sides = [float((p.pixels.sum(axis=(0, 2)) * columns).sum() / p.pixels.sum()) for p in pictures]
    assert sides[0] > 21.0
    assert sides[6] < 19.0  # what is on the left of the patient is seen on the other side from behind
    monkeypatch.undo()
    viewport.solid.drop_loop()
    assert viewport.picture(replace(state, oblique=ways[1]), 40, 30).error is None


def test_the_pictures_of_a_loop_never_take_more_than_they_may(
    monkeypatch: pytest.MonkeyPatch, maker: Any, acquisition: Any
) -> None:
    """A loop on a large screen is kept coarser, and shown at the size of the view."""
    monkeypatch.setattr(volume_turn, "MOST_BYTES", 60_000)
    viewport, _ = volume(maker, acquisition, "upright", lambda p: np.full(p.shape[:-1], 900))
    state = solid_state(viewport, "CT MIP")
    taken = viewport.solid.make_loop(state, (80, 60), 30.0, lambda _: None, lambda: False)
    assert 40_000 < taken <= 60_000
    assert viewport.solid.bytes >= taken
    picture = viewport.picture(replace(state, oblique=way_round(state.oblique, 30.0)[1]), 80, 60)
    assert picture.pixels.shape == (60, 80, 3)
    assert picture.pixels.max() > 100


def test_a_loop_is_given_up_between_pictures_and_leaves_nothing(maker: Any, acquisition: Any) -> None:
    viewport, _ = volume(maker, acquisition, "upright", lambda p: np.full(p.shape[:-1], 320))
    told: list[float] = []
    with pytest.raises(InterruptedError):
        viewport.solid.make_loop(solid_state(viewport, "CT bone"), (40, 30), 30.0, told.append, lambda: len(told) >= 3)
    assert viewport.solid._loop is None


def test_what_cannot_be_told_is_refused(maker: Any, acquisition: Any) -> None:
    maker.header = replace(maker.header, modality="MR")
    viewport, _ = volume(maker, acquisition, "upright", lambda p: np.full(p.shape[:-1], 320))
    with pytest.raises(Refused) as refusal:
        viewport.solid.may_hide()
    assert "CT only" in refusal.value.title


def test_hidden_that_was_not_computed_is_not_claimed(maker: Any, acquisition: Any) -> None:
    viewport, _ = volume(maker, acquisition, "upright", lambda p: np.full(p.shape[:-1], 320))
    state = solid_state(viewport, "CT bone")
    picture = viewport.picture(replace(state, solid=replace(state.solid, removed=frozenset({"bone"}))), *SIZE)
    assert picture.notes == ("Not hidden: hide it again to compute it",)
