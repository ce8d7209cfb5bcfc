"""Right letters, right places and right voxels in every orientation, by a labelled phantom."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from math import cos, radians, sin
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rendering.picture import Letters
from workstation.domain.geometry import Vec3, cross, direction_letters, scale
from workstation.domain.viewing import Plane, ViewportState, VoiFunction, Window

AXES: tuple[Vec3, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")

# Row and column directions along any two signed axes, slices stacked either way: all 48.
ORIENTATIONS = [
    (scale(AXES[r], sr), scale(AXES[c], sc), way)
    for (r, c) in permutations(range(3), 2)
    for sr, sc, way in product((1.0, -1.0), repeat=3)
]

PLANES = {
    Plane.AXIAL: Letters("A", "P", "R", "L"),
    Plane.CORONAL: Letters("H", "F", "R", "L"),
    Plane.SAGITTAL: Letters("H", "F", "A", "P"),
}

# A field that every voxel knows its place by: 10 units for each mm to the left, 20 to the back,
# 30 to the head. Linear, so that linear interpolation gives it exactly at any point between.
SLOPE = np.array([10.0, 20.0, 30.0])


def field(points: Any) -> Any:
    return points @ SLOPE - 9000.0


def scan_of(acquisition: Any, row: Vec3, column: Vec3, way: float) -> Any:
    step = scale(cross(row, column), 3.0 * way)
    return acquisition(row, column, step=step, origin=(-10.0, 20.0, 300.0))


def limits(scan: Any) -> tuple[Any, Any]:
    """The lowest and highest LPS coordinates of the voxel centres of a straight scan, a hair inwards."""
    points = scan.points().reshape(-1, 3)
    return points.min(axis=0) + 0.01, points.max(axis=0) - 0.01


@pytest.mark.parametrize(("row", "column", "way"), ORIENTATIONS)
def test_every_plane_of_every_acquisition_has_its_letters_and_its_values(
    maker: Any, acquisition: Any, row: Vec3, column: Vec3, way: float
) -> None:
    scan = scan_of(acquisition, row, column, way)
    viewport = scan.fill(maker, field).viewport()
    window = Window(0.0, 2550.0, VoiFunction.LINEAR_EXACT)
    low, high = limits(scan)
    for plane, letters in PLANES.items():
        state = replace(viewport.default_state(plane), window=window)
        picture = viewport.picture(state, 40, 30)
        assert picture.letters == letters
        checked = 0
        for x, y in product(range(0, 40, 3), range(0, 30, 3)):
            point = np.array(viewport.to_patient(state, 40, 30, x + 0.5, y + 0.5))
            if (point >= low).all() and (point <= high).all():
                # 10 units are one grey level: half a level is a tenth of a mm at the very most.
                grey = np.clip((field(point) + 1275.0) / 10.0, 0.0, 255.0)
                assert abs(int(picture.pixels[y, x]) - grey) <= 0.5 + 0.1
                checked += 1
        assert checked > 20


@pytest.mark.parametrize(("row", "column", "way"), ORIENTATIONS)
def test_every_probe_reads_the_voxel_at_the_point(maker: Any, acquisition: Any, row: Vec3, column: Vec3, way: float) -> None:
    scan = scan_of(acquisition, row, column, way)
    viewport = scan.fill(maker, field).viewport()
    for plane in (Plane.STACK, *PLANES):
        state = viewport.default_state(plane)
        for x, y in product(range(2, 40, 7), range(2, 30, 7)):
            probe = viewport.probe(state, 40, 30, x, y)
            if probe is None:
                continue
            point = viewport.to_patient(state, 40, 30, x, y)
            assert probe.patient_point is not None
            assert point is not None
            assert probe.value == pytest.approx(field(np.array(probe.patient_point)))
            assert np.abs(np.subtract(probe.patient_point, point)).max() <= 1.5 + 1e-9


@pytest.mark.parametrize(("row", "column", "way"), ORIENTATIONS)
def test_a_stack_has_the_letters_of_its_own_rows_and_columns(
    maker: Any, acquisition: Any, row: Vec3, column: Vec3, way: float
) -> None:
    viewport = scan_of(acquisition, row, column, way).fill(maker, field).viewport()
    right, bottom = direction_letters(row), direction_letters(column)
    left, top = right.translate(OPPOSITE), bottom.translate(OPPOSITE)
    state = viewport.default_state()
    assert viewport.picture(state, 20, 20).letters == Letters(top, bottom, left, right)
    assert viewport.picture(replace(state, flipped_horizontally=True), 20, 20).letters == Letters(top, bottom, right, left)
    assert viewport.picture(replace(state, flipped_vertically=True), 20, 20).letters == Letters(bottom, top, left, right)
    # A quarter turn clockwise brings the left side to the top.
    assert viewport.picture(replace(state, rotation=90), 20, 20).letters == Letters(left, right, bottom, top)
    turned_then_flipped = replace(state, rotation=90, flipped_horizontally=True)
    assert viewport.picture(turned_then_flipped, 20, 20).letters == Letters(left, right, top, bottom)


def test_an_oblique_acquisition_is_cut_straight(maker: Any, acquisition: Any) -> None:
    a, b = radians(25.0), radians(-15.0)
    row = (cos(a), sin(a), 0.0)
    column = (-sin(a) * cos(b), cos(a) * cos(b), sin(b))
    scan = acquisition(row, column, shape=(15, 21, 31), row_spacing=1.0, column_spacing=1.0, gap=1.5)
    viewport = scan.fill(maker, field).viewport()
    window = Window(0.0, 2550.0, VoiFunction.LINEAR_EXACT)
    for plane, letters in PLANES.items():
        state = replace(viewport.default_state(plane), window=window)
        picture = viewport.picture(state, 64, 64)
        assert picture.letters == letters
        assert picture.identity is None
        centre = np.array(viewport.to_patient(state, 64, 64, 32.5, 32.5))
        assert int(picture.pixels[32, 32]) == pytest.approx(np.clip((field(centre) + 1275.0) / 10.0, 0, 255), abs=0.7)


@pytest.mark.parametrize("degrees", [-25.0, 20.0])
def test_a_tilted_gantry_is_cut_where_the_voxels_really_are(maker: Any, acquisition: Any, degrees: float) -> None:
    tilt = radians(degrees)
    column = (0.0, cos(tilt), -sin(tilt))
    scan = acquisition((1.0, 0.0, 0.0), column, (0.0, 0.0, 2.5), shape=(21, 41, 21), row_spacing=1.0, column_spacing=1.0)
    marker = scan.plane(12).to_patient(9, 25)
    for index in range(21):
        pixels = np.zeros((41, 21), "i2")
        if index == 12:
            pixels[25, 9] = 1000
        maker.add(pixels, scan.plane(index))
    viewport = maker.viewport()
    assert any(d.code == "gantry-tilt" for d in viewport.images.doubts)
    for plane in PLANES:
        state = replace(viewport.default_state(plane), focus=marker, window=Window(500.0, 1000.0, VoiFunction.LINEAR_EXACT))
        place = viewport.to_view(state, 200, 200, marker)
        assert place is not None
        assert abs(place[2]) < 1e-9
        pixels = viewport.picture(state, 200, 200).pixels.astype(float)
        rows, columns = np.nonzero(pixels > 128)
        weights = pixels[rows, columns]
        found = ((columns + 0.5) @ weights / weights.sum(), (rows + 0.5) @ weights / weights.sum())
        voxel = 1.0 / (viewport.picture(state, 200, 200).mm_per_pixel or 0.0)
        assert np.hypot(found[0] - place[0], found[1] - place[1]) <= 0.5 * voxel


def test_an_oblique_cut_lies_where_it_was_asked_for(maker: Any, acquisition: Any) -> None:
    viewport = acquisition(shape=(31, 31, 31), row_spacing=1.0, column_spacing=1.0, gap=1.0).fill(maker, field).viewport()
    right, down = (cos(0.5), sin(0.5), 0.0), (0.0, 0.0, -1.0)
    focus = viewport.default_state(Plane.AXIAL).focus
    state = ViewportState("1.2.3", "1.2.3.4", Plane.OBLIQUE, focus=focus, oblique=(right, down), window=Window(0.0, 2550.0))
    assert viewport.picture(state, 64, 64).letters == Letters("H", "F", "RA", "LP")
    a, b = (viewport.to_patient(state, 64, 64, x, 32.0) for x in (10.0, 20.0))
    assert a is not None
    assert b is not None
    assert np.subtract(b, a) / np.linalg.norm(np.subtract(b, a)) == pytest.approx(right)


def test_an_oblique_without_directions_is_an_error_tile(maker: Any, acquisition: Any) -> None:
    viewport = acquisition().fill(maker, field).viewport()
    picture = viewport.picture(ViewportState("1.2.3", "1.2.3.4", Plane.OBLIQUE), 20, 20)
    assert picture.error is not None
    assert not picture.pixels.any()


def test_scrolling_a_cut_goes_from_head_to_feet_and_stops_at_the_ends(maker: Any, acquisition: Any) -> None:
    viewport = acquisition().fill(maker, field).viewport()
    state = viewport.default_state(Plane.AXIAL)
    assert viewport.slice_count(state) == 7
    seen = []
    state = viewport.at_index(state, 0)
    for _ in range(9):
        picture = viewport.picture(state, 20, 20)
        seen.append((picture.index, picture.slice_location_mm))
        state = viewport.scrolled(state, 1)
    assert seen == [(0, 318.0), (1, 315.0), (2, 312.0), (3, 309.0), (4, 306.0), (5, 303.0), (6, 300.0), (6, 300.0), (6, 300.0)]


def test_a_cut_along_the_slices_says_which_image_it_is(maker: Any, acquisition: Any) -> None:
    viewport = acquisition().fill(maker, field).viewport()
    state = viewport.at_index(viewport.default_state(Plane.AXIAL), 2)
    identity = viewport.picture(state, 20, 20).identity
    assert identity is not None
    assert identity == viewport.images.identity(2)
    between = viewport.at_point(state, (0.0, 25.0, 307.0))
    assert viewport.picture(between, 20, 20).identity is None
    assert viewport.picture(viewport.default_state(Plane.CORONAL), 20, 20).identity is None


def test_a_stack_goes_to_the_slice_nearest_to_a_point(maker: Any, acquisition: Any) -> None:
    viewport = acquisition().fill(maker, field).viewport()
    assert viewport.at_point(viewport.default_state(), (0.0, 25.0, 304.4)).position == 5


def test_pictures_of_stack_and_axial_cut_are_the_same(maker: Any, acquisition: Any) -> None:
    viewport = acquisition().fill(maker, field).viewport()
    cut = viewport.at_index(viewport.default_state(Plane.AXIAL), 3)
    stack = viewport.at_index(viewport.default_state(), 3)
    window = Window(0.0, 2550.0)
    a = viewport.picture(replace(cut, window=window), 70, 50)
    b = viewport.picture(replace(stack, window=window), 70, 50)
    assert np.abs(a.pixels.astype(int) - b.pixels).max() <= 1
    assert a.mm_per_pixel == pytest.approx(b.mm_per_pixel)


def test_a_mean_slab_is_the_mean_and_a_mip_the_maximum_of_whole_slices(maker: Any, acquisition: Any) -> None:
    scan = acquisition(origin=(0.0, 0.0, 0.0))
    viewport = scan.fill(maker, lambda points: points[..., 2] * 10.0).viewport()
    state = viewport.at_index(viewport.default_state(Plane.AXIAL), 3)
    state = replace(state, slab_mm=9.0, window=Window(127.5, 255.0, VoiFunction.LINEAR_EXACT))
    pictures = {mode: viewport.picture(replace(state, slab_mode=mode), 30, 30) for mode in ("MEAN", "MIP", "MIN")}
    assert {mode: int(p.pixels[15, 15]) for mode, p in pictures.items()} == {"MEAN": 90, "MIP": 120, "MIN": 60}
    assert viewport.picture(state, 30, 30).thickness_mm == pytest.approx(9.0)


@pytest.mark.parametrize("changes", [{"slab_mm": 10.0}, {"plane": Plane.OBLIQUE, "oblique": ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0))}])
@pytest.mark.parametrize("size", [(60, 60), (601, 333)])
def test_a_cut_drawn_fast_shows_the_same_more_coarsely(maker: Any, acquisition: Any, changes: Any, size: Any) -> None:
    viewport = acquisition(shape=(21, 21, 21)).fill(maker, field).viewport()
    state = replace(viewport.default_state(Plane.CORONAL), window=Window(0.0, 5100.0), zoom=2.0, **changes)
    slow, fast = viewport.picture(state, *size).pixels, viewport.picture(state, *size, fast=True).pixels
    assert fast.shape == slow.shape
    middle = slice(size[1] // 3, size[1] * 2 // 3), slice(size[0] // 3, size[0] * 2 // 3)
    assert slow[middle].std() > 1.0
    assert np.abs(fast[middle].astype(int) - slow[middle]).max() <= 1


def test_a_cut_that_would_skip_voxels_averages_them(maker: Any, acquisition: Any) -> None:
    scan = acquisition(shape=(12, 240, 240), row_spacing=1.0, column_spacing=1.0)
    checkers = (np.indices((240, 240)).sum(axis=0) % 2 * 400).astype("i2")
    for index in range(12):
        maker.add(checkers, scan.plane(index))
    viewport = maker.viewport()
    state = replace(viewport.default_state(Plane.AXIAL), window=Window(200.0, 400.0, VoiFunction.LINEAR_EXACT))
    inside = viewport.picture(state, 60, 60).pixels[2:-2, 2:-2].astype(int)
    assert np.abs(inside - 127.5).max() <= 1


CHANGES = st.fixed_dictionaries(
    {
        "zoom": st.floats(0.1, 20.0),
        "pan": st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)),
        "rotation": st.sampled_from([0, 90, 180, 270, 33, -90]),
        "flipped_horizontally": st.booleans(),
        "flipped_vertically": st.booleans(),
    }
)


@pytest.fixture(scope="module")
def tilted(make_series: Any, acquisition: Any) -> Any:
    return acquisition(column_direction=(0.0, cos(0.3), -sin(0.3)), step=(0.0, 0.0, 3.0)).fill(make_series(), field).viewport()


@settings(max_examples=150, deadline=None)
@given(
    plane=st.sampled_from([Plane.STACK, *PLANES]),
    changes=CHANGES,
    place=st.tuples(st.floats(-50, 250), st.floats(-50, 250)),
    size=st.tuples(st.integers(1, 900), st.integers(1, 900)),
)
def test_to_view_undoes_to_patient(tilted: Any, plane: Plane, changes: Any, place: Any, size: Any) -> None:
    state = replace(tilted.default_state(plane), **changes)
    point = tilted.to_patient(state, *size, *place)
    assert tilted.to_view(state, *size, point) == pytest.approx((*place, 0.0), abs=1e-6)
