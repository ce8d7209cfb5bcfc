"""With one hand: what a case needs lies in that half of the keyboard, and no chord is wider than the hand.

Places are those of the picture of the keyboard, in key widths (19 mm); the halves meet between 6 and 7.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from ui.keyboard_picture import caps
from workstation.commands.command import Mode
from workstation.commands.key_names import joined, parts
from workstation.commands.keyboards import keyboard_for
from workstation.commands.keymap import KeyMap, build
from workstation.commands.profiles import profile
from workstation.commands.table import COMMANDS

pytestmark = pytest.mark.qt
MIDDLE, SPAN = 7.5, 7.0
HELD = {
    "one_hand_left": {"Shift": (0.6, 4.75), "Ctrl": (0.75, 5.75), "Alt": (3.25, 5.75)},
    "one_hand_right": {"Shift": (13.6, 4.75), "Ctrl": (14.25, 5.75)},
}
MOST_USED = (
    *("image.next", "image.previous", "image.next10", "image.previous10", "series.next", "series.previous"),
    *("hanging.next", "hanging.previous", "viewport.next", "viewport.maximise"),
    *("window.preset1", "window.preset2", "window.preset3", "window.auto", "window.default"),
    *("tool.length", "tool.window", "drawing.remove", "drawing.undo", "drawing.report", "key_image.toggle"),
)
IN_THE_REPORT = ("report.dictate", "report.next_section", "report.images", "report.sign_final", "case.next")


def spans(name: str, language: str, keymap: KeyMap, command_id: str, mode: Mode) -> Iterator[float]:
    """Of each key that this hand reaches: how far it lies from what is held with it."""
    for key in keymap.keys_of[command_id]:
        split = parts(key)
        held = split.modifiers - {"Num"}
        if keymap.command_for(key, mode) != command_id or not held <= HELD[name].keys():
            continue
        is_block = "Num" in split.modifiers or (name == "one_hand_right" and split.base in "0123456789+-*/")
        sought = {joined({"Num"}, split.base)} if is_block else set()
        sought |= {split.base} if "Num" not in split.modifiers else set()
        for cap in caps(keyboard_for([language]), with_numbers=name == "one_hand_right"):
            x, y = cap.x + cap.width / 2, cap.y + 0.5
            is_in_half = cap.key == "Space" or (x <= MIDDLE if name == "one_hand_left" else x > MIDDLE)
            if cap.key in sought and is_in_half:
                yield max((math.dist((x, y), HELD[name][one]) for one in held), default=0.0)


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi"])
def test_what_is_used_most_lies_in_one_half_of_the_keyboard(name, language):
    keymap = build(COMMANDS, profile=profile(name).keys)
    wanted = [(i, Mode.IMAGES) for i in MOST_USED] + [(i, Mode.EDITOR) for i in IN_THE_REPORT] + [("report.focus", Mode.IMAGES)]
    far = [i for i, mode in wanted if min(spans(name, language, keymap, i, mode), default=math.inf) > SPAN]
    assert far == []


def test_the_table_alone_is_for_two_hands():
    keymap = build(COMMANDS)
    assert not list(spans("one_hand_left", "sv", keymap, "image.next", Mode.IMAGES))
    assert not list(spans("one_hand_right", "sv", keymap, "window.default", Mode.EDITOR))
