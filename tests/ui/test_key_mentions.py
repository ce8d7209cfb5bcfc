"""Sentences that name a key name the one that the reader gave the command."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from ui.key_mentions import as_now
from ui.lesions_dialog import LesionsDialog
from ui.presentations_dialog import PresentationsDialog
from ui.runner import Runner
from workstation.commands.command import Context
from workstation.commands.keymap import build
from workstation.commands.table import COMMANDS
from workstation.session.case import Notice


@pytest.fixture
def told(qapp):
    def tell(text, **keys):
        changed = {command.replace("__", "."): of for command, of in keys.items()}
        return as_now(text, Runner(Context(None, None, None), build(COMMANDS, changed)))

    return tell


@pytest.mark.parametrize(
    "text",
    [
        "Press Ctrl+Shift+R, or Alt+J to align by hand",
        "Press Alt+5 for 3D, or C for cine",
        "Use the keys (F1)",
        "Ctrl+Return in a dialog, Alt+F99 and Hospital A+B are no commands of the table",
    ],
)
def test_with_the_keys_of_the_table_a_sentence_stays_as_it_is(told, text):
    assert told(text) == text


def test_another_key_is_told_instead(told):
    changed = {"alignment__by_hand": ("Ctrl+Shift+F7",), "cine__toggle": ("Num+5",), "help__keys": ("Alt+F1",)}
    assert told("Press Ctrl+Shift+R, or Alt+J to align", **changed) == "Press Ctrl+Shift+R, or Ctrl+Shift+F7 to align"
    assert told("Press Alt+5 for 3D, or C for cine", **changed) == "Press Alt+5 for 3D, or Num 5 for cine"
    assert told("Use the keys (F1)", **changed) == "Use the keys (Alt+F1)"


def test_a_command_without_a_key_is_found_by_the_palette(told):
    assert told("Press Alt+J first", alignment__by_hand=()) == "Press Ctrl+K “Align by hand: both show one place” first"
    assert told("It is in Ctrl+K", help__palette=()) == "It is in “Find a command”"


def test_words_that_look_like_keys_are_left_alone(told):
    text = "CT F3 Chest: series A, or B; press JUMP"
    assert told(text, report__focus=("Alt+F12",), tool__text=("Alt+F11",), drawing__next=("Alt+F10",)) == text


def test_the_window_tells_the_keys_in_force(window, seat):
    """Notices, the list of lesions, the words in 3D, the list of presentation states."""
    changed = {"lesion.carry": ("Ctrl+Shift+F7",), "alignment.by_hand": ("Num+7",), "solid.crop": ("Alt+F7",)}
    window.runner.use_keys(build(COMMANDS, changed))
    seat.session.notice.emit(Notice("Press Alt+J to align by hand", error=True))
    assert window.banner.text == "Press Num 7 to align by hand"
    window.runner.run("lesion.table")
    (lesions,) = window.findChildren(LesionsDialog)
    assert "press Ctrl+Shift+F7 to find it" in lesions.hint.text()
    assert window.grid.viewports.as_now("Tab for the face and arrows; Alt+X ends") == "Tab for the face and arrows; Alt+F7 ends"
    window.runner.use_keys(build(COMMANDS, {"presentation.leave": ("Alt+F8",)}))
    window.runner.run("presentation.list")
    (states,) = window.findChildren(PresentationsDialog)
    assert any("Alt+F8 in the images" in label.text() for label in states.findChildren(QLabel))
