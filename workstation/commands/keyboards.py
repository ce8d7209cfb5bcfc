"""What is printed on the keys of the keyboards that readers here have, and how each character is typed there.

Data: resources/keyboards.toml. The positions are those of a PC keyboard (ISO/IEC 9995: with the key left of Z).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from workstation.commands.key_names import parts

ROWS = ("digits", "upper", "home", "lower")
EMPTY = " "
OTHER = "us"
"""The keyboard where the language names none."""


@dataclass(frozen=True, slots=True)
class Keyboard:
    """One layout. Each row is (alone, with Shift, with AltGr): one character for each key, a space for none."""

    id: str
    title: str
    languages: tuple[str, ...]
    rows: Mapping[str, tuple[str, str, str]]
    dead: frozenset[str]
    """Characters that only come together with a next one (accents)."""
    decimal: str
    """What the decimal key of the number block types."""

    def held_for(self, character: str) -> str | None:
        """What is held to type a character: "", "Shift" or "AltGr"; None when no key types it at once. Letters are alone."""
        wanted = character.lower()
        if wanted in self.dead:
            return None
        for level, held in enumerate(("", "Shift", "AltGr")):
            if any(wanted in row[level].lower() for row in self.rows.values()):
                return held
        return None

    def key_with(self, character: str) -> str:
        """What is printed first on the key that types a character: `0` for `=` on a Nordic one; empty for none."""
        wanted = character.lower()
        for row in self.rows.values():
            for level in row:
                if wanted != EMPTY and wanted in level.lower():
                    return row[0][level.lower().index(wanted)]
        return ""

    def why_not(self, key: str) -> str:
        """Why a key cannot be pressed here, as English source text that follows the key's name; empty when it can."""
        base = parts(key).base
        if len(base) != 1 or "Num" in parts(key).modifiers:
            return ""
        held = self.held_for(base)
        if held is None:
            return "is an accent on this keyboard: it waits for a letter" if base in self.dead else "is not on this keyboard"
        if held == "AltGr":
            return "needs AltGr on this keyboard"
        if held == "Shift" and "Shift" not in parts(key).modifiers and parts(key).modifiers:
            return "needs Shift on this keyboard"
        return ""


@lru_cache(maxsize=1)
def keyboards() -> Mapping[str, Keyboard]:
    text = files("resources").joinpath("keyboards.toml").read_text(encoding="utf-8")
    return {name: _keyboard(name, table) for name, table in tomllib.loads(text).items()}


def keyboard_for(languages: Iterable[str]) -> Keyboard:
    """The keyboard for the first language (`sv`, `nb_NO`, `en_GB`) that names one."""
    for language in languages:
        tag = language.replace("-", "_")
        for wanted in (tag, tag.partition("_")[0]):
            for keyboard in keyboards().values():
                if wanted in keyboard.languages:
                    return keyboard
    return keyboards()[OTHER]


def _keyboard(name: str, table: dict[str, object]) -> Keyboard:
    rows: dict[str, tuple[str, str, str]] = {}
    for row in ROWS:
        alone, shifted, third = (str(level) for level in _list(table[row]))
        length = max(len(alone), len(shifted), len(third))
        rows[row] = (alone.ljust(length), shifted.ljust(length), third.ljust(length))
    languages = tuple(str(language) for language in _list(table["languages"]))
    return Keyboard(name, str(table["title"]), languages, rows, frozenset(str(table["dead"])), str(table["decimal"]))


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value
