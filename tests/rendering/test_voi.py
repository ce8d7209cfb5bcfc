"""Spherical volumes: SUVmax, SUVpeak, mean, MTV and TLG of known distributions; a ball is seen on every plane that cuts it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import fused_pair as pair
import numpy as np
import pytest
from fused_pair import CENTRE, FACTOR, FUSION, HU, PET_GRID, SLOPE, SUV
from made_series import Acquisition

from rendering.viewport import Viewport
from rendering.voi_values import PEAK_RADIUS, _kernel, peak
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.geometry import add, length, sub
from workstation.domain.viewing import Plane

FINE = Acquisition(origin=(-31.0, -42.0, -4.0), row_spacing=2.0, column_spacing=2.0, gap=2.0, shape=(36, 36, 36))
WIDE, HIGH = 220, 200


def told(annotation: Annotation, view: Viewport, of: str = "") -> dict[str, float]:
    measured = view.measure(annotation)
    assert not measured.refused, measured.refused
    return {value.name: value.value for value in measured.values if value.of == of}


def ball(view: Viewport, radius: float, plane: Plane = Plane.AXIAL, **changes: Any) -> Annotation:
    state = replace(view.at_point(view.default_state(plane), CENTRE), **changes)
    found = view.ball_at(state, WIDE, HIGH, CENTRE, radius)
    assert found is not None
    return found


def test_a_balls_volume_and_values_are_those_of_its_voxels() -> None:
    view = Viewport(pair.pet(FINE))
    found = told(ball(view, 15.0), view)
    assert found["Volume"] == pytest.approx(4 / 3 * math.pi * 15.0**3 / 1000, rel=0.02)
    assert found["Max"] == pytest.approx(SUV, rel=0.02)
    # Mean of 8 * 2**-(r/9)² over a ball of 15 mm.
    radii = np.linspace(0, 15.0, 20001)
    mean = np.trapezoid(SUV * 0.5 ** ((radii / 9.0) ** 2) * radii**2, radii) / (15.0**3 / 3)
    assert found["Mean"] == pytest.approx(mean, rel=0.01)


def test_the_metabolic_volume_is_that_above_its_threshold_and_tlg_its_mean_times_it() -> None:
    """41 % of 8 is reached at 9 * sqrt(log2(1 / 0.41)) = 10.2 mm; fixed 4.0 at 9 mm."""
    view = Viewport(pair.pet(FINE))
    found = told(ball(view, 17.0), view)
    edge = 9.0 * math.sqrt(math.log2(1 / 0.41))
    assert found["MTV 41 %"] == pytest.approx(4 / 3 * math.pi * edge**3 / 1000, rel=0.04)
    assert found["TLG 41 %"] == pytest.approx(found["MTV 41 %"] * found["Mean 41 %"], rel=1e-9)
    assert found["MTV ≥ 4.0"] == pytest.approx(4 / 3 * math.pi * 9.0**3 / 1000, rel=0.04)
    assert found["MTV ≥ 2.5"] > found["MTV ≥ 4.0"]


def test_a_threshold_that_nothing_reaches_gives_no_volume() -> None:
    view = Viewport(pair.pet(FINE, lambda p: np.full(p.shape[:-1], 1.0 / FACTOR / SLOPE)))
    found = told(ball(view, 12.0), view)
    assert found["MTV ≥ 2.5"] == 0.0
    assert "TLG ≥ 2.5" not in found
    assert found["Peak"] == pytest.approx(1.0, rel=1e-3)


def test_the_peak_ball_is_one_cubic_centimetre_whatever_the_voxels() -> None:
    for grid in (FINE, PET_GRID, replace(PET_GRID, gap=5.0, row_spacing=4.1, column_spacing=4.1, shape=(14, 26, 26))):
        geometry = pair.pet(grid).verdict.geometry
        assert geometry is not None
        offsets, weights = _kernel(geometry)
        assert weights.sum() == pytest.approx(1.0)
        voxel = math.prod(geometry.spacing)
        # The middle voxel lies in it whole: its share is its volume over 1 cm³.
        middle = weights[(offsets == 0).all(axis=1)][0]
        assert middle == pytest.approx(voxel / 1000.0, rel=0.02)
    assert 4 / 3 * math.pi * PEAK_RADIUS**3 == pytest.approx(1000.0)


def test_one_hot_voxel_is_the_maximum_and_hardly_moves_the_peak() -> None:
    """PERCIST: noise in a voxel makes SUVmax, not SUVpeak."""

    def hot(points: Any) -> Any:
        voxel = np.linalg.norm(points - np.array(CENTRE), axis=-1)
        return np.where(voxel == voxel.min(), 15.0, 1.0) / FACTOR / SLOPE

    view = Viewport(pair.pet(PET_GRID, hot))
    found = told(ball(view, 12.0), view)
    assert found["Max"] == pytest.approx(15.0, rel=1e-3)
    assert found["Peak"] == pytest.approx(1.0 + 14.0 * 27.0 / 1000.0, rel=0.02)


def test_the_peak_is_the_best_place_inside_not_around_the_maximum() -> None:
    """A lone hot voxel on one side, a broad warm ball on the other: the ball of 1 cm³ lies in the warm one."""
    warm = np.array(add(CENTRE, (9.0, 0.0, 0.0)))
    lone = np.array(add(CENTRE, (-9.0, 0.0, 0.0)))

    def both(points: Any) -> Any:
        near = np.linalg.norm(points - lone, axis=-1)
        broad = np.where(np.linalg.norm(points - warm, axis=-1) < 8.0, 6.0, 0.5)
        return np.where(near == near.min(), 12.0, broad) / FACTOR / SLOPE

    images = pair.pet(FINE, both)
    view = Viewport(images)
    found = told(ball(view, 20.0), view)
    assert found["Max"] == pytest.approx(12.0, rel=1e-3)
    assert found["Peak"] == pytest.approx(6.0, rel=0.02)
    source = images.volume()
    best = peak(source, FACTOR, np.argwhere(np.ones(source.voxels.shape))[:, ::-1])
    assert best is not None
    assert length(sub(source.geometry.to_patient(*best[1]), tuple(warm))) < 3.5


def test_a_peak_that_would_reach_out_of_the_image_is_not_told() -> None:
    thin = replace(PET_GRID, shape=(3, 36, 36), origin=(-50.0, -60.0, 27.0))
    view = Viewport(pair.pet(thin))
    assert "Peak" not in told(ball(view, 10.0), view)


def test_an_area_on_a_pet_tells_the_peak_within_it() -> None:
    view = Viewport(pair.pet(FINE))
    for plane in (Plane.STACK, Plane.AXIAL, Plane.CORONAL):
        state = view.at_point(view.default_state(plane), CENTRE)
        state = replace(state, focus=CENTRE)
        x, y, _ = view.to_view(state, WIDE, HIGH, CENTRE)  # type: ignore[misc]
        step = 6.0 / view.picture(state, WIDE, HIGH).mm_per_pixel  # type: ignore[operator]
        drawn = view.annotation_at(state, WIDE, HIGH, [(x, y), (x + step, y)], AnnotationKind.CIRCLE)
        found = [value.name for value in view.measure(drawn).values]  # type: ignore[arg-type]
        assert found[2:5] == ["Max", "Peak", "Mean"]
        values = {value.name: value.value for value in view.measure(drawn).values}  # type: ignore[arg-type]
        radii = np.linspace(0, PEAK_RADIUS, 5001)
        expected = np.trapezoid(SUV * 0.5 ** ((radii / 9.0) ** 2) * radii**2, radii) / (PEAK_RADIUS**3 / 3)
        assert values["Peak"] == pytest.approx(expected, rel=0.03), plane


def test_a_ball_is_seen_on_every_plane_that_cuts_it_as_large_as_it_is_there() -> None:
    view = Viewport(pair.ct())
    drawn = ball(view, 10.0)
    for plane, away in ((Plane.AXIAL, (0.0, 0.0, 6.0)), (Plane.CORONAL, (0.0, 6.0, 0.0)), (Plane.SAGITTAL, (6.0, 0.0, 0.0))):
        state = replace(view.default_state(plane), focus=add(CENTRE, away))
        outline = view.outline_on_view(drawn, state, WIDE, HIGH)
        assert outline is not None
        across = max(math.dist(outline[0], p) for p in outline) * view.picture(state, WIDE, HIGH).mm_per_pixel  # type: ignore[operator]
        assert across == pytest.approx(16.0, rel=0.01)
        beyond = replace(state, focus=add(CENTRE, tuple(2.0 * v for v in away)))  # type: ignore[arg-type]
        assert view.outline_on_view(drawn, beyond, WIDE, HIGH) is None
    stack = view.at_point(view.default_state(), add(CENTRE, (0.0, 0.0, 6.0)))
    assert view.outline_on_view(drawn, stack, WIDE, HIGH) is not None


def test_on_a_fused_image_a_ball_tells_both_series() -> None:
    view = pair.viewport(pair.ct(), pair.pet())
    drawn = ball(view, 8.0, fusion=FUSION)
    assert told(drawn, view, "CT")["Mean"] == pytest.approx(HU)
    found = told(drawn, view, "PT")
    assert found["Max"] == pytest.approx(SUV, rel=0.05)
    assert {"Peak", "MTV 41 %", "TLG 41 %"} <= found.keys()
    assert told(drawn, view)["Volume"] == pytest.approx(4 / 3 * math.pi * 8.0**3 / 1000, rel=0.05)


def test_the_hottest_place_is_found_in_what_is_seen_in_a_ball_and_in_the_whole() -> None:
    second = np.array(add(CENTRE, (-20.0, 10.0, 20.0)))

    def two(points: Any) -> Any:
        other = np.linalg.norm(points - second, axis=-1)
        return pair.uptake(points) + 1.5 * SUV * 0.5 ** ((other / 6.0) ** 2) / FACTOR / SLOPE

    series = pair.pet(FINE, two)
    view = pair.viewport(pair.ct(), series)
    state = replace(view.at_point(view.default_state(Plane.AXIAL), CENTRE), fusion=FUSION)
    assert length(sub(view.hottest(state, WIDE, HIGH), CENTRE)) <= 2.0  # type: ignore[arg-type]
    assert length(sub(view.hottest(state, WIDE, HIGH, ball(view, 9.0, fusion=FUSION)), CENTRE)) <= 2.0  # type: ignore[arg-type]
    slab = replace(state, slab_mm=60.0, slab_mode="MIP")
    assert length(sub(view.hottest(slab, WIDE, HIGH), tuple(second))) <= 2.0  # type: ignore[arg-type]
    whole = Viewport(series)
    assert length(sub(whole.hottest(whole.mip_state(), WIDE, HIGH), tuple(second))) <= 2.0  # type: ignore[arg-type]


def test_a_drawn_ball_that_is_too_small_or_without_a_place_is_refused_in_words() -> None:
    view = Viewport(pair.pet(FINE))
    drawn = ball(view, 10.0)
    assert "place in the patient" in view.measure(replace(drawn, patient_points=())).refused
    tiny = replace(drawn, patient_points=(CENTRE, add(CENTRE, (0.1, 0.0, 0.0)), add(CENTRE, (0.0, 0.1, 0.0))))
    assert "too small" in view.measure(tiny).refused
