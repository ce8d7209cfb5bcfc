"""Which key runs which command in which mode: the table's keys, with the user's on top.

`keys.toml` holds `"command.id" = ["Ctrl+K", ...]`; an empty list takes the keys away. What the user
chose stands: a key that a later version of the table gives to another command is lost to that one, and is said
(`KeyMap.notes`, on the page of keys). Of two wishes of the user's own for one key the first stands. Only a file that cannot be
read as one is refused as a whole.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from workstation.commands.command import Command, Mode
from workstation.errors import WorkstationError


def is_bare(key: str) -> bool:
    """Whether a key types text (a letter, a digit, a sign) when an editor has focus."""
    return len(key) == 1 or (key.startswith("Shift+") and len(key) == len("Shift+") + 1)


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What of the keys is not as written: `key` belongs to `winner`, not to `loser`. Without a winner `loser` is no command."""

    key: str
    loser: str
    winner: str = ""


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Key text to command id, one mapping for each mode; `keys_of` are the keys that really run a command."""

    by_mode: Mapping[Mode, Mapping[str, str]]
    keys_of: Mapping[str, tuple[str, ...]]
    notes: tuple[KeyNote, ...] = ()

    def command_for(self, key: str, mode: Mode) -> str | None:
        return self.by_mode[mode].get(key)


def build(commands: Iterable[Command], overrides: Mapping[str, tuple[str, ...]] | None = None) -> KeyMap:
    """Raises WorkstationError when two commands of the table itself want one key."""
    wanted = dict(overrides or {})
    table = {c.id: c for c in commands}
    notes = [KeyNote("", unknown) for unknown in wanted if unknown not in table]
    by_mode: dict[Mode, dict[str, str]] = {mode: {} for mode in Mode}
    keys_of: dict[str, list[str]] = {command_id: [] for command_id in table}
    asked = [(table[i], keys, True) for i, keys in wanted.items() if i in table]
    asked += [(c, c.keys, False) for c in table.values() if c.id not in wanted]
    for command, keys, is_users in asked:
        for key in dict.fromkeys(keys):
            modes = [m for m in command.modes if not is_bare(key) or m in (Mode.IMAGES, Mode.POINTING)]
            others = dict.fromkeys(by_mode[m][key] for m in modes if key in by_mode[m])
            if others and not is_users and not any(other in wanted for other in others):
                detail = f"{key} is asked for by both {next(iter(others))} and {command.id}"
                raise WorkstationError("Two commands want one key", detail, "Change one of them in keys.toml")
            notes += [KeyNote(key, command.id, other) for other in others]
            free = [m for m in modes if key not in by_mode[m]]
            for mode in free:
                by_mode[mode][key] = command.id
            if free or not modes:
                keys_of[command.id].append(key)
    by_mode[Mode.POINTING] = by_mode[Mode.IMAGES] | by_mode[Mode.POINTING]
    return KeyMap(by_mode, {command_id: tuple(keys) for command_id, keys in keys_of.items()}, tuple(notes))


def load_overrides(path: Path) -> dict[str, tuple[str, ...]]:
    """The user's keys; empty when there is no file. Raises WorkstationError for a bad file."""
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkstationError(
            "keys.toml is not used", str(error), "Correct the file; until then the built-in keys hold"
        ) from error
    for name, keys in values.items():
        if not isinstance(keys, list) or not all(isinstance(k, str) and k for k in keys):
            raise WorkstationError("keys.toml is not used", f"{name!r} must be a list of keys", 'Write for example ["Ctrl+K"]')
    return {name: tuple(keys) for name, keys in values.items()}
