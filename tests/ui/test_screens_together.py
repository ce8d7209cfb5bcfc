"""Two grids of viewports on one session: what is done in one is seen in the other, and nothing is painted twice."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QToolButton
from ui_mouse import move, wheel

from ui.screens.image_window import ImageWindow
from ui.screens.monitors import monitors
from workstation.domain.hanging import ScreenFacts
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt
FACTS = ScreenFacts(1024, 1280, 0.2)


@pytest.fixture
def press(case):
    def press(keys: str) -> None:
        combination = QKeySequence(keys)[0]
        QTest.keyClick(QApplication.focusWidget() or case, combination.key(), combination.keyboardModifiers())
        QApplication.processEvents()

    case.grid.setFocus()
    yield press
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog):
            widget.close()


@pytest.fixture
def second(case, seat, qtbot):
    """A window of images beside the main one: current images there, the prior here."""
    made = ImageWindow(seat, case.runner, case.reading.grid, monitors()[0], case.menuBar())
    made.grid.screens = (1,)
    made.resize(700, 600)
    made.show()
    qtbot.waitExposed(made)
    states = [ViewportState("1.1", "1.1.1"), ViewportState("1.1", "1.1.2"), ViewportState("2.1", "2.1.1")]
    cells = [Cell(0, 0, states[2], is_prior=True, link_group="a", screen=1)]
    cells += [Cell(0, column, state, link_group="a") for column, state in enumerate(states[:2])]
    two = Arrangement("two", "Two", 0, 1, "", Layout(1, 2), tuple(cells), (), more_screens=(Layout(1, 1),))
    seat.session.viewing.show(two)
    qtbot.waitUntil(lambda: all(w.painted is not None for w in case.grid.widgets if w.isVisible()))
    yield made
    case.reading.grid.viewports.remove(made.grid)
    made.end()
    made.deleteLater()


def test_each_viewport_stands_in_the_window_of_its_screen(case, second):
    assert [case.grid.widget(i).window() for i in range(3)] == [case, case, second]
    assert case.grid.widget(2).size() == second.grid.size()


def test_a_change_is_painted_once_in_every_viewport_that_it_changes(case, second, seat, qtbot):
    painted = []
    for widget in case.grid.widgets[:3]:
        paint = widget.paintEvent
        widget.paintEvent = lambda event, paint=paint, index=widget.index: (painted.append(index), paint(event))
    QApplication.processEvents()
    painted.clear()
    seat.session.viewing.scroll(1)
    QApplication.processEvents()
    assert sorted(painted) == [0, 1, 2]
    for widget in case.grid.widgets[:3]:
        del widget.paintEvent


def test_both_windows_paint_from_the_one_series_in_memory(case, second, seat):
    shown = {id(case.grid.widget(i).viewport()) for i in range(3)}
    assert shown == {id(v) for v in seat.library.shelf.values()}


def test_linked_scrolling_goes_over_screens(case, second, seat):
    seat.session.viewing.scroll(4)
    QApplication.processEvents()
    assert case.grid.widget(2).painted.request.state.position == 4


def test_the_place_of_a_click_is_marked_on_the_other_screen(case, second, seat):
    seat.session.viewing.set_tool(Tool.CROSSHAIR)
    case.grid.viewports.focus_point(0, (12.0, 30.0, 40.0))
    view = case.grid.widget(2).view()
    assert view.state.position == 4
    assert case.grid.viewports.cross(2, view) == (12.0, 30.0)


def test_a_cut_is_drawn_as_a_line_on_the_other_screen(case, second, seat):
    viewing, study = seat.session.viewing, seat.session.case.study
    viewing.hang_series(2, study, study.series[1], False)
    viewing.change(2, position=6)
    viewing.activate(0)
    viewing.change(0, plane=Plane.CORONAL)
    assert case.grid.viewports.references(2, case.grid.widget(2).view())


def test_the_magnifier_is_on_one_screen_at_a_time(case, second, seat):
    viewing = seat.session.viewing
    viewing.magnifier.show(True)
    case.grid.viewports.magnify_in(2, (50.0, 50.0))
    assert [w.loupe.isVisible() for w in case.grid.widgets[:3]] == [False, False, True]
    case.grid.viewports.magnify_in(0, (50.0, 50.0))
    assert [w.loupe.isVisible() for w in case.grid.widgets[:3]] == [True, False, False]


def test_a_click_in_the_other_window_makes_its_viewport_active(case, second, seat):
    QTest.mouseClick(case.grid.widget(2), Qt.MouseButton.LeftButton)
    assert seat.session.viewing.active == 2
    assert case.grid is second.grid


def test_cine_plays_on_while_the_reader_works_on_the_other_screen(case, second, seat):
    viewing = seat.session.viewing
    viewing.activate(2)
    viewing.cine.toggle()
    assert viewing.cine.is_running
    viewing.activate(0)
    assert viewing.cine.is_running
    viewing.cine.stop()


def test_a_screen_without_a_grid_is_a_page_of_the_one_that_is_left(case, second, seat):
    viewing = seat.session.viewing
    second.grid.screens, case.reading.grid.screens = (), (0, 1)
    case.reading.grid.viewports.place()
    assert [w.isVisible() for w in case.grid.widgets[:3]] == [True, True, False]
    viewing.step_screen(1)
    assert [w.isVisible() for w in case.grid.widgets[:3]] == [False, False, True]
    assert case.grid.widget(2).window() is case
    viewing.step_active(1)
    assert [w.isVisible() for w in case.grid.widgets[:3]] == [True, True, False]


def test_the_series_list_shows_on_which_screen_a_series_hangs(case, second):
    rows = {row.series.series_instance_uid: row.places for _, row in case.reading.strip._model.series_rows()}
    assert rows == {"1.1.1": {0}, "1.1.2": {1}, "2.1.1": {2}}
    assert case.reading.strip._delegate.layouts == (Layout(1, 2), Layout(1, 1))


def test_another_case_is_never_seen_beside_the_old_one(case, second, seat, qtbot):
    seat.session.viewing.screens = (FACTS, FACTS)
    seat.session.open(seat.items[1])
    QApplication.processEvents()
    shown = {w.painted.request.state.study_uid for w in case.grid.widgets if w.isVisible() and w.painted is not None}
    assert shown == {"1.2"}
    assert case.grid.widget(1).window() is second


def test_closing_the_case_empties_every_screen(case, second, seat):
    seat.session.close_case()
    assert [w.isVisible() for w in case.grid.widgets if w.window() is second] == [False]


# ---- with one monitor ------------------------------------------------------------------------


def test_keys_for_several_screens_say_that_there_is_one(press, case):
    press("Ctrl+F6")
    assert "one screen only" in case.banner.text
    case.banner.dismiss()
    press("Ctrl+F7")
    assert "one screen only" in case.banner.text


def test_the_dialog_of_screens_opens_by_its_key(press, case):
    press("Ctrl+F8")
    (dialog,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
    assert dialog.objectName() == "screensDialog"
    assert [dialog.map.words(m) for m in monitors()] == ["everything"]
    dialog.accept()
    assert case.reading.grid.isVisible()


def test_menus_and_hints_in_the_window_of_another_screen_follow_the_keys(case, second, seat):
    second.take_bar(case.reading.bar)
    circle = next(a for a in case.reading.bar._more.menu().actions() if a.objectName() == "tool.circle")
    assert circle.text().endswith("\tCtrl+E")
    badge = second.bar.badge
    badge.tell(False, 1, 2, case.runner.keys_text("screen.next"), case.runner.keys_text("screen.roles"))
    length = next(b for b in second.findChildren(QToolButton) if b.objectName() == "tool.length")
    for command_id, key in (("tool.circle", "F21"), ("tool.length", "F22"), ("screen.roles", "F23"), ("screen.next", "F24")):
        case.keys.set_keys(command_id, (key,))
    assert circle.text().endswith("\tF21")
    assert "F22" in length.toolTip()
    assert "F24" in badge.toolTip()


def test_the_mouse_does_on_another_screen_what_was_laid_on_it(case, second, seat, qtbot):
    viewing = seat.session.viewing
    case.screens._router.watch(second)
    for press, action in (("Forward", "image.invert"), ("Ctrl+Wheel", "zoom"), ("Middle", "pan"), ("Back", "image.fit")):
        case.keys.set_press(press, action)
    there, here = case.grid.widget(2), viewing.state(0)
    QTest.mouseClick(there, Qt.MouseButton.ForwardButton)
    assert viewing.state(2).inverted
    wheel(there, 120, Qt.KeyboardModifier.ControlModifier)
    assert viewing.state(2).zoom > 1.0
    QTest.mousePress(there, Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier, QPoint(50, 50))
    for at in (QPoint(70, 60), QPoint(90, 70)):
        move(there, at, Qt.MouseButton.MiddleButton)
    QTest.mouseRelease(there, Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier, QPoint(90, 70))
    assert viewing.state(2).pan != (0.0, 0.0)
    assert viewing.state(0) == here
    QTest.mouseClick(second, Qt.MouseButton.BackButton)  # beside the images: for the active viewport
    assert viewing.state(viewing.active).pan == (0.0, 0.0)
