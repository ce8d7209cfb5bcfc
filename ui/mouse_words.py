"""Mouse buttons and what they do, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtCore import QCoreApplication

from ui.key_words import shown_key
from ui.plain import core_text
from workstation.commands.command import Command
from workstation.commands.keyboards import OTHER, keyboards
from workstation.session.mouse import BUTTONS, DRAGS, LEFT, MIDDLE, RIGHT, WHEELS, Mouse, is_command

BUTTON_WORDS: Mapping[str, str] = {
    LEFT: "Left button",
    MIDDLE: "Middle button",
    RIGHT: "Right button",
    "Back": "Side button back",
    "Forward": "Side button forward",
    "Wheel": "Wheel",
    "Tilt": "Wheel tilted",
}
CHOSEN = "The chosen tool (window and level to begin with)"
DOUBLE = ("Double click", "Maximise the viewport, or go back")


def press_words(press: str) -> str:
    """`Ctrl+Wheel` as `Ctrl + Wheel`, in the language of the interface."""
    held, _, button = press.rpartition("+")
    name = core_text(BUTTON_WORDS[button])
    if not held:
        return name
    return shown_key(f"{held}+A", keyboards()[OTHER])[:-2] + " + " + name


def action_words(action: str | None, commands: Mapping[str, Command]) -> str:
    """What a press does; empty for nothing."""
    if not action:
        return ""
    if action in WHEELS:
        return core_text(WHEELS[action][0])
    if action in DRAGS:
        return core_text(DRAGS[action])
    return core_text(commands[action].title) if is_command(action) and action in commands else ""


def mouse_rows(mouse: Mouse, commands: Mapping[str, Command]) -> Iterator[tuple[str, str]]:
    """(press, what it does) for the sheet and the page of keys."""
    yield core_text(BUTTON_WORDS[LEFT]), core_text(CHOSEN)
    for button in BUTTONS:
        for press, action in sorted(mouse.does.items(), key=lambda item: len(item[0])):
            if press.rpartition("+")[2] == button and press != RIGHT and action:
                yield press_words(press), action_words(action, commands)
        if button == RIGHT:
            dragged = action_words(mouse.right, commands)
            words = _tr("Dragged: {0}; clicked: the menu").format(dragged) if dragged else _tr("The menu")
            yield core_text(BUTTON_WORDS[RIGHT]), words
    yield core_text(DOUBLE[0]), core_text(DOUBLE[1])


def _tr(text: str) -> str:
    return QCoreApplication.translate("mouse", text)
