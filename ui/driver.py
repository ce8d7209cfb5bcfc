"""Drives a real window as a reader would: keys, mouse, waiting, and pictures of what is seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from workstation.errors import Unavailable

POLL_MS = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a tour. `screenshot` is a file name."""

    name: str
    seconds: float
    screenshot: str
    note: str = ""


def type_letter(widget: QWidget, letter: str) -> None:
    """One key with this letter on it, `Å` too: QTest.keyClicks knows ASCII only."""
    if letter.isascii():
        QTest.keyClicks(widget, letter)
        return
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(widget, QKeyEvent(kind, ord(letter.upper()), Qt.KeyboardModifier.NoModifier, letter))


class Driver:
    """Keys and clicks are counted: they are what a case costs a reader."""

    def __init__(self, window: QWidget, pictures: Path, tell: Callable[[str], object] = lambda _: None) -> None:
        self._window = window
        self._tell = tell
        self._pictures = pictures
        self._note = ""
        self.steps: list[Step] = []
        self.keys = 0
        self.clicks = 0
        pictures.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside; then take a picture of the window."""
        self._note = ""
        start = time.perf_counter()
        yield
        seconds = time.perf_counter() - start
        shot = self.picture(f"{len(self.steps) + 1:02d}-{name}.png")
        self.steps.append(Step(name, round(seconds, 3), shot, self._note))
        self._tell(f"{name} {seconds:.1f} s" + (f", {self._note}" if self._note else ""))

    def note(self, text: str) -> None:
        """Say something about the step under way."""
        self._note = text

    def picture(self, name: str) -> str:
        self.settle(150)
        self._window.grab().save(str(self._pictures / name))
        return name

    def press(self, key: str, times: int = 1) -> None:
        """Press a key (`Ctrl+Return`, `M`) in whatever has focus."""
        combination = cast("Any", QKeySequence(key))[0]  # the stubs do not know that it can be indexed
        for _ in range(times):
            QTest.keyClick(self._target(), combination.key(), combination.keyboardModifiers())
            self.keys += 1
            QApplication.processEvents()

    def type(self, text: str) -> None:
        """Type into whatever has focus."""
        for letter in text:
            type_letter(self._target(), letter)
            self.keys += 1
        QApplication.processEvents()

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at or widget.rect().center())
        self.clicks += 1
        QApplication.processEvents()

    def drag(self, widget: QWidget, start: QPoint, end: QPoint) -> None:
        """Press, move in steps with the button down, release."""
        self._mouse(widget, QEvent.Type.MouseButtonPress, start, Qt.MouseButton.LeftButton)
        for share in (0.25, 0.5, 0.75, 1.0):
            self._mouse(widget, QEvent.Type.MouseMove, start + (end - start) * share, Qt.MouseButton.NoButton)
            QApplication.processEvents()
        self._mouse(widget, QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.LeftButton)
        self.clicks += 1
        QApplication.processEvents()

    def wheel(self, widget: QWidget, clicks: int) -> None:
        """Turn the wheel over the middle of a widget; positive turns towards the reader (next image)."""
        centre = QPointF(widget.rect().center())
        for _ in range(abs(clicks)):
            turned = QPoint(0, -120 if clicks > 0 else 120)
            event = QWheelEvent(
                centre,
                widget.mapToGlobal(centre),
                QPoint(),
                turned,
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(widget, event)
            QApplication.processEvents()

    def wait(self, until: Callable[[], bool], seconds: float, what: str) -> None:
        """Let the window live until something holds. Raises Unavailable naming `what` when it never does."""
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                raise Unavailable(f"Waited {seconds:.0f} s in vain: {what}")
            self.settle(POLL_MS)

    def settle(self, milliseconds: int = 50) -> None:
        """Let the window live. Not by QTest.qWait: that keeps Python's lock, and all other threads would stand still."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def told(self) -> dict[str, Any]:
        return {"steps": [asdict(s) for s in self.steps], "keys": self.keys, "clicks": self.clicks}

    def _target(self) -> QWidget:
        """Who has the keys, also while another program's window is in front."""
        return QApplication.focusWidget() or self._window.focusWidget() or self._window

    def _mouse(self, widget: QWidget, kind: QEvent.Type, at: QPoint, button: Qt.MouseButton) -> None:
        held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        place = QPointF(at)
        event = QMouseEvent(kind, place, widget.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(widget, event)
