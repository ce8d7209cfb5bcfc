"""Presentation states without a screen: followed on the images they name, left by one act, never on others (F49)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from given_state import MADE, SHUTTER, three_states
from window_seat import WindowSeat

from workstation.domain.presenting import Followed
from workstation.domain.viewing import Layout, Plane, Window
from workstation.errors import Refused
from workstation.marks_store import OwnObject


@pytest.fixture
def seat(tmp_path):
    made = WindowSeat(tmp_path)
    for number in (1, 2):
        made.add_case(number, series=2)
    made.library.objects["1.1"] = three_states()
    made.session.open(made.items[0])
    return made


@pytest.fixture
def presenting(seat):
    return seat.session.presenting


@pytest.fixture
def viewing(seat):
    return seat.session.viewing


def test_the_list_has_those_for_the_shown_image_first_and_the_newest_foremost(viewing, presenting):
    assert [state.name for state in presenting.states()] == ["Later", "Look at this", "Blend"]
    viewing.change(position=2)
    assert [state.name for state in presenting.states()] == ["Look at this", "Blend", "Later"]
    assert [presenting.is_for_active(state) for state in presenting.states()] == [True, True, False]


def test_own_states_are_told_from_received_ones(seat, presenting):
    seat.annotations.marks.put_own([OwnObject("2.25.600", "1.1", "2.25.8", "1.2.3", "PR", 1, MADE)])
    seat.session.open(seat.items[0])
    assert {state.uid: presenting.is_own(state) for state in presenting.states()} == {
        "2.25.600": True,
        "2.25.601": False,
        "2.25.602": False,
    }


def test_a_state_is_followed_and_left_at_the_image_that_is_shown_then(viewing, presenting):
    viewing.change(position=2, zoom=1.3, window=Window(40.0, 400.0), inverted=True)
    before = viewing.state()
    presenting.show("2.25.600")
    state = viewing.state()
    assert (state.rotation, state.zoom, state.window, state.followed) == (
        180,
        2.0,
        Window(20.0, 100.0),
        Followed("2.25.600", SHUTTER),
    )
    assert presenting.shown().words == ("Something is not followed",)
    viewing.scroll(1)
    assert viewing.state().window == Window(30.0, 100.0)
    presenting.leave()
    assert viewing.state() == replace(before, position=3)
    assert presenting.shown() is None


def test_an_image_that_it_does_not_name_looks_as_before(viewing, presenting):
    """F49: and back on a named one it is shown by the state again."""
    viewing.change(position=3, zoom=1.3)
    before = viewing.state()
    presenting.show("2.25.600")
    viewing.scroll(1)
    assert viewing.state() == replace(before, position=4)
    assert presenting.shown().made is None
    viewing.zoom_by(1.2)
    viewing.scroll(-1)
    assert viewing.state().followed is not None
    assert viewing.state().zoom == 2.0
    presenting.leave()
    assert viewing.state().zoom == pytest.approx(1.3 * 1.2)


def test_it_goes_to_its_first_image_when_it_is_not_for_the_shown_one(viewing, presenting):
    presenting.show("2.25.601")
    assert viewing.state().position == 7
    assert viewing.state().window == Window(70.0, 100.0)


def test_what_the_reader_changes_stays_changed_and_is_said(viewing, presenting):
    viewing.change(position=2)
    presenting.show("2.25.600")
    assert not presenting.shown().changed
    viewing.zoom_by(2.0)
    assert presenting.shown().changed
    viewing.scroll(1)
    assert viewing.state().zoom == 4.0
    presenting.leave()
    assert viewing.state().zoom == 1.0


def test_another_state_in_its_place_leaves_to_what_was_before_both(viewing, presenting):
    viewing.change(position=2, zoom=1.5)
    presenting.show("2.25.600")
    presenting.show("2.25.601")
    presenting.leave()
    assert (viewing.state().zoom, viewing.state().rotation, viewing.state().position) == (1.5, 0, 7)


def test_one_that_cannot_be_followed_rightly_says_why_and_changes_nothing(viewing, presenting):
    viewing.change(position=2)
    before = viewing.state()
    with pytest.raises(Refused, match="cannot be followed") as refused:
        presenting.show("2.25.602")
    assert refused.value.detail == "It blends two series into one picture"
    assert viewing.state() == before


def test_leaving_none_is_refused_in_words(presenting):
    with pytest.raises(Refused, match="No presentation state") as refused:
        presenting.leave()
    assert "Alt+K" in refused.value.hint


def test_a_reset_a_plane_another_series_and_another_arrangement_end_it(seat, viewing, presenting):
    def begin():
        viewing.change(position=2)
        presenting.show("2.25.600")
        assert presenting.shown() is not None

    begin()
    viewing.reset()
    assert presenting.shown() is None
    begin()
    viewing.set_plane(Plane.CORONAL)
    assert presenting.shown() is None
    viewing.set_plane(Plane.STACK)
    begin()
    seat.session.step_series(1)
    assert presenting.shown() is None
    seat.session.step_series(-1)
    begin()
    viewing.set_layout(Layout(2, 2), seat.session.case.studies)
    assert presenting.shown() is None
    assert all(cell.state is None or cell.state.followed is None for cell in viewing.cells)


def test_maximising_ends_nothing(viewing, presenting):
    viewing.change(position=2)
    presenting.show("2.25.600")
    viewing.toggle_maximised()
    assert presenting.shown() is not None


def test_another_case_knows_nothing_of_it(seat, viewing, presenting):
    """F63."""
    viewing.change(position=2)
    presenting.show("2.25.600")
    seat.session.open(seat.items[1])
    assert presenting.shown() is None
    assert presenting.states() == ()
    assert viewing.state().followed is None
    with pytest.raises(Refused, match="not here any more"):
        presenting.show("2.25.600")


def test_a_series_that_a_state_lays_over_is_asked_for(seat, viewing, presenting, monkeypatch):
    """Or it would wait for ever for what nobody loads."""
    asked = []
    monkeypatch.setattr(viewing.fusing, "_viewer_of", lambda *key: asked.append(key))
    blends = next(state for state in presenting.states() if state.uid == "2.25.600")
    object.__setattr__(blends, "over", ("1.1", "1.1.2"))
    viewing.change(position=2)
    presenting.show("2.25.600")
    assert asked == [("1.1", "1.1.2")]


def test_a_plane_is_followed_until_another_plane_and_left_for_what_was_there(viewing, presenting, monkeypatch):
    """The reader may go on through the volume; leaving it gives the image back that was shown before."""
    plane = next(state for state in presenting.states() if state.uid == "2.25.600")
    object.__setattr__(plane, "is_plane", True)

    def shown(_, viewer, state, *size):
        return replace(state, plane=Plane.OBLIQUE, focus=(0.0, 0.0, 1.0), slab_mm=5.0, followed=Followed("2.25.600")), ()

    monkeypatch.setattr(type(plane), "shown", shown)
    viewing.change(position=2, zoom=2.0)
    before = viewing.state()
    presenting.show("2.25.600")
    assert (viewing.state().plane, viewing.state().slab_mm) == (Plane.OBLIQUE, 5.0)
    viewing.put(viewing.active, replace(viewing.state(), focus=(0.0, 0.0, 3.0)))
    assert presenting.shown() is not None
    presenting.leave()
    assert viewing.state() == before
    presenting.show("2.25.600")
    viewing.set_plane(Plane.STACK)
    assert presenting.shown() is None
