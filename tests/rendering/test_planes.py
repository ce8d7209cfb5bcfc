"""The crosshair on real volumes: every plane goes through its point, letters are right, nothing wanders or flips."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_series import SERIES, STUDY

from rendering.viewport import Viewport
from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.crosshair import directions_of
from workstation.domain.geometry import cross, dot, sub
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState
from workstation.errors import Refused
from workstation.session.linking import Where
from workstation.session.viewing import Viewing

KEY = (STUDY, SERIES)
SIZE = (300, 260)
HERE = (-3.0, 27.0, 309.0)


def ramp(points: Any) -> Any:
    return points @ np.array([2.0, 3.0, 5.0])


@pytest.fixture
def viewport(maker: Any, acquisition: Any) -> Viewport:
    found: Viewport = acquisition(shape=(12, 20, 24)).fill(maker, ramp).viewport()
    return found


@pytest.fixture
def viewing(viewport: Viewport) -> Viewing:
    made = Viewing(lambda study, series: viewport if (study, series) == KEY else None)
    made.planes.size_of = lambda _: SIZE
    cell = Cell(0, 0, ViewportState(STUDY, SERIES), link_group="a")
    made.show(Arrangement("p", "P", 0, 1, "", Layout(1, 1), (cell,), ()))
    made.planes.show_oblique()
    made.planes.set_focus(HERE)
    return made


def states(viewing: Viewing) -> list[ViewportState]:
    return [cell.state for cell in viewing.cells if cell.state is not None]


def normals(viewing: Viewing) -> list[Any]:
    return [np.array(cross(*(directions_of(s) or ((0, 0, 0), (0, 0, 0))))) for s in states(viewing)[:3]]


def seen(viewing: Viewing, viewport: Viewport, index: int, point: Any = HERE) -> Any:
    return viewport.to_view(states(viewing)[index], *SIZE, point)


def test_three_planes_and_the_images_stand_side_by_side_and_again_3d(viewing: Viewing) -> None:
    assert [s.plane for s in states(viewing)] == [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.STACK]
    viewing.planes.show_oblique()
    assert states(viewing)[3].plane is Plane.THREE_D
    viewing.planes.show_oblique()
    assert states(viewing)[3].plane is Plane.STACK
    viewing.show_three_planes()
    viewing.planes.show_oblique()
    assert states(viewing)[3].plane is Plane.STACK, "three planes hung otherwise are no first time"


def test_keys_turn_the_two_others_and_leave_the_shown_one(viewing: Viewing, viewport: Viewport) -> None:
    before = states(viewing)[0]
    viewing.planes.turn(20.0)
    assert states(viewing)[0] == before
    assert [s.plane for s in states(viewing)[1:3]] == [Plane.OBLIQUE, Plane.OBLIQUE]
    assert normals(viewing)[1] == pytest.approx((-math.sin(math.radians(20)), math.cos(math.radians(20)), 0.0), abs=1e-9)
    for index in range(3):
        assert abs(seen(viewing, viewport, index)[2]) < 1e-9, "every plane goes through the crosshair"


def test_what_is_turned_stays_where_it_was_and_as_large(viewing: Viewing, viewport: Viewport) -> None:
    viewing.zoom_by(3.0, 1)
    viewing.pan_by(0.3, -0.2, 1)
    at = [seen(viewing, viewport, i)[:2] for i in range(3)]
    scales = [viewport.picture(s, *SIZE).mm_per_pixel for s in states(viewing)[:3]]
    for degrees in (10.0,) * 5 + (-1.0,) * 3:
        viewing.planes.turn(degrees)
        viewing.planes.tilt(degrees / 2)
    for index in range(3):
        assert seen(viewing, viewport, index)[:2] == pytest.approx(at[index], abs=1e-6)
        assert viewport.picture(states(viewing)[index], *SIZE).mm_per_pixel == pytest.approx(scales[index])


def test_a_double_oblique_is_right_angled_and_turned_back_it_is_straight(viewing: Viewing) -> None:
    before = states(viewing)
    for index, degrees in ((0, 25.0), (1, 40.0), (2, -15.0)):
        viewing.planes.turn(degrees, index)
    found = normals(viewing)
    assert [abs(float(found[a] @ found[b])) for a, b in ((0, 1), (0, 2), (1, 2))] == pytest.approx([0, 0, 0], abs=1e-9)
    assert all(s.plane is Plane.OBLIQUE for s in states(viewing)[:3])
    viewing.planes.reset()
    for was, now in zip(before[:3], states(viewing)[:3], strict=True):
        assert (now.plane, now.oblique) == (was.plane, was.oblique)
        assert now.zoom == pytest.approx(was.zoom)
        assert now.pan == pytest.approx(was.pan, abs=1e-9)
    viewing.planes.reset()
    middle = viewing.viewer(0).default_state(Plane.AXIAL).focus  # type: ignore[union-attr]
    assert {s.focus for s in states(viewing)[:3]} == {middle}


def test_the_letters_follow_the_planes(viewing: Viewing, viewport: Viewport) -> None:
    def letters(index: int) -> tuple[str, ...]:
        found = viewport.picture(states(viewing)[index], *SIZE).letters
        return found.left, found.right, found.top, found.bottom

    assert letters(1) == ("R", "L", "H", "F")
    viewing.planes.turn(30.0, 0)
    # The coronal plane's right was the patient's left and now runs backwards too.
    assert letters(1) == ("RA", "LP", "H", "F")
    assert letters(2) == ("AL", "PR", "H", "F")
    assert letters(0) == ("R", "L", "A", "P")
    viewing.planes.turn(60.0, 0)
    assert letters(1) == ("A", "P", "H", "F")
    viewing.planes.turn(90.0, 0)
    assert letters(1) == ("L", "R", "H", "F"), "from behind, not mirrored"
    viewing.planes.reset()
    viewing.planes.tilt(20.0, 0)
    assert letters(0) == ("R", "L", "AF", "PH")
    assert letters(1) == ("R", "L", "HA", "FP")
    assert letters(2) == ("A", "P", "H", "F"), "its normal is what was turned about"


@pytest.mark.parametrize("turns", [(17.0, 0.0, 0.0), (17.0, 31.0, 0.0), (-40.0, 25.0, 110.0)])
def test_letters_of_any_direction_are_those_of_the_patients_sides(
    viewing: Viewing, viewport: Viewport, turns: tuple[float, ...]
) -> None:
    """Letters name the sides that really lie there: from places in the view, whatever was turned."""
    for index, degrees in enumerate(turns):
        viewing.planes.turn(degrees, index)
    for state in states(viewing)[:3]:
        found = viewport.picture(state, *SIZE).letters
        middle = np.array(viewport.to_patient(state, *SIZE, 150.0, 130.0))
        for text, at in ((found.right, (160.0, 130.0)), (found.left, (140.0, 130.0)), (found.top, (150.0, 120.0))):
            way = np.array(viewport.to_patient(state, *SIZE, *at)) - middle
            way /= np.linalg.norm(way)
            sides = {"L": way[0], "R": -way[0], "P": way[1], "A": -way[1], "H": way[2], "F": -way[2]}
            named = sorted((letter for letter, share in sides.items() if share >= 0.15), key=lambda one: -sides[one])
            assert text == "".join(named)


def test_scrolling_a_turned_plane_moves_the_crosshair_along_and_keeps_slab_and_turn(viewing: Viewing) -> None:
    viewing.planes.turn(20.0, 0)
    viewing.activate(1)
    viewing.planes.set_slab(12.0)
    viewing.planes.cycle_slab_mode()
    before, crosshair = states(viewing)[1], viewing.planes.crosshair(KEY)
    viewing.scroll(2)
    after, moved = states(viewing)[1], viewing.planes.crosshair(KEY)
    assert (after.slab_mm, after.slab_mode, after.oblique) == (12.0, "MIP", before.oblique)
    assert crosshair is not None
    assert moved is not None
    way = np.array(sub(moved.focus, crosshair.focus))
    assert np.linalg.norm(way) > 0.5
    assert way / np.linalg.norm(way) == pytest.approx(normals(viewing)[1], abs=1e-9)


def test_a_slab_stays_through_planes_and_is_reset_only_by_reset(viewing: Viewing) -> None:
    viewing.planes.set_slab(12.0)
    viewing.planes.cycle_slab_mode()
    for plane in (Plane.CORONAL, Plane.STACK, Plane.SAGITTAL, Plane.OBLIQUE, Plane.AXIAL):
        viewing.set_plane(plane)
        assert (states(viewing)[0].plane, states(viewing)[0].slab_mm, states(viewing)[0].slab_mode) == (plane, 12.0, "MIP") or (
            plane is Plane.OBLIQUE and states(viewing)[0].slab_mm == 12.0
        )
    viewing.planes.set_focus((0.0, 25.0, 310.0))
    assert states(viewing)[0].slab_mm == 12.0
    viewing.reset()
    assert states(viewing)[0].slab_mm == 0.0


def test_keys_make_slabs_thicker_by_sensible_steps_and_never_pretend(viewing: Viewing) -> None:
    """Slices of this volume are 3 mm apart: a slab of fewer than two is none."""
    planes = viewing.planes
    found = []
    for _ in range(4):
        planes.thicken(1)
        found.append(states(viewing)[0].slab_mm)
    assert found == [7.0, 10.0, 15.0, 20.0]
    planes.thicken(-3)
    assert states(viewing)[0].slab_mm == 7.0
    planes.thicken(-1)
    assert states(viewing)[0].slab_mm == 0.0
    planes.thicken(-1)
    assert states(viewing)[0].slab_mm == 0.0
    planes.thicken(100)
    assert states(viewing)[0].slab_mm == 150.0
    with pytest.raises(Refused, match="would hold one"):
        planes.set_slab(4.0)
    with pytest.raises(Refused):
        planes.set_slab(-1.0)
    planes.set_slab(8.25)
    assert states(viewing)[0].slab_mm == 8.25


def test_one_key_begins_a_mip_and_goes_round(viewing: Viewing) -> None:
    found = []
    for _ in range(4):
        viewing.planes.cycle_slab_mode()
        found.append((states(viewing)[0].slab_mm, states(viewing)[0].slab_mode))
    assert found == [(10.0, "MIP"), (10.0, "MIN"), (10.0, "MEAN"), (10.0, "MIP")]


def test_the_only_plane_on_screen_swings_itself(viewing: Viewing) -> None:
    viewing.set_layout(Layout(1, 1))
    viewing.planes.turn(10.0)
    (state,) = states(viewing)
    assert state.plane is Plane.OBLIQUE
    assert dot(cross(*(state.oblique or ())), (0.0, 0.0, 1.0)) == pytest.approx(math.cos(math.radians(10.0)))


def test_where_there_is_no_plane_that_is_said(viewing: Viewing) -> None:
    viewing.activate(3)
    for act in (
        lambda: viewing.planes.turn(1.0),
        lambda: viewing.planes.tilt(1.0),
        lambda: viewing.planes.thicken(1),
        viewing.planes.cycle_slab_mode,
        viewing.planes.reset,
        viewing.planes.ask_number,
        viewing.planes.ask_export,
    ):
        with pytest.raises(Refused, match="no plane"):
            act()


def test_a_straight_plane_beside_turned_ones_is_not_turned_with_them(viewing: Viewing) -> None:
    viewing.planes.turn(30.0, 0)
    viewing.activate(1)
    viewing.set_plane(Plane.CORONAL)
    before = states(viewing)[1]
    viewing.planes.turn(5.0, 0)
    assert states(viewing)[1] == before
    viewing.set_plane(Plane.OBLIQUE)
    assert normals(viewing)[1] == pytest.approx((-math.sin(math.radians(35)), math.cos(math.radians(35)), 0.0), abs=1e-9)


def test_an_aligned_series_follows_to_the_same_place_and_turns_as_far(viewport: Viewport, viewing: Viewing) -> None:
    """Focus and directions go through the alignment: here a quarter turn about the head-foot axis and a shift."""
    other = (STUDY, "9.9")

    class Other:
        def __getattr__(self, name: str) -> Any:
            return getattr(viewport, name)

        def to_view(self, *_: Any) -> None:
            return None

    matrix = (0.0, -1.0, 0.0, 5.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 7.0)
    made = Viewing(lambda _study, series: viewport if series == SERIES else Other())  # type: ignore[arg-type,return-value]
    made.planes.size_of = lambda _: SIZE
    made.planes.alignment = lambda fixed, moving: Alignment(fixed, moving, AlignmentKind.RIGID, matrix)
    mine, theirs = (
        replace(states(viewing)[1], focus=HERE),
        replace(states(viewing)[1], series_uid=other[1], focus=(0.0, 0.0, 0.0)),
    )
    made.cells = [Cell(0, 0, mine), Cell(0, 1, replace(mine, plane=Plane.AXIAL)), Cell(0, 2, theirs)]
    made.planes.set_focus((1.0, 2.0, 3.0), 0)
    assert made.cells[2].state.focus == pytest.approx((5.0 - 2.0, 1.0, 10.0))  # type: ignore[union-attr]
    made.planes.turn(30.0, 1)
    turned = cross(*(made.cells[2].state.oblique or ()))  # type: ignore[union-attr]
    own = cross(*(made.cells[0].state.oblique or ()))  # type: ignore[union-attr]
    assert turned == pytest.approx((-own[1], own[0], own[2]), abs=1e-9)


def test_series_of_one_frame_of_reference_share_the_place(viewport: Viewport, viewing: Viewing) -> None:
    made = Viewing(lambda _study, _series: viewport)
    made.planes.size_of = lambda _: SIZE
    made.linking.where = lambda _study, series: Where("P/1" if series in (SERIES, "9.9") else "P/2", "CT")
    mine = states(viewing)[0]
    made.cells = [Cell(0, place, replace(mine, series_uid=uid, focus=HERE)) for place, uid in enumerate((SERIES, "9.9", "7.7"))]
    made.planes.set_focus((1.0, 22.0, 303.0), 0)
    assert [c.state.focus for c in made.cells if c.state] == [(1.0, 22.0, 303.0), (1.0, 22.0, 303.0), HERE]
