"""The real window on several monitors, in a process of its own on an X server of its own: tells what stands where.

Run as `python screens_child.py SCENARIO HOME PANEL...`, with DISPLAY set; prints one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "xcb"
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import monitors  # noqa: E402
from monitors import RIGHT, SIDE, Panel, plug, unplug  # noqa: E402
from PySide6.QtCore import QEventLoop, QTimer  # noqa: E402
from PySide6.QtGui import QGuiApplication, QKeySequence  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QTextEdit  # noqa: E402
from window_seat import WindowSeat  # noqa: E402

from ui import app  # noqa: E402
from ui.main_window import MainWindow  # noqa: E402
from ui.screens.badge import ScreenBadge  # noqa: E402
from ui.screens.screen_desk import ScreenDesk  # noqa: E402
from workstation.session.tool import Tool  # noqa: E402

PATIENCE = 60.0


class Room:
    """The window with three cases, the first one open."""

    def __init__(self, home: str, panels: Sequence[Panel]) -> None:
        self.panels = list(panels)
        app.application([])
        self.seat = WindowSeat(Path(home))
        for number in (1, 2, 3):
            self.seat.add_case(number, grey=60 + 40 * number, series=2, prior=number == 1)
        self.viewing = self.seat.session.viewing
        self.window = MainWindow(self.seat)
        self.window.show_remembered()
        self.settle()
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow, "the keys")

    @property
    def desk(self) -> ScreenDesk:
        return self.window.screens

    def open(self, number: int = 1) -> None:
        """A click on the worklist, and nothing more."""
        self.seat.session.open(self.seat.items[number - 1])
        self.wait(self.all_painted, "the images")

    def all_painted(self) -> bool:
        shown = [w for w in self.window.grid.widgets if w.isVisible()]
        return bool(shown) and all(w.painted is not None or w.cell is None or w.cell.state is None for w in shown)

    def settle(self) -> None:
        """Until the program has followed what the X server says there is."""
        self.wait(lambda: not self.desk._settle.isActive() and self._follows(), "the monitors")
        QApplication.processEvents()

    def _follows(self) -> bool:
        there = {screen.name() for screen in QGuiApplication.screens()}
        return {m.name for m in self.desk.present} == there

    def unplug(self, *panels: Panel) -> None:
        for panel in panels:
            assert panel is not self.panels[0], "the first one holds the server's output"
            unplug(panel)
        self.wait(lambda: not {p.name for p in panels} & {s.name() for s in QGuiApplication.screens()}, "Qt to see it go")
        self.settle()

    def plug(self, *panels: Panel) -> None:
        for panel in panels:
            plug(panel)
        self.wait(lambda: {p.name for p in panels} <= {s.name() for s in QGuiApplication.screens()}, "Qt to see it come")
        self.settle()

    def type(self, words: str) -> None:
        """Where the keys are; the X server gives them to another window when it pleases."""
        self.wait(lambda: isinstance(QApplication.focusWidget(), QPlainTextEdit | QTextEdit), "the editor to have the keys")
        QTest.keyClicks(QApplication.focusWidget(), words)

    def press(self, keys: str) -> None:
        combination = QKeySequence(keys)[0]
        target = QApplication.focusWidget() or QApplication.activeWindow() or self.window
        QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
        QApplication.processEvents()

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > until:
                raise SystemExit(f"waited in vain for {what}")
            loop = QEventLoop()
            QTimer.singleShot(10, loop.quit)
            loop.exec()

    # ---- what there is to tell ---------------------------------------------------------

    def windows(self) -> dict[str, Any]:
        """Every window of ours that is seen: where it stands, and on which monitor Qt and its middle say it is."""
        found: dict[str, Any] = {"main": _where(self.window)}
        for window in self.desk.windows.values():
            if window.isVisible():
                found[window.monitor.name] = _where(window)
        return found

    def viewports(self) -> list[dict[str, Any]]:
        """Every place of the session: what hangs there, and on which monitor it is seen now, if it is."""
        told = []
        for index, cell in enumerate(self.viewing.cells):
            widget = self.window.grid.widget(index)
            state = cell.state
            told.append(
                {
                    "series": state.series_uid if state else "",
                    "zoom": state.zoom if state else None,
                    "position": state.position if state else None,
                    "screen": self.viewing.screen_of(index),
                    "seen": widget.screen().name() if widget.isVisible() else "",
                    "size": list(widget.pixel_size()),
                    "ratio": widget.devicePixelRatioF(),
                    "pixel_mm": state.pixel_mm if state else None,
                }
            )
        return told

    def badges(self) -> dict[str, str]:
        """What is told beside images, by monitor."""
        shown = [b for w in QApplication.topLevelWidgets() for b in w.findChildren(ScreenBadge) if b.isVisible() and b.text()]
        return {badge.screen().name(): badge.text() for badge in shown}

    def pictures(self, name: str) -> None:
        """For the eye: every window, where SCREEN_PICTURES names a folder."""
        folder = os.environ.get("SCREEN_PICTURES")
        if folder:
            windows = {"main": self.window} | {w.monitor.name: w for w in self.desk.windows.values() if w.isVisible()}
            for where, window in windows.items():
                window.grab().save(f"{folder}/{name}-{where}.png")

    def facts(self) -> dict[str, Any]:
        return {"windows": self.windows(), "viewports": self.viewports(), "badges": self.badges(), "active": self.viewing.active}


def _where(widget: Any) -> dict[str, Any]:
    frame = widget.frameGeometry()
    at = QGuiApplication.screenAt(frame.center())
    return {"rect": list(frame.getRect()), "on": at.name() if at else "", "says": widget.screen().name()}


# ---- scenarios ---------------------------------------------------------------------------


def reading_room(room: Room) -> dict[str, Any]:
    """Three monitors, one click; then one goes, then the side goes too, then both are back."""
    told: dict[str, Any] = {"begin": room.windows()}
    room.open()
    told["opened"] = room.facts()
    room.pictures("opened")
    told["layouts"] = [[layout.rows, layout.columns] for layout in room.viewing.layouts]
    last = len(room.viewing.cells) - 1
    room.viewing.activate(last)
    room.viewing.change(zoom=2.5)
    room.viewing.set_tool(Tool.LENGTH)
    room.seat.session.annotating.drawing.place(last, (50.0, 50.0))
    room.window.focus_report()
    room.type("No change")
    told["before"] = room.facts()
    room.unplug(RIGHT)
    told["without right"] = room.facts()
    room.pictures("without")
    told["drawing"] = room.seat.session.annotating.drawing.is_begun
    told["types"] = type(QApplication.focusWidget()).__name__
    room.type(" since")
    seen: set[int] = set()
    for _ in room.viewing.cells:
        room.viewing.step_active(1)
        QApplication.processEvents()
        seen |= {i for i, place in enumerate(room.viewports()) if place["seen"]}
    told["reached"] = sorted(seen)
    room.viewing.activate(last)
    room.unplug(SIDE)
    told["left alone"] = room.facts()
    room.pictures("alone")
    room.plug(SIDE, RIGHT)
    told["back"] = room.facts()
    room.pictures("back")
    report = room.seat.session.desk.report
    told["text"] = [section.text for section in report.sections if section.text] if report else []
    room.window.close()
    return told


SCENARIOS = {"reading_room": reading_room}


def main() -> None:
    room = Room(sys.argv[2], [getattr(monitors, name) for name in sys.argv[3:]])
    print(json.dumps(SCENARIOS[sys.argv[1]](room)))
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog):
            widget.close()


if __name__ == "__main__":
    main()
