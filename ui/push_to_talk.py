"""The key to talk: tapped it turns dictation on or off, held it listens while it is down.

A held key can never be stuck: its release counts wherever in the program it arrives, and what takes
the keyboard away (another program, Alt+Tab) ends listening as a release does. Auto-repeat is no press.
"""

from __future__ import annotations

import time
from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from ui.report.dictation_desk import DictationDesk

TAP_SECONDS = 0.4
_LEAVING_KEYS = {Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_Super_L, Qt.Key.Key_Super_R}
"""Whoever presses one of them with the key to talk down may be on the way to another program, and the
release may then arrive nowhere."""


class KeyMode(StrEnum):
    TOGGLE = "toggle"
    HOLD = "hold"
    BOTH = "both"


class PushToTalk(QObject):
    """Watches the whole program, and only while the key is down: a filter on every event is dear."""

    def __init__(self, desk: DictationDesk, mode: str = KeyMode.BOTH, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.mode = KeyMode(mode) if mode in set(KeyMode) else KeyMode.BOTH
        self._key = 0
        self._since = 0.0

    @property
    def is_held(self) -> bool:
        return self._key != 0

    def pressed(self, key: int = 0) -> None:
        """Somebody asks for dictation: with this key, or without one (menu, palette, button, voice)."""
        if self.is_held:
            return
        was_on = self._desk.is_listening
        self._desk.toggle()
        if key and not was_on and self._desk.is_listening and self.mode is not KeyMode.TOGGLE:
            self._hold(key)

    def let_go(self) -> None:
        """As if the key was released after a long while."""
        if self.is_held:
            self._unwatch()
            if self._desk.is_listening:
                self._desk.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            if event.key() == self._key and not event.isAutoRepeat():
                self._released()
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _LEAVING_KEYS:
                self.let_go()
        elif kind == QEvent.Type.ApplicationDeactivate:
            self.let_go()
        return False

    def _hold(self, key: int) -> None:
        self._key, self._since = key, time.monotonic()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.installEventFilter(self)
        app.applicationStateChanged.connect(self._app_changed)

    def _unwatch(self) -> None:
        self._key = 0
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.removeEventFilter(self)
        app.applicationStateChanged.disconnect(self._app_changed)

    def _released(self) -> None:
        is_tap = self.mode is KeyMode.BOTH and time.monotonic() - self._since < TAP_SECONDS
        if is_tap:
            self._unwatch()  # it stays on until the next tap
        else:
            self.let_go()

    def _app_changed(self, state: Qt.ApplicationState) -> None:
        if state is not Qt.ApplicationState.ApplicationActive:
            self.let_go()
