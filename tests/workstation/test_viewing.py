"""What keys and mice do to the viewports, without a screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from one_volume import OneVolume

from workstation.domain.geometry import Vec3
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState, Window
from workstation.errors import Unavailable
from workstation.session.tool import ShownImage, Tool
from workstation.session.viewing import ZOOM_RANGE, Viewing


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


@pytest.fixture
def viewing() -> Viewing:
    known = {(s.study_instance_uid, e.series_instance_uid) for s in (CURRENT, PRIOR) for e in s.series}

    def viewer(study: str, series: str) -> TenSlices | None:
        return TenSlices(study, series, volume=series != "1.1.2") if (study, series) in known else None

    made = Viewing(viewer)
    cells = (
        Cell(0, 0, ViewportState("1.1", "1.1.1", window=Window(-600, 1500)), link_group="a"),
        Cell(0, 1, ViewportState("1.9", "1.9.1"), is_prior=True, link_group="a"),
    )
    made.show(Arrangement("ct", "CT", 0, 2, "one", Layout(1, 2), cells, ("Modality is CT",)))
    return made


def test_hanging_fills_the_cells_and_makes_the_current_study_active(viewing):
    assert [c.state.study_uid for c in viewing.cells] == ["1.1", "1.9"]
    assert viewing.active == 0
    assert viewing.cells[0].state.window == Window(-600, 1500)
    assert viewing.cells[0].state.focus == (0.0, 0.0, 5.0)


def test_linked_viewports_scroll_together_and_unlinked_alone(viewing):
    viewing.scroll(3)
    assert [c.state.position for c in viewing.cells] == [3, 3]
    viewing.toggle_linked()
    viewing.scroll(2)
    assert [c.state.position for c in viewing.cells] == [5, 3]


def test_scrolling_stops_at_the_ends(viewing):
    viewing.scroll_to_end(last=True)
    viewing.scroll(5)
    assert viewing.state().position == 9
    viewing.scroll_to_end(last=False)
    assert viewing.state().position == 0


def test_only_a_change_is_told(viewing):
    told = []
    listener = told.append
    viewing.viewport_changed.connect(listener)
    viewing.scroll(-1)
    viewing.change(inverted=False)
    assert told == []
    viewing.change(inverted=True)
    assert told == [0]


def test_a_window_goes_to_every_viewport_of_that_series(viewing):
    viewing.show_three_planes()
    viewing.set_window(Window(50, 350))
    assert {c.state.window for c in viewing.cells} == {Window(50, 350)}


def test_lung_beside_soft_tissue_of_one_series_stay_different(viewing):
    lung, soft = Window(-600, 1500), Window(40, 400)
    cells = tuple(Cell(0, i, ViewportState("1.1", "1.1.1", window=w)) for i, w in enumerate((lung, soft)))
    viewing.show(Arrangement("ct", "CT", 0, 1, "", Layout(1, 2), cells, ()))
    viewing.set_window(Window(300, 1500))
    assert [c.state.window for c in viewing.cells] == [Window(300, 1500), soft]


def test_while_no_image_has_come_the_window_is_what_was_chosen_and_planes_are_turned_all_the_same(viewing, monkeypatch):
    """An automatic window is taken from an image: a click on the right, or a plane, comes before it."""

    def not_yet(*_):
        raise Unavailable("This image is still being loaded")

    monkeypatch.setattr(TenSlices, "window_of", not_yet)
    assert viewing.window() == viewing.state().window
    viewing.put(viewing.active, replace(viewing.state(), window=None))
    assert viewing.window() is None
    viewing.set_plane(Plane.CORONAL)
    assert (viewing.state().plane, viewing.state().window) == (Plane.CORONAL, None)
    viewing.set_window(Window(50, 350))
    assert viewing.window() == Window(50, 350)


def test_reset_keeps_the_mirroring_that_the_protocol_hung(viewing):
    cell = Cell(0, 0, ViewportState("1.1", "1.1.1", flipped_horizontally=True, window=Window(1, 2)))
    viewing.show(Arrangement("mg", "MG", 0, 1, "", Layout(1, 1), (cell,), ()))
    assert viewing.state().flipped_horizontally
    viewing.change(flipped_horizontally=False, zoom=3.0)
    viewing.reset()
    assert viewing.state().flipped_horizontally
    assert viewing.state().zoom == 1.0


def test_three_planes_show_the_active_series_in_all_planes(viewing):
    viewing.show_three_planes()
    assert viewing.layout == Layout(2, 2)
    assert [c.state.plane for c in viewing.cells] == [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.STACK]
    assert {c.state.series_uid for c in viewing.cells} == {"1.1.1"}


def test_the_planes_go_through_the_slice_that_was_shown(viewing):
    viewing.scroll(7)
    viewing.show_three_planes()
    assert [c.state.focus for c in viewing.cells][:3] == [(0.0, 0.0, 7.0)] * 3
    assert viewing.cells[3].state.position == 7


def test_back_from_a_plane_the_stack_shows_the_same_place(viewing):
    viewing.set_plane(Plane.CORONAL)
    viewing.set_focus((1.0, 2.0, 4.0))
    viewing.set_plane(Plane.STACK)
    assert viewing.state().position == 4


def test_a_stack_without_a_verified_volume_is_never_cut_into_planes(viewing):
    viewing.hang_series(0, CURRENT, CURRENT.series[1], is_prior=False)
    viewing.show_three_planes()
    assert viewing.layout == Layout(1, 2)
    viewing.set_plane(Plane.CORONAL)
    assert viewing.state().plane is Plane.STACK


def test_a_protocol_that_asks_for_a_plane_gets_the_stack_when_there_is_no_volume(viewing):
    cell = Cell(0, 0, ViewportState("1.1", "1.1.2", plane=Plane.SAGITTAL))
    viewing.show(Arrangement("p", "p", 0, 1, "", Layout(1, 1), (cell,), ()))
    assert viewing.state().plane is Plane.STACK


def test_the_focus_moves_every_cut_of_that_series_and_no_stack(viewing):
    viewing.show_three_planes()
    viewing.set_focus((1.0, 2.0, 3.0))
    assert [c.state.focus for c in viewing.cells][:3] == [(1.0, 2.0, 3.0)] * 3
    assert viewing.cells[3].state.focus == (0.0, 0.0, 5.0)


def test_a_larger_layout_brings_in_series_not_yet_on_screen(viewing):
    viewing.set_layout(Layout(2, 2), (CURRENT, PRIOR))
    assert [c.state.series_uid if c.state else None for c in viewing.cells] == ["1.1.1", "1.9.1", "1.1.2", None]
    viewing.set_layout(Layout(1, 1), (CURRENT, PRIOR))
    assert [c.state.series_uid for c in viewing.cells] == ["1.1.1"]


def test_zoom_stays_within_its_range(viewing):
    viewing.zoom_by(1e9)
    assert viewing.state().zoom == ZOOM_RANGE[1]
    viewing.zoom_by(1e-12)
    assert viewing.state().zoom == ZOOM_RANGE[0]


def test_reset_gives_back_the_hung_window_and_keeps_the_place(viewing):
    viewing.scroll(4)
    viewing.set_window(Window(1, 2))
    viewing.zoom_by(3)
    viewing.rotate(90)
    viewing.reset()
    state = viewing.state()
    assert (state.zoom, state.rotation, state.position, state.window) == (1.0, 0, 4, Window(-600, 1500))


def test_stepping_goes_round_the_viewports_and_says_so(viewing):
    told = []
    listener = told.append
    viewing.active_changed.connect(listener)
    viewing.step_active(1)
    viewing.step_active(1)
    assert told == [1, 0]


def test_closing_forgets_what_was_shown_so_that_no_other_report_can_be_signed_with_it(viewing):
    viewing.note_shown(ShownImage("1.1", "1.2"))
    viewing.clear()
    assert viewing.shown == set()


def test_a_tool_is_chosen_and_told(viewing):
    told = []
    listener = told.append
    viewing.tool_changed.connect(listener)
    viewing.set_tool(Tool.LENGTH)
    assert told == [Tool.LENGTH]
