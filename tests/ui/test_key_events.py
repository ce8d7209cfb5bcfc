"""What a key press is called (F80): AltGr types, Greek and Cyrillic letters lie where Latin ones do, numbers have a block."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ui import key_events
from ui.key_capture import captured
from ui.key_events import key_names, types_by_altgr
from ui.key_words import how_typed, keyboard_in_use, shown_key
from workstation.commands.keyboards import keyboards
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt
K, M = Qt.Key, Qt.KeyboardModifier
NONE, SHIFT, CTRL, ALT, PAD = M.NoModifier, M.ShiftModifier, M.ControlModifier, M.AltModifier, M.KeypadModifier
LEVEL3 = 0x80


def press(key, modifiers=NONE, text="", scan=0, native=0) -> QKeyEvent:
    """`scan` is the code of X11: eight more than that of the keyboard."""
    code = int(key.value) if isinstance(key, Qt.Key) else key
    return QKeyEvent(QEvent.Type.KeyPress, code, modifiers, scan, 0, native, text)


@pytest.mark.parametrize(
    ("event", "name"),
    [
        # A Nordic keyboard: + and ' alone, = with Shift on 0, < left of Z, the letters after P and L.
        (press(K.Key_Plus, NONE, "+", 20), "+"),
        (press(K.Key_Apostrophe, NONE, "'", 51), "'"),
        (press(K.Key_Equal, SHIFT, "=", 19), "="),
        (press(K.Key_Less, NONE, "<", 94), "<"),
        (press(K.Key_Aring, NONE, "å", 34), "Å"),
        (press(K.Key_Odiaeresis, NONE, "ö", 47), "Ö"),
        (press(K.Key_Exclam, SHIFT, "!", 10), "Shift+1"),
        (press(K.Key_QuoteDbl, CTRL | SHIFT, "", 11), "Ctrl+Shift+2"),
        # The number block
        (press(K.Key_7, PAD, "7"), "Num+7"),
        (press(K.Key_7, PAD, "7"), "7"),
        (press(K.Key_Comma, PAD, ","), "Num+."),
        (press(K.Key_Period, PAD, "."), "Num+."),
        (press(K.Key_Enter, PAD | CTRL, "\r"), "Ctrl+Return"),
        (press(K.Key_Plus, PAD | CTRL, "+"), "Ctrl+Num++"),
        # Letters of another script: by where they lie
        (press(0x0424, NONE, "ф", 38), "A"),
        (press(0x03A9, NONE, "ω", 55), "V"),
        (press(0x0424, CTRL, "", 38), "Ctrl+A"),
        (press(0x05E9, NONE, "ש", 38), "A"),
        # Pedals
        (press(K.Key_F13), "F13"),
        (press(K.Key_F24), "F24"),
    ],
)
def test_a_key_is_found_by_what_it_types_or_where_it_lies(event, name):
    assert name in key_names(event)


def test_the_decimal_key_of_the_number_block_steps_no_stages():
    for key, text in ((K.Key_Comma, ","), (K.Key_Period, ".")):
        assert key_names(press(key, PAD, text)) == ("Num+.",)


def test_a_latin_letter_is_what_it_types_wherever_it_lies():
    """A French A lies where Q does."""
    assert key_names(press(K.Key_A, NONE, "a", 24)) == ("A",)


@pytest.mark.parametrize(
    "event",
    [
        press(K.Key_At, NONE, "@", 11, LEVEL3),
        press(K.Key_At, CTRL | ALT, "@", 11),
        press(K.Key_BraceLeft, M.GroupSwitchModifier, "{", 16),
        press(K.Key_E, CTRL | ALT, "€", 26),
    ],
)
def test_altgr_that_types_a_character_is_no_command(event):
    assert types_by_altgr(event)
    assert key_names(event) == ()


def test_scan_codes_of_windows_are_those_of_the_keyboard(monkeypatch):
    monkeypatch.setattr(key_events.QGuiApplication, "platformName", staticmethod(lambda: "windows"))
    assert "A" in key_names(press(0x0424, NONE, "ф", 30))
    assert "Shift+1" in key_names(press(K.Key_Exclam, SHIFT, "!", 2))


def test_altgr_in_the_images_runs_nothing_and_a_letter_of_another_script_runs_its_neighbour(case, seat):
    case.focus_images()
    before = seat.session.viewing.state()
    QApplication.sendEvent(case.grid, press(K.Key_E, CTRL | ALT, "€", 26))
    QApplication.sendEvent(case.grid, press(K.Key_2, CTRL | ALT, "@", 11, LEVEL3))
    assert seat.session.viewing.state() == before
    assert seat.session.viewing.tool is Tool.WINDOW
    QApplication.sendEvent(case.grid, press(0x0412, NONE, "в", 40))
    assert seat.session.viewing.tool is Tool.LENGTH


def test_letters_of_another_script_type_in_the_report(case, seat):
    from workstation.domain.report import SectionCode

    case.focus_report()
    editor = case.report_panel.editor(SectionCode.FINDINGS)
    QApplication.sendEvent(editor, press(0x0412, NONE, "в", 40))
    assert editor.toPlainText() == "в"
    assert seat.session.viewing.tool is Tool.WINDOW


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (press(K.Key_Equal, SHIFT, "=", 19), "="),
        (press(K.Key_7, PAD, "7"), "Num+7"),
        (press(K.Key_Asterisk, PAD, "*"), "Num+*"),
        (press(K.Key_QuoteDbl, CTRL | SHIFT, "", 11), "Ctrl+Shift+2"),
        (press(K.Key_K, CTRL, "\x0b", 45), "Ctrl+K"),
        (press(K.Key_Space, NONE, " "), "Space"),
        (press(K.Key_Backtab, SHIFT), "Shift+Tab"),
        (press(K.Key_F13), "F13"),
    ],
)
def test_what_is_pressed_to_be_kept_is_kept_so_that_it_is_found_again(event, kept):
    assert captured(event) == kept
    assert kept in key_names(event)


def test_keys_are_shown_as_the_keyboard_prints_them():
    nordic, american = keyboards()["se"], keyboards()["us"]
    assert shown_key("Shift+Down", nordic) == "Shift+↓"
    assert shown_key("Num+.", nordic) == "Num ,"
    assert shown_key("Num+.", american) == "Num ."
    assert shown_key("Ctrl+Num++", nordic) == "Ctrl+Num +"
    assert shown_key("Ctrl+K", nordic) == "Ctrl+K"
    assert how_typed("=", nordic) == "Shift+0"
    assert how_typed("+", american) == "Shift+="
    assert how_typed("+", nordic) == how_typed("A", nordic) == ""


def test_the_chosen_keyboard_goes_before_what_the_computer_says():
    assert keyboard_in_use("dk").id == "dk"
    assert keyboard_in_use("none").id in keyboards()


def test_a_key_of_the_number_block_that_has_its_own_command_goes_before_the_digit(case, seat):
    from workstation.commands.keymap import build
    from workstation.commands.table import COMMANDS

    case.focus_images()
    case.runner.use_keys(build(COMMANDS, {"tool.angle": ("Num+2",)}))
    QTest.keyClick(case.grid, K.Key_2, PAD)
    assert seat.session.viewing.tool is Tool.ANGLE
    assert seat.session.viewing.state().window is None
    QTest.keyClick(case.grid, K.Key_1, PAD)
    assert seat.session.viewing.window().center == -600
