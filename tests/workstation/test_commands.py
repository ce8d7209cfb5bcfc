"""The one command table: every reader of it can rely on it."""

from __future__ import annotations

import pytest

from workstation.commands.command import EVERYWHERE, IMAGES, Command, Mode
from workstation.commands.key_file import load_overrides
from workstation.commands.key_names import types_text
from workstation.commands.keymap import KeyNote, build
from workstation.commands.table import COMMANDS
from workstation.errors import WorkstationError


def test_every_command_has_an_id_of_its_own_and_a_title():
    ids = [c.id for c in COMMANDS]
    assert len(ids) == len(set(ids))
    assert all(c.title and "." in c.id for c in COMMANDS)


def test_every_command_lies_in_a_menu():
    menus = {c.menu for c in COMMANDS if c.modes != frozenset({Mode.POINTING})}
    assert menus == {"Case", "Image", "Window", "Tools", "Drawings", "Hanging", "Volume", "Layout", "Report", "Help"}


def test_spoken_phrases_have_two_words_or_more_and_are_said_by_one_command_only():
    phrases = [phrase for c in COMMANDS for phrase in c.say]
    assert all(len(phrase.split()) >= 2 for phrase in phrases)
    assert len(phrases) == len(set(phrases))


def test_voice_alone_never_signs_closes_or_goes_to_the_next_case():
    for command in COMMANDS:
        if command.confirm_by_key:
            assert command.say == ()
    guarded = {c.id for c in COMMANDS if c.confirm_by_key}
    assert {"report.sign_final", "report.sign_preliminary", "report.sign_next", "case.next", "case.close", "app.quit"} <= guarded


def test_the_tables_own_keys_do_not_clash():
    keymap = build(COMMANDS)
    assert keymap.command_for("Down", Mode.IMAGES) == "image.next"
    assert keymap.command_for("Ctrl+Return", Mode.EDITOR) == "report.sign_final"


def test_no_bare_letter_acts_while_the_editor_or_the_worklist_has_focus():
    keymap = build(COMMANDS)
    for mode in (Mode.EDITOR, Mode.WORKLIST):
        assert [key for key in keymap.by_mode[mode] if types_text(key)] == []


def a_command(name: str, *keys: str, modes=EVERYWHERE) -> Command:
    return Command(name, name, lambda _: None, keys, modes=modes)


def test_two_commands_of_the_table_never_want_one_key():
    with pytest.raises(WorkstationError) as refused:
        build([a_command("one.a", "Ctrl+B"), a_command("one.b", "Ctrl+B")])
    assert "one.a" in refused.value.detail
    assert "one.b" in refused.value.detail


def test_the_users_key_stands_and_the_command_that_has_it_by_the_table_loses_it():
    keymap = build(COMMANDS, {"image.invert": ("W", "F22")})
    assert keymap.command_for("W", Mode.IMAGES) == "image.invert"
    assert keymap.keys_of["image.invert"] == ("W", "F22")
    assert keymap.keys_of["tool.window"] == ()
    assert keymap.notes == (KeyNote("W", "tool.window", "image.invert"),)


def test_a_command_that_loses_one_key_keeps_its_others():
    keymap = build(COMMANDS, {"image.invert": ("Ctrl+Y",)})
    assert keymap.keys_of["drawing.redo"] == ("Ctrl+Shift+Z",)
    assert keymap.command_for("Ctrl+Shift+Z", Mode.IMAGES) == "drawing.redo"


def test_a_key_of_a_later_version_does_not_take_the_users(tmp_path):
    """A file of before: its command had the key first, whatever the table says today."""
    before, later = a_command("old.a", "Ctrl+B"), a_command("new.b", "F21")
    keymap = build([before, later], {"old.a": ("F21",)})
    assert keymap.command_for("F21", Mode.EDITOR) == "old.a"
    assert keymap.notes == (KeyNote("F21", "new.b", "old.a"),)


def test_of_two_wishes_of_the_users_own_the_first_stands_and_both_are_named():
    keymap = build(COMMANDS, {"image.invert": ("F22",), "image.fit": ("F22", "F21")})
    assert keymap.command_for("F22", Mode.IMAGES) == "image.invert"
    assert keymap.keys_of["image.fit"] == ("F21",)
    assert keymap.notes == (KeyNote("F22", "image.fit", "image.invert"),)


def test_a_key_taken_in_the_images_still_serves_elsewhere():
    keymap = build([a_command("a.a", "Ctrl+B"), a_command("b.b", modes=IMAGES)], {"b.b": ("Ctrl+B",)})
    assert keymap.command_for("Ctrl+B", Mode.IMAGES) == "b.b"
    assert keymap.command_for("Ctrl+B", Mode.EDITOR) == "a.a"
    assert keymap.keys_of == {"a.a": ("Ctrl+B",), "b.b": ("Ctrl+B",)}


def test_a_users_key_replaces_the_tables(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text('"image.invert" = ["F22"]\n"help.keys" = []\n', encoding="utf-8")
    keymap = build(COMMANDS, load_overrides(path))
    assert keymap.command_for("F22", Mode.IMAGES) == "image.invert"
    assert keymap.command_for("I", Mode.IMAGES) is None
    assert keymap.keys_of["help.keys"] == ()


def test_a_command_that_is_no_more_is_named_and_the_other_keys_hold():
    keymap = build(COMMANDS, {"image.fly": ("J",), "image.invert": ("F22",)})
    assert keymap.notes == (KeyNote("", "image.fly"),)
    assert keymap.command_for("F22", Mode.IMAGES) == "image.invert"
    assert keymap.command_for("J", Mode.IMAGES) == "drawing.next"


@pytest.mark.parametrize("text", ['"image.invert" = "J"', '"image.invert" = [1]', "not toml ["])
def test_a_bad_keys_file_is_refused_in_words(tmp_path, text):
    path = tmp_path / "keys.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkstationError, match=r"keys\.toml"):
        load_overrides(path)
