"""Stepping and playing through volumes at the same places; what goes along, and what is refused in words (B12)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from one_volume import OneVolume, volumes

from workstation.domain.curve import Curve, CurvePoint
from workstation.domain.dimension import Dimension
from workstation.domain.frame_timing import FrameTiming
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState, Window
from workstation.errors import Refused
from workstation.session.cine import Cine
from workstation.session.dimensions import timing_of
from workstation.session.viewing import Viewing

WEIGHTS = volumes("b 0", "b 400", "b 1000")


class Scan(OneVolume):
    """Ten slices of each of its volumes."""

    def __init__(self, own: tuple[Dimension, ...] = WEIGHTS) -> None:
        self.volumes = own
        self.missing: set[int] = set()

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        return ViewportState("", "", plane)

    def scrolled(self, state, steps):
        return self.at_index(state, state.position + steps)

    def at_index(self, state, index):
        return replace(state, position=min(max(index, 0), 9))

    def at_point(self, state, point):
        return replace(state, focus=point)

    def slice_count(self, state):
        return 10

    def slice_index(self, state):
        return state.position

    def window_of(self, state):
        return state.window or Window(40, 400)

    def can_show(self, plane):
        return True

    def is_ready(self, state):
        return state.dimension not in self.missing

    def timing(self, state):
        return FrameTiming()

    def to_patient(self, *_):
        return (0.0, 0.0, 0.0)


def seat(*scans: Scan) -> Viewing:
    """Viewports in a row, each of a series of its own; equal scans are one series."""
    uids = [f"1.{scans.index(scan)}" for scan in scans]
    shelf = dict(zip(uids, scans, strict=True))
    viewing = Viewing(lambda study, series: shelf.get(study))
    for uid, scan in shelf.items():
        scan.default_state = lambda plane=Plane.STACK, uid=uid: ViewportState(uid, f"{uid}.1", plane)
    cells = tuple(Cell(0, i, ViewportState(uid, f"{uid}.1")) for i, uid in enumerate(uids))
    viewing.show(Arrangement("p", "P", 0, 1, "", Layout(1, len(cells)), cells, ()))
    return viewing


def shown(viewing: Viewing) -> list[int]:
    return [cell.state.dimension for cell in viewing.cells]


def test_stepping_goes_from_volume_to_volume_and_stops_at_the_ends() -> None:
    viewing = seat(Scan())
    seen = []
    for steps in (1, 1, 1, -1, -5):
        viewing.dimensions.step(steps)
        seen.append(viewing.dimensions.shown(0))
    assert seen == [1, 2, 2, 1, 0]


def test_an_ordinary_series_says_that_there_is_nothing_to_step_through() -> None:
    viewing = seat(Scan(()))
    assert viewing.dimensions.of(0) == ()
    for act in (lambda: viewing.dimensions.step(1), viewing.dimensions.toggle_play):
        with pytest.raises(Refused, match="One volume only"):
            act()
    assert shown(viewing) == [0]


def test_an_empty_place_says_so_too() -> None:
    viewing = Viewing(lambda study, series: None)
    with pytest.raises(Refused):
        viewing.dimensions.step(1)


def test_linked_viewports_of_the_same_series_step_together_and_loose_ones_do_not() -> None:
    scan = Scan()
    viewing = seat(scan, scan)
    viewing.dimensions.step(2)
    assert shown(viewing) == [2, 2]
    viewing.toggle_linked()
    viewing.dimensions.step(-1)
    assert shown(viewing) == [1, 2]


def test_another_series_with_the_same_kind_goes_to_the_volume_of_the_same_name() -> None:
    viewing = seat(Scan(), Scan(volumes("b 50", "b 1000", "b 2000", "b 4000")))
    viewing.dimensions.step(2)
    assert shown(viewing) == [2, 1]
    viewing.dimensions.step(-1)  # b 400 is not there, nor are there as many
    assert shown(viewing) == [1, 1]


def test_series_of_as_many_volumes_go_by_number_where_names_differ() -> None:
    now = volumes("0 ms", "40 ms", "80 ms", kind="trigger times", unit="ms")
    before = volumes("1 ms", "52 ms", "99 ms", kind="trigger times", unit="ms")
    viewing = seat(Scan(now), Scan(before))
    viewing.dimensions.step(2)
    assert shown(viewing) == [2, 2]


def test_series_of_another_kind_stay_where_they_are() -> None:
    viewing = seat(Scan(), Scan(volumes("TE 10 ms", "TE 20 ms", "TE 30 ms", kind="echo times")), Scan(()))
    viewing.dimensions.step(1)
    assert shown(viewing) == [1, 0, 0]


def test_another_plane_and_a_reset_keep_the_volume() -> None:
    viewing = seat(Scan())
    viewing.dimensions.step(2)
    for plane in (Plane.CORONAL, Plane.AXIAL, Plane.THREE_D, Plane.STACK):
        viewing.set_plane(plane)
        assert (viewing.state().plane, viewing.state().dimension) == (plane, 2)
    viewing.set_plane(Plane.CORONAL)
    viewing.reset()
    assert viewing.state().dimension == 2


def test_another_layout_keeps_the_volumes() -> None:
    viewing = seat(Scan())
    viewing.set_plane(Plane.CORONAL)
    viewing.dimensions.step(1)
    viewing.set_layout(Layout(1, 2))
    assert viewing.state(0).dimension == 1


# Playing


def playing(viewing: Viewing, clock: list[float]) -> Cine:
    viewing.dimensions.cine._clock = lambda: clock[0]
    viewing.dimensions.toggle_play()
    return viewing.dimensions.cine


def test_playing_goes_round_through_the_volumes_at_the_place_by_the_clock() -> None:
    scan, clock = Scan(), [100.0]
    viewing = seat(scan, scan)
    viewing.scroll(3)
    cine = playing(viewing, clock)
    seen = []
    for _ in range(4):
        clock[0] += 1 / cine.rate
        cine.tick()
        seen.append((viewing.state().dimension, viewing.state().position))
    assert seen == [(1, 3), (2, 3), (0, 3), (1, 3)]
    assert shown(viewing)[1] == 1
    viewing.dimensions.toggle_play()
    assert not cine.is_running


def test_what_was_set_aside_is_not_played() -> None:
    aside = replace(WEIGHTS[0], label="localizer", key="aside", is_aside=True)
    viewing, clock = seat(Scan((*WEIGHTS[:2], aside))), [0.0]
    cine = playing(viewing, clock)
    seen = set()
    for _ in range(6):
        clock[0] += 1 / cine.rate
        cine.tick()
        seen.add(viewing.state().dimension)
    assert seen == {0, 1}


def test_a_volume_that_is_not_there_yet_is_waited_for_and_that_is_said() -> None:
    scan, clock = Scan(), [0.0]
    scan.missing = {1}
    viewing = seat(scan)
    cine = playing(viewing, clock)
    clock[0] += 1 / cine.rate
    cine.tick()
    assert viewing.state().dimension == 0
    facts = viewing.dimensions.facts(0)
    assert facts is not None
    assert facts.waits
    scan.missing = set()
    cine.tick()
    assert viewing.state().dimension == 1


def test_one_thing_plays_at_a_time_and_keys_of_speed_act_on_it() -> None:
    viewing = seat(Scan())
    assert viewing.dimensions.playing is viewing.cine
    viewing.cine.start(0)
    viewing.dimensions.toggle_play()
    assert not viewing.cine.is_running
    assert viewing.dimensions.playing is viewing.dimensions.cine
    viewing.cine.start(0)
    assert not viewing.dimensions.cine.is_running


def test_another_arrangement_ends_the_playing() -> None:
    viewing = seat(Scan())
    viewing.dimensions.toggle_play()
    viewing.clear()
    assert not viewing.dimensions.cine.is_running


def test_phases_of_a_heart_play_as_fast_as_it_beat_and_others_slowly() -> None:
    beat = volumes("0 ms", "40 ms", "80 ms", kind="trigger times", unit="ms", values=(0.0, 40.0, 80.0))
    assert timing_of(beat).rate == pytest.approx(25.0)
    assert timing_of(WEIGHTS).rate == 5.0
    assert timing_of(volumes("x", "y", kind="trigger times", unit="ms", values=(5.0, 5.0))).rate == 5.0


# The curve's values


def test_a_curve_as_csv_has_units_decimal_points_and_no_words_of_the_patient() -> None:
    points = (
        CurvePoint("0.0 s", 0.0, 12.5, 1.25),
        CurvePoint("2.0 s", 2.0, None, None, "missing"),
        CurvePoint("a, b", None, 3.0),
    )
    text = Curve("time points", "s", "HU", points).csv()
    assert text == 'volume,value (s),mean (HU),SD (HU)\n0.0 s,0,12.5,1.25\n2.0 s,2,,\n"a, b",,3,\n'


def test_a_curve_is_drawn_over_numbers_only_where_they_rise() -> None:
    def curve(*places: float | None) -> Curve:
        return Curve("", "", "", tuple(CurvePoint("", at, 1.0) for at in places))

    assert curve(0.0, 2.0, 4.0).is_by_number
    assert not curve(0.0, 1000.0, 1000.0).is_by_number
    assert not curve(None, None).is_by_number
