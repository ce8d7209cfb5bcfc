"""Keys that a sentence names, told as they are now: the sentences are written with the keys of the table."""

from __future__ import annotations

import re
from functools import cache

from ui.key_words import shown_key
from ui.plain import core_text, plain
from ui.runner import Runner
from workstation.commands.table import COMMANDS

PALETTE = "help.palette"
# What has no modifier is a key only where the words around say so.
_MENTION = re.compile(
    r"(?<![\w+])"
    r"(?:(?:Ctrl\+|Alt\+|Shift\+)+(?:F\d{1,2}|[A-Z0-9])"
    r"|(?<=\()F\d{1,2}(?=\))|(?<=[Pp]ress )(?:F\d{1,2}|[A-Z])|(?<= or )[A-Z](?= for ))"
    r"(?![\w+])"
)


def as_now(text: str, runner: Runner) -> str:
    """`Press Ctrl+Shift+R first` with the key that the reader gave the command; without one, how the palette finds it.

    A key that the table gives to no command, or to several, stays as it is written.
    """
    return _MENTION.sub(lambda found: _told(found.group(), runner), text)


def _told(key: str, runner: Runner) -> str:
    command_id = _commands().get(key, "")
    if not command_id:
        return key
    keys = runner.keymap.keys_of.get(command_id, ())
    if keys:
        return shown_key(key if key in keys else keys[0], runner.keyboard)
    title = f"“{plain(core_text(runner.commands[command_id].title)).rstrip('…')}”"
    return title if command_id == PALETTE else " ".join(filter(None, (runner.keys_text(PALETTE), title)))


@cache
def _commands() -> dict[str, str]:
    """Of which command a key is in the table; empty where it is several's."""
    found: dict[str, str] = {}
    for command in COMMANDS:
        for key in command.keys:
            found[key] = "" if key in found else command.id
    return found
