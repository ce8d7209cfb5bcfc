"""The one command table: every reader of it can rely on it."""

from __future__ import annotations

import pytest

from workstation.commands.command import Mode
from workstation.commands.keymap import build, is_bare, load_overrides
from workstation.commands.table import COMMANDS
from workstation.errors import WorkstationError


def test_every_command_has_an_id_of_its_own_and_a_title():
    ids = [c.id for c in COMMANDS]
    assert len(ids) == len(set(ids))
    assert all(c.title and "." in c.id for c in COMMANDS)


def test_every_command_lies_in_a_menu():
    menus = {c.menu for c in COMMANDS if c.modes != frozenset({Mode.POINTING})}
    assert menus == {"Case", "Image", "Window", "Tools", "Drawings", "Hanging", "Layout", "Report", "Help"}


def test_spoken_phrases_have_two_words_or_more_and_are_said_by_one_command_only():
    phrases = [phrase for c in COMMANDS for phrase in c.say]
    assert all(len(phrase.split()) >= 2 for phrase in phrases)
    assert len(phrases) == len(set(phrases))


def test_voice_alone_never_signs_closes_or_goes_to_the_next_case():
    for command in COMMANDS:
        if command.confirm_by_key:
            assert command.say == ()
    guarded = {c.id for c in COMMANDS if c.confirm_by_key}
    assert {"report.sign_final", "report.sign_preliminary", "case.next", "case.close", "app.quit"} <= guarded


def test_the_tables_own_keys_do_not_clash():
    keymap = build(COMMANDS)
    assert keymap.command_for("Down", Mode.IMAGES) == "image.next"
    assert keymap.command_for("Ctrl+Return", Mode.EDITOR) == "report.sign_final"


def test_no_bare_letter_acts_while_the_editor_or_the_worklist_has_focus():
    keymap = build(COMMANDS)
    for mode in (Mode.EDITOR, Mode.WORKLIST):
        assert [key for key in keymap.by_mode[mode] if is_bare(key)] == []


def test_a_key_asked_for_twice_is_refused_with_both_ids_named():
    with pytest.raises(WorkstationError) as refused:
        build(COMMANDS, {"image.invert": ("W",)})
    assert "image.invert" in refused.value.detail
    assert "tool.window" in refused.value.detail


def test_a_users_key_replaces_the_tables(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text('"image.invert" = ["Ctrl+F12"]\n"help.keys" = []\n', encoding="utf-8")
    keymap = build(COMMANDS, load_overrides(path))
    assert keymap.command_for("Ctrl+F12", Mode.IMAGES) == "image.invert"
    assert keymap.command_for("I", Mode.IMAGES) is None
    assert keymap.keys_of["help.keys"] == ()


def test_an_unknown_command_in_keys_toml_is_named():
    with pytest.raises(WorkstationError, match="not used") as refused:
        build(COMMANDS, {"image.fly": ("J",)})
    assert "image.fly" in refused.value.detail


@pytest.mark.parametrize("text", ['"image.invert" = "J"', '"image.invert" = [1]', "not toml ["])
def test_a_bad_keys_file_is_refused_in_words(tmp_path, text):
    path = tmp_path / "keys.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkstationError, match=r"keys\.toml"):
        load_overrides(path)
