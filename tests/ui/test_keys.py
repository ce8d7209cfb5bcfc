"""Letters act in images and type in editors; every command can be reached from menu, palette and cheat sheet."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from ui.key_words import shown_key, shown_keys
from ui.keys import key_names
from ui.keys_dialog import KeysDialog
from ui.runner import mode_of
from workstation.commands.command import Mode
from workstation.commands.table import COMMANDS
from workstation.domain.report import SectionCode
from workstation.domain.viewing import Layout
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt
PORTABLE = QKeySequence.SequenceFormat.PortableText


def pressed(key, modifiers=Qt.KeyboardModifier.NoModifier, text="") -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, modifiers, text)


@pytest.mark.parametrize("key", sorted({key for command in COMMANDS for key in command.keys}))
def test_every_key_of_the_table_is_written_as_qt_writes_it(key):
    assert QKeySequence(key).toString(PORTABLE) == key


@pytest.mark.parametrize(
    ("event", "names"),
    [
        (pressed(Qt.Key.Key_W, text="w"), ("W",)),
        (pressed(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier, "R"), ("Shift+R",)),
        (pressed(Qt.Key.Key_Equal, Qt.KeyboardModifier.ShiftModifier, "="), ("Shift+=", "=")),
        (pressed(Qt.Key.Key_5, Qt.KeyboardModifier.KeypadModifier, "5"), ("Num+5", "5")),
        (pressed(Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier, "\r"), ("Num+Enter", "Return")),
        (pressed(Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier), ("Shift+Tab",)),
        (pressed(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier), ("Ctrl+Return",)),
        (pressed(Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier, "1"), ("Alt+1",)),
        (pressed(Qt.Key.Key_Shift, Qt.KeyboardModifier.ShiftModifier), ()),
    ],
)
def test_a_key_press_is_named_as_in_the_table(event, names):
    assert key_names(event) == names


def test_bare_letters_act_when_the_images_have_focus(case, seat):
    case.focus_images()
    QTest.keyClick(case.grid, Qt.Key.Key_D)
    assert seat.session.viewing.tool is Tool.LENGTH
    QTest.keyClick(case.grid, Qt.Key.Key_I)
    assert seat.session.viewing.state().inverted
    QTest.keyClick(case.grid, Qt.Key.Key_1)
    assert seat.session.viewing.window().center == -600


def test_bare_letters_type_when_the_report_has_focus(case, seat):
    case.focus_report()
    editor = case.report_panel.editor(SectionCode.FINDINGS)
    QTest.keyClicks(editor, "d 1 mass, i.e. no")
    assert editor.toPlainText() == "d 1 mass, i.e. no"
    assert seat.session.viewing.tool is Tool.WINDOW
    assert not seat.session.viewing.state().inverted


def test_commands_with_a_modifier_act_from_the_editor_too(case, seat):
    case.focus_report()
    editor = case.report_panel.editor(SectionCode.FINDINGS)
    QTest.keyClick(editor, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert seat.session.viewing.layout == Layout(2, 2)
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert mode_of(case.focusWidget()) is Mode.IMAGES
    assert editor.toPlainText() == ""


def test_holding_a_key_scrolls_on_but_toggles_once(case, seat):
    case.focus_images()
    again = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, "", True)
    QTest.keyClick(case.grid, Qt.Key.Key_Down)
    for _ in range(3):
        QTest.qWait(0)
        case.grid.window().windowHandle()
        from PySide6.QtWidgets import QApplication

        QApplication.sendEvent(case.grid, QKeyEvent(again))
    assert seat.session.viewing.state().position == 4
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_I, Qt.KeyboardModifier.NoModifier, "i", True)
    QApplication.sendEvent(case.grid, held)
    assert not seat.session.viewing.state().inverted


def test_letters_seek_in_the_worklist_and_leave_the_images_alone(window, seat):
    window.show_worklist()
    QTest.keyClick(window.worklist.table, Qt.Key.Key_D)
    assert window.worklist.filter.text().casefold() == "d"
    assert seat.session.viewing.tool is Tool.WINDOW


def test_every_command_that_names_a_menu_is_in_that_menu(window):
    shown = {action.objectName(): menu for menu in window.menuBar().findChildren(QMenu) for action in menu.actions()}
    for command in COMMANDS:
        if command.menu:
            assert shown[command.id].title().replace("&", "") == command.menu
    for command in COMMANDS:
        action = window.actions_by_id.get(command.id)
        if action is not None and command.keys:
            assert action.text().endswith(f"\t{shown_key(command.keys[0], window.runner.keyboard)}")
            assert action.shortcut().isEmpty()  # keys go through the router, or letters would not type


def test_a_menu_entry_runs_its_command(case, seat):
    case.actions_by_id["tool.zoom"].trigger()
    assert seat.session.viewing.tool is Tool.ZOOM


def test_the_cheat_sheet_holds_every_command_with_the_keys_in_force(window, qtbot):
    dialog = KeysDialog(window.runner, window)
    qtbot.addWidget(dialog)
    lines = [[label.text() for label in labels] for _, labels in dialog.lines]
    keyboard = window.runner.keyboard
    for command in COMMANDS:
        assert any(name == command.title and shown_keys(command.keys, keyboard) in keys for name, keys in lines), command.id


def test_the_users_keys_are_in_force_everywhere(tmp_path, qapp, qtbot):
    from window_seat import WindowSeat

    from ui.main_window import MainWindow

    seat = WindowSeat(tmp_path)
    (seat.folders.config / "keys.toml").write_text('"tool.zoom" = ["Ctrl+F12"]\n', encoding="utf-8")
    window = MainWindow(seat)
    qtbot.addWidget(window)
    assert window.runner.keymap.command_for("Ctrl+F12", Mode.IMAGES) == "tool.zoom"
    assert window.actions_by_id["tool.zoom"].text().endswith("\tCtrl+F12")


def test_a_bad_key_file_is_told_and_the_built_in_keys_hold(tmp_path, qapp, qtbot):
    from window_seat import WindowSeat

    from ui.main_window import MainWindow

    seat = WindowSeat(tmp_path)
    (seat.folders.config / "keys.toml").write_text('"tool.zoom" = "W"\n', encoding="utf-8")
    window = MainWindow(seat)
    qtbot.addWidget(window)
    assert window.runner.keymap.command_for("Z", Mode.IMAGES) == "tool.zoom"
    assert "keys.toml is not used" in window.banner.text


def test_the_page_of_keys_says_which_built_in_command_lost_a_key_to_the_users(tmp_path, qapp, qtbot):
    from window_seat import WindowSeat

    from ui.main_window import MainWindow

    seat = WindowSeat(tmp_path)
    words = '"tool.zoom" = ["W"]\n"image.fly" = ["Ctrl+F12"]\n'
    (seat.folders.config / "keys.toml").write_text(words, encoding="utf-8")
    window = MainWindow(seat)
    qtbot.addWidget(window)
    assert window.runner.keymap.command_for("W", Mode.IMAGES) == "tool.zoom"
    assert not window.banner.text
    dialog = KeysDialog(window.runner, window)
    qtbot.addWidget(dialog)
    assert dialog.notes.text().splitlines() == [
        "keys.toml: there is no command image.fly",
        "W runs “Zoom”, as keys.toml says; “Window and level” lost it",
    ]
    lines = [[label.text() for label in labels] for _, labels in dialog.lines]
    assert ["Window and level", ""] in lines


def test_no_underlined_letter_of_a_menu_is_the_key_of_a_command(window):
    """The command would run, and the menu never open."""
    titles = [action.text() for action in window.menuBar().actions()]
    letters = [title[title.index("&") + 1].lower() for title in titles if "&" in title]
    ours = {key[-1].lower() for command in COMMANDS for key in command.keys if key.startswith("Alt+") and len(key) == 5}
    assert len(letters) == len(set(letters))
    assert not ours & set(letters)


def test_f10_leads_to_the_menus_from_the_images_and_from_the_report(case):
    """Nearly every letter with Alt is a command's: without this key no menu would open by the keyboard."""
    for start in (case.grid.widget(0), case.report_panel.editor(SectionCode.FINDINGS)):
        start.setFocus()
        QTest.keyClick(start, Qt.Key.Key_F10)
        assert case.menuBar().activeAction() is case.menuBar().actions()[0]
        case.menuBar().actions()[0].menu().close()
