"""`keys.toml`: the reader's profile, keyboard, keys and buttons (mouse, hand microphone), as text to edit and hand on.

    profile = "weasis"
    keyboard = "se"
    "image.invert" = ["Ctrl+F12"]
    "help.keys" = []                 # without a key

    [mouse]
    "Back" = "report.dictate"

    [hand]
    "f1" = "template.insert"

A file that cannot be read as one is refused as a whole, with the reason. It is written whole or not at all, and the one
before is kept beside it (`keys.previous.toml`).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workstation.commands.keymap import Wishes
from workstation.durable import sync_folder
from workstation.errors import Refused, Unavailable
from workstation.site_file import read_site_text

FILE, PREVIOUS, SITE = "keys.toml", "keys.previous.toml", "keys.site.toml"
_NAMES = ("profile", "keyboard")
_EXAMPLES = {"mouse": '"Back" = "series.previous"', "hand": '"f1" = "template.insert"'}
_HEAD = """# Keys and mouse buttons of Lyskasse: only what differs from the profile. Written by the program (Ctrl+F1);
# may be edited by hand while it does not run.
"""


class KeyFileRefused(Refused):
    """A file of keys that is not used: nothing of it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} is not used", why, "Correct the file; until then the built-in keys hold")


@dataclass(frozen=True, slots=True)
class KeyChoices:
    """What one reader chose. An empty profile is the site's, or the built-in one; an empty keyboard is looked up."""

    profile: str = ""
    keyboard: str = ""
    keys: Wishes = field(default_factory=dict)
    mouse: Mapping[str, str] = field(default_factory=dict)
    hand: Mapping[str, str] = field(default_factory=dict)


def load_overrides(path: Path) -> dict[str, tuple[str, ...]]:
    """The keys alone; empty when there is no file."""
    return dict(load(path).keys)


def load(path: Path) -> KeyChoices:
    """Nothing chosen when there is no file. Raises KeyFileRefused for a bad one."""
    if not path.is_file():
        return KeyChoices()
    return parse(read_site_text(path, KeyFileRefused), path.name)


def parse(text: str, name: str = FILE) -> KeyChoices:
    """Raises KeyFileRefused; `name` is what the file is called."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise KeyFileRefused(name, str(error)) from None
    words = {}
    for key in _NAMES:
        value = table.pop(key, "")
        if not isinstance(value, str):
            raise KeyFileRefused(name, f"{key!r} must be a name in quotes")
        words[key] = value
    mouse = mouse_of_table(table.pop("mouse", {}), name)
    hand = mouse_of_table(table.pop("hand", {}), name, "hand")
    return KeyChoices(words["profile"], words["keyboard"], keys_of_table(table, name), mouse, hand)


def keys_of_table(table: Any, name: str) -> dict[str, tuple[str, ...]]:
    """Raises KeyFileRefused."""
    for command_id, keys in table.items():
        if not isinstance(keys, list) or not all(isinstance(k, str) and k for k in keys):
            raise KeyFileRefused(name, f'{command_id!r} must be a list of keys, for example ["Ctrl+K"]')
    return {command_id: tuple(keys) for command_id, keys in table.items()}


def mouse_of_table(table: Any, name: str, what: str = "mouse") -> dict[str, str]:
    """Buttons and what they do. Raises KeyFileRefused."""
    if not isinstance(table, dict) or not all(isinstance(action, str) for action in table.values()):
        raise KeyFileRefused(name, f"[{what}] must say what a button does, for example {_EXAMPLES[what]}")
    return dict(table)


def as_text(choices: KeyChoices) -> str:
    """What `parse` reads back as the same."""
    lines = [_HEAD]
    lines += [f"{name} = {_quoted(value)}" for name in _NAMES if (value := getattr(choices, name))]
    for command_id, keys in choices.keys.items():
        lines.append(f"{_quoted(command_id)} = [{', '.join(map(_quoted, keys))}]")
    for what, buttons in (("mouse", choices.mouse), ("hand", choices.hand)):
        if buttons:
            lines.append(f"\n[{what}]")
            lines += [f"{_quoted(press)} = {_quoted(action)}" for press, action in buttons.items()]
    return "\n".join(lines) + "\n"


def save(path: Path, choices: KeyChoices) -> None:
    """Whole, and on the disk when this returns; what was there is kept beside it. Raises Unavailable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            _write(path.with_name(PREVIOUS), path.read_bytes())
        _write(path, as_text(choices).encode("utf-8"))
    except OSError as error:
        hint = "Make room on the disk, or see who may write to the folder of settings"
        raise Unavailable("The keys were not kept", error.strerror or "", hint) from None


def _write(path: Path, content: bytes) -> None:
    half = path.with_name(f".{path.name}.part")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    sync_folder(path.parent)


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
