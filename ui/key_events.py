"""What a key press is called in the key map: by what it types, and where a layout types no Latin letters by where it lies.

Key positions are the scan codes of a PC keyboard (set 1, which Linux counts alike); the platform says how they come.
"""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence

_MODIFIER_KEYS = {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr}
_RENAMED = {Qt.Key.Key_Enter: Qt.Key.Key_Return, Qt.Key.Key_Backtab: Qt.Key.Key_Tab}
_DECIMALS = {Qt.Key.Key_Comma, Qt.Key.Key_Period}
_CONTROL, _ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
_SHIFT, _KEYPAD = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier
_GROUP = Qt.KeyboardModifier.GroupSwitchModifier
_STRONG = _CONTROL | _ALT | Qt.KeyboardModifier.MetaModifier
# X11 and Wayland: what AltGr holds down (Mod5).
_LEVEL3 = 0x80
_DIGITS = dict(enumerate("1234567890", start=2))
_ROWS = ((16, "QWERTYUIOP"), (30, "ASDFGHJKL"), (44, "ZXCVBNM"))
_LETTERS = {code: letter for start, row in _ROWS for code, letter in enumerate(row, start)}


def key_names(event: QKeyEvent) -> tuple[str, ...]:
    """Likeliest first; empty for a key that can be no command: one that is only held, or AltGr typing a character.

    A key of the number block is found as one (`Num+5`), then as what it types. A sign that needs Shift on this keyboard
    (`=`) is also found under its own name, a digit's key with Shift as `Shift+1` whatever it types.
    """
    key = Qt.Key(event.key())
    if key in _MODIFIER_KEYS or event.key() == 0 or types_by_altgr(event):
        return ()
    modifiers = event.modifiers() & ~_KEYPAD & ~_GROUP
    names = []
    if event.modifiers() & _KEYPAD:
        names.append(portable(modifiers | _KEYPAD, Qt.Key.Key_Period if key in _DECIMALS else key))
        if key in _DECIMALS:
            return tuple(names)  # a comma on one keyboard, a full stop on another: it steps no stages
    names.append(portable(modifiers, _RENAMED.get(key, key)))
    text = event.text()
    if len(text) == 1 and text.isprintable() and text != " " and not text.isalpha() and not modifiers & _STRONG:
        names.append(text)
    names += _by_place(event, modifiers)
    return tuple(dict.fromkeys(name for name in names if name))


def types_by_altgr(event: QKeyEvent) -> bool:
    """AltGr (Ctrl and Alt in Windows) with a key types a character: `@`, `{`. That is never a command."""
    text = event.text()
    if len(text) != 1 or not text.isprintable():
        return False
    modifiers = event.modifiers()
    both = bool(modifiers & _CONTROL) and bool(modifiers & _ALT)
    is_level3 = QGuiApplication.platformName() != "windows" and bool(event.nativeModifiers() & _LEVEL3)
    return both or bool(modifiers & _GROUP) or is_level3


def is_dead(event: QKeyEvent) -> bool:
    """An accent that waits for the next letter."""
    return Qt.Key.Key_Dead_Grave.value <= event.key() <= Qt.Key.Key_Dead_Longsolidusoverlay.value


def portable(modifiers: Qt.KeyboardModifier, key: Qt.Key) -> str:
    return QKeySequence(QKeyCombination(modifiers, key)).toString(QKeySequence.SequenceFormat.PortableText)


def _by_place(event: QKeyEvent, modifiers: Qt.KeyboardModifier) -> list[str]:
    """The digit on the key, and the letter that lies there on a Latin keyboard where this one types another script."""
    code = _scan_code(event)
    held = portable(modifiers, Qt.Key.Key_A)[:-1]
    if code in _DIGITS and not event.modifiers() & _KEYPAD:
        return [held + _DIGITS[code]]
    if code in _LETTERS and _is_other_script(event):
        return [held + _LETTERS[code]]
    return []


def _is_other_script(event: QKeyEvent) -> bool:
    """Greek, Cyrillic, Arabic ... . Å, Ä, Ö, Æ, Ø are Latin, and keys of their own."""
    character = event.text() or (chr(event.key()) if 0x80 <= event.key() <= 0xFFFF else "")
    return len(character) == 1 and character.isalpha() and not unicodedata.name(character, "LATIN").startswith("LATIN")


def _scan_code(event: QKeyEvent) -> int:
    """Of set 1; 0 where it is not known. macOS tells none."""
    code = event.nativeScanCode()
    if QGuiApplication.platformName() == "windows":
        return code & 0xFF if not code & 0x100 else 0
    return code - 8 if code > 8 else 0
