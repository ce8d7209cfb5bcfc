"""Windows by their names: those that the file brings, by its explanations, and the presets of the modality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from ui import plain
from ui.key_words import shown_key
from ui.menus import context_menu, plain_title
from ui.runner import Runner
from workstation.domain.viewing import Window, WindowPreset
from workstation.session.viewing import Viewing

PRESET = "window.preset"
REST = ("window.auto", "window.default", "window.region")
MOST_OWN = 30
"""A file may bring hundreds: what is further down has the keys Y and Shift+Y."""


def fill(menu: QMenu, viewing: Viewing, presets: Sequence[WindowPreset], runner: Runner) -> None:
    """All windows of the active viewport; what is in force has a mark."""
    if add_own(menu, viewing):
        menu.addSeparator()
    _add_presets(menu, viewing, presets, runner)
    menu.addSeparator()
    context_menu(menu, REST, runner)


def add_own(menu: QMenu, viewing: Viewing) -> bool:
    """The windows and VOI LUTs of the file. False where it brings none."""
    state, names = viewing.state(), viewing.looking.own_windows()
    for number, name in enumerate(names[:MOST_OWN]):
        said = plain.plain(name).replace("&", "&&")
        action = _entry(menu, said, f"window.own{number}", partial(viewing.looking.choose_own_window, number))
        action.setChecked(state is not None and state.window is None and state.own_window == number)
    return bool(names)


def _add_presets(menu: QMenu, viewing: Viewing, presets: Sequence[WindowPreset], runner: Runner) -> None:
    shown = viewing.window()
    for preset in presets:
        keys = runner.keymap.keys_of.get(f"{PRESET}{preset.key}", ())
        words = f"{plain_title(preset.name)}  ({_numbers(preset.window)})" + (
            f"\t{shown_key(keys[0], runner.keyboard)}" if keys else ""
        )
        action = _entry(menu, words, f"{PRESET}{preset.key}", partial(runner.run, f"{PRESET}{preset.key}"))
        action.setChecked(shown is not None and (shown.center, shown.width) == (preset.window.center, preset.window.width))


def _entry(menu: QMenu, words: str, name: str, run: Callable[[], object]) -> QAction:
    action = menu.addAction(words)
    action.setObjectName(name)
    action.setCheckable(True)
    action.triggered.connect(lambda _: run())
    return action


def _numbers(window: Window) -> str:
    return f"C {window.center:g}  W {window.width:g}".replace("-", "\u2212")
