"""Sizes, filters, filling in and the file's own windows, as keys ask for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from one_volume import OneVolume

from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Arrangement, Cell, Interpolation, Layout, Plane, Sizing, ViewportState, Window
from workstation.errors import Refused
from workstation.session.looking import IN_THE_PATIENT, STRONGEST, TextLevel
from workstation.session.viewing import Viewing


class Image(OneVolume):
    """One image with three windows of its own."""

    own: tuple[str, ...] = ("Soft", "Lung", "LUT: Bone")
    source = SpacingSource.PIXEL_SPACING

    def default_state(self, plane=Plane.STACK):
        return ViewportState("1.1", "1.1.1", plane)

    def can_show(self, plane):
        return True

    def slice_count(self, state):
        return 1

    def slice_index(self, state):
        return 0

    def own_windows(self, state):
        return self.own

    def auto_window(self, state):
        return Window(7, 70)

    def spacing_source(self, state):
        return self.source


@pytest.fixture
def image():
    return Image()


@pytest.fixture
def viewing(image):
    made = Viewing(lambda study, series: image)
    cells = tuple(Cell(0, i, ViewportState("1.1", "1.1.1", window=w)) for i, w in enumerate((None, None, Window(1, 2))))
    made.show(Arrangement("p", "P", 0, 1, "", Layout(1, 3), cells, ()))
    return made


def test_the_files_windows_go_round_in_both_directions(viewing):
    seen = []
    for _ in range(4):
        viewing.looking.step_own_window(1)
        seen.append(viewing.state().own_window)
    assert seen == [1, 2, 0, 1]
    viewing.looking.step_own_window(-1)
    assert viewing.state().own_window == 0
    assert viewing.looking.own_windows() == ("Soft", "Lung", "LUT: Bone")


def test_from_a_chosen_window_the_first_key_goes_to_the_files_first(viewing):
    viewing.set_window(Window(300, 600))
    viewing.looking.step_own_window(1)
    assert (viewing.state().window, viewing.state().own_window) == (None, 0)


def test_the_files_window_goes_to_every_plane_that_shared_it_and_no_further(viewing):
    viewing.looking.step_own_window(1)
    assert [c.state.own_window for c in viewing.cells] == [1, 1, 0]
    viewing.set_window(None)
    assert [c.state.own_window for c in viewing.cells] == [0, 0, 0]
    assert viewing.cells[2].state.window == Window(1, 2)


def test_a_file_with_one_window_says_so(viewing, image):
    image.own = ("Soft",)
    with pytest.raises(Refused, match="No other window"):
        viewing.looking.step_own_window(1)


def test_the_automatic_window_is_that_of_the_image(viewing):
    viewing.looking.auto_window()
    assert viewing.state().window == Window(7, 70)


def test_sharpening_and_smoothing_stop_at_their_ends_and_go_by_one_key(viewing):
    for _ in range(9):
        viewing.looking.sharpen(1)
    assert viewing.state().sharpening == STRONGEST
    for _ in range(9):
        viewing.looking.sharpen(-1)
    assert viewing.state().sharpening == -STRONGEST
    viewing.looking.filter_off()
    assert viewing.state().sharpening == 0


def test_a_filter_stays_in_its_viewport_and_reset_takes_it_away(viewing):
    viewing.looking.sharpen(2)
    assert [c.state.sharpening for c in viewing.cells] == [2, 0, 0]
    viewing.reset()
    assert viewing.state().sharpening == 0


def test_filling_in_is_chosen_for_every_viewport_and_for_those_to_come(viewing):
    seen = []
    for _ in range(3):
        viewing.looking.next_interpolation()
        seen.append({c.state.interpolation for c in viewing.cells})
    assert seen == [{Interpolation.CUBIC}, {Interpolation.NEAREST}, {Interpolation.LINEAR}]
    viewing.looking.set_interpolation(Interpolation.CUBIC)
    viewing.show(viewing.arrangement)
    viewing.reset()
    assert {c.state.interpolation for c in viewing.cells} == {Interpolation.CUBIC}


@pytest.mark.parametrize("source", SpacingSource)
def test_true_size_asks_for_millimetres_in_the_patient(viewing, image, source):
    image.source = source
    if source in IN_THE_PATIENT:
        viewing.looking.true_size(0.25)
        assert (viewing.state().sizing, viewing.state().pixel_mm) == (Sizing.TRUE_SIZE, 0.25)
        return
    with pytest.raises(Refused, match="No true size"):
        viewing.looking.true_size(0.25)
    assert viewing.state().sizing is Sizing.FIT


def test_lengths_at_the_detector_or_on_film_are_no_lengths_in_the_patient():
    assert not {SpacingSource.DETECTOR, SpacingSource.NOMINAL, SpacingSource.NONE} & set(IN_THE_PATIENT)


def test_fit_ends_1_to_1_and_true_size(viewing):
    viewing.looking.pixel_for_pixel()
    viewing.fit()
    assert viewing.state() == replace(viewing.state(), sizing=Sizing.FIT, zoom=1.0, pan=(0.0, 0.0), pixel_mm=0.0)


def test_in_3d_none_of_it_is_there(viewing):
    viewing.change(plane=Plane.THREE_D)
    for act in (viewing.looking.pixel_for_pixel, lambda: viewing.looking.sharpen(1), lambda: viewing.looking.step_own_window(1)):
        with pytest.raises(Refused, match="Not here"):
            act()


def test_the_text_has_two_levels(viewing):
    viewing.looking.step_text()
    assert viewing.looking.text_level is TextLevel.BASIC
    viewing.looking.step_text()
    assert viewing.looking.text_level is TextLevel.FULL


def test_a_box_waits_for_one_drag_and_ends_with_the_case(viewing):
    viewing.looking.pick_region(True)
    viewing.looking.window_from_region(Window(5, 50))
    assert (viewing.looking.picks_region, viewing.state().window) == (False, Window(5, 50))
    viewing.looking.pick_region(True)
    viewing.clear()
    assert not viewing.looking.picks_region
