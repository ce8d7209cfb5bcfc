"""The magnifier follows the pointer, stays inside, has a window of its own and shows nobody else's image; cine by keys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from rendering.picture import FrameIdentity
from ui.magnifier import corner
from workstation.domain.viewing import Layout, Plane, Window
from workstation.errors import Refused

pytestmark = pytest.mark.qt


@pytest.fixture
def widget(case, seat):
    """One large viewport, the pointer in its middle."""
    seat.session.viewing.set_layout(Layout(1, 1))
    found = case.grid.widget(0)
    QTest.mouseMove(found, found.rect().center())
    return found


def press(case, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyPress(case.grid, key, modifier)


def asked(seat):
    return seat.library.viewport("1.1", "1.1.1").asked[-1]


@pytest.mark.parametrize("at", [(0, 0), (5, 300), (999, 0), (400, 400), (1000, 700), (1000, 2)])
def test_the_square_holds_the_pointer_and_never_leaves_the_viewport(at):
    left, top = corner(at, 240, 1000, 700)
    assert 0 <= left <= 1000 - 240
    assert 0 <= top <= 700 - 240
    assert left <= at[0] <= left + 240
    assert top <= at[1] <= top + 240


def test_the_key_shows_it_under_the_pointer_and_the_same_key_puts_it_away(case, seat, widget):
    assert not widget.loupe.isVisible()
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    assert widget.loupe.isVisible()
    assert widget.loupe.geometry().contains(widget.rect().center())
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    assert not widget.loupe.isVisible()


def test_a_key_that_was_held_takes_it_away_when_it_is_let_go(case, seat, widget, qtbot):
    press(case, Qt.Key.Key_M)
    assert widget.loupe.isVisible()
    qtbot.wait(400)
    QTest.keyRelease(case.grid, Qt.Key.Key_M)
    assert not seat.session.viewing.magnifier.is_on
    assert not widget.loupe.isVisible()


def test_what_lies_under_the_pointer_is_shown_under_the_pointer(case, seat, widget):
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    for at in (QPoint(300, 200), QPoint(3, 4), QPoint(widget.width() - 3, widget.height() - 3)):
        QTest.mouseMove(widget, at)
        widget.loupe.grab()
        state, width, height, _ = asked(seat)
        assert (width, height) == (widget.loupe.side, widget.loupe.side)
        assert state.pan == (at.x() - widget.loupe.x(), at.y() - widget.loupe.y())


def test_the_wheel_makes_it_stronger_and_does_not_scroll(case, seat, widget):
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    middle = QPointF(widget.rect().center())
    for up, times in ((120, 3), (120, 4), (120, 4), (-120, 3), (-120, 2), (-120, 2)):
        event = QWheelEvent(
            middle, middle, QPoint(), QPoint(0, up), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
        assert seat.session.viewing.magnifier.times == times
    assert seat.session.viewing.state().position == 0


def test_presets_and_inverting_are_its_own_while_it_is_on(case, seat, widget):
    viewing = seat.session.viewing
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    QTest.keyClick(case.grid, Qt.Key.Key_1)
    QTest.keyClick(case.grid, Qt.Key.Key_I)
    widget.loupe.grab()
    state, *_ = asked(seat)
    assert (state.window, state.inverted) == (Window(-600, 1500), True)
    assert (viewing.state().window, viewing.state().inverted) == (None, False)
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    assert viewing.magnifier.window is None
    QTest.keyClick(case.grid, Qt.Key.Key_1)
    assert viewing.state().window == Window(-600, 1500)


@pytest.mark.parametrize(
    "spoil",
    [{"partial": True}, {"error": Refused("Truncated")}, {"identity": FrameIdentity("6.6", "6.6.6", "6.6.6.6", 1)}],
)
def test_what_the_viewport_would_not_show_the_magnifier_does_not_show_either(case, seat, widget, spoil):
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    assert widget.loupe.picture() is not None
    seat.library.viewport("1.1", "1.1.1").picture_of = lambda picture: replace(picture, **spoil)
    seat.session.viewing.scroll(1)
    assert widget.loupe.picture() is None


def test_there_is_one_magnifier_and_it_is_where_the_pointer_is(case, seat):
    first, second = case.grid.widget(0), case.grid.widget(1)
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    for here, there in ((first, second), (second, first), (first, second)):
        QTest.mouseMove(here, QPoint(60, 80))
        assert here.loupe.isVisible()
        assert not there.loupe.isVisible()


def test_it_goes_with_the_case(case, seat, widget):
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    seat.session.close_case()
    assert not seat.session.viewing.magnifier.is_on
    assert not widget.loupe.isVisible()


def test_it_follows_to_another_image_at_once(case, seat, widget):
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    seat.session.viewing.scroll(3)
    assert widget.loupe.picture().identity.sop_instance_uid == "1.1.1.3"


def test_there_is_none_in_3d(case, seat, widget):
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    seat.session.viewing.change(plane=Plane.THREE_D)
    assert not widget.loupe.isVisible()


# ---- cine, box, 3D cursor by key and mouse -----------------------------------------------


def test_cine_plays_by_key_at_the_files_speed_and_plus_makes_it_faster(case, seat, widget, qtbot):
    viewing = seat.session.viewing
    QTest.keyClick(case.grid, Qt.Key.Key_C)
    assert viewing.cine.rate == 20.0
    qtbot.waitUntil(lambda: viewing.state().position >= 2)
    QTest.keyClick(case.grid, Qt.Key.Key_Plus)
    assert viewing.cine.rate == 24
    assert viewing.state().zoom == 1.0
    QTest.keyClick(case.grid, Qt.Key.Key_C)
    assert not viewing.cine.is_running
    QTest.keyClick(case.grid, Qt.Key.Key_Plus)
    assert viewing.state().zoom > 1.0


def test_cine_stops_with_its_case(case, seat, widget):
    QTest.keyClick(case.grid, Qt.Key.Key_C)
    seat.session.open(seat.items[1])
    assert not seat.session.viewing.cine.is_running


def test_a_box_makes_the_window_once(case, seat, widget):
    viewing = seat.session.viewing
    QTest.keyClick(case.grid, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert viewing.looking.picks_region
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(100, 120))
    QTest.mouseMove(widget, QPoint(150, 240))
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(150, 240))
    assert viewing.state().window == Window(50, 120)
    assert not viewing.looking.picks_region


def test_a_box_that_is_refused_says_why_and_may_be_drawn_again(case, seat, widget):
    seat.library.viewport("1.1", "1.1.1").refusal = Refused("Too little image here")
    QTest.keyClick(case.grid, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(100, 120))
    assert "Too little" in case.banner.text
    assert seat.session.viewing.looking.picks_region
    assert seat.session.viewing.state().window is None


def test_the_3d_cursor_brings_the_others_of_its_space_to_the_pointer(case, seat):
    viewing = seat.session.viewing
    viewing.toggle_linked()
    viewing.scroll(6)
    assert [c.state.position for c in viewing.cells] == [6, 0, 0]
    first = case.grid.widget(0)
    QTest.keyClick(case.grid, Qt.Key.Key_X, Qt.KeyboardModifier.ShiftModifier)
    QTest.mouseMove(first, QPoint(40, 50))
    assert [c.state.position for c in viewing.cells] == [6, 6, 6]
    assert case.grid.viewports.cross(1, case.grid.widget(1).view()) == (40.0, 50.0)
    QTest.keyClick(case.grid, Qt.Key.Key_X, Qt.KeyboardModifier.ShiftModifier)
    assert case.grid.viewports.cross(1, case.grid.widget(1).view()) is None


def test_reference_lines_go_by_key(case, seat):
    seat.session.viewing.change(0, position=6)
    seat.session.viewing.change(1, plane=Plane.CORONAL)
    view = case.grid.widget(0).view()
    seat.session.viewing.activate(1)
    assert len(case.grid.viewports.references(0, view)) == 1
    QTest.keyClick(case.grid, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert case.grid.viewports.references(0, view) == ()


def test_the_loupes_pixels_are_those_of_its_own_picture(case, seat, widget):
    QTest.keyClick(case.grid, Qt.Key.Key_M)
    seat.library.viewport("1.1", "1.1.1").picture_of = lambda p: replace(p, pixels=np.full_like(p.pixels, 222))
    seat.session.viewing.scroll(1)
    image = widget.loupe.grab().toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 2).red() == 222
