"""Menus made from the command table: every command that names a menu, in the table's order."""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar

from ui.key_words import shown_key
from ui.plain import core_text
from ui.runner import Runner
from workstation.commands.command import Command


def fill(bar: QMenuBar, runner: Runner) -> dict[str, QAction]:
    """Fill the menu bar; returns the action of each command id."""
    actions: dict[str, QAction] = {}
    menus: dict[str, QMenu] = {}
    for command in runner.commands.values():
        if command.menu:
            if command.menu not in menus:
                menus[command.menu] = bar.addMenu(_mnemonic(core_text(command.menu), menus.values(), _letters(runner)))
            actions[command.id] = add(menus[command.menu], command, runner)
    runner.keys_changed.connect(lambda _: _follow(bar, menus, runner))
    QShortcut(QKeySequence("F10"), bar.window()).activated.connect(lambda: bar.setActiveAction(bar.actions()[0]))
    return actions


def add(menu: QMenu, command: Command, runner: Runner) -> QAction:
    """One command as a menu entry. The key is text only: keys go through `ui.keys`."""
    action = QAction(_entry(command, runner), menu)
    action.setObjectName(command.id)
    action.triggered.connect(lambda: runner.run(command.id))
    menu.addAction(action)
    return action


def _follow(bar: QMenuBar, menus: dict[str, QMenu], runner: Runner) -> None:
    """Other keys are in force: each entry of every window says its own, and letters of menus keep off those of commands."""
    windows = [bar.window(), *(w for w in QApplication.topLevelWidgets() if w.parent() is None and w is not bar.window())]
    for action in (action for window in windows for action in window.findChildren(QAction)):
        command = runner.commands.get(action.objectName())
        if command is not None and action.text().partition("\t")[0] == plain_title(command.title):
            action.setText(_entry(command, runner))
    done: list[QMenu] = []
    for name, menu in menus.items():
        menu.setTitle(_mnemonic(core_text(name), done, _letters(runner)))
        done.append(menu)


def _entry(command: Command, runner: Runner) -> str:
    keys = runner.keymap.keys_of.get(command.id, ())
    return plain_title(command.title) + ("\t" + shown_key(keys[0], runner.keyboard) if keys else "")


def _letters(runner: Runner) -> set[str]:
    """The letters that run a command with Alt."""
    return {key[-1].lower() for keys in runner.keymap.keys_of.values() for key in keys if re.fullmatch(r"Alt\+\w", key)}


def plain_title(title: str) -> str:
    """A core text as a menu shows it: translated, with no accidental mnemonic."""
    return core_text(title).replace("&", "&&")


def context_menu(menu: QMenu, ids: Iterable[str], runner: Runner) -> None:
    """Add some commands; an empty id is a separator."""
    for command_id in ids:
        if command_id:
            add(menu, runner.commands[command_id], runner)
        else:
            menu.addSeparator()


def _mnemonic(title: str, taken: Iterable[QMenu], ours: set[str]) -> str:
    """The title with the first letter marked for Alt that no earlier menu and no command has.

    A command's key would win: the letter is then not underlined, and F10 leads to the menus.
    """
    used = {menu.title()[menu.title().index("&") + 1].lower() for menu in taken if "&" in menu.title()} | ours
    for index, letter in enumerate(title):
        if letter.isalpha() and letter.lower() not in used:
            return title[:index] + "&" + title[index:]
    return title
