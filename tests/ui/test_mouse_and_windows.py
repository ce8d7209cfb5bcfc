"""Mouse conventions in the real widget, what the right button does, windows by their names, choices that stay."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from ui_mouse import move, wheel
from window_seat import WindowSeat

from ui.viewport_grid import ViewportGrid
from workstation.domain.viewing import Interpolation, Plane, Window
from workstation.session.mouse import CHOICES
from workstation.session.tool import Tool

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


START, END = QPoint(100, 100), QPoint(160, 130)


def drag(widget, button, start=START, end=END, modifiers=NONE) -> None:
    QTest.mousePress(widget, button, modifiers, start)
    move(widget, start + (end - start) * 0.5, button)
    move(widget, end, button)
    QTest.mouseRelease(widget, button, modifiers, end)


@pytest.fixture
def widget(case):
    return case.grid.widget(0)


@pytest.fixture
def viewing(seat):
    return seat.session.viewing


def open_menu() -> QMenu | None:
    QApplication.processEvents()
    found = QApplication.activePopupWidget()
    return found if isinstance(found, QMenu) else None


def close_menu() -> None:
    menu = open_menu()
    if menu is not None:
        menu.close()


# ---- what all rivals share -----------------------------------------------------------------


def test_left_drags_the_window_wider_to_the_right_and_darker_downwards(widget, viewing):
    before = viewing.window()
    drag(widget, LEFT)
    assert viewing.window().width > before.width
    assert viewing.window().center > before.center
    assert viewing.state().pan == (0.0, 0.0)


def test_middle_pans_whatever_the_tool(widget, viewing):
    for tool in (Tool.WINDOW, Tool.LENGTH, Tool.SCROLL):
        viewing.set_tool(tool)
        viewing.change(pan=(0.0, 0.0))
        drag(widget, MIDDLE)
        assert viewing.state().pan == pytest.approx((60 / widget.width(), 30 / widget.height()))
        assert viewing.state().position == 0
    assert viewing.state().zoom == 1.0


def test_the_wheel_scrolls_and_with_control_zooms_about_the_pointer(widget, viewing):
    wheel(widget, -120)
    assert (viewing.state().position, viewing.state().zoom) == (1, 1.0)
    wheel(widget, 120)
    assert viewing.state().position == 0
    wheel(widget, 120, CONTROL)
    assert viewing.state().zoom > 1.0
    assert viewing.state().position == 0


def test_a_double_click_maximises_and_goes_back(widget, viewing):
    QTest.mouseDClick(widget, LEFT, NONE, QPoint(100, 100))
    assert viewing.maximised
    QTest.mouseDClick(widget, LEFT, NONE, QPoint(100, 100))
    assert not viewing.maximised


def test_a_hand_that_trembles_on_a_click_drags_nothing(widget, viewing):
    before = viewing.state()
    for button in (LEFT, MIDDLE):
        drag(widget, button, QPoint(100, 100), QPoint(102, 101))
    assert viewing.state() == before


def test_a_drag_makes_the_viewport_under_it_the_active_one(case, viewing):
    drag(case.grid.widget(1), MIDDLE)
    assert viewing.active == 1
    assert viewing.state(0).pan == (0.0, 0.0)


# ---- the right button ----------------------------------------------------------------------


def test_the_right_button_zooms_to_begin_with_and_opens_the_menu_when_it_is_only_clicked(widget, viewing):
    drag(widget, RIGHT, QPoint(100, 130), QPoint(100, 100))
    assert viewing.state().zoom > 1.0
    assert open_menu() is None
    QTest.mouseClick(widget, RIGHT, NONE, QPoint(100, 100))
    assert open_menu() is not None
    close_menu()


@pytest.mark.parametrize(
    ("name", "field"), [("zoom", "zoom"), ("window", "window"), ("pan", "pan"), ("scroll", "position"), ("", "")]
)
def test_the_right_button_does_what_the_reader_laid_on_it_and_nothing_else(widget, viewing, name, field):
    viewing.mouse.set_right(name)
    before = viewing.state()
    drag(widget, RIGHT)
    after = viewing.state()
    changed = {f for f in ("zoom", "window", "pan", "position") if getattr(before, f) != getattr(after, f)}
    expected = {field} if field else set()
    assert changed == expected | ({"pan"} if name == "zoom" else set())
    assert open_menu() is None
    QTest.mouseClick(widget, RIGHT, NONE, QPoint(100, 100))
    assert open_menu() is not None
    close_menu()


def test_a_tool_on_the_left_does_not_change_the_right(widget, viewing, seat):
    viewing.set_tool(Tool.CROSSHAIR)
    viewing.mouse.set_right("scroll")
    drag(widget, RIGHT, QPoint(100, 100), QPoint(100, 160))
    assert viewing.state().position > 0
    assert seat.session.annotating.all() == ()


def test_3d_turns_with_the_left_button_and_the_right_keeps_its_choice(widget, viewing):
    viewing.change(plane=Plane.THREE_D)
    drag(widget, RIGHT, QPoint(100, 130), QPoint(100, 100))
    assert viewing.state().zoom > 1.0


def test_the_command_walks_through_the_choices_and_says_each(case, viewing):
    told = []
    for _ in CHOICES:
        case.runner.run("mouse.right")
        told.append(case.banner.text)
        assert CHOICES[viewing.mouse.right].lower() in told[-1].lower()
    assert viewing.mouse.right == "zoom"
    assert len(set(told)) == len(CHOICES)


def test_choices_are_there_again_the_next_day(tmp_path, qapp, qtbot):
    from ui.main_window import MainWindow

    first = WindowSeat(tmp_path)
    one = MainWindow(first)
    qtbot.addWidget(one)
    first.session.viewing.looking.set_interpolation(Interpolation.NEAREST)
    first.session.viewing.mouse.set_right("pan")
    first.annotations.close()
    second = WindowSeat(tmp_path)
    other = MainWindow(second)
    qtbot.addWidget(other)
    assert second.session.viewing.looking.interpolation is Interpolation.NEAREST
    assert second.session.viewing.mouse.right == "pan"
    second.add_case(1)
    second.session.open(second.items[0])
    assert second.session.viewing.state(0).interpolation is Interpolation.NEAREST


@pytest.mark.parametrize("kept", ["sharp", 7, None])
def test_a_choice_that_is_none_any_more_is_passed_over(seat, qtbot, kept):
    from ui.key_desk import OLD_RIGHT, KeyDesk
    from ui.remembered_choices import INTERPOLATION, RememberedChoices

    for name in (INTERPOLATION, OLD_RIGHT):
        seat.remembered.set(name, kept)
    RememberedChoices(seat.remembered, seat.session.viewing)
    KeyDesk(seat)
    assert seat.session.viewing.looking.interpolation is Interpolation.LINEAR
    assert seat.session.viewing.mouse.right == "zoom"


# ---- windows by their names ----------------------------------------------------------------


def test_windows_of_the_file_and_presets_are_chosen_by_their_names_with_keys_alone(case, viewing):
    case.grid.setFocus()
    QTest.keyClick(case.grid, Qt.Key.Key_W, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    menu = open_menu()
    names = [action.text().split("\t")[0] for action in menu.actions() if not action.isSeparator()]
    assert names[:4] == ["Soft", "Lung", "LUT: Bone", "Lung  (C −600  W 1500)"]
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["Soft"]
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert (viewing.state().window, viewing.state().own_window) == (None, 1)
    case.runner.run("window.by_name")
    menu = open_menu()
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["Lung"]
    menu.actions()[4].trigger()
    close_menu()
    assert viewing.window() == Window(-600, 1500)


def test_the_menu_of_the_right_button_names_them_too(case, widget, viewing):
    viewing.set_window(Window(-600, 1500))
    QTest.mouseClick(widget, RIGHT, NONE, QPoint(100, 100))
    menu = open_menu()
    marked = [action.objectName() for action in menu.actions() if action.isChecked()]
    assert marked == ["window.preset1"]
    assert {"window.own0", "window.own2", "image.invert", "drawing.undo"} <= {a.objectName() for a in menu.actions()}
    close_menu()


def test_names_from_a_file_are_plain_text_without_an_accidental_key(case, viewing, seat):
    seat.library.viewport("1.1", "1.1.1").own_windows = lambda _: ("Bone & <b>soft</b>\x07",)
    case.runner.run("window.by_name")
    menu = open_menu()
    assert menu.actions()[0].text() == "Bone && <b>soft</b>‹0007›"
    close_menu()


def test_without_an_image_the_command_says_why_there_are_none(window, seat):
    window.runner.run("window.by_name")
    assert "No windows here" in window.banner.text
    assert isinstance(window.grid, ViewportGrid)
