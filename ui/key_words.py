"""Keys as they are printed on the reader's keyboard."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtGui import QGuiApplication, QKeySequence

from workstation.commands.key_names import OFTEN_TAKEN, joined, parts
from workstation.commands.keyboards import Keyboard, keyboard_for, keyboards

_ARROWS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}


def shown_key(key: str, keyboard: Keyboard) -> str:
    """`Down` as `↓`, `Num+.` as `Num ,` where that is what the key says; modifiers in the interface's language."""
    split = parts(key)
    if split.base in _ARROWS or "Num" in split.modifiers:
        held = [_native(m + "+A")[:-2] for m in ("Ctrl", "Alt", "Shift") if m in split.modifiers]
        base = keyboard.decimal if split.base == "." and "Num" in split.modifiers else _ARROWS.get(split.base, split.base)
        words = f"{_tr('Num')} {base}" if "Num" in split.modifiers else base
        return "+".join([*held, words])
    return _native(key)


def shown_keys(keys: tuple[str, ...], keyboard: Keyboard) -> str:
    """All keys of a command: `+ / =`."""
    return " / ".join(shown_key(key, keyboard) for key in keys)


def how_typed(key: str, keyboard: Keyboard) -> str:
    """What to press for a sign that lies on the Shift side of a key: `Shift+0` for `=`; empty for all others."""
    split = parts(key)
    if len(split.base) != 1 or split.base.isalnum() or "Num" in split.modifiers or keyboard.held_for(split.base) != "Shift":
        return ""
    return shown_key(joined({*split.modifiers, "Shift"}, keyboard.key_with(split.base)), keyboard)


def may_not_come(key: str) -> str:
    """That a desktop may keep a key for itself, as a sentence after another; empty for one that none is known to keep."""
    taken = OFTEN_TAKEN.get(key, "")
    return ". " + _tr("It may never come: {0}").format(QCoreApplication.translate("core", taken)) if taken else ""


def keyboard_in_use(chosen: str = "") -> Keyboard:
    """The one that was chosen, or the one of this computer's input language."""
    if chosen in keyboards():
        return keyboards()[chosen]
    method = QGuiApplication.inputMethod()
    typed = method.locale().name() if method is not None else ""
    return keyboard_for([typed, QLocale.system().name()])


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) or key


def _tr(text: str) -> str:
    return QCoreApplication.translate("keys", text)
