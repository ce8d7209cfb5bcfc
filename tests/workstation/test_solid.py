"""3D views without a screen: box, opacity, what is hidden, the loop that turns; each says in words why it cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_solid import FakeSolid
from one_volume import OneVolume

from workstation.domain.turning import FROM_THE_FRONT, about_the_length, way_round
from workstation.domain.viewing import WHOLE_BOX, Arrangement, Cell, Layout, Plane, ViewportState
from workstation.errors import Refused
from workstation.jobs import Jobs, MainQueue
from workstation.session.solid import OPACITY_RANGE, REMOVALS, THINNEST, SolidMode
from workstation.session.viewing import Viewing


class Viewer(OneVolume):
    def __init__(self) -> None:
        self.solid = FakeSolid()

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        return ViewportState("1", "1.1", plane)

    def can_show(self, plane: Plane) -> bool:
        return True

    def at_point(self, state, point):
        return state

    def to_patient(self, state, width, height, x, y):
        return None

    def window_of(self, state):
        return state.window


class Seat:
    """Two viewports of one series, the first in 3D, with real jobs."""

    def __init__(self) -> None:
        self.viewer = Viewer()
        self.queue = MainQueue()
        self.jobs = Jobs(self.queue.post)
        self.problems: list[Exception] = []
        self.viewing = Viewing(lambda _study, _series: self.viewer)
        self.solid = self.viewing.solid
        self.solid.begin(self.jobs, self.problems.append)
        cells = [Cell(0, i, ViewportState("1", "1.1", plane)) for i, plane in enumerate((Plane.THREE_D, Plane.AXIAL))]
        self.viewing.show(Arrangement("", "", 0, 1, "", Layout(1, 2), tuple(cells), ()))

    def look(self):
        return self.viewing.state(0).solid

    def wait(self) -> None:
        assert self.jobs.wait_idle(self.queue.pump, 10.0)


@pytest.fixture
def seat():
    made = Seat()
    yield made
    made.viewer.solid.goes_on.set()
    made.jobs.close()


def test_everything_is_refused_in_words_where_nothing_is_3d(seat):
    seat.viewing.activate(1)
    for action in (
        lambda: seat.solid.toggle_mode(SolidMode.CROP),
        lambda: seat.solid.toggle_mode(SolidMode.OPACITY),
        seat.solid.next_removal,
        seat.solid.reset_crop,
        seat.solid.looks,
        seat.solid.turn.toggle,
    ):
        with pytest.raises(Refused) as refusal:
            action()
        assert "3D" in str(refusal.value)
        assert refusal.value.hint
    assert not seat.solid.takes_arrows


# ---- the box


def test_a_face_of_the_box_is_chosen_and_moved_by_keys_and_never_through_the_other(seat):
    seat.solid.toggle_mode(SolidMode.CROP)
    assert seat.solid.takes_arrows
    seat.solid.arrow(-8.0, 0.0)  # face 0, the near end of the columns, inwards
    assert seat.look().crop == ((0.02, 1.0), (0.0, 1.0), (0.0, 1.0))
    seat.solid.next_face(3)
    seat.solid.arrow(0.0, 40.0)  # fast: five steps inwards, of the far end of the rows
    assert seat.look().crop[1] == pytest.approx((0.0, 0.9))
    seat.solid.arrow(0.0, -400.0)
    assert seat.look().crop[1] == (0.0, 1.0)
    seat.solid.arrow(0.0, 9000.0)
    assert seat.look().crop[1] == pytest.approx((0.0, THINNEST))
    seat.solid.reset_crop()
    assert seat.look().crop == WHOLE_BOX


def test_tab_goes_through_all_six_faces(seat):
    seat.solid.toggle_mode(SolidMode.CROP)
    seen = []
    for _ in range(6):
        seen.append(seat.solid.face)
        seat.solid.next_face()
    assert seen == [0, 1, 2, 3, 4, 5]
    assert seat.solid.face == 0


def test_the_mode_ends_by_its_key_by_escape_and_when_something_else_hangs_there(seat):
    for end in (lambda: seat.solid.toggle_mode(SolidMode.CROP), seat.solid.leave, lambda: seat.viewing.set_plane(Plane.AXIAL)):
        seat.solid.toggle_mode(SolidMode.CROP)
        assert seat.solid.mode_of(0) is SolidMode.CROP
        assert seat.solid.mode_of(1) is SolidMode.TURN
        end()
        assert not seat.solid.takes_arrows
    assert not seat.solid.leave()


def test_the_box_and_the_look_stay_while_planes_are_looked_at_and_go_with_a_reset(seat):
    seat.solid.set_look("CT angiography")
    seat.solid.set_crop(((0.1, 0.9), (0.0, 1.0), (0.0, 1.0)))
    seat.viewing.set_plane(Plane.AXIAL)
    seat.viewing.set_plane(Plane.THREE_D)
    assert seat.look().preset == "CT angiography"
    assert seat.look().crop[0] == (0.1, 0.9)
    seat.viewing.reset()
    assert seat.look().crop == WHOLE_BOX


# ---- opacity


def test_opacity_doubles_over_a_drag_and_stays_within_reason(seat):
    seat.solid.drag_opacity(-80.0, 1.0)
    assert seat.look().opacity == pytest.approx(2.0)
    seat.solid.drag_opacity(80.0, 1.0)
    assert seat.look().opacity == pytest.approx(0.5)
    seat.solid.drag_opacity(1e6, 1.0)
    assert seat.look().opacity == OPACITY_RANGE[0]
    seat.solid.drag_opacity(-1e6, 1.0)
    assert seat.look().opacity == OPACITY_RANGE[1]


def test_opacity_by_keys_and_none_for_a_mip(seat):
    seat.solid.toggle_mode(SolidMode.OPACITY)
    for _ in range(8):
        seat.solid.arrow(0.0, -8.0)
    assert seat.look().opacity == pytest.approx(2.0)
    seat.solid.toggle_mode(SolidMode.OPACITY)
    seat.solid.set_look("CT MIP")
    assert seat.look().opacity == 1.0
    with pytest.raises(Refused) as refusal:
        seat.solid.toggle_mode(SolidMode.OPACITY)
    assert "MIP" in refusal.value.title


# ---- hiding


def test_hiding_goes_round_and_is_looked_for_once(seat):
    for removed in (*REMOVALS[1:], REMOVALS[0], REMOVALS[1]):
        seat.solid.next_removal()
        seat.wait()
        assert seat.look().removed == removed
    assert seat.viewer.solid.asked == ["table", "bone"]
    assert seat.solid.progress is None


def test_a_key_pressed_while_it_is_looked_for_goes_on_to_the_next(seat):
    seat.viewer.solid.goes_on.clear()
    seat.solid.next_removal()
    assert seat.solid.progress is not None
    assert seat.look().removed == frozenset()
    seat.solid.next_removal()
    seat.viewer.solid.goes_on.set()
    seat.wait()
    assert seat.look().removed == {"bone"}


def test_escape_gives_the_search_up_and_nothing_is_hidden(seat):
    seat.viewer.solid.goes_on.clear()
    seat.solid.next_removal()
    assert seat.solid.leave()
    seat.wait()
    assert seat.look().removed == frozenset()
    assert seat.solid.progress is None
    assert seat.problems == []


def test_what_was_found_is_not_hidden_in_another_series_that_came_there(seat):
    seat.viewer.solid.goes_on.clear()
    seat.solid.next_removal()
    seat.viewing.put(0, replace(seat.viewing.state(0), series_uid="1.2"))
    seat.viewer.solid.goes_on.set()
    seat.wait()
    assert seat.look().removed == frozenset()


def test_other_modalities_are_refused_and_a_look_of_air_hides_what_is_outside(seat):
    seat.solid.set_look("CT airways")
    seat.wait()
    assert seat.look().removed == {"table"}
    seat.viewer.solid.modality = "MR"
    with pytest.raises(Refused):
        seat.solid.next_removal()


# ---- turning


def test_once_round_is_72_ways_about_the_patients_length():
    ways = way_round(None, 5.0)
    assert len(ways) == 72
    assert ways[0] == FROM_THE_FRONT
    right, down = ways[18]
    assert right == pytest.approx((0.0, 1.0, 0.0))  # from the patient's left: the back on the right
    assert down == pytest.approx((0.0, 0.0, -1.0))
    askew = (0.6, 0.0, 0.8), (0.0, 1.0, 0.0)
    assert about_the_length(askew, 90.0)[0] == pytest.approx((0.0, 0.6, 0.8))


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def turning(seat):
    """The loop plays, 12 pictures a second by a clock at hand."""
    clock = Clock()
    seat.solid.turn._clock = clock
    seat.solid.turn.size_of = lambda _: (100, 50)
    seat.solid.turn.toggle()
    seat.wait()
    return clock


def test_the_loop_is_drawn_once_says_its_memory_and_turns_by_the_clock(seat, turning):
    turn = seat.solid.turn
    assert [size for _, size in seat.viewer.solid.loops] == [(100, 50)]
    assert (turn.is_running, turn.is_preparing, turn.bytes) == (True, False, 72 * 100 * 50 * 3)
    for seconds, step in ((0.5, 6), (3.0, 36), (6.0, 0), (6.1, 1)):
        turning.now = 50.0 + seconds
        turn.tick()
        ways = way_round(None, 5.0)
        assert (seat.viewing.state(0).oblique or FROM_THE_FRONT) == ways[step]
    assert turn.is_running


def test_speed_keys_change_the_speed_without_a_jump(seat, turning):
    turn = seat.solid.turn
    turning.now += 1.0
    turn.tick()
    turn.change_rate(1)
    assert turn.rate == 15.0
    turning.now += 1.0
    turn.tick()
    assert seat.viewing.state(0).oblique == way_round(None, 5.0)[27]


@pytest.mark.parametrize("touch", ["turn", "look", "window", "plane", "escape", "key"])
def test_a_touch_stops_it_and_lets_the_pictures_go(seat, turning, touch):
    turning.now += 1.0
    seat.solid.turn.tick()
    here = seat.viewing.state(0).oblique
    touches = {
        "turn": lambda: seat.viewing.turn(10.0, 0.0),
        "look": lambda: seat.solid.set_look("CT MIP"),
        "window": lambda: seat.viewing.set_window(seat.viewer.solid.with_look(seat.viewing.state(0), "CT MIP").window),
        "plane": lambda: seat.viewing.set_plane(Plane.AXIAL),
        "escape": seat.solid.leave,
        "key": seat.solid.turn.toggle,
    }
    touches[touch]()
    assert not seat.solid.turn.is_running
    assert seat.solid.turn.bytes == 0
    assert seat.viewer.solid.dropped == 1
    if touch in ("look", "window", "escape", "key"):
        assert seat.viewing.state(0).oblique == here


def test_it_is_given_up_while_it_is_drawn(seat):
    seat.viewer.solid.goes_on.clear()
    seat.solid.turn.toggle()
    assert seat.solid.turn.is_preparing
    seat.viewing.turn(10.0, 0.0)
    seat.wait()
    assert not seat.solid.turn.is_preparing
    assert not seat.solid.turn.is_running
    assert seat.problems == []
