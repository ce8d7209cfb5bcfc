"""No default key that a reader here cannot press (F80): the table is walked against five keyboards."""

from __future__ import annotations

import pytest

from workstation.commands.key_names import edits_text, joined, parts, types_text, why_never
from workstation.commands.keyboards import keyboard_for, keyboards
from workstation.commands.table import COMMANDS

KEYS = sorted({(key, c.id) for c in COMMANDS for key in c.keys})


@pytest.mark.parametrize("name", ["se", "no", "dk", "uk", "us"])
def test_every_default_key_is_typed_without_altgr(name):
    """A command may have a second key for the sake of another keyboard; one of them is always typed."""
    keyboard = keyboards()[name]
    for command in COMMANDS:
        assert not [key for key in command.keys if keyboard.why_not(key)], command.id


@pytest.mark.parametrize(("key", "command_id"), KEYS)
def test_no_default_key_belongs_to_the_window_system_or_is_altgr(key, command_id):
    assert not why_never(key) or (key, command_id) == ("Esc", "report.images")


def test_each_key_types_one_thing_on_each_level():
    for keyboard in keyboards().values():
        for level in (0, 1):
            typed = [c for row in keyboard.rows.values() for c in row[level] if c != " "]
            assert len(typed) == len(set(typed)), keyboard.id
        assert {c for row in keyboard.rows.values() for c in row[0]} >= set("abcdefghijklmnopqrstuvwxyz0123456789,.-")
        assert [len(keyboard.rows[row][0]) for row in ("digits", "upper", "home", "lower")] == [13, 12, 12, 11]


@pytest.mark.parametrize(
    ("name", "character", "held"),
    [
        *(("se", c, "") for c in "+-',.<§åäö"),
        *(("no", c, "") for c in "+-',.<|åæø\\"),
        *(("dk", c, "") for c in "+-',.<½åæø"),
        *((name, "=", "Shift") for name in ("se", "no", "dk")),
        *((name, c, "AltGr") for name in ("se", "no", "dk") for c in "@{[]}"),
        *((name, "~", None) for name in ("se", "no", "dk")),
        *((name, c, "") for name in ("uk", "us") for c in "=-[];',./"),
        *((name, "+", "Shift") for name in ("uk", "us")),
        ("us", "~", "Shift"),
        ("us", "å", None),
    ],
)
def test_how_a_character_is_typed(name, character, held):
    assert keyboards()[name].held_for(character) == held


def test_a_key_that_cannot_be_pressed_is_refused_in_words():
    nordic = keyboards()["se"]
    assert nordic.why_not("@") == "needs AltGr on this keyboard"
    assert nordic.why_not("~") == "is an accent on this keyboard: it waits for a letter"
    assert nordic.why_not("æ") == "is not on this keyboard"
    assert nordic.why_not("Ctrl+=") == "needs Shift on this keyboard"
    assert nordic.why_not("=") == nordic.why_not("Num+/") == nordic.why_not("F24") == ""
    assert nordic.key_with("=") == "0"


@pytest.mark.parametrize(
    ("language", "name"),
    [
        *(("sv", "se"), ("sv_FI", "se"), ("fi", "se"), ("nb_NO", "no"), ("nn", "no"), ("da_DK", "dk"), ("en_GB", "uk")),
        *(("en_US", "us"), ("el", "us"), ("", "us")),
    ],
)
def test_the_keyboard_of_a_language(language, name):
    assert keyboard_for([language]).id == name


def test_the_first_language_that_names_a_keyboard_counts():
    assert keyboard_for(["el_GR", "da_DK", "sv"]).id == "dk"


@pytest.mark.parametrize("key", ["A", "Ctrl++", "Ctrl+Num++", "+", "Alt+Shift+F5", "Num+.", "Ctrl+Shift+Num+*", "Å"])
def test_a_key_is_taken_apart_and_put_together_again(key):
    split = parts(key)
    assert joined(split.modifiers, split.base) == key
    assert "+" not in split.base or split.base == "+"


def test_what_types_and_what_edits():
    for key in ("A", "Shift+A", "+", "1", "Num+1", "Num++", "Space", "Return", "Tab", "Shift+Å"):
        assert types_text(key)
    for key in ("Ctrl+A", "Alt+A", "F5", "Shift+F5", "Esc", "Ctrl+Num+0", "Ctrl+Return", "F13"):
        assert not types_text(key)
    for key in ("Left", "Shift+End", "Ctrl+Right", "Del", "Ctrl+Del", "Backspace", "Ctrl+C", "Ctrl+V", "Ctrl+Shift+Z"):
        assert edits_text(key)
    for key in ("Alt+Left", "Ctrl+PgDown", "Ctrl+K", "Ctrl+Shift+C", "Alt+Return", "F13"):
        assert not edits_text(key)


@pytest.mark.parametrize(
    "key", ["Alt+F4", "Alt+Tab", "Ctrl+Alt+A", "Ctrl+Alt+Shift+Del", "Meta+L", "Shift", "F10", "Esc", "Alt+Space", "Alt+Num+5"]
)
def test_keys_that_others_eat_are_refused_in_words(key):
    assert why_never(key)


@pytest.mark.parametrize("key", [f"F{n}" for n in range(13, 25)])
def test_a_pedal_may_be_any_key_from_f13_to_f24(key):
    assert not why_never(key)
    assert not any(keyboard.why_not(key) for keyboard in keyboards().values())
