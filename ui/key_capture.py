"""A field that takes the next key press itself, whatever it is: which key, or why it cannot be one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from ui.key_events import is_dead, key_names, types_by_altgr
from ui.plain import core_text
from workstation.commands.key_names import parts, why_never
from workstation.commands.keyboards import Keyboard

_HELD = {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock}
_MOVES_ON = {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}


class KeyCapture(QLineEdit):
    """Waits while it has focus. `pressed` tells a key in portable text, `refused` why one cannot be used; Esc gives up."""

    pressed = Signal(str)
    refused = Signal(str)
    left = Signal()

    def __init__(self, keyboard: Keyboard, may_be_any: bool = False) -> None:
        super().__init__()
        self.keyboard = keyboard
        self._may_be_any = may_be_any
        """For looking a key up: then none is refused but accents and AltGr."""
        self.setReadOnly(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # no shortcut of the dialog or the menus goes before us
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _MOVES_ON:
            self.keyPressEvent(event)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()
        if event.isAutoRepeat() or event.key() in _HELD:
            return
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.left.emit()
            return
        if is_dead(event):
            self.refused.emit(self.tr("This key is an accent here: it waits for a letter. Take another"))
            return
        if types_by_altgr(event):
            self.refused.emit(self.tr("AltGr types a character with this key. Take another"))
            return
        key = captured(event)
        why = "" if self._may_be_any or not key else why_never(key) or self.keyboard.why_not(key)
        if why:
            self.refused.emit(f"{key} {core_text(why)}")
        elif key:
            self.pressed.emit(key)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


def captured(event: QKeyEvent) -> str:
    """What a press is kept as: a sign by what it types (`=`), a digit with keys held by its digit; empty for none."""
    names = key_names(event)
    signs = [name for name in names if len(name) == 1 and not name.isalnum()]
    digits = [name for name in names if parts(name).base.isdigit() and "Num" not in parts(name).modifiers]
    if signs and not any("Num" in parts(name).modifiers for name in names):
        return signs[0]
    if digits and not parts(names[0]).base.isalnum():
        return digits[-1]
    return names[0] if names else ""
