"""Directions and grids in the patient coordinate system (LPS, mm)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.geometry import FramePlane, VolumeGeometry, cross, direction_letters, dot, unit

NUMBERS = st.floats(-500, 500, allow_nan=False)


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "H"),
        ((0, 0, -1), "F"),
        ((0.9, 0.4, 0.0), "LP"),
        ((0.0, -0.3, 0.95), "HA"),
        ((0.999, 0.04, 0.0), "L"),
        ((0, 0, 0), ""),
    ],
)
def test_a_direction_is_named_after_the_patient_side_it_points_to(direction, letters):
    assert direction_letters(direction) == letters


def test_a_frame_goes_right_with_columns_and_down_with_rows():
    plane = FramePlane((-100.0, -50.0, 20.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), row_spacing=2.0, column_spacing=0.5)
    assert plane.to_patient(column=10, row=3) == (-95.0, -44.0, 20.0)
    assert plane.normal == (0.0, 0.0, 1.0)


@given(NUMBERS, NUMBERS)
def test_a_pixel_goes_to_the_patient_and_back(column, row):
    plane = FramePlane((3.0, -7.0, 11.0), unit((0.8, 0.6, 0.0)), unit((-0.6, 0.8, 0.0)), 0.7, 0.35)
    back = plane.to_pixel(plane.to_patient(column, row))
    assert back == pytest.approx((column, row, 0.0), abs=1e-6)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_sheared_grid_goes_to_the_patient_and_back(column, row, slice_):
    tilted = VolumeGeometry((10, 20, 30), ((0.5, 0.0, 0.0, -60.0), (0.0, 0.5, 0.9, 10.0), (0.0, 0.0, 2.0, 5.0)))
    back = tilted.to_index(tilted.to_patient(column, row, slice_))
    assert back == pytest.approx((column, row, slice_), abs=1e-6)


def test_a_direction_without_length_is_refused():
    with pytest.raises(ValueError, match="length"):
        unit((0.0, 0.0, 0.0))


def test_the_cross_product_is_square_to_both():
    for a, b in itertools.product([(1.0, 2.0, 3.0), (0.0, -1.0, 4.0)], [(2.0, 0.5, -1.0), (1.0, 1.0, 1.0)]):
        assert dot(cross(a, b), a) == pytest.approx(0.0)
        assert dot(cross(a, b), b) == pytest.approx(0.0)
