"""Three planes at right angles: how they turn, and that nothing flips (viewer.md, search MPR)."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import combinations

import pytest

from workstation.domain.crosshair import STRAIGHT, Crosshair, directions_of, rotated, shown_as
from workstation.domain.geometry import add, cross, dot, length, scale, sub, unit
from workstation.domain.viewing import Plane, ViewportState

HERE = (12.0, -30.0, 400.0)
AXIAL, CORONAL, SAGITTAL = range(3)


def is_sound(crosshair: Crosshair) -> bool:
    normals = [crosshair.normal(which) for which in range(3)]
    right_angled = all(abs(dot(a, b)) < 1e-9 for a, b in combinations(normals, 2))
    own = all(
        abs(dot(right, down)) < 1e-9 and abs(length(right) - 1) < 1e-9 and abs(length(down) - 1) < 1e-9
        for right, down in crosshair.planes
    )
    return right_angled and own


def angle(a, b) -> float:
    return math.degrees(math.acos(max(-1.0, min(1.0, dot(a, b)))))


def test_turning_in_one_view_leaves_that_view_as_it_is_and_turns_the_two_others():
    before = Crosshair(HERE)
    after = before.turned(before.normal(AXIAL), 30.0)
    assert after.planes[AXIAL] == STRAIGHT[AXIAL]
    for which in (CORONAL, SAGITTAL):
        assert angle(before.normal(which), after.normal(which)) == pytest.approx(30.0)
        # Down is along the axis of the turn: it stays to the last bit of what can be seen.
        assert after.planes[which][1] == pytest.approx(STRAIGHT[which][1], abs=1e-12)
    assert after.focus == HERE


def test_a_turn_is_clockwise_as_seen():
    """Right turns towards down."""
    after = Crosshair(HERE).turned(Crosshair(HERE).normal(AXIAL), 90.0)
    # The coronal plane's line runs from left to right in the axial view; a quarter on it runs downwards.
    assert after.planes[CORONAL][0] == pytest.approx((0.0, 1.0, 0.0), abs=1e-9)


def test_double_oblique_each_line_turned_in_its_own_view():
    first = Crosshair(HERE).turned(Crosshair(HERE).normal(AXIAL), 25.0)
    second = first.turned(first.normal(CORONAL), 40.0)
    third = second.turned(second.normal(SAGITTAL), -15.0)
    assert is_sound(third)
    assert angle(second.normal(AXIAL), third.normal(AXIAL)) == pytest.approx(15.0)
    assert third.planes[SAGITTAL][0] == pytest.approx(second.planes[SAGITTAL][0])
    assert third.planes[SAGITTAL][1] == pytest.approx(second.planes[SAGITTAL][1])
    assert not third.is_straight


def test_a_turn_back_is_straight_again_to_the_last_bit():
    crosshair = Crosshair(HERE)
    for degrees in (1.0,) * 45 + (-10.0,) * 4 + (-1.0,) * 5:
        crosshair = crosshair.turned(crosshair.normal(AXIAL), degrees)
    assert crosshair.is_straight


@pytest.mark.parametrize("seed", range(20))
def test_no_view_flips_however_the_planes_are_turned(seed):
    """Each small turn moves right and down by no more than the turn: the picture never jumps (up is carried along)."""
    draw = random.Random(seed)
    crosshair = Crosshair(HERE)
    for _ in range(300):
        axis = draw.choice([crosshair.normal(draw.randrange(3)), crosshair.planes[draw.randrange(3)][0]])
        degrees = draw.choice((-10.0, -1.0, 1.0, 10.0))
        after = crosshair.turned(axis, degrees)
        assert is_sound(after)
        for (right, down), (r, d) in zip(crosshair.planes, after.planes, strict=True):
            assert angle(right, r) <= abs(degrees) + 1e-6
            assert angle(down, d) <= abs(degrees) + 1e-6
        crosshair = after


def test_a_half_turn_looks_from_behind_instead_of_mirroring():
    after = Crosshair(HERE).turned(Crosshair(HERE).normal(AXIAL), 180.0)
    right, down = after.planes[CORONAL]
    assert right == pytest.approx((-1.0, 0.0, 0.0), abs=1e-9)
    assert down == pytest.approx((0.0, 0.0, -1.0), abs=1e-9)


def test_the_focus_lies_where_the_planes_meet():
    crosshair = Crosshair(HERE).turned((1.0, 2.0, 3.0), 33.0)
    meant = add(HERE, (3.0, -4.0, 5.0))
    # Each plane is told by some point in it, not by the meeting point itself.
    places = []
    for which in range(3):
        right, down = crosshair.planes[which]
        places.append((which, add(meant, add(scale(right, 17.0 * which), scale(down, -9.0)))))
    assert crosshair.through(places).focus == pytest.approx(meant, abs=1e-9)
    moved = crosshair.through(places[:1]).focus
    assert length(cross(unit(sub(moved, HERE)), crosshair.normal(0))) == pytest.approx(0.0, abs=1e-9)


def test_a_plane_is_known_by_its_normal_and_shown_by_its_name_when_straight():
    crosshair = Crosshair(HERE).turned(Crosshair(HERE).normal(AXIAL), 12.0)
    state = shown_as(ViewportState("1", "2"), crosshair.planes[CORONAL])
    assert state.plane is Plane.OBLIQUE
    assert crosshair.place_of(directions_of(state)) == CORONAL
    assert crosshair.place_of(STRAIGHT[CORONAL]) is None
    straight = shown_as(replace(state, plane=Plane.STACK), STRAIGHT[CORONAL])
    assert (straight.plane, straight.oblique) == (Plane.CORONAL, None)


def test_turning_by_the_right_hand():
    assert rotated((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), 90.0) == pytest.approx((0.0, 1.0, 0.0), abs=1e-12)
