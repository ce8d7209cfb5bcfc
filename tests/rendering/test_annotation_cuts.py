"""Measurement truth on cuts in every direction, and that no way of looking changes a value (reliability F51, F52, F55)."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import (
    CENTRE,
    HEIGHT,
    RADIUS,
    WIDTH,
    K,
    ball,
    drawn_at,
    on_cut,
    on_frame,
    unit,
    value,
)

from rendering.viewport import Viewport
from workstation.domain.annotation import POINTS_NEEDED, AnnotationKind
from workstation.domain.geometry import cross
from workstation.domain.viewing import Plane, ViewportState, Window

# Cuts through a volume


@pytest.fixture(scope="module")
def scanned(make_series: Any, acquisition: Any) -> Viewport:
    """The ball in a scan askew to the patient: pixels of 0.8 x 0.6 mm, slices 1.0 mm apart."""
    a, b = math.radians(20.0), math.radians(-12.0)
    row = (math.cos(a), math.sin(a), 0.0)
    column = (-math.sin(a) * math.cos(b), math.cos(a) * math.cos(b), math.sin(b))
    normal = np.array(cross(row, column))
    origin = CENTRE - np.array(row) * 20.0 - np.array(column) * 20.0 - normal * 18.0
    scan = acquisition(
        row, column, origin=tuple(float(c) for c in origin), row_spacing=0.8, column_spacing=0.6, gap=1.0, shape=(37, 51, 67)
    )
    built: Viewport = scan.fill(make_series(), ball).viewport()
    return built


OBLIQUE = ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0))
DIRECTIONS = {
    Plane.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    Plane.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Plane.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    Plane.OBLIQUE: OBLIQUE,
}


def cut_state(plane: Plane, **changes: Any) -> ViewportState:
    oblique = OBLIQUE if plane is Plane.OBLIQUE else None
    return ViewportState("1.2.3", "1.2.3.4", plane, focus=tuple(float(c) for c in CENTRE), oblique=oblique, **changes)


@pytest.mark.parametrize("plane", DIRECTIONS)
def test_a_ball_measures_the_same_on_every_cut(scanned: Viewport, plane: Plane) -> None:
    state = cut_state(plane)
    right, down = (np.array(way) for way in DIRECTIONS[plane])
    line = on_cut(scanned, state, K.LENGTH, CENTRE - 9.0 * right, CENTRE + 12.0 * down)
    assert (value(line, "Length"), unit(line, "Length")) == (pytest.approx(15.0), "mm")
    circle = on_cut(scanned, state, K.CIRCLE, CENTRE, CENTRE + RADIUS * right)
    assert value(circle, "Area") == pytest.approx(math.pi * RADIUS**2)
    box = on_cut(scanned, state, K.RECTANGLE, CENTRE - 6.0 * right - 5.0 * down, CENTRE + 6.0 * right + 5.0 * down)
    assert value(box, "Area") == pytest.approx(120.0)
    assert (value(box, "Mean"), value(box, "SD"), unit(box, "Mean")) == (pytest.approx(100.0), pytest.approx(0.0, abs=1e-6), "HU")
    # A box twice as large as the ball holds it once: mean values weigh by area, within a ring of one pixel.
    around = on_cut(scanned, state, K.RECTANGLE, CENTRE - 15.0 * right - 15.0 * down, CENTRE + 15.0 * right + 15.0 * down)
    share = math.pi * RADIUS**2 / 900.0
    assert value(around, "Mean") == pytest.approx(-50.0 + 150.0 * share, abs=150.0 * 0.01)
    angle = on_cut(scanned, state, K.ANGLE, CENTRE + 9.0 * right, CENTRE, CENTRE + 5.0 * right + 5.0 * down)
    assert value(angle, "Angle") == pytest.approx(45.0)
    assert value(on_cut(scanned, state, K.PROBE, CENTRE), "Value") == 100.0


AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
ORIENTATIONS = [
    (tuple(sr * c for c in AXES[r]), tuple(sc * c for c in AXES[c]), way)
    for (r, c) in permutations(range(3), 2)
    for sr, sc, way in product((1.0, -1.0), repeat=3)
]


@pytest.mark.parametrize(("row", "column", "way"), ORIENTATIONS)
def test_every_acquisition_measures_the_same_tissue_the_same(
    make_series: Any, acquisition: Any, row: Any, column: Any, way: float
) -> None:
    """F52: all 48 axis orientations, pixels that are not square."""
    normal = np.array(cross(row, column)) * way
    origin = CENTRE - 15.0 * np.array(row) - 16.0 * np.array(column) - 16.0 * normal
    scan = acquisition(
        row, column, tuple(2.0 * normal), tuple(origin), row_spacing=2.0, column_spacing=1.5, shape=(17, 17, 21)
    )  # fmt: skip
    slope = np.array([3.0, 5.0, 7.0])
    viewport = scan.fill(make_series(), lambda p: p @ slope).viewport()
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        right, down = (np.array(axis) for axis in DIRECTIONS[plane])
        line = on_cut(viewport, cut_state(plane), K.LENGTH, CENTRE - 6.0 * right, CENTRE + 8.0 * down)
        assert value(line, "Length") == pytest.approx(10.0)
        # Of a linear field the mean over a box is the value at its middle.
        box = on_cut(
            viewport, cut_state(plane), K.RECTANGLE, CENTRE - 8.9 * right - 8.9 * down, CENTRE + 8.9 * right + 8.9 * down
        )
        assert value(box, "Mean") == pytest.approx(float(CENTRE @ slope), abs=7.0)
        assert value(on_cut(viewport, cut_state(plane), K.PROBE, CENTRE), "Value") == pytest.approx(
            float(CENTRE @ slope), abs=12.0
        )
    frame = int(viewport.at_point(viewport.default_state(), tuple(float(c) for c in CENTRE)).position)
    in_frame = on_frame(viewport, K.LENGTH, (2.0, 2.0), (10.0, 8.0), position=frame)
    assert value(in_frame, "Length") == pytest.approx(math.hypot(12.0, 12.0))


def test_a_cut_along_the_slices_measures_as_the_slice_itself(make_series: Any, acquisition: Any) -> None:
    scan = acquisition(shape=(7, 40, 50), row_spacing=0.8, column_spacing=0.5, gap=2.0)
    viewport = scan.fill(make_series(), lambda p: p @ np.array([3.0, 7.0, 11.0]) % 500.0).viewport()
    stack = replace(viewport.default_state(), position=3)
    ends = [(10.2, 8.3), (31.7, 29.9)]
    for kind in (K.RECTANGLE, K.ELLIPSE, K.POLYGON):
        points = [*ends, (12.0, 30.0)][: POINTS_NEEDED[kind][0]]
        frame = drawn_at(viewport, stack, kind, *points)
        axial = viewport.at_point(viewport.default_state(Plane.AXIAL), frame.patient_points[0])
        shown = viewport.on_view(frame, axial, WIDTH, HEIGHT)
        assert shown is not None
        cut = viewport.annotation_at(axial, WIDTH, HEIGHT, shown, kind)
        assert cut is not None
        of_frame, of_cut = viewport.measure(frame), viewport.measure(cut)
        for name in ("Area", "Mean", "SD", "Min", "Max", "Median", "Pixels"):
            assert value(of_cut, name) == pytest.approx(value(of_frame, name), rel=1e-6), (kind, name)


def test_a_tilted_gantry_is_measured_in_the_patient(maker: Any, acquisition: Any) -> None:
    """F51."""
    tilt = math.radians(18.0)
    column = (0.0, math.cos(tilt), -math.sin(tilt))
    scan = acquisition((1.0, 0.0, 0.0), column, (0.0, 0.0, 0.6), shape=(81, 81, 51), row_spacing=0.5, column_spacing=0.5)
    middle = np.array(scan.plane(40).to_patient(25, 40))
    viewport = scan.fill(maker, lambda p: np.where(np.linalg.norm(p - middle, axis=-1) <= 10.0, 200.0, 0.0)).viewport()
    state = replace(viewport.default_state(Plane.SAGITTAL), focus=tuple(float(c) for c in middle))
    line = on_cut(viewport, state, K.LENGTH, middle - (0.0, 9.0, 0.0), np.add(middle, (0.0, 0.0, 12.0)))
    assert value(line, "Length") == pytest.approx(15.0)
    box = on_cut(viewport, state, K.RECTANGLE, middle - (0.0, 14.0, -14.0), np.add(middle, (0.0, 14.0, -14.0)))
    assert value(box, "Mean") == pytest.approx(200.0 * math.pi * 100.0 / 28.0**2, rel=0.01)


def test_padding_does_not_bleed_into_a_cuts_values(maker: Any, acquisition: Any) -> None:
    """F55."""
    scan = acquisition(shape=(9, 30, 30), row_spacing=1.0, column_spacing=1.0, gap=1.0, origin=(0.0, 0.0, 0.0))
    maker.header = replace(maker.header, padding=(-2000, -2000))
    viewport = scan.fill(maker, lambda p: np.where(p[..., 0] < 10.0, -2000.0, 60.0)).viewport()
    state = replace(viewport.default_state(Plane.OBLIQUE), focus=(15.0, 15.0, 4.0), oblique=OBLIQUE)
    centre, right, down = np.array([10.0, 15.0 - 5.0 * 0.75, 4.0]), np.array(OBLIQUE[0]), np.array(OBLIQUE[1])
    measured = on_cut(viewport, state, K.RECTANGLE, centre - 5 * right - 2 * down, centre + 5 * right + 2 * down)
    assert (value(measured, "Min"), value(measured, "Max")) == (pytest.approx(60.0), pytest.approx(60.0))
    assert "left out" in measured.notes[0]


# What a view must never change


lies = st.builds(
    dict,
    zoom=st.floats(0.3, 8.0),
    pan=st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)),
    rotation=st.integers(-360, 360),
    flipped_horizontally=st.booleans(),
    flipped_vertically=st.booleans(),
    inverted=st.booleans(),
    window=st.one_of(st.none(), st.builds(Window, st.floats(-500, 500), st.floats(2, 2000))),
)
places = st.tuples(st.floats(3.0, 60.0), st.floats(3.0, 45.0))


@given(
    view=lies,
    kind=st.sampled_from([K.LENGTH, K.ANGLE, K.COBB, K.BIDIRECTIONAL, K.RECTANGLE, K.ELLIPSE, K.CIRCLE]),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_moving_zooming_and_turning_a_view_never_changes_a_value(
    scanned: Viewport, view: dict[str, Any], kind: AnnotationKind, data: Any
) -> None:
    count = POINTS_NEEDED[kind][0]
    # Whole and a third: a centre exactly on a line would be in or out by the last digit.
    points = [(round(c) + 1 / 3, round(r) + 1 / 3) for c, r in data.draw(st.lists(places, min_size=count, max_size=count))]
    plain = on_frame(scanned, kind, *points, position=18)
    turned = on_frame(scanned, kind, *points, position=18, **view)
    assert bool(plain.refused) is bool(turned.refused)
    assert [v.name for v in turned.values] == [v.name for v in plain.values]
    for a, b in zip(plain.values, turned.values, strict=True):
        assert (b.value, b.unit) == (pytest.approx(a.value, rel=1e-6, abs=1e-5), a.unit)


@given(view=lies, mm=st.tuples(st.floats(2.0, 9.0), st.floats(2.0, 9.0)))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.OBLIQUE])
def test_a_cuts_values_are_those_of_the_patient_however_it_is_looked_at(
    scanned: Viewport, plane: Plane, view: dict[str, Any], mm: tuple[float, float]
) -> None:
    right, down = (np.array(way) for way in DIRECTIONS[plane])
    corners = CENTRE - mm[0] * right - mm[1] * down, CENTRE + mm[1] * right + mm[0] * down
    plain = on_cut(scanned, cut_state(plane), K.RECTANGLE, *corners)
    turned = on_cut(scanned, cut_state(plane, slab_mm=5.0, **view), K.RECTANGLE, *corners)
    assert value(turned, "Area") == pytest.approx(value(plain, "Area"))
    assert value(turned, "Mean") == pytest.approx(value(plain, "Mean"), abs=0.5)
