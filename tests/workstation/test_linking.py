"""Linking by place, by number, by window, by zoom (known positions; two spaces)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from one_volume import OneVolume

from workstation.domain.geometry import add, dot, scale, sub
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, Sizing, ViewportState, Window
from workstation.session.linking import LinkBy, Where, plane_of
from workstation.session.viewing import Viewing

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))


class Slices(OneVolume):
    """Parallel slices: `count` of them `step` mm apart from `first` mm on, along the normal of `axes`."""

    def __init__(self, first: float, step: float, count: int, axes=AXIAL, known: bool = True) -> None:
        self.first, self.step, self.count, self.axes, self.known = first, step, count, axes, known

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        return ViewportState("", "", plane)

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

    def at_point(self, state, point):
        return self.at_index(state, round((dot(point, self.axes[2]) - self.first) / self.step))

    def to_patient(self, state, width, height, x, y):
        if not self.known:
            return None
        right, down, forward = self.axes
        place = scale(forward, self.first + state.position * self.step)
        return add(place, add(scale(right, x - width / 2), scale(down, y - height / 2)))


def seat(*hung: tuple[str, str, Slices], groups: tuple[str, ...] = ()) -> Viewing:
    """Viewports of (space, modality, slices), in a row."""
    shelf = {(f"1.{i}", f"1.{i}.1"): slices for i, (_, _, slices) in enumerate(hung)}
    places = {f"1.{i}": Where(space, modality) for i, (space, modality, _) in enumerate(hung)}
    viewing = Viewing(lambda study, series: shelf.get((study, series)))
    viewing.linking.where = lambda study, series: places[study]
    groups = groups or ("g",) * len(hung)
    cells = tuple(Cell(0, i, ViewportState(f"1.{i}", f"1.{i}.1"), link_group=groups[i]) for i in range(len(hung)))
    for i, cell in enumerate(cells):
        shelf[f"1.{i}", f"1.{i}.1"].default_state = lambda plane=Plane.STACK, own=cell.state: replace(own, plane=plane)
    viewing.show(Arrangement("p", "P", 0, 1, "", Layout(1, len(hung)), cells, ()))
    return viewing


def positions(viewing: Viewing) -> list[int]:
    return [cell.state.position for cell in viewing.cells]


def test_the_same_space_shows_the_same_place_whatever_the_slices_are_like():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("A", "CT", Slices(-50.0, 5.0, 40)))
    viewing.scroll(30)
    assert positions(viewing) == [30, 16]


def test_slices_in_the_other_direction_go_to_the_same_place_too():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("A", "CT", Slices(99.0, -1.0, 100)))
    viewing.scroll(30)
    assert positions(viewing) == [30, 69]


def test_planes_that_are_not_parallel_stay_where_they_are():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("A", "CT", Slices(0.0, 1.0, 100, CORONAL)))
    viewing.scroll(30)
    assert positions(viewing) == [30, 0]


def test_one_space_needs_no_group():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("A", "CT", Slices(0.0, 1.0, 100)), groups=("", ""))
    viewing.scroll(7)
    assert positions(viewing) == [7, 7]


def test_a_prior_in_another_space_moves_by_the_same_millimetres():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("B", "CT", Slices(300.0, 5.0, 40)))
    viewing.scroll(20)
    assert positions(viewing) == [20, 4]


def test_what_a_coarse_prior_rounds_away_is_not_lost_step_by_step():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("B", "CT", Slices(300.0, 5.0, 40)))
    for _ in range(50):
        viewing.scroll(1)
    assert positions(viewing) == [50, 10]
    for _ in range(50):
        viewing.scroll(-1)
    assert positions(viewing) == [0, 0]


def test_a_prior_that_ended_comes_back_at_the_same_place():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("B", "CT", Slices(300.0, 1.0, 10)))
    viewing.scroll(30)
    viewing.scroll(-25)
    assert positions(viewing) == [5, 5]


def test_spaces_that_are_not_named_are_never_compared():
    viewing = seat(("", "CT", Slices(0.0, 1.0, 100)), ("", "CT", Slices(50.0, 1.0, 100)))
    viewing.scroll(5)
    assert positions(viewing) == [5, 5]


def test_without_geometry_the_group_moves_by_images():
    viewing = seat(("", "US", Slices(0.0, 1.0, 100, known=False)), ("", "US", Slices(0.0, 1.0, 100, known=False)))
    viewing.scroll(4)
    assert positions(viewing) == [4, 4]


def test_by_image_number_the_distance_does_not_matter():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("A", "CT", Slices(-50.0, 5.0, 40)))
    viewing.linking.toggle(LinkBy.INDEX)
    assert viewing.linking.by == {LinkBy.INDEX}
    viewing.scroll(6)
    assert positions(viewing) == [6, 6]


def test_linking_by_place_brings_the_others_here_at_once():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("A", "CT", Slices(-50.0, 5.0, 40)))
    viewing.toggle_linked()
    viewing.scroll(45)
    assert positions(viewing) == [45, 0]
    viewing.toggle_linked()
    assert positions(viewing) == [45, 19]


def test_nothing_linked_moves_alone():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 100)), ("A", "CT", Slices(0.0, 1.0, 100)))
    viewing.toggle_linked()
    assert not viewing.linked
    viewing.scroll(3)
    assert positions(viewing) == [3, 0]


def test_linked_windows_go_to_the_same_modality_only():
    hung = [("A", "CT", Slices(0.0, 1.0, 9)), ("B", "CT", Slices(0.0, 1.0, 9)), ("A", "PT", Slices(0.0, 1.0, 9))]
    viewing = seat(*hung)
    lung = Window(-600, 1500)
    viewing.set_window(lung)
    assert [c.state.window for c in viewing.cells] == [lung, None, None]
    viewing.linking.toggle(LinkBy.WINDOW)
    bone = Window(350, 2000)
    viewing.set_window(bone)
    assert [c.state.window for c in viewing.cells] == [bone, bone, None]


def test_linked_zoom_keeps_the_relation_of_the_viewports():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 9)), ("B", "CT", Slices(0.0, 1.0, 9)))
    viewing.change(1, zoom=2.0)
    viewing.linking.toggle(LinkBy.ZOOM)
    viewing.zoom_by(1.5)
    viewing.pan_by(0.1, -0.2)
    assert [c.state.zoom for c in viewing.cells] == [1.5, 3.0]
    assert [c.state.pan for c in viewing.cells] == [(0.1, -0.2), (0.1, -0.2)]
    viewing.fit()
    assert [(c.state.zoom, c.state.pan, c.state.sizing) for c in viewing.cells] == [(1.0, (0.0, 0.0), Sizing.FIT)] * 2


def test_zoom_that_is_not_linked_stays_in_its_viewport():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 9)), ("B", "CT", Slices(0.0, 1.0, 9)))
    viewing.zoom_by(2.0)
    assert [c.state.zoom for c in viewing.cells] == [2.0, 1.0]


def test_every_link_is_told_when_it_changes():
    viewing = seat(("A", "CT", Slices(0.0, 1.0, 9)))
    told = []
    listener = told.append
    viewing.overlays_changed.connect(listener)
    for by in LinkBy:
        viewing.linking.toggle(by)
    viewing.linking.toggle_references()
    viewing.linking.toggle_cursor()
    assert len(told) == len(LinkBy) + 2
    assert (viewing.linking.references, viewing.linking.cursor) == (False, True)


@pytest.mark.parametrize("axes", [AXIAL, CORONAL])
def test_the_plane_is_the_same_however_it_is_zoomed_and_moved(axes):
    slices = Slices(10.0, 2.0, 9, axes)
    normal, here = plane_of(slices, ViewportState("1", "1.1", position=3, zoom=4.0, pan=(0.3, 0.2), sizing=Sizing.PIXELS))
    assert abs(dot(normal, axes[2])) == pytest.approx(1.0)
    assert dot(sub(here, scale(axes[2], 16.0)), axes[2]) == pytest.approx(0.0)
