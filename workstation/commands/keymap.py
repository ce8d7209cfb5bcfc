"""Which key runs which command in which mode: the table's keys, with a profile's, the site's and the user's on top.

`Table < profile < site < user`: the highest of them that names a command says all of its keys; an empty list takes them
away. Of two layers that want one key the higher has it, and the page of keys says who lost (`KeyMap.notes`). A command
that lost all its keys to a profile or the site gets the next free one like them (`free_key`). What the user chose stands:
whatever a later version of the table gives to another command. Of two wishes of one layer for one key the first stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from workstation.commands.command import Command, Mode
from workstation.commands.key_names import OFTEN_TAKEN, edits_text, joined, parts, types_text, why_never
from workstation.errors import WorkstationError

Wishes = Mapping[str, tuple[str, ...]]
NOTHING: Wishes = {}
# What is tried, in this order, for a command whose key was taken: the same letter with other keys held.
_NEAR = ((), ("Shift",), ("Ctrl",), ("Ctrl", "Shift"), ("Alt",), ("Alt", "Shift"))


class Layer(IntEnum):
    """Who said so; the higher wins."""

    TABLE = 0
    PROFILE = 1
    SITE = 2
    USER = 3


def modes_of(command: Command, key: str) -> list[Mode]:
    """Where a key may run a command: what types does so in images only, what moves in text not in an editor.

    Nor does that of a command for everywhere go before the keys that move a cursor or a drawing.
    """
    if types_text(key):
        return [m for m in command.modes if m in (Mode.IMAGES, Mode.POINTING)]
    if edits_text(key):
        return [m for m in command.modes if m is not Mode.EDITOR and (m is not Mode.POINTING or len(command.modes) == 1)]
    return list(command.modes)


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What of the keys is not as written: `key` belongs to `winner`, not to `loser`. Without a winner `loser` is no command.

    `by` is the layer that took it; `instead` the key that the loser got for it.
    """

    key: str
    loser: str
    winner: str = ""
    by: Layer = Layer.USER
    instead: str = ""


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Key text to command id, one mapping for each mode; `keys_of` are the keys that really run a command."""

    by_mode: Mapping[Mode, Mapping[str, str]]
    keys_of: Mapping[str, tuple[str, ...]]
    notes: tuple[KeyNote, ...] = ()
    layer_of: Mapping[str, Layer] = field(default_factory=dict)

    def command_for(self, key: str, mode: Mode) -> str | None:
        return self.by_mode[mode].get(key)

    def owners(self, key: str, modes: Iterable[Mode]) -> tuple[str, ...]:
        """The commands that a key runs in any of these modes."""
        return tuple(dict.fromkeys(self.by_mode[m][key] for m in modes if key in self.by_mode[m]))


def build(
    commands: Iterable[Command], overrides: Wishes | None = None, site: Wishes = NOTHING, profile: Wishes = NOTHING
) -> KeyMap:
    """Raises WorkstationError when two commands of the table itself want one key."""
    return _Builder(commands, {Layer.USER: overrides or {}, Layer.SITE: site, Layer.PROFILE: profile}).build()


class _Builder:
    def __init__(self, commands: Iterable[Command], wishes: Mapping[Layer, Wishes]) -> None:
        self._table = {c.id: c for c in commands}
        self._wishes = wishes
        self._notes: list[KeyNote] = []
        self._by_mode: dict[Mode, dict[str, str]] = {mode: {} for mode in Mode}
        self._keys_of: dict[str, list[str]] = {command_id: [] for command_id in self._table}
        self._layer_of: dict[str, Layer] = {}

    def build(self) -> KeyMap:
        for layer in (Layer.USER, Layer.SITE, Layer.PROFILE):
            for command_id, keys in self._wishes[layer].items():
                if command_id not in self._table:
                    self._notes.append(KeyNote("", command_id, by=layer))
                elif command_id not in self._layer_of:
                    self._give(self._table[command_id], keys, layer)
        for command in self._table.values():
            if command.id not in self._layer_of:
                self._give(command, command.keys, Layer.TABLE)
        self._notes = [self._made_good(note) for note in self._notes]
        self._by_mode[Mode.POINTING] = self._by_mode[Mode.IMAGES] | self._by_mode[Mode.POINTING]
        keys_of = {command_id: tuple(found) for command_id, found in self._keys_of.items()}
        return KeyMap(self._by_mode, keys_of, tuple(self._notes), self._layer_of)

    def _give(self, command: Command, keys: tuple[str, ...], layer: Layer) -> None:
        self._layer_of[command.id] = layer
        for key in dict.fromkeys(keys):
            modes = modes_of(command, key)
            owners = dict.fromkeys(self._by_mode[m][key] for m in modes if key in self._by_mode[m])
            if layer is Layer.TABLE and any(self._layer_of[o] is Layer.TABLE for o in owners):
                detail = f"{key} is asked for by both {next(iter(owners))} and {command.id}"
                raise WorkstationError("Two commands want one key", detail, "Change one of them in keys.toml")
            self._notes += [KeyNote(key, command.id, owner, self._layer_of[owner]) for owner in owners]
            free = [m for m in modes if key not in self._by_mode[m]]
            for mode in free:
                self._by_mode[mode][key] = command.id
            if free or not modes:
                self._keys_of[command.id].append(key)

    def _made_good(self, note: KeyNote) -> KeyNote:
        """A command without any key left for the images gets one like the key that it lost, unless the user took it."""
        if not note.winner or note.by is Layer.USER or self._layer_of[note.loser] > Layer.PROFILE:
            return note
        command, keys = self._table[note.loser], self._keys_of[note.loser]
        where = Mode.IMAGES if Mode.IMAGES in command.modes else Mode.POINTING
        left = next((key for key in keys if self._by_mode[where].get(key) == command.id), "")
        if not left:
            left = free_key(command, note.key, {key for keys in self._by_mode.values() for key in keys})
            if not left:
                return note
            for mode in modes_of(command, left):
                self._by_mode[mode][left] = command.id
            keys.insert(0, left)
        return KeyNote(note.key, note.loser, note.winner, note.by, left)


def free_key(command: Command, like: str, taken: Iterable[str]) -> str:
    """The first key with the same letter, sign or F key that nothing runs and that may act where the command does."""
    held, occupied = parts(like).modifiers, {*taken, *OFTEN_TAKEN}
    for modifiers in (*_NEAR, tuple(held)):
        key = joined(modifiers, parts(like).base)
        if key not in occupied and not why_never(key) and set(modes_of(command, key)) == command.modes and _is_sure(key):
            return key
    return ""


def _is_sure(key: str) -> bool:
    """Signs come with Shift on one keyboard and without on another: only letters, digits and named keys are offered."""
    split = parts(key)
    is_named = len(split.base) > 1 or split.base.isalpha() or (split.base.isdigit() and "Shift" not in split.modifiers)
    return "Num" not in split.modifiers and (is_named or not split.modifiers)
