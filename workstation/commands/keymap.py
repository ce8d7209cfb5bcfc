"""Which key runs which command in which mode: the table's keys, with the user's on top.

`keys.toml` holds `"command.id" = ["Ctrl+K", ...]`; an empty list takes the keys away. A
clash is refused with both ids named and the table's own keys are used, since a key that
does one of two things is worse than a key that is not changed.
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
class KeyMap:
    """Key text to command id, one mapping for each mode."""

    by_mode: Mapping[Mode, Mapping[str, str]]
    keys_of: Mapping[str, tuple[str, ...]]

    def command_for(self, key: str, mode: Mode) -> str | None:
        return self.by_mode[mode].get(key)


def build(commands: Iterable[Command], overrides: Mapping[str, tuple[str, ...]] | None = None) -> KeyMap:
    """Raises WorkstationError for unknown ids and for clashes, naming both commands."""
    overrides = overrides or {}
    table = {c.id: c for c in commands}
    unknown = sorted(set(overrides) - set(table))
    if unknown:
        raise WorkstationError("keys.toml is not used", f"There is no command {unknown[0]!r}", "See the list under F1")
    by_mode: dict[Mode, dict[str, str]] = {mode: {} for mode in Mode}
    keys_of: dict[str, tuple[str, ...]] = {}
    for command in table.values():
        keys_of[command.id] = overrides.get(command.id, command.keys)
        for key in keys_of[command.id]:
            for mode in command.modes:
                if is_bare(key) and mode not in (Mode.IMAGES, Mode.POINTING):
                    continue
                other = by_mode[mode].setdefault(key, command.id)
                if other != command.id:
                    detail = f"{key} is asked for by both {other} and {command.id}"
                    raise WorkstationError("Two commands want one key", detail, "Change one of them in keys.toml")
    by_mode[Mode.POINTING] = by_mode[Mode.IMAGES] | by_mode[Mode.POINTING]
    return KeyMap(by_mode, keys_of)


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
