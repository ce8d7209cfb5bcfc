"""The buttons of a hand microphone and the pedals: to talk, and to run commands, from whatever window has the keys.

Their reader lives in a thread of its own (`dictation/hand_controls/reader.py`); here, on the main thread, is what they do.
Pulled out with the button to talk down it ends listening as a release does: what was said is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from dictation.hand_controls.reader import Connected, Gone, HandEvent, HandReader, Pressed, Released
from ui.push_to_talk import TAP_SECONDS
from ui.report.dictation_desk import DictationDesk
from ui.runner import Runner
from workstation.commands.hand import BOTH, END, HELD, TALK
from workstation.domain.hand_button import HandButton
from workstation.errors import Unavailable
from workstation.session.case import Notice


class Reader(Protocol):
    """What reads the devices."""

    @property
    def unavailable(self) -> Unavailable | None: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def light(self, on: bool) -> None: ...


MakeReader = Callable[[Callable[[HandEvent], object]], Reader]


class HandMicrophone(QObject):
    """`does`: what each button does now. While somebody `takes` the presses, they do nothing else."""

    pressed = Signal(str)
    """A button, by its name."""
    changed = Signal()
    """A device came, went, or may not be read."""
    _event = Signal(object)

    def __init__(
        self,
        desk: DictationDesk,
        runner: Runner,
        does: Callable[[], Mapping[HandButton, str]],
        make_reader: MakeReader = HandReader,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._runner, self._does = desk, runner, does
        self._held: HandButton | None = None
        self._since = 0.0
        self.takes = False
        self.refused: tuple[Unavailable, ...] = ()
        """Devices that are there and may not be read."""
        self._event.connect(self._heard)  # from the reader's thread to this one
        self.reader = make_reader(self._event.emit)
        desk.state_changed.connect(self._show_light)

    def start(self) -> None:
        self.reader.start()

    def stop(self) -> None:
        self.reader.stop()

    # ---- inside ------------------------------------------------------------------------

    def _heard(self, event: HandEvent) -> None:
        match event:
            case Pressed(button, at):
                self._press(button, at)
            case Released(button, at):
                if button == self._held:
                    self._let_go(at - self._since)
            case Gone(name, held):
                if self._held in held:
                    self._let_go(None)
                    self._tell(f"{name} was unplugged. What you said is kept")
                self.changed.emit()
            case Connected(name):
                self.refused = tuple(e for e in self.refused if not e.title.startswith(name))
                self.changed.emit()
            case Unavailable():
                self.refused = (*self.refused, event)
                self._tell(str(event), error=True)
                self.changed.emit()

    def _press(self, button: HandButton, at: float) -> None:
        self.pressed.emit(button.value)
        if self.takes:
            return
        action = self._does()[button]
        if action in TALK:
            self._talk(button, action, at)
        elif action:
            self._runner.run(action)

    def _talk(self, button: HandButton, action: str, at: float) -> None:
        if action == END:
            self._desk.stop()
            return
        was_on = self._desk.is_listening
        if was_on and action != HELD:
            self._desk.stop()
            return
        if not was_on:
            self._desk.start()
        if self._desk.is_listening and action in (BOTH, HELD):
            self._held, self._since = button, at

    def _let_go(self, seconds: float | None) -> None:
        """Held for so long; None where it was taken away."""
        button, self._held = self._held, None
        is_tap = button is not None and self._does()[button] == BOTH and seconds is not None and seconds < TAP_SECONDS
        if not is_tap and self._desk.is_listening:
            self._desk.stop()

    def _show_light(self, _: object) -> None:
        self.reader.light(self._desk.is_listening)

    def _tell(self, words: str, error: bool = False) -> None:
        self._runner.context().session.notice.emit(Notice(words, error=error))
