"""Turning a volume by hand: which side comes to the eye."""

from __future__ import annotations

import pytest

from workstation.domain.geometry import cross, dot, length
from workstation.domain.turning import FROM_THE_FRONT, turned


def eye_looks(directions):
    return cross(*directions)


def test_from_the_front_the_eye_looks_to_the_back_with_the_left_hand_on_the_right():
    assert FROM_THE_FRONT[0] == (1.0, 0.0, 0.0)
    assert eye_looks(FROM_THE_FRONT) == pytest.approx((0.0, 1.0, 0.0))


def test_pushing_the_front_to_the_right_shows_the_patients_right_side():
    directions = turned(None, 90.0, 0.0)
    assert eye_looks(directions) == pytest.approx((1.0, 0.0, 0.0))
    assert directions[0] == pytest.approx((0.0, -1.0, 0.0))
    assert directions[1] == pytest.approx((0.0, 0.0, -1.0))


def test_pushing_the_front_down_shows_the_top_of_the_head():
    directions = turned(None, 0.0, 90.0)
    assert eye_looks(directions) == pytest.approx((0.0, 0.0, -1.0))
    assert directions[1] == pytest.approx((0.0, -1.0, 0.0))


def test_a_thousand_small_turns_leave_the_directions_right_angled():
    directions = FROM_THE_FRONT
    for step in range(1000):
        directions = turned(directions, 1.7, (-1) ** step * 0.9)
    assert length(directions[0]) == pytest.approx(1.0, abs=1e-12)
    assert length(directions[1]) == pytest.approx(1.0, abs=1e-12)
    assert dot(*directions) == pytest.approx(0.0, abs=1e-9)


def test_a_turn_and_its_opposite_come_back():
    assert turned(turned(None, 33.0, 0.0), -33.0, 0.0)[0] == pytest.approx(FROM_THE_FRONT[0])
