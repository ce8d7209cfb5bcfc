"""Sets of keys and mouse buttons that readers bring from other viewers, or need for one hand: resources/key_profiles/*.toml.

A profile names only what differs from the table. `differs` says, for the reader, what the other program has that is not
here as there, and why.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from workstation.commands.key_file import KeyFileRefused, keys_of_table, mouse_of_table
from workstation.commands.keymap import Wishes

BUILT_IN = "lyskasse"
"""The table alone."""
ORDER = (BUILT_IN, "ohif", "weasis", "horos", "one_hand_left", "one_hand_right")


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` the other program does, with its key there, and `why` it is not so here."""

    what: str
    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Profile:
    """`keyboards` are those that it was made for; empty for all."""

    id: str
    title: str
    words: str
    keys: Wishes
    mouse: Mapping[str, str]
    keyboards: tuple[str, ...] = ()
    differs: tuple[Difference, ...] = ()


@lru_cache(maxsize=1)
def profiles() -> Mapping[str, Profile]:
    """All of them, the table's own first."""
    own = Profile(BUILT_IN, "Lyskasse", "The keys that most viewers agree on", {}, {})
    return {own.id: own} | {name: _load(name) for name in ORDER if name != BUILT_IN}


def profile(name: str) -> Profile:
    """The one of this name; the table's own for a name that is none."""
    return profiles().get(name, profiles()[BUILT_IN])


def parse_profile(name: str, text: str) -> Profile:
    """Raises KeyFileRefused."""
    try:
        table = tomllib.loads(text)
    except ValueError as error:
        raise KeyFileRefused(f"{name}.toml", str(error)) from None
    differs = tuple(Difference(d["what"], d.get("key", ""), d["why"]) for d in table.get("differs", []))
    keys = keys_of_table(table.get("keys", {}), f"{name}.toml")
    mouse = mouse_of_table(table.get("mouse", {}), f"{name}.toml")
    return Profile(name, table["title"], table["words"], keys, mouse, tuple(table.get("keyboards", ())), differs)


def _load(name: str) -> Profile:
    return parse_profile(name, files("resources").joinpath("key_profiles", f"{name}.toml").read_text(encoding="utf-8"))
