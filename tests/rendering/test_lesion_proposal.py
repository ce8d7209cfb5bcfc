"""A lesion drawn in one volume, looked for in another: known balls in known tissue, moved and grown."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rendering.lesion_proposal import DrawnLesion, PlaneGrid, drawn_lesion, propose
from rendering.reslice import VolumeSource
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.geometry import VolumeGeometry, length, sub
from workstation.domain.viewing import Plane

SPACING = (0.8, 0.8, 1.5)
SHAPE = (50, 90, 90)
ORIGIN = (-30.0, -40.0, 100.0)
AXIAL = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
BEFORE_AT, NOW_AT = (6.0, -2.0, 136.0), (9.0, -6.0, 139.0)
TISSUE, LESION, NOISE = -850.0, 40.0, 30.0


def volume(*balls: tuple[tuple[float, float, float], float], level: float = LESION, around: float = TISSUE) -> VolumeSource:
    """Balls (centre in LPS mm, radius in mm) with an edge half a millimetre wide, and noise."""
    affine = (
        (SPACING[0], 0.0, 0.0, ORIGIN[0]), (0.0, SPACING[1], 0.0, ORIGIN[1]),
        (0.0, 0.0, SPACING[2], ORIGIN[2]),
    )  # fmt: skip
    z, y, x = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    places = np.stack([x, y, z], axis=-1) * np.array(SPACING) + np.array(ORIGIN)
    share = np.zeros(SHAPE)
    for centre, radius in balls:
        away = np.linalg.norm(places - np.array(centre), axis=-1)
        share = np.maximum(share, np.clip((radius - away) / 0.8 + 0.5, 0.0, 1.0))
    values = around + (level - around) * share + np.random.default_rng(7).normal(0.0, NOISE, SHAPE)
    geometry = VolumeGeometry(SHAPE, affine)
    return VolumeSource(np.round(values).astype(np.int16), geometry, 1.0, 0.0, False)


def planes(directions: Any = AXIAL) -> PlaneGrid:
    return PlaneGrid(ORIGIN, *directions, SPACING[2])


def proposed(now: VolumeSource, drawn_mm: float = 16.0, expected: Any = NOW_AT, hounsfield: bool = True) -> Any:
    before = volume((BEFORE_AT, 8.0))
    return propose(DrawnLesion(BEFORE_AT, drawn_mm, drawn_mm), before, planes(), now, planes(), expected, hounsfield)


def axes_of(found: Any) -> tuple[float, float]:
    one, two, three, four = found.axes
    return length(sub(two, one)), length(sub(four, three))


@pytest.mark.parametrize("radius", [5.0, 8.0, 12.0])
def test_the_new_size_of_a_lesion_that_shrank_stayed_or_grew_is_proposed_within_a_pixel(radius: float) -> None:
    found = proposed(volume((NOW_AT, radius)), expected=(NOW_AT[0] + 3.0, NOW_AT[1] - 3.0, NOW_AT[2] + 2.0))
    long_mm, short_mm = axes_of(found)
    assert long_mm == pytest.approx(2 * radius, abs=1.0)
    assert short_mm == pytest.approx(2 * radius, abs=1.2)
    assert length(sub(found.centre, NOW_AT)) < 1.0
    assert "check" in found.words


def test_the_ends_lie_in_the_plane_that_was_asked_for_and_on_the_edge_of_the_lesion() -> None:
    found = proposed(volume((NOW_AT, 10.0)))
    for end in found.axes:
        assert (end[2] - ORIGIN[2]) / SPACING[2] == pytest.approx(round((end[2] - ORIGIN[2]) / SPACING[2]), abs=1e-6)
        assert length(sub(end, NOW_AT)) == pytest.approx(10.0, abs=1.0)


def test_a_lesion_is_measured_in_coronal_planes_where_those_are_read() -> None:
    coronal = PlaneGrid(ORIGIN, (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), SPACING[1])
    now = volume((NOW_AT, 9.0))
    found = propose(DrawnLesion(BEFORE_AT, 16.0, 16.0), volume((BEFORE_AT, 8.0)), coronal, now, coronal, NOW_AT, True)
    assert axes_of(found)[0] == pytest.approx(18.0, abs=1.6)
    assert max(e[1] for e in found.axes) - min(e[1] for e in found.axes) < 1e-6


def test_a_lesion_that_is_gone_gives_its_place_and_says_so() -> None:
    found = proposed(volume())
    assert found.axes == ()
    assert found.centre == NOW_AT
    assert "gone" in found.words


def test_another_lesion_further_away_than_registration_errs_is_not_taken_for_it() -> None:
    assert proposed(volume(((NOW_AT[0] + 26.0, NOW_AT[1], NOW_AT[2]), 6.0))).axes == ()


def test_a_lesion_that_runs_into_its_surroundings_is_left_to_the_reader() -> None:
    wall = [((NOW_AT[0] + shift, NOW_AT[1], NOW_AT[2]), 9.0) for shift in np.arange(0.0, 40.0, 4.0)]
    found = proposed(volume(*wall))
    assert found.axes == ()
    assert "by hand" in found.words


def test_a_drawing_that_the_threshold_does_not_find_again_proposes_no_size() -> None:
    found = proposed(volume((NOW_AT, 8.0)), drawn_mm=26.0)
    assert found.axes == ()
    assert "edge" in found.words


def test_without_contrast_or_hounsfield_units_no_size_is_proposed() -> None:
    flat = volume((BEFORE_AT, 8.0), level=-845.0)
    found = propose(DrawnLesion(BEFORE_AT, 16.0, 16.0), flat, planes(), flat, planes(), BEFORE_AT, True)
    assert found.axes == ()
    assert "contrast" in found.words
    assert proposed(volume((NOW_AT, 8.0)), hounsfield=False).axes == ()


def test_drawings_with_a_size_are_balls_and_others_are_not() -> None:
    def drawing(kind: AnnotationKind, *points: tuple[float, float, float]) -> Annotation:
        return Annotation("2.25.1", kind, "1", "1.1", "1.1.1", 1, Plane.STACK, (), points)

    circle = drawn_lesion(drawing(AnnotationKind.CIRCLE, (1.0, 2.0, 3.0), (4.0, 6.0, 3.0)))
    assert circle == DrawnLesion((1.0, 2.0, 3.0), 10.0, 10.0)
    cross = drawn_lesion(
        drawing(AnnotationKind.BIDIRECTIONAL, (0.0, 0.0, 0.0), (12.0, 0.0, 0.0), (6.0, -3.0, 0.0), (6.0, 3.0, 0.0))
    )
    assert cross == DrawnLesion((6.0, 0.0, 0.0), 12.0, 6.0)
    box = drawn_lesion(drawing(AnnotationKind.ELLIPSE, (0.0, 0.0, 5.0), (6.0, 8.0, 5.0), (6.0, 0.0, 5.0)))
    assert box is not None
    assert math.isclose(box.long_mm, 8.0)
    assert math.isclose(box.short_mm, 6.0)
    assert drawn_lesion(drawing(AnnotationKind.ANGLE, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 0.0))) is None
