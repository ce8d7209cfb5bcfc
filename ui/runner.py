"""Runs commands of the table for the window: one way in for keys, menus, buttons and the palette."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from ui.key_words import keyboard_in_use, shown_keys
from workstation.commands.command import Command, Context, Mode
from workstation.commands.drawing import BY_KEYS
from workstation.commands.keymap import KeyMap
from workstation.commands.table import COMMANDS
from workstation.errors import WorkstationError
from workstation.session.case import Notice
from workstation.signals import Signal

# Holding the key down repeats these; everything else acts once per press.
REPEATING = frozenset(
    {"image.next", "image.previous", "image.next10", "image.previous10", "image.zoom_in", "image.zoom_out"}
    | {"series.next", "series.previous"}
    | {command.id for command in BY_KEYS if command.id not in ("point.set", "point.back")}
)
MODE_PROPERTY = "commandMode"


class Runner:
    """The table, the keys in force, and what commands act on."""

    def __init__(self, context: Context, keymap: KeyMap) -> None:
        self._context = context
        self._keymap = keymap
        self.keyboard = keyboard_in_use()
        self.language = "en"
        self.keys_changed: Signal[KeyMap] = Signal()
        self.commands: Mapping[str, Command] = {c.id: c for c in COMMANDS}

    @property
    def keymap(self) -> KeyMap:
        """The keys in force."""
        return self._keymap

    def use_keys(self, keymap: KeyMap) -> None:
        """From now on, everywhere: menus, hints and the router follow."""
        self._keymap = keymap
        self.keys_changed.emit(keymap)

    def run(self, command_id: str) -> None:
        """Run one command. An expected error becomes a notice."""
        try:
            self.commands[command_id].run(self._context)
        except WorkstationError as error:
            self._context.session.notice.emit(Notice(str(error), error=True))

    def keys_text(self, command_id: str) -> str:
        """The command's keys as printed on the reader's keyboard: `Ctrl+K`, or `+ / =`."""
        return shown_keys(self.keymap.keys_of.get(command_id, ()), self.keyboard)

    def context(self) -> Context:
        return self._context


def mark_mode(widget: QWidget, mode: Mode) -> None:
    """Everything inside `widget` that does not take text belongs to `mode`."""
    widget.setProperty(MODE_PROPERTY, mode.value)


def mode_of(widget: QWidget | None) -> Mode:
    """Who has the keys: text fields type, images act, everything else is like the worklist.

    Bare letters act in images only, so a list keeps its own search by letters.
    """
    if isinstance(widget, (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)):
        return Mode.EDITOR
    if isinstance(widget, QComboBox) and widget.isEditable():
        return Mode.EDITOR  # it has the focus for its field
    while widget is not None:
        value = widget.property(MODE_PROPERTY)
        if value:
            return Mode(value)
        widget = widget.parentWidget()
    return Mode.WORKLIST
