"""Hints that name keys follow when the keys change: every tool tip that `ui.plain.tooltip` made."""

from __future__ import annotations

import html
from collections import Counter

from PySide6.QtWidgets import QApplication

from ui.key_words import shown_keys
from ui.plain import core_text, plain
from ui.runner import Runner
from workstation.commands.keymap import KeyMap

_END = "</qt>"


class KeyFollowing:
    """Knows the keys of before, as they were written."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._texts = self._read(runner.keymap)
        runner.keys_changed.connect(self._changed)

    def _read(self, keymap: KeyMap) -> dict[str, str]:
        keyboard = self._runner.keyboard
        return {command_id: shown_keys(keys, keyboard) for command_id, keys in keymap.keys_of.items()}

    def _changed(self, keymap: KeyMap) -> None:
        before, self._texts = self._texts, self._read(keymap)
        changed = {command_id for command_id, text in self._texts.items() if before.get(command_id, "") != text}
        named = Counter(before.values())
        by_old = {_line(before[i]): _line(self._texts[i]) for i in changed if before.get(i) and named[before[i]] == 1}
        titles = {html.escape(plain(core_text(self._runner.commands[i].title))): i for i in changed}
        for widget in QApplication.allWidgets():
            text = widget.toolTip()
            if text.endswith(_END):
                widget.setToolTip(_followed(text, by_old, {t: self._texts[i] for t, i in titles.items() if not before.get(i)}))


def _line(keys: str) -> str:
    return html.escape(plain(keys))


def _followed(text: str, by_old: dict[str, str], new: dict[str, str]) -> str:
    """The tool tip with the last line put right; one that named no key gets the first one of its command."""
    lines = text.removeprefix("<qt>").removesuffix(_END).split("<br>")
    if len(lines) > 1 and lines[-1] in by_old:
        lines = [*lines[:-1], *filter(None, [by_old[lines[-1]]])]
    elif len(lines) == 1 and new.get(lines[0]):
        lines.append(_line(new[lines[0]]))
    return "<qt>" + "<br>".join(lines) + _END
