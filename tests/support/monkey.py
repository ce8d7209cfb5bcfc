"""A monkey at the keys: random commands, keys, mouse, wheel, openings and arrivals in the real window, by one seed.

It knows no right order of things; whoever lets it loose says what must hold all the while.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QPlainTextEdit, QTextEdit, QWidget

from workstation.commands.table import COMMANDS

# What ends or leaves the window, asks the system, listens to a microphone, or signs and sends: for tests of their own.
LEFT_OUT = {
    "app.passphrase",
    "app.quit",
    "archives.send",
    "case.import",
    "dictation.command",
    "dictation.hear",
    "dictation.microphone",
    "dictation.models",
    "hanging.exchange",
    "help.fullscreen",
    "keys.print",
    "report.dictate",
    "report.print",
    "report.sign_final",
    "report.sign_next",
    "report.sign_preliminary",
}
OFTEN = {"alignment", "compare", "dimension", "fusion", "hanging", "plane", "planes", "prior", "solid", "subtraction"}
SENTENCES = ("The left lung has a nodule of 8 mm. ", "No effusion", "liver: 12 mm\n")
KEYS = (
    *(Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageDown),
    *(Qt.Key(code) for code in range(Qt.Key.Key_A, Qt.Key.Key_Z + 1)),
    *(Qt.Key(code) for code in range(Qt.Key.Key_0, Qt.Key.Key_9 + 1)),
)
NONE, SHIFT, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton)


class Monkey:
    """`arrive` brings images while it plays. `did` is what it did, for whoever has to repeat it."""

    def __init__(self, window: Any, seed: int, arrive: Callable[[], object] = lambda: None) -> None:
        self.window, self.session = window, window.core.session
        self.chance = random.Random(seed)
        self.arrive = arrive
        self.did: list[str] = []
        self._closer = QTimer()
        self._closer.setInterval(500)
        self._closer.timeout.connect(dismiss)
        self._commands = [command.id for command in COMMANDS if command.id not in LEFT_OUT]
        self._often = [command for command in self._commands if command.split(".")[0] in OFTEN]
        self._acts: dict[Callable[[], object], int] = {
            self.open: 12,
            self.command: 40,
            self.often: 20,
            self.key: 12,
            self.mouse: 12,
            self.wheel: 10,
            self.stage: 3,
            self.type: 2,
            self.resize: 1,
            self.came: 2,
            self.arrive_now: 1,
        }

    def __enter__(self) -> Monkey:
        """From now on a question that waits for its answer is given none."""
        self._closer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closer.stop()

    def act(self) -> None:
        """One thing; then the window has a moment, and whatever was opened over it is closed."""
        (act,) = self.chance.choices(list(self._acts), list(self._acts.values()))
        self.did.append(act.__name__)
        act()
        QApplication.processEvents()
        dismiss()

    def open(self) -> None:
        self.session.open(self.chance.choice([item for item in self.session.items if item.study_instance_uid]))

    def command(self) -> None:
        self._run(self.chance.choice(self._commands))

    def often(self) -> None:
        self._run(self.chance.choice(self._often))

    def key(self) -> None:
        key, held = self.chance.choice(KEYS), self.chance.choice((NONE, NONE, NONE, SHIFT, ALT))
        QTest.keyClick(QApplication.focusWidget() or self.window, key, held)

    def mouse(self) -> None:
        viewport = self._viewport()
        if viewport is not None:
            button, held = self.chance.choice(BUTTONS), self.chance.choice((NONE, NONE, SHIFT))
            QTest.mousePress(viewport, button, held, self._place(viewport))
            for _ in range(self.chance.randrange(4)):
                at = self._place(viewport)
                where = QPointF(at), QPointF(viewport.mapToGlobal(at))
                moved = QMouseEvent(QEvent.Type.MouseMove, *where, Qt.MouseButton.NoButton, button, held)
                QApplication.sendEvent(viewport, moved)
            QTest.mouseRelease(viewport, button, held, self._place(viewport))

    def wheel(self) -> None:
        viewport = self._viewport()
        for _ in range(self.chance.randrange(1, 6) if viewport is not None else 0):
            middle, turn = viewport.rect().center(), QPoint(0, self.chance.choice((-120, 120)))
            where = QPointF(middle), QPointF(viewport.mapToGlobal(middle))
            phase, held = Qt.ScrollPhase.NoScrollPhase, self.chance.choice((NONE, SHIFT))
            QApplication.sendEvent(viewport, QWheelEvent(*where, QPoint(), turn, Qt.MouseButton.NoButton, held, phase, False))

    def stage(self) -> None:
        self.session.hang_stage(self.chance.choice((1, -1)))

    def type(self) -> None:
        self._run("report.focus")
        editor = QApplication.focusWidget()
        if isinstance(editor, (QPlainTextEdit, QTextEdit)):
            QTest.keyClicks(editor, self.chance.choice(SENTENCES))

    def resize(self) -> None:
        self.window.resize(self.chance.randrange(960, 1500), self.chance.randrange(600, 950))

    def came(self) -> None:
        if self.session.case is not None:
            self.session.images_came([study.study_instance_uid for study in self.session.case.studies])

    def arrive_now(self) -> None:
        self.arrive()

    def _run(self, command_id: str) -> None:
        self.did[-1] = command_id
        self.window.runner.run(command_id)

    def _viewport(self) -> QWidget | None:
        seen = [widget for widget in self.window.grid.widgets if widget.isVisible()]
        return self.chance.choice(seen) if seen else None

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(self.chance.randrange(max(widget.width(), 1)), self.chance.randrange(max(widget.height(), 1)))


def dismiss() -> None:
    """Close every dialog and menu without an answer."""
    for widget in QApplication.topLevelWidgets():
        if widget.isVisible() and isinstance(widget, QDialog):
            widget.reject()
        elif widget.isVisible() and isinstance(widget, QMenu):
            widget.close()
