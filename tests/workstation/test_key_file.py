"""keys.toml: what is written is read back, a bad file is refused, the one before is kept, half a file is none."""

from __future__ import annotations

import pytest

from workstation.commands import key_file
from workstation.commands.command import IMAGES, Mode
from workstation.commands.key_file import KeyChoices, KeyFileRefused, as_text, load, parse, save
from workstation.commands.keymap import KeyNote, Layer, build, free_key
from workstation.commands.table import COMMANDS
from workstation.errors import Unavailable

KEYS = {"image.invert": ("Ctrl+F12", 'Ctrl+"'), "help.keys": (), "tool.zoom": ("Å", "\\")}
CHOICES = KeyChoices("weasis", "dk", KEYS, {"Ctrl+Back": "case.next"})


def test_what_is_written_is_read_back(tmp_path):
    save(tmp_path / "keys.toml", CHOICES)
    assert load(tmp_path / "keys.toml") == CHOICES
    assert parse(as_text(KeyChoices())) == KeyChoices()


def test_without_a_file_nothing_is_chosen(tmp_path):
    assert load(tmp_path / "keys.toml") == KeyChoices()


def test_the_file_before_is_kept(tmp_path):
    save(tmp_path / "keys.toml", CHOICES)
    save(tmp_path / "keys.toml", KeyChoices("ohif"))
    assert load(tmp_path / key_file.PREVIOUS) == CHOICES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.previous.toml", "keys.toml"]


def test_a_disk_that_takes_nothing_is_told_and_the_old_keys_stand(tmp_path, monkeypatch):
    """Fault injected where it happens: the new file cannot be made durable."""
    save(tmp_path / "keys.toml", CHOICES)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(key_file.os, "fsync", full)
    with pytest.raises(Unavailable, match="The keys were not kept"):
        save(tmp_path / "keys.toml", KeyChoices("ohif"))
    assert load(tmp_path / "keys.toml") == CHOICES


@pytest.mark.parametrize(
    "text",
    [
        *('"image.invert" = "J"', '"image.invert" = [1]', '"image.invert" = [""]', "not toml [", "profile = 3"),
        *('mouse = "zoom"', "[mouse]\nRight = 1", "keyboard = ['se']"),
    ],
)
def test_a_bad_file_is_refused_as_a_whole(text, tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KeyFileRefused, match=r"keys\.toml is not used"):
        load(path)


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path):
    path = tmp_path / "keys.toml"
    for content in (b"#" * 70_000, b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(KeyFileRefused):
            load(path)


# ---- layers --------------------------------------------------------------------------------


def test_the_reader_is_above_the_site_the_site_above_the_profile_the_profile_above_the_table():
    wishes = [{"image.invert": (key,)} for key in ("F13", "F14", "F15")]
    for own, site, of_profile, wanted in (
        (wishes[0], wishes[1], wishes[2], "F13"),
        ({}, wishes[1], wishes[2], "F14"),
        ({}, {}, wishes[2], "F15"),
        ({}, {}, {}, "I"),
    ):
        keymap = build(COMMANDS, own, site, of_profile)
        assert keymap.keys_of["image.invert"] == (wanted,)
        assert keymap.command_for(wanted, Mode.IMAGES) == "image.invert"


def test_of_two_layers_that_want_one_key_the_higher_has_it():
    keymap = build(COMMANDS, {"image.fit": ("F13",)}, {"image.invert": ("F13", "F14")}, {"tool.zoom": ("F14", "F15")})
    assert keymap.keys_of["image.fit"] == ("F13",)
    assert keymap.keys_of["image.invert"] == ("F14",)
    assert keymap.keys_of["tool.zoom"] == ("F15",)
    assert {note.by for note in keymap.notes} == {Layer.USER, Layer.SITE}


def test_what_a_profile_takes_is_made_good_what_the_reader_takes_is_not():
    of_profile = build(COMMANDS, profile={"image.invert": ("W",)})
    instead = of_profile.keys_of["tool.window"][0]
    assert instead == "Alt+Shift+W"
    assert of_profile.notes == (KeyNote("W", "tool.window", "image.invert", Layer.PROFILE, instead),)
    assert of_profile.command_for(instead, Mode.IMAGES) == "tool.window"
    assert build(COMMANDS, {"image.invert": ("W",)}).keys_of["tool.window"] == ()


def test_a_free_key_acts_wherever_its_command_does():
    everywhere = next(c for c in COMMANDS if c.id == "case.import")
    images = next(c for c in COMMANDS if c.id == "image.invert")
    assert images.modes == IMAGES
    assert free_key(images, "I", ()) == "I"
    assert free_key(images, "I", ("I",)) == "Shift+I"
    assert free_key(everywhere, "I", ()) == "Ctrl+I"
    assert free_key(images, "+", ("+",)) == ""


def test_what_moves_in_text_or_changes_it_never_leaves_the_editor_to_a_command():
    for key in ("Ctrl+Left", "Ctrl+C", "Del", "Space", "Return", "Num+0", "Shift+Home"):
        keymap = build(COMMANDS, {"case.next": (key,)})
        assert keymap.command_for(key, Mode.EDITOR) is None
        assert keymap.command_for(key, Mode.IMAGES) == "case.next"


def test_moving_a_drawing_goes_before_a_command_of_everywhere():
    keymap = build(COMMANDS, {"case.next": ("Ctrl+Down",)})
    assert keymap.command_for("Ctrl+Down", Mode.POINTING) == "point.down_fine"
    assert keymap.command_for("Ctrl+Down", Mode.IMAGES) == "case.next"
