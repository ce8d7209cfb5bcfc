"""Where a drawing lies: the same place on every view that shows it, whatever the view's zoom, turn or flip."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rendering.viewport import Viewport
from workstation.domain.annotation import POINTS_NEEDED, AnnotationKind
from workstation.domain.geometry import add
from workstation.domain.viewing import Plane, ViewportState

WIDTH, HEIGHT = 200, 160
OBLIQUE = ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0))
POINTS = ((60.0, 50.0), (110.0, 90.0), (80.0, 100.0), (70.0, 60.0))

# Views that differ in nothing but how the image lies on the screen.
lies = st.builds(
    dict,
    zoom=st.floats(0.3, 8.0),
    pan=st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)),
    rotation=st.integers(-360, 360),
    flipped_horizontally=st.booleans(),
    flipped_vertically=st.booleans(),
)


@pytest.fixture(scope="module")
def viewport(make_series: Any, acquisition: Any) -> Viewport:
    """A scan of pixels of 2.0 mm x 1.5 mm, 3 mm apart."""
    scan = acquisition(shape=(9, 20, 30))
    built: Viewport = scan.fill(make_series(), lambda points: points @ np.array([1.0, 2.0, 3.0])).viewport()
    return built


def state_of(viewport: Viewport, plane: Plane, **changes: Any) -> ViewportState:
    oblique = OBLIQUE if plane is Plane.OBLIQUE else None
    # A volume's default state knows its middle.
    base = viewport.default_state(Plane.AXIAL if plane is Plane.OBLIQUE else plane)
    return replace(base, plane=plane, oblique=oblique, **changes)


@pytest.mark.parametrize("kind", AnnotationKind)
@pytest.mark.parametrize("plane", [Plane.STACK, Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.OBLIQUE])
def test_every_drawing_comes_back_where_it_was_drawn(viewport: Viewport, plane: Plane, kind: AnnotationKind) -> None:
    state = state_of(viewport, plane, rotation=90, flipped_horizontally=True, zoom=1.7)
    points = POINTS[: POINTS_NEEDED[kind][0]]
    drawn = viewport.annotation_at(state, WIDTH, HEIGHT, points, kind)
    assert drawn is not None
    assert (drawn.study_uid, drawn.series_uid, drawn.plane) == (state.study_uid, state.series_uid, plane)
    assert drawn.uid.startswith("2.25.")
    assert len(drawn.uid) <= 64
    assert bool(drawn.points) is (plane is Plane.STACK)
    shown = viewport.on_view(drawn, state, WIDTH, HEIGHT)
    assert shown is not None
    if kind is AnnotationKind.SPHERE:  # its rim has no place of its own: every plane cuts another circle out of the ball
        assert np.allclose(shown[0], points[0], atol=1e-6)
        assert math.dist(*shown) == pytest.approx(math.dist(*points))
        return
    assert np.allclose(shown, points, atol=1e-6)


@given(before=lies, after=lies)
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("plane", [Plane.STACK, Plane.OBLIQUE])
def test_a_drawing_stays_on_the_same_tissue_however_the_view_is_turned(
    viewport: Viewport, plane: Plane, before: dict[str, Any], after: dict[str, Any]
) -> None:
    one, other = state_of(viewport, plane, **before), state_of(viewport, plane, **after)
    drawn = viewport.annotation_at(one, WIDTH, HEIGHT, POINTS[:2], AnnotationKind.ELLIPSE)
    assert drawn is not None
    shown = viewport.on_view(drawn, other, WIDTH, HEIGHT)
    assert shown is not None
    for (x, y), point in zip(shown, drawn.patient_points, strict=False):
        there = viewport.to_patient(other, WIDTH, HEIGHT, x, y)
        assert there is not None
        assert np.allclose(there, point, atol=1e-5)


def test_a_frames_drawing_is_on_its_own_frame_and_on_planes_within_half_a_slice(viewport: Viewport) -> None:
    stack = replace(viewport.default_state(), position=4)
    drawn = viewport.annotation_at(stack, WIDTH, HEIGHT, POINTS[:2], AnnotationKind.LENGTH)
    assert drawn is not None
    assert viewport.on_view(drawn, replace(stack, position=5), WIDTH, HEIGHT) is None
    axial = viewport.at_point(viewport.default_state(Plane.AXIAL), drawn.patient_points[0])
    assert axial.focus is not None
    for away, is_shown in ((0.0, True), (1.4, True), (-1.4, True), (1.6, False), (-3.0, False)):
        moved = replace(axial, focus=add(axial.focus, (0.0, 0.0, away)))
        assert (viewport.on_view(drawn, moved, WIDTH, HEIGHT) is not None) is is_shown, away
    thick = replace(axial, focus=add(axial.focus, (0.0, 0.0, 4.0)), slab_mm=9.0)
    assert viewport.on_view(drawn, thick, WIDTH, HEIGHT) is not None
    assert viewport.on_view(drawn, viewport.default_state(Plane.CORONAL), WIDTH, HEIGHT) is None
    assert viewport.on_view(drawn, viewport.default_state(Plane.THREE_D), WIDTH, HEIGHT) is None


def test_a_cuts_drawing_is_on_the_frame_it_lies_in(viewport: Viewport) -> None:
    axial = viewport.default_state(Plane.AXIAL)
    drawn = viewport.annotation_at(axial, WIDTH, HEIGHT, POINTS[:2], AnnotationKind.RECTANGLE)
    assert drawn is not None
    # The cut through the middle voxel shows an acquired slice, and says which.
    assert drawn.sop_instance_uid
    on = [p for p in range(9) if viewport.on_view(drawn, replace(viewport.default_state(), position=p), WIDTH, HEIGHT)]
    assert len(on) == 1
    assert viewport.images.identity(on[0]).sop_instance_uid == drawn.sop_instance_uid


def test_a_spine_label_carries_to_every_plane_through_its_vertebra(viewport: Viewport) -> None:
    sagittal = viewport.default_state(Plane.SAGITTAL)
    label = viewport.annotation_at(sagittal, WIDTH, HEIGHT, [(100.0, 80.0)], AnnotationKind.SPINE)
    assert label is not None
    point = label.patient_points[0]
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        cut = viewport.at_point(viewport.default_state(plane), point)
        assert viewport.on_view(label, cut, WIDTH, HEIGHT) is not None
    axial = viewport.at_point(viewport.default_state(Plane.AXIAL), point)
    assert axial.focus is not None
    for away, is_shown in ((7.0, True), (8.0, False)):
        assert (
            viewport.on_view(label, replace(axial, focus=add(axial.focus, (0.0, 0.0, away))), WIDTH, HEIGHT) is not None
        ) is is_shown
    frames = [p for p in range(9) if viewport.on_view(label, replace(viewport.default_state(), position=p), WIDTH, HEIGHT)]
    assert len(frames) in (5, 6)


def test_the_line_of_a_box_follows_a_turned_view_and_an_oblique_cut(viewport: Viewport) -> None:
    stack = replace(viewport.default_state(), rotation=30)
    box = viewport.annotation_at(stack, WIDTH, HEIGHT, ((70.0, 60.0), (120.0, 80.0)), AnnotationKind.RECTANGLE)
    assert box is not None
    corners = viewport.outline_on_view(box, stack, WIDTH, HEIGHT)
    assert corners is not None
    assert len(corners) == 4
    edges = np.diff(np.array([*corners, corners[0]]), axis=0)
    # Turned by 30 degrees on the screen, and still right-angled.
    angles = np.degrees(np.arctan2(edges[:, 1], edges[:, 0])) % 90
    assert np.allclose(angles, 30.0)
    unturned = viewport.outline_on_view(box, replace(stack, rotation=0), WIDTH, HEIGHT)
    assert unturned is not None
    assert len({round(x, 6) for x, _ in unturned}) == len({round(y, 6) for _, y in unturned}) == 2


def test_a_circle_is_round_in_the_patient_though_its_pixels_are_not_square(viewport: Viewport) -> None:
    state = viewport.default_state()
    circle = viewport.annotation_at(state, WIDTH, HEIGHT, ((100.0, 80.0), (112.0, 96.0)), AnnotationKind.CIRCLE)
    assert circle is not None
    line = viewport.outline_on_view(circle, state, WIDTH, HEIGHT)
    assert line is not None
    assert np.allclose(np.hypot(*(np.array(line) - (100.0, 80.0)).T), 20.0)


def test_what_is_of_another_series_or_has_too_few_points_is_not_drawn(viewport: Viewport) -> None:
    state = viewport.default_state()
    drawn = viewport.annotation_at(state, WIDTH, HEIGHT, POINTS[:2], AnnotationKind.LENGTH)
    assert drawn is not None
    assert viewport.on_view(replace(drawn, series_uid="1.2.9.9"), state, WIDTH, HEIGHT) is None
    assert viewport.annotation_at(state, WIDTH, HEIGHT, POINTS[:1], AnnotationKind.LENGTH) is None
    assert viewport.annotation_at(viewport.default_state(Plane.THREE_D), WIDTH, HEIGHT, POINTS[:2], AnnotationKind.LENGTH) is None


def test_a_place_in_the_frame_is_told_inside_it_only(viewport: Viewport) -> None:
    state = replace(viewport.default_state(), rotation=180)
    inside = viewport.frame_to_view(state, WIDTH, HEIGHT, 3.25, 7.5)
    assert inside is not None
    assert viewport.to_frame(state, WIDTH, HEIGHT, *inside) == pytest.approx((3.25, 7.5))
    outside = viewport.frame_to_view(state, WIDTH, HEIGHT, -1.0, 7.5)
    assert outside is not None
    assert viewport.to_frame(state, WIDTH, HEIGHT, *outside) is None
    assert viewport.to_frame(viewport.default_state(Plane.AXIAL), WIDTH, HEIGHT, 100.0, 80.0) is None


def test_without_geometry_a_drawing_has_its_frame_alone(maker: Any) -> None:
    maker.add(np.zeros((20, 20), "i2"))
    viewport = maker.viewport()
    state = viewport.default_state()
    drawn = viewport.annotation_at(state, WIDTH, HEIGHT, POINTS[:2], AnnotationKind.RECTANGLE)
    assert drawn.patient_points == ()
    assert drawn.frame_number == 1
    assert np.allclose(viewport.on_view(drawn, state, WIDTH, HEIGHT), POINTS[:2])
