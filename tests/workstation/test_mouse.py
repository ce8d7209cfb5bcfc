"""What mouse buttons and the wheel do: layers, what cannot be, what falls back to the button alone."""

from __future__ import annotations

import pytest

from workstation.session.mouse import CHOICES, DEFAULTS, WHEELS, Mouse, presses, why_not
from workstation.session.tool import Tool


def test_to_begin_with_middle_pans_right_zooms_the_wheel_scrolls_and_side_buttons_go_through_series():
    mouse = Mouse()
    assert mouse.does == DEFAULTS
    assert mouse.tool("Middle") is Tool.PAN
    assert mouse.tool("Right") is Tool.ZOOM
    assert [mouse.action("Wheel", held) for held in ("", "Ctrl", "Shift", "Alt")] == ["images", "zoom", "images10", "slab"]
    assert [mouse.action(button) for button in ("Back", "Forward")] == ["series.previous", "series.next"]


def test_the_reader_is_above_the_profile_and_what_neither_names_stays():
    mouse = Mouse()
    mouse.use({"Right": "", "Back": "hanging.previous"}, {"Right": "window", "Ctrl+Left": "pan"})
    assert mouse.tool("Right") is Tool.WINDOW
    assert mouse.action("Back") == "hanging.previous"
    assert mouse.tool("Left", "Ctrl") is Tool.PAN
    assert mouse.tool("Middle") is Tool.PAN
    mouse.use({})
    assert mouse.does == DEFAULTS


def test_with_a_key_held_that_has_no_meaning_a_button_does_what_it_does_alone():
    mouse = Mouse()
    assert mouse.tool("Right", "Ctrl+Shift") is Tool.ZOOM
    assert mouse.action("Wheel", "Ctrl+Shift") == "images"
    assert not mouse.is_given("Right", "Ctrl+Shift")


@pytest.mark.parametrize(
    ("press", "action"),
    [
        *(("Left", "pan"), ("Right", "case.next"), ("Wheel", "pan"), ("Wheel", "case.next"), ("Middle", "length")),
        *(("Ctrl+Alt+Left", "pan"), ("Button9", "pan"), ("Back", "images"), ("Tilt", "pan"), ("Alt+Tilt", "images")),
    ],
)
def test_what_cannot_be_is_told_in_words_and_passed_over(press, action):
    assert why_not(press, action)
    mouse = Mouse()
    mouse.use({press: action})
    assert mouse.does == DEFAULTS


def test_every_press_may_be_nothing_or_what_its_kind_can():
    for press in presses():
        assert not why_not(press, "")
        assert not why_not(press, next(iter(WHEELS)) if press.endswith(("Wheel", "Tilt")) else "pan")
    assert len(list(presses())) == 33


def test_the_right_button_walks_through_its_choices_from_whatever_a_profile_laid_on_it():
    mouse, heard = Mouse(), []
    mouse.changed.connect(heard.append)
    mouse.use({"Right": "crosshair"})
    assert [mouse.next_right() for _ in CHOICES] == list(CHOICES.values())
    assert heard == list(CHOICES)
