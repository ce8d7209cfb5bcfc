"""Cine by an injected clock: what is due, what is dropped, what is waited for, what is said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from one_volume import OneVolume

from workstation.domain.frame_timing import FrameTiming
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState
from workstation.errors import Refused
from workstation.session.cine import RATES, Cine, advanced
from workstation.session.viewing import Viewing

COUNT = 10


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Frames(OneVolume):
    """Ten frames; those in `missing` are still on their way."""

    def __init__(self, rate: float | None = None, count: int = COUNT) -> None:
        self.rate, self.count = rate, count
        self.missing: set[int] = set()
        self.times: FrameTiming | None = None

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        return ViewportState("1.1", "1.1.1", plane)

    def at_index(self, state, index):
        return replace(state, position=min(max(index, 0), self.count - 1))

    def scrolled(self, state, steps):
        return self.at_index(state, state.position + steps)

    def slice_count(self, state):
        return self.count

    def slice_index(self, state):
        return state.position

    def can_show(self, plane):
        return True

    def is_ready(self, state):
        return state.position not in self.missing

    def timing(self, state):
        return self.times or FrameTiming(self.rate, words="frame time" if self.rate else "")

    def to_patient(self, *_):
        return None


class Seat:
    def __init__(self, frames: Frames, viewports: int = 1) -> None:
        self.clock, self.frames = Clock(), frames
        self.viewing = Viewing(lambda study, series: frames)
        self.viewing.cine = Cine(self.viewing, self.clock)
        cells = tuple(Cell(0, i, ViewportState("1.1", "1.1.1"), link_group="g") for i in range(viewports))
        self.viewing.show(Arrangement("p", "P", 0, 1, "", Layout(1, viewports), cells, ()))
        self.cine = self.viewing.cine

    @property
    def position(self) -> int:
        return self.viewing.state(0).position

    def after(self, seconds: float) -> int:
        """One tick, `seconds` later; the image that stands then, painted."""
        self.clock.now += seconds
        self.cine.tick()
        self.cine.note_painted(0, self.position)
        return self.position


def playing(rate: float | None = None, **options) -> Seat:
    seat = Seat(Frames(rate), **options)
    seat.cine.toggle()
    return seat


def test_the_file_says_how_fast_and_15_a_second_where_it_does_not():
    assert playing(25.0).cine.rate == 25.0
    assert playing().cine.rate == 15.0


def test_images_come_when_they_are_due_and_begin_again_after_the_last():
    seat = playing(10.0)
    assert seat.after(0.05) == 0
    assert seat.after(0.05) == 1
    assert [seat.after(0.1) for _ in range(10)] == [2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_a_slow_machine_drops_images_and_does_not_lag():
    seat = playing(10.0)
    assert [seat.after(0.35) for _ in range(4)] == [3, 7, 0, 4]


def test_the_clock_never_drifts_however_unevenly_it_is_asked():
    seat = playing(10.0)
    for step in (0.03, 0.11, 0.07, 0.19, 0.01, 0.24, 0.15):
        seat.after(step)
    assert seat.position == 8


def test_a_sweep_goes_back_and_forth_and_shows_its_ends_once():
    seat = playing(10.0)
    seat.cine.toggle_sweep()
    assert [seat.after(0.1) for _ in range(20)] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2]


@pytest.mark.parametrize(
    ("here", "due", "sweeps", "forwards", "expected"),
    [
        (0, 1, False, True, (1, True)),
        (9, 1, False, True, (0, True)),
        (8, 25, False, True, (3, True)),
        (9, 1, True, True, (8, False)),
        (8, 1, True, True, (9, False)),
        (1, 1, True, False, (0, True)),
        (0, 18, True, True, (0, True)),
    ],
)
def test_where_a_step_leads(here, due, sweeps, forwards, expected):
    assert advanced(here, due, COUNT, sweeps, forwards) == expected


def test_an_image_that_is_not_there_is_waited_for_and_never_skipped_to():
    seat = playing(10.0)
    seat.frames.missing = {3}
    assert [seat.after(0.1) for _ in range(5)] == [1, 2, 2, 2, 2]
    assert seat.cine.facts(0).waits
    seat.frames.missing = set()
    assert seat.after(0.02) == 3
    assert not seat.cine.facts(0).waits
    assert seat.after(0.1) == 4


def test_waiting_does_not_make_up_for_lost_time_by_a_jump():
    seat = playing(10.0)
    seat.frames.missing = {2}
    seat.after(0.1)
    seat.after(5.1)
    seat.frames.missing = set()
    assert seat.after(0.01) == 2
    assert seat.after(0.1) == 3


def test_what_is_reached_is_counted_from_what_was_painted():
    seat = playing(10.0)
    for _ in range(30):
        seat.after(0.1)
    assert seat.cine.facts(0).reached == pytest.approx(10.0)
    slow = playing(20.0)
    for _ in range(30):
        slow.after(0.125)
    assert slow.cine.facts(0).reached == pytest.approx(8.0)


def test_nothing_is_said_to_be_reached_before_there_is_something_to_count():
    seat = playing(10.0)
    seat.after(0.1)
    assert seat.cine.facts(0).reached is None
    assert seat.cine.facts(1) is None


def test_painting_the_same_image_again_does_not_count():
    seat = playing(10.0)
    for _ in range(20):
        seat.after(0.1)
        seat.cine.note_painted(0, seat.position)
        seat.cine.note_painted(0, seat.position)
    assert seat.cine.facts(0).reached == pytest.approx(10.0)


def test_the_speed_goes_up_and_down_by_known_steps_and_stops_at_the_ends():
    seat = playing(15.0)
    seat.cine.change_rate(1)
    assert seat.cine.rate == 18
    seat.cine.change_rate(-1)
    seat.cine.change_rate(-1)
    assert seat.cine.rate == 12
    for _ in RATES:
        seat.cine.change_rate(1)
    assert seat.cine.rate == 60
    for _ in RATES:
        seat.cine.change_rate(-1)
    assert seat.cine.rate == 1


def test_an_odd_speed_of_a_file_steps_to_its_neighbours():
    seat = playing(29.97)
    seat.cine.change_rate(1)
    assert seat.cine.rate == 30
    seat = playing(29.97)
    seat.cine.change_rate(-1)
    assert seat.cine.rate == 25


def test_linked_viewports_play_along():
    seat = playing(10.0, viewports=2)
    seat.after(0.3)
    assert [cell.state.position for cell in seat.viewing.cells] == [3, 3]


def test_the_reader_who_scrolls_goes_on_from_there():
    seat = playing(10.0)
    seat.after(0.1)
    seat.viewing.scroll(5)
    assert seat.after(0.1) == 6
    assert seat.after(0.1) == 7


@pytest.mark.parametrize("end", [lambda v: v.clear(), lambda v: v.show(v.arrangement)])
def test_cine_stops_when_the_case_or_the_arrangement_changes(end):
    seat = playing(10.0)
    end(seat.viewing)
    assert not seat.cine.is_running
    assert seat.after(1.0) == 0 if seat.viewing.cells[0].state else True


def test_cine_stops_when_another_series_hangs_there():
    seat = playing(10.0)
    seat.viewing.put(0, ViewportState("1.1", "1.1.2"))
    seat.after(0.5)
    assert not seat.cine.is_running


def test_a_single_image_and_a_3d_view_have_nothing_to_play():
    single = Seat(Frames(count=1))
    with pytest.raises(Refused, match="Nothing to play"):
        single.cine.toggle()
    solid = Seat(Frames())
    solid.viewing.change(0, plane=Plane.THREE_D)
    with pytest.raises(Refused):
        solid.cine.toggle()


def test_the_same_key_starts_and_stops():
    seat = playing(10.0)
    seat.cine.toggle()
    assert not seat.cine.is_running
    assert seat.after(1.0) == 0


# ---- images with times of their own --------------------------------------------------------


def playing_times(*seconds: float, sweeps: bool = False) -> Seat:
    frames = Frames(count=len(seconds))
    frames.times = FrameTiming(len(seconds) / sum(seconds), seconds, "frame times", sweeps)
    seat = Seat(frames)
    seat.cine.toggle()
    return seat


def test_each_image_stands_as_long_as_its_file_says():
    seat = playing_times(0.1, 0.3, 0.05, 0.2)
    due = {0.05: 0, 0.10: 1, 0.35: 1, 0.40: 2, 0.45: 3, 0.60: 3, 0.65: 0, 0.75: 1}
    started = seat.clock.now
    for moment, position in due.items():
        assert seat.after(started + moment - seat.clock.now) == position, moment


def test_the_speed_keys_shorten_all_times_alike():
    seat = playing_times(0.1, 0.3, 0.1, 0.1)
    assert seat.cine.rate == pytest.approx(4 / 0.6)
    assert seat.cine.facts(0).words == "frame times"
    seat.cine.change_rate(1)
    assert (seat.cine.rate, seat.cine.facts(0).words) == (8.0, "")
    factor = 8.0 / (4 / 0.6)
    assert seat.after(0.1 / factor) == 1
    assert seat.after(0.29 / factor) == 1
    assert seat.after(0.01 / factor) == 2


def test_a_sweep_over_uneven_times_shows_each_for_its_own():
    seat = playing_times(0.1, 0.3, 0.2, sweeps=True)
    assert seat.cine.sweeps
    assert [seat.after(step) for step in (0.1, 0.3, 0.2, 0.3, 0.1)] == [1, 2, 1, 0, 1]


def test_the_file_says_whether_it_sweeps_until_the_reader_chose():
    seat = playing_times(0.1, 0.1, 0.1, sweeps=True)
    seat.cine.toggle_sweep()
    seat.cine.stop()
    seat.cine.toggle()
    assert not seat.cine.sweeps


def test_dropped_images_are_counted_for_as_long_as_the_speed_is():
    seat = playing(10.0)
    seat.after(0.1)
    assert seat.cine.facts(0).dropped == 0
    seat.after(0.4)
    assert seat.cine.facts(0).dropped == 3
    for _ in range(25):
        seat.after(0.1)
    assert seat.cine.facts(0).dropped == 0


def test_an_image_that_was_due_and_never_painted_counts_as_dropped():
    seat = playing(10.0)
    for _ in range(3):
        seat.clock.now += 0.1
        seat.cine.tick()
    assert seat.cine.facts(0).dropped == 2


def test_a_machine_that_slept_goes_on_from_now():
    seat = playing_times(0.01, 0.02, 0.01)
    seat.after(10_000.0)
    here = seat.position
    assert seat.after(0.0) == here
