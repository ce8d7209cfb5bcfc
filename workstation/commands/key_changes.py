"""What differs between two sets of keys: shown before one is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.commands.keymap import KeyMap


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One command's keys now and then."""

    command_id: str
    now: tuple[str, ...]
    then: tuple[str, ...]


def changes(now: KeyMap, then: KeyMap) -> list[KeyChange]:
    """In the table's order; the order of one command's keys counts, as the first is the one that menus show."""
    ids = [i for i in now.keys_of if now.keys_of[i] != then.keys_of.get(i, ())]
    return [KeyChange(i, now.keys_of[i], then.keys_of.get(i, ())) for i in ids]
