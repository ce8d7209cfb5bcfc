"""Buttons that the reader laid something on, over images and beside them; wheels of every kind."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from ui_mouse import move, wheel

from ui.mouse_dialog import AS_BEFORE, MouseDialog
from ui.mouse_words import mouse_rows, press_words
from workstation.commands import key_file
from workstation.domain.viewing import Plane
from workstation.session.mouse import BUTTONS, HELD, LEFT, presses
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt
B, M = Qt.MouseButton, Qt.KeyboardModifier
NONE, CTRL, SHIFT = M.NoModifier, M.ControlModifier, M.ShiftModifier


@pytest.fixture
def viewing(seat):
    return seat.session.viewing


def drag(widget, button, held=NONE) -> None:
    QTest.mousePress(widget, button, held, QPoint(100, 100))
    for at in (QPoint(130, 115), QPoint(160, 130)):
        move(widget, at, button)
    QTest.mouseRelease(widget, button, held, QPoint(160, 130))


def touch(widget, pixels: int, phase=Qt.ScrollPhase.ScrollUpdate) -> None:
    """A touchpad: pixels beside the angle."""
    place = QPointF(widget.rect().center())
    angle = QPoint(0, pixels * 2)
    event = QWheelEvent(place, widget.mapToGlobal(place), QPoint(0, pixels), angle, B.NoButton, NONE, phase, False)
    QApplication.sendEvent(widget, event)


def chosen(case, **presses: str) -> None:
    for press, action in presses.items():
        case.keys.set_press(press.replace("_", "+"), action)


# ---- buttons -------------------------------------------------------------------------------


def test_side_buttons_go_through_series_to_begin_with(case, viewing):
    widget = case.grid.widget(0)
    before = viewing.state(0).series_uid
    QTest.mouseClick(widget, B.ForwardButton, NONE, QPoint(100, 100))
    assert viewing.state(0).series_uid != before
    QTest.mouseClick(widget, B.BackButton, NONE, QPoint(100, 100))
    assert viewing.state(0).series_uid == before


def test_a_button_runs_a_command_in_the_viewport_under_it(case, viewing):
    chosen(case, Back="image.invert")
    QTest.mouseClick(case.grid.widget(1), B.BackButton, NONE, QPoint(50, 50))
    assert viewing.active == 1
    assert viewing.state(1).inverted
    assert not viewing.state(0).inverted


def test_two_quick_presses_are_two(case, viewing):
    chosen(case, Forward="image.rotate_right")
    widget = case.grid.widget(0)
    QTest.mousePress(widget, B.ForwardButton, NONE, QPoint(50, 50))
    QTest.mouseRelease(widget, B.ForwardButton, NONE, QPoint(50, 50))
    QTest.mouseDClick(widget, B.ForwardButton, NONE, QPoint(50, 50))
    assert viewing.state(0).rotation in (180, 270)


def test_a_side_button_works_beside_the_images_too(case, seat, monkeypatch):
    """The microphone in one hand, the mouse in the other, the pointer over the report."""
    asked = []
    monkeypatch.setattr(case._talk, "pressed", lambda key=0: asked.append(key))
    chosen(case, Back="report.dictate")
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        at = QPointF(5, 5)
        QApplication.sendEvent(case.report_panel, QMouseEvent(kind, at, case.mapToGlobal(at), B.BackButton, B.BackButton, NONE))
    assert asked == [0]
    QTest.mouseClick(case.grid.widget(0), B.BackButton, NONE, QPoint(50, 50))
    assert asked == [0, 0]


@pytest.mark.parametrize(("action", "field"), [("window", "window"), ("pan", "pan"), ("scroll", "position"), ("zoom", "zoom")])
def test_a_button_with_a_key_held_is_the_tool_that_was_laid_on_it(case, viewing, action, field):
    chosen(case, Ctrl_Left=action)
    before = viewing.state(0)
    drag(case.grid.widget(0), B.LeftButton, CTRL)
    after = viewing.state(0)
    changed = {f for f in ("zoom", "window", "pan", "position") if getattr(before, f) != getattr(after, f)}
    assert changed == {field} | ({"pan"} if action == "zoom" else set())


def test_a_tool_that_draws_keeps_the_left_button_and_gives_way_with_the_key_held(case, seat, viewing):
    chosen(case, Ctrl_Left="pan")
    viewing.set_tool(Tool.LENGTH)
    drag(case.grid.widget(0), B.LeftButton, CTRL)
    assert seat.session.annotating.all() == ()
    assert viewing.state(0).pan != (0.0, 0.0)
    drag(case.grid.widget(0), B.LeftButton)
    assert len(seat.session.annotating.all()) == 1


def test_shift_and_left_in_3d_window_until_the_reader_lays_something_on_it(case, viewing):
    viewing.change(0, plane=Plane.THREE_D)
    drag(case.grid.widget(0), B.LeftButton, SHIFT)
    assert viewing.state(0).window is not None
    chosen(case, Shift_Left="zoom")
    window = viewing.state(0).window
    drag(case.grid.widget(0), B.LeftButton, SHIFT)
    assert viewing.state(0).window == window
    assert viewing.state(0).zoom != 1.0


def test_the_right_button_still_opens_the_menu_when_clicked_whatever_it_is(case):
    for action in ("", "crosshair", "scroll"):
        chosen(case, Right=action)
        QTest.mouseClick(case.grid.widget(0), B.RightButton, NONE, QPoint(100, 100))
        menus = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible()]
        assert len(menus) == 1
        menus[0].close()


def test_a_key_held_that_means_nothing_changes_nothing(case, viewing):
    drag(case.grid.widget(0), B.MiddleButton, CTRL | SHIFT)
    assert viewing.state(0).pan != (0.0, 0.0)


# ---- the wheel -----------------------------------------------------------------------------


def test_each_notch_is_one_image_and_with_shift_ten(case, viewing):
    widget = case.grid.widget(0)
    wheel(widget, -120)
    assert viewing.state(0).position == 1
    wheel(widget, -240)
    assert viewing.state(0).position == 3
    wheel(widget, -120, SHIFT)
    assert viewing.state(0).position == 9


def test_a_wheel_of_high_resolution_adds_up_and_turning_back_leaves_no_rest(case, viewing):
    widget = case.grid.widget(0)
    for _ in range(7):
        wheel(widget, -15)
    assert viewing.state(0).position == 0
    wheel(widget, -15)
    assert viewing.state(0).position == 1
    for _ in range(7):
        wheel(widget, -15)
    for _ in range(8):
        wheel(widget, 15)
    assert viewing.state(0).position == 0


def tilt(widget, delta: int, held=NONE) -> None:
    """To the right with a negative one, as Qt and X11 count."""
    place = QPointF(widget.rect().center())
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(place, widget.mapToGlobal(place), QPoint(), QPoint(delta, 0), B.NoButton, held, phase, False)
    QApplication.sendEvent(widget, event)


def test_a_tilted_wheel_has_a_use_of_its_own(case, viewing):
    widget = case.grid.widget(0)
    tilt(widget, -120)
    assert viewing.state(0).position == 1  # as the wheel, until it is given something
    chosen(case, Tilt="series", Ctrl_Tilt="zoom", Alt_Wheel="images10")
    before = viewing.state(0).series_uid
    tilt(widget, -120)
    assert viewing.state(0).series_uid != before
    tilt(widget, 120)
    assert viewing.state(0).series_uid == before
    tilt(widget, 120, CTRL)
    assert viewing.state(0).zoom > 1.0
    at = viewing.state(0).position
    tilt(widget, -120, M.AltModifier)  # Qt's turn of the wheel with Alt
    assert viewing.state(0).position > at + 1


def test_a_touchpad_goes_by_its_pixels_and_does_not_run_on(case, viewing):
    widget = case.grid.widget(0)
    for _ in range(6):
        touch(widget, -8)
    assert viewing.state(0).position == 2
    for _ in range(20):
        touch(widget, -30, Qt.ScrollPhase.ScrollMomentum)
    assert viewing.state(0).position == 2


def test_the_wheel_steps_through_what_the_reader_laid_on_it(case, viewing):
    chosen(case, Ctrl_Wheel="viewports")
    wheel(case.grid.widget(0), -120, CTRL)
    assert viewing.active == 1
    chosen(case, Ctrl_Wheel="series")
    before = viewing.state(0).series_uid
    wheel(case.grid.widget(0), -120, CTRL)
    assert (viewing.active, viewing.state(0).series_uid != before) == (0, True)


# ---- the dialog ----------------------------------------------------------------------------


@pytest.fixture
def dialog(case, qtbot):
    made = MouseDialog(case.keys, case.runner, case)
    qtbot.addWidget(made)
    made.show()
    return made


def test_every_button_with_every_key_can_be_chosen_but_the_left_alone(dialog):
    assert dialog.boxes.keys() == set(presses())
    assert LEFT not in dialog.boxes
    assert len(dialog.boxes) == len(BUTTONS) * len(HELD) - 2  # the left alone, and Alt with a tilt


def test_a_choice_is_in_force_at_once_kept_and_undone(dialog, case, seat, viewing):
    dialog.choose("Back", "report.dictate")
    assert viewing.mouse.action("Back") == "report.dictate"
    assert key_file.load(seat.folders.config / "keys.toml").mouse == {"Back": "report.dictate"}
    dialog.undo.click()
    assert viewing.mouse.action("Back") == "series.previous"
    assert dialog.boxes["Back"].currentData() == "series.previous"


def test_what_a_choice_takes_the_place_of_is_said(dialog):
    dialog.choose("Shift+Left", "zoom")
    assert "It was the scale of what is laid over" in dialog.said.text()
    dialog.choose("Alt+Left", "window")
    assert "Many window systems move windows with Alt" in dialog.said.text()
    dialog.choose("Ctrl+Left", "pan")
    assert dialog.said.text() == "Ctrl + Left button: Pan. So does: Middle button"


def test_back_to_the_profile(dialog, case, viewing):
    dialog.choose("Middle", "zoom")
    dialog.choose("Ctrl+Wheel", "series")
    dialog.choose("Ctrl+Wheel", AS_BEFORE)
    assert viewing.mouse.action("Wheel", "Ctrl") == "zoom"
    dialog.reset.click()
    assert case.keys.choices.mouse == {}
    assert viewing.mouse.action("Middle") == "pan"


def test_the_page_of_keys_and_the_sheet_say_what_the_mouse_does(case, viewing):
    chosen(case, Ctrl_Back="case.next", Right="")
    rows = dict(mouse_rows(viewing.mouse, case.runner.commands))
    assert rows["Ctrl + Side button back"] == "Next unread case"
    assert rows["Right button"] == "The menu"
    assert rows["Wheel"] == "Images"
    assert press_words("Ctrl+Shift+Wheel") == "Ctrl+Shift + Wheel"


def test_the_choice_for_the_right_button_of_before_is_taken_over(tmp_path, qapp, qtbot):
    from window_seat import WindowSeat

    from ui.key_desk import OLD_RIGHT
    from ui.main_window import MainWindow

    seat = WindowSeat(tmp_path)
    seat.remembered.set(OLD_RIGHT, "pan")
    window = MainWindow(seat)
    qtbot.addWidget(window)
    assert seat.session.viewing.mouse.right == "pan"
    window.runner.run("mouse.right")
    assert key_file.load(seat.folders.config / "keys.toml").mouse == {"Right": "scroll"}
