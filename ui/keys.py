"""Key presses to commands: one filter on what has focus, instead of shortcuts that fight the editor.

The filter sits on the focused widget (moved there by `QApplication.focusChanged`) and on the
window, so that it sees a key before an editor does and costs nothing for all other events.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from ui.gestures import Button
from ui.key_events import key_names
from ui.mouse_events import pressed
from ui.runner import REPEATING, Runner, mode_of
from workstation.commands.command import Mode
from workstation.session.mouse import is_command

__all__ = ["KeyRouter", "key_names"]

_SIDE_BUTTONS = (Button.BACK, Button.FORWARD)


class KeyRouter(QObject):
    """Sends keys of the program's windows to one runner."""

    def __init__(self, window: QWidget, runner: Runner) -> None:
        super().__init__(window)
        self._windows = [window]
        self._runner = runner
        self._watched: QWidget | None = None
        self.key = 0
        """The key whose command is being run; 0 for one that was asked for in another way."""
        window.installEventFilter(self)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow)

    def watch(self, window: QWidget) -> None:
        """Another window of ours: its keys mean the same."""
        self._windows.append(window)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QMouseEvent):
            return watched in self._windows and self._side_button(event)
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride) or not isinstance(event, QKeyEvent):
            return False
        command_id = self._command(event, watched)
        if command_id is None:
            return False
        if kind == QEvent.Type.ShortcutOverride:
            event.accept()  # ours: it comes back as a key press
            return True
        if not event.isAutoRepeat() or command_id in REPEATING:
            self.key = event.key()
            try:
                self._runner.run(command_id)
            finally:
                self.key = 0
        return True

    def _side_button(self, event: QMouseEvent) -> bool:
        """Beside the images as over them: nothing else in the window knows the side buttons."""
        press = pressed(event)
        if press is None or press[0] not in _SIDE_BUTTONS:
            return False
        if event.type() not in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            return False
        mouse = self._runner.context().session.viewing.mouse
        action = mouse.action(press[0].value, press[1])
        if is_command(action):
            mouse.wanted.emit(action)
        return True

    def _command(self, event: QKeyEvent, watched: QObject) -> str | None:
        # An inactive window has no focus widget, but still knows which of its parts has the keys.
        window = watched.window() if isinstance(watched, QWidget) else self._windows[0]
        mode = mode_of(QApplication.focusWidget() or window.focusWidget())
        if mode is Mode.IMAGES and self._runner.context().session.pointing.take_arrows:
            mode = Mode.POINTING
        for name in key_names(event):
            command_id = self._runner.keymap.command_for(name, mode)
            if command_id is not None:
                return command_id
        return None

    def _follow(self, old: QWidget | None, new: QWidget | None) -> None:
        if self._watched is not None and self._watched not in self._windows:
            self._watched.removeEventFilter(self)
        self._watched = new if new is not None and new.window() in self._windows else None
        if self._watched is not None and self._watched not in self._windows:
            self._watched.installEventFilter(self)
