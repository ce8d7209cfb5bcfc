"""Keys as text: what one is made of, where it may act, and which no program is given.

The text is Qt's portable one: modifiers in the order `Ctrl+Alt+Shift+Num`, then the key (`Ctrl+Shift+F5`, `Num+7`, `Ctrl++`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

MODIFIERS = ("Meta", "Ctrl", "Alt", "Shift", "Num")
_STRONG = frozenset({"Ctrl", "Alt", "Meta"})
# Keys that move the caret or change text: an editor needs them, alone and with Shift or Ctrl.
_CARET = frozenset({"Left", "Right", "Up", "Down", "Home", "End", "PgUp", "PgDown", "Backspace", "Del", "Ins"})
_TYPED = frozenset({"Space", "Return", "Enter", "Tab", "Backtab"})
# With Ctrl: what every text field does with a letter.
_CLIPBOARD = frozenset("ACVXZY")
_MODIFIER_KEYS = frozenset({"Shift", "Ctrl", "Control", "Alt", "AltGr", "Meta", "CapsLock", "NumLock", "ScrollLock"})

TAKEN: Mapping[str, str] = {
    "Alt+F4": "closes the window, in every system",
    "Alt+Tab": "goes to another program",
    "Alt+Shift+Tab": "goes to another program",
    "Alt+Esc": "goes to another program",
    "Alt+Space": "opens the menu of the window",
    "Ctrl+Esc": "opens the start menu",
    "Ctrl+Shift+Esc": "opens the task manager",
    "F10": "opens the menus here",
    "Esc": "always leads out of something here",
    "Print": "takes a picture of the screen",
    "Alt+Print": "takes a picture of the screen",
    "CapsLock": "switches capitals",
}
"""Keys that the window system, or this program itself, keeps: what each of them does (English source text)."""

_DESKTOPS = "KDE Plasma and Xfce go to another desktop with it"
_WINDOWS = "KDE Plasma shows all windows with it, and Xfce goes to another desktop"
_XFCE = "Xfce goes to another desktop with it"
_FRAME = "many desktops move, size or find windows with it"
OFTEN_TAKEN: Mapping[str, str] = {
    **{f"Ctrl+F{number}": _DESKTOPS for number in range(1, 5)},
    **{f"Ctrl+F{number}": _WINDOWS for number in range(7, 11)},
    **{f"Ctrl+F{number}": _XFCE for number in (5, 6, 11, 12)},
    **{f"Alt+F{number}": _FRAME for number in (1, 2, 3, *range(5, 13))},
    "Ctrl+Space": "input methods go to another keyboard with it",
}
"""Keys that some desktops keep, so that they never come here: what is done with them there (English source text).

A command may have one. In the table it then has another one that no desktop is known to keep.
"""


@dataclass(frozen=True, slots=True)
class Parts:
    """A key taken apart: `Ctrl+Num++` is {Ctrl, Num} and `+`."""

    modifiers: frozenset[str]
    base: str


@lru_cache(maxsize=2048)
def parts(key: str) -> Parts:
    found = set()
    rest = key
    while "+" in rest[1:]:
        word, _, after = rest.partition("+")
        if word not in MODIFIERS or not after:
            break
        found.add(word)
        rest = after
    return Parts(frozenset(found), rest)


def joined(modifiers: Iterable[str], base: str) -> str:
    """The other way round, in the order of the portable text."""
    held = set(modifiers)
    return "+".join([*(m for m in MODIFIERS if m in held), base])


def types_text(key: str) -> bool:
    """Whether a key types when an editor has focus: a letter, a digit, a sign, Space, Return, Tab; with Shift too."""
    split = parts(key)
    return not split.modifiers & _STRONG and (len(split.base) == 1 or split.base in _TYPED)


def edits_text(key: str) -> bool:
    """Whether an editor needs a key to move in text or to change it; `types_text` among them."""
    split = parts(key)
    if types_text(key):
        return True
    if split.modifiers & {"Alt", "Meta"}:
        return False
    if split.base in _CARET:
        return not (split.base in ("PgUp", "PgDown") and "Ctrl" in split.modifiers)
    if "Ctrl" in split.modifiers and split.base in _CLIPBOARD:
        return "Shift" not in split.modifiers or split.base == "Z"
    return False


def why_never(key: str) -> str:
    """Why no command can have this key, as English source text that follows the key's name; empty when one can."""
    split = parts(key)
    if not split.base or split.base in _MODIFIER_KEYS:
        return "is only held together with another key"
    if key in TAKEN:
        return TAKEN[key]
    if "Meta" in split.modifiers:
        return "belongs to the window system (Windows key)"
    if {"Ctrl", "Alt"} <= split.modifiers:
        return "is AltGr on many keyboards, and types a character there"
    if split.modifiers & {"Alt"} and "Num" in split.modifiers:
        return "types a character by its number in Windows"
    return ""
