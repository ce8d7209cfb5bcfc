"""A case on several screens: one list of viewports, a grid for each screen, nothing of it tied to a monitor."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_volume import OneVolume

from workstation.domain.geometry import Vec3
from workstation.domain.hanging import ScreenFacts
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, Sizing, ViewportState, Window
from workstation.session import places
from workstation.session.linking import LinkBy
from workstation.session.putting_back import Shown
from workstation.session.rehanging import hang_on
from workstation.session.viewing import Viewing


class TenSlices(OneVolume):
    """A series of ten frames 1 mm apart."""

    def __init__(self, study: str, series: str, volume: bool = True) -> None:
        self.study, self.series, self.volume = study, series, volume

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        focus = (0.0, 0.0, 5.0) if self.volume else None
        return ViewportState(self.study, self.series, plane, position=0, focus=focus)

    def scrolled(self, state: ViewportState, steps: int) -> ViewportState:
        return replace(state, position=min(max(state.position + steps, 0), 9))

    def slice_count(self, state: ViewportState) -> int:
        return 10

    def slice_index(self, state: ViewportState) -> int:
        return state.position

    def window_of(self, state: ViewportState) -> Window:
        return state.window or Window(40, 400)

    def at_point(self, state: ViewportState, point: Vec3) -> ViewportState:
        return replace(state, position=round(point[2])) if state.plane is Plane.STACK else replace(state, focus=point)

    def to_patient(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Vec3 | None:
        return (0.0, 0.0, float(state.position)) if self.volume else None

    def can_show(self, plane: Plane) -> bool:
        return plane is Plane.STACK or self.volume


def a_study(uid: str, *series: str) -> Study:
    instance = Instance("1.2", "1.2.3", "1.2.840.10008.1.2.1", 1, 10, 4, 4, "", "", 0)
    return Study(
        uid,
        Patient(PatientKey("X-1")),
        series=tuple(Series(s, "CT", series_description=s, instances=(instance,)) for s in series),
    )


CURRENT, PRIOR = a_study("1.1", "1.1.1", "1.1.2"), a_study("1.9", "1.9.1")
UPRIGHT, WIDE = ScreenFacts(2048, 2560, 0.165), ScreenFacts(3840, 2160, 0.16)


def state(series: str = "1.1.1", **values) -> ViewportState:
    return ViewportState(series.rsplit(".", 1)[0], series, **values)


def arrangement(layout: Layout, cells, *more: Layout) -> Arrangement:
    return Arrangement("ct", "CT", 0, 2, "one", layout, tuple(cells), (), more_screens=more)


@pytest.fixture
def viewing() -> Viewing:
    return Viewing(TenSlices)


@pytest.fixture
def two(viewing) -> Viewing:
    """Current series in two places of the first screen, the prior alone on the second; all linked."""
    cells = (
        Cell(0, 0, state("1.1.1"), link_group="a"),
        Cell(0, 1, state("1.1.2"), link_group="a"),
        Cell(0, 0, state("1.9.1"), is_prior=True, link_group="a", screen=1),
    )
    viewing.show(arrangement(Layout(1, 2), cells, Layout(1, 1)))
    return viewing


def series_on(viewing: Viewing, screen: int) -> list[str]:
    return [c.state.series_uid if c.state else "" for i in viewing.places(screen) for c in [viewing.cells[i]]]


# ---- where a place stands ------------------------------------------------------------------


def test_places_go_through_one_screen_and_then_the_next(two):
    assert two.layouts == (Layout(1, 2), Layout(1, 1))
    assert two.layout == Layout(1, 2)
    assert [two.places(screen) for screen in (0, 1, 2)] == [range(2), range(2, 3), range(0)]
    assert [two.screen_of(index) for index in range(3)] == [0, 0, 1]
    assert series_on(two, 1) == ["1.9.1"]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=4))
def test_every_index_stands_on_one_screen_and_every_place_has_one(shapes):
    layouts = tuple(Layout(*shape) for shape in shapes)
    cells = places.filled(layouts, ())
    assert len(cells) == sum(layout.count for layout in layouts)
    assert [i for screen in range(len(layouts)) for i in places.places(layouts, screen)] == list(range(len(cells)))
    for index, cell in enumerate(cells):
        assert places.screen_of(layouts, index) == cell.screen
        assert cell.row * layouts[cell.screen].columns + cell.column == index - places.places(layouts, cell.screen).start


def test_one_screen_is_as_it_always_was(viewing):
    viewing.show(arrangement(Layout(1, 2), [Cell(0, 0, state()), Cell(0, 1, state("1.9.1"), is_prior=True)]))
    assert viewing.layouts == (Layout(1, 2),)
    assert {cell.screen for cell in viewing.cells} == {0}


# ---- what acts on all screens, what on one ----------------------------------------------------


def test_linked_viewports_scroll_together_on_all_screens(two):
    two.scroll(3)
    assert [cell.state.position for cell in two.cells] == [3, 3, 3]


def test_a_window_goes_to_the_series_on_every_screen(viewing):
    cells = [Cell(0, 0, state(), screen=screen) for screen in (0, 1)]
    viewing.show(arrangement(Layout(1, 1), cells, Layout(1, 1)))
    viewing.set_window(Window(50, 350))
    assert [cell.state.window for cell in viewing.cells] == [Window(50, 350)] * 2


def test_the_next_viewport_is_on_the_next_screen_after_the_last_place(two):
    seen = []
    for _ in range(3):
        two.step_active(1)
        seen.append((two.active, two.screen))
    assert seen == [(1, 0), (2, 1), (0, 0)]


def test_the_next_screen_is_entered_where_it_was_left(two):
    two.activate(1)
    two.step_screen(1)
    assert two.active == 2
    two.step_screen(1)
    assert two.active == 1


def test_a_layout_changes_on_the_screen_of_the_active_viewport_alone(two):
    two.change(0, zoom=2.0)
    two.activate(2)
    two.set_layout(Layout(2, 2), (CURRENT, PRIOR, a_study("1.8", "1.8.1", "1.8.2")))
    assert two.layouts == (Layout(1, 2), Layout(2, 2))
    assert series_on(two, 0) == ["1.1.1", "1.1.2"]
    # What is on another screen already is not shown twice.
    assert series_on(two, 1) == ["1.9.1", "1.8.1", "1.8.2", ""]
    assert two.state(0).zoom == 2.0
    assert two.screen == 1


def test_what_hangs_on_another_screen_keeps_all_that_the_reader_set(two):
    two.put(2, replace(two.state(2), zoom=3.0, pan=(0.1, 0.2), window=Window(1, 2), position=7, dimension=0))
    kept = two.state(2)
    two.activate(0)
    two.show_three_planes()
    assert two.layouts == (Layout(2, 2), Layout(1, 1))
    assert two.state(4) == kept


def test_three_planes_stand_on_the_screen_of_the_active_viewport(two):
    two.activate(2)
    two.show_three_planes()
    assert two.layouts == (Layout(1, 2), Layout(2, 2))
    assert [two.state(i).plane for i in two.places(1)] == [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.STACK]
    assert two.active == 2


def test_a_viewport_fills_its_own_screen_only(two):
    two.activate(1)
    two.toggle_maximised()
    assert [two.filling(screen) for screen in (0, 1)] == [1, None]
    two.activate(2)
    assert not two.maximised
    # The first screen goes on showing the one that fills it.
    assert two.filling(0) == 1
    two.activate(0)
    assert two.filling(0) == 0
    two.toggle_maximised()
    assert [two.filling(screen) for screen in (0, 1)] == [None, None]


def test_reset_goes_back_to_what_hung_on_that_screen(viewing):
    cells = [Cell(0, 0, state(window=Window(screen, 100)), screen=screen) for screen in (0, 1)]
    viewing.show(arrangement(Layout(1, 1), cells, Layout(1, 1)))
    viewing.activate(1)
    viewing.change(window=Window(99, 9))
    viewing.reset()
    assert viewing.state().window == Window(1, 100)


def test_a_spoken_command_is_taken_back_on_all_screens(two):
    before = Shown.now(two)
    two.activate(2)
    two.set_layout(Layout(2, 2), (CURRENT, PRIOR))
    before.put_back(two)
    assert two.layouts == (Layout(1, 2), Layout(1, 1))
    assert series_on(two, 1) == ["1.9.1"]


def test_true_size_is_that_of_each_viewports_own_screen(two):
    two.linking.toggle(LinkBy.ZOOM)
    two.pixel_mm = lambda index: (0.27, 0.27, 0.165)[index]
    two.resize(Sizing.TRUE_SIZE, 0.27)
    assert [cell.state.pixel_mm for cell in two.cells] == [0.27, 0.27, 0.165]


def test_closing_a_case_leaves_one_empty_place(two):
    two.clear()
    assert two.layouts == (Layout(1, 1),)
    assert [cell.state for cell in two.cells] == [None]


# ---- made for one screen, shown on more ---------------------------------------------------------


def row_of(number: int, columns: int) -> list[Cell]:
    numbers = count()
    return [Cell(i // columns, i % columns, state(f"1.1.{next(numbers) + 1}")) for i in range(number)]


@pytest.mark.parametrize(
    ("layout", "screens", "wanted"),
    [
        (Layout(1, 2), [UPRIGHT] * 2, (Layout(1, 1), Layout(1, 1))),
        (Layout(2, 2), [UPRIGHT] * 2, (Layout(2, 1), Layout(2, 1))),
        (Layout(2, 2), [WIDE] * 2, (Layout(1, 2), Layout(1, 2))),
        (Layout(1, 3), [UPRIGHT] * 2, (Layout(1, 2), Layout(1, 1))),
        (Layout(3, 4), [WIDE] * 2, (Layout(2, 4), Layout(1, 4))),
        (Layout(1, 1), [UPRIGHT] * 2, (Layout(1, 1), Layout(1, 1))),
        (Layout(1, 2), [UPRIGHT] * 3, (Layout(1, 1), Layout(1, 1), Layout(1, 1))),
        (Layout(2, 1), [UPRIGHT] * 2, (Layout(1, 1), Layout(1, 1))),
        (Layout(2, 2), [UPRIGHT], (Layout(2, 2),)),
        (Layout(2, 2), [], (Layout(2, 2),)),
    ],
)
def test_what_was_made_for_one_screen_is_spread(layout, screens, wanted):
    cells = row_of(layout.count, layout.columns)
    found = places.spread(arrangement(layout, cells), screens)
    assert (found.layout, *found.more_screens) == wanted
    hung = [cell for cell in places.filled(wanted, found.cells) if cell.state is not None]
    assert sorted(c.state.series_uid for c in hung) == sorted(c.state.series_uid for c in cells)


@given(st.integers(1, 4), st.integers(1, 4), st.lists(st.sampled_from([UPRIGHT, WIDE]), max_size=4))
def test_spreading_loses_no_image_and_leaves_no_screen_out(rows, columns, screens):
    layout = Layout(rows, columns)
    cells = row_of(layout.count, columns)
    found = places.spread(arrangement(layout, cells), screens)
    layouts = (found.layout, *found.more_screens)
    assert len(layouts) == max(len(screens), 1)
    hung = [c.state.series_uid for c in places.filled(layouts, found.cells) if c.state is not None]
    assert sorted(hung) == sorted(c.state.series_uid for c in cells)


def test_current_and_prior_stand_on_a_screen_each():
    cells = [Cell(0, 0, state("1.1.1")), Cell(0, 1, state("1.9.1"), is_prior=True)]
    found = places.spread(arrangement(Layout(1, 2), cells), [UPRIGHT, UPRIGHT])
    assert [(c.state.series_uid, c.screen, c.row, c.column) for c in found.cells] == [("1.1.1", 0, 0, 0), ("1.9.1", 1, 0, 0)]


def test_what_says_where_it_hangs_is_not_spread():
    cells = [Cell(0, 0, state("1.1.1")), Cell(0, 1, state("1.1.2"), screen=1)]
    made = arrangement(Layout(1, 1), cells, Layout(1, 2))
    assert places.spread(made, [UPRIGHT, UPRIGHT]) == made
    assert places.spread(made, [UPRIGHT]) == made


# ---- a screen more while a case is open ----------------------------------------------------------


class Hangings:
    """The protocol: `made` is what it hangs now."""

    def __init__(self, viewing: Viewing, made: Arrangement) -> None:
        self.viewing, self.made, self.asked = viewing, made, 0

    def again(self) -> None:
        self.asked += 1
        self.viewing.show(self.made)


def test_a_screen_more_is_hung_by_the_protocol_and_images_stay_as_the_reader_left_them(viewing):
    viewing.show(arrangement(Layout(1, 2), [Cell(0, 0, state("1.1.1")), Cell(0, 1, state("1.1.2"))]))
    viewing.change(1, zoom=2.5, window=Window(7, 70), position=4)
    viewing.activate(1)
    viewing.screens = (UPRIGHT, UPRIGHT)
    cells = [Cell(0, 0, state("1.1.2")), Cell(0, 0, state("1.1.1"), screen=1)]
    hangings = Hangings(viewing, arrangement(Layout(1, 1), cells, Layout(1, 1)))
    hang_on(viewing, hangings)
    assert hangings.asked == 1
    assert series_on(viewing, 0) == ["1.1.2"]
    kept = viewing.state(0)
    assert (kept.zoom, kept.window, kept.position) == (2.5, Window(7, 70), 4)
    assert viewing.state().series_uid == "1.1.2"


def test_what_the_reader_hung_by_hand_is_spread_as_it_stands(viewing):
    viewing.show(arrangement(Layout(1, 2), [Cell(0, 0, state("1.1.1")), Cell(0, 1, state("1.1.2"))]))
    viewing.hang_series(1, PRIOR, PRIOR.series[0], True)
    viewing.change(1, zoom=4.0)
    viewing.screens = (UPRIGHT, UPRIGHT)
    hangings = Hangings(viewing, viewing.arrangement)
    hang_on(viewing, hangings)
    assert hangings.asked == 0
    assert (series_on(viewing, 0), series_on(viewing, 1)) == (["1.1.1"], ["1.9.1"])
    assert viewing.state(1).zoom == 4.0


def test_a_protocol_of_one_screen_is_spread_when_it_is_hung_again(viewing):
    made = arrangement(Layout(1, 2), [Cell(0, 0, state("1.1.1")), Cell(0, 1, state("1.1.2"))])
    viewing.show(made)
    viewing.screens = (UPRIGHT, UPRIGHT)
    hang_on(viewing, Hangings(viewing, made))
    assert viewing.layouts == (Layout(1, 1), Layout(1, 1))
