"""Presentation states in the window: chosen from their list by keys, said on the image, left by a key."""

from __future__ import annotations

import pytest
from given_state import three_states
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ui.presentation_words import state_badges
from ui.presentations_dialog import PresentationsDialog

NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def listed(window, seat, qtbot):
    """The window with a case that has three states."""
    seat.library.objects["1.1"] = three_states()
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)
    window.grid.setFocus()
    return window


def the_list(window) -> PresentationsDialog:
    QTest.keyClick(window.grid, Qt.Key.Key_K, ALT)
    (dialog,) = window.findChildren(PresentationsDialog)
    return dialog


def texts(dialog, column=0):
    return [dialog.table.item(row, column).text() for row in range(dialog.table.rowCount())]


def test_alt_k_lists_them_and_return_shows_by_one(listed, seat):
    dialog = the_list(listed)
    assert texts(dialog) == ["Later", "Look at this", "Blend"]
    assert texts(dialog, 1) == ["other images"] * 3
    assert texts(dialog, 2) == ["1", "2", "1"]
    assert texts(dialog, 3) == [
        "Received: Dr Other, 2026-11-21",
        "Received: Dr Other, 2026-11-20",
        "Received: Dr Other, 2026-11-20",
    ]
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    state = seat.session.viewing.state()
    assert (state.position, state.rotation, state.zoom) == (2, 180, 2.0)
    assert not dialog.isVisible()


def test_what_an_image_is_shown_by_stands_on_it_and_goes_with_a_key(listed, seat):
    """F49: name, whose and when, what is not followed; on an image that it is not for, that too."""
    viewing = seat.session.viewing
    assert state_badges(seat.session, 0) == ()
    viewing.change(position=2)
    seat.session.presenting.show("2.25.600")
    badges = state_badges(seat.session, 0)
    assert badges[0] == (
        "Presentation state: Look at this, Dr Other, 2026-11-20",
        "Presentation state: Look at this, Dr Other",
        "Presentation state: Look at this",
        "Presentation state",
    )
    assert badges[1] == ("Something is not followed",)
    viewing.zoom_by(1.2)
    assert state_badges(seat.session, 0)[0][-1] == "Presentation state, changed"
    viewing.scroll(2)
    assert state_badges(seat.session, 0) == (("The presentation state is not for this image", "No presentation state"),)
    assert state_badges(seat.session, 1) == ()
    QTest.keyClick(listed.grid, Qt.Key.Key_U, CONTROL_SHIFT)
    assert state_badges(seat.session, 0) == ()


def test_the_badge_is_painted(listed, seat):
    widget = listed.grid.widget(0)
    seat.session.viewing.toggle_maximised()
    seat.session.viewing.change(position=2)
    before = widget.grab().toImage()
    seat.session.presenting.show("2.25.600")
    assert widget.grab().toImage() != before
    seat.session.presenting.leave()
    assert widget.grab().toImage() == before


def test_the_list_says_why_one_cannot_be_followed(listed, seat):
    notices = []
    seat.session.notice.connect(notices.append)
    dialog = the_list(listed)
    assert not dialog.words.isVisible()
    dialog.table.setCurrentCell(2, 0)
    assert dialog.words.text() == "It cannot be followed. It blends two series into one picture"
    before = seat.session.viewing.state()
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert "It blends two series" in notices[-1].text
    assert seat.session.viewing.state() == before


def test_the_list_marks_the_one_that_is_followed_and_puts_those_for_the_image_first(listed, seat):
    seat.session.viewing.change(position=3)
    seat.session.presenting.show("2.25.600")
    dialog = the_list(listed)
    assert texts(dialog)[0] == "\u25b8 Look at this"
    assert texts(dialog, 1) == ["this image", "other images", "other images"]


def test_a_case_without_states_says_so(listed, seat):
    seat.session.open(seat.items[1])
    dialog = the_list(listed)
    assert dialog.table.rowCount() == 0
    assert dialog.words.text() == "No presentation state for the images of this case is here"


def test_a_closed_list_hears_nothing_more(listed, seat):
    dialog = the_list(listed)
    dialog.close()
    seat.session.viewing.change(position=2)
    seat.session.presenting.show("2.25.600")
    seat.session.open(seat.items[1])


def test_leaving_none_is_said(listed, seat):
    notices = []
    seat.session.notice.connect(notices.append)
    QTest.keyClick(listed.grid, Qt.Key.Key_U, CONTROL_SHIFT)
    assert "No presentation state to leave" in notices[-1].text
