"""The real window on several monitors, in a process of its own on an X server of its own: tells what stands where.

Run as `python screens_child.py SCENARIO HOME PANEL...`, with DISPLAY set; prints one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "xcb"
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import monitors  # noqa: E402
from monitors import LEFT, RIGHT, SIDE, Panel, plug, unplug  # noqa: E402
from PySide6.QtCore import QEventLoop, QTimer  # noqa: E402
from PySide6.QtGui import QGuiApplication, QKeySequence  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QPlainTextEdit, QTextEdit, QWidget  # noqa: E402
from spoken_window import spoken_window  # noqa: E402
from window_seat import WindowSeat  # noqa: E402

from ui import app  # noqa: E402
from ui.main_window import MainWindow  # noqa: E402
from ui.screens.badge import ScreenBadge  # noqa: E402
from ui.screens.monitors import monitors as seen_monitors  # noqa: E402
from ui.screens.roles import Role  # noqa: E402
from ui.screens.screen_desk import ScreenDesk  # noqa: E402
from workstation.session.case import Notice  # noqa: E402
from workstation.session.tool import Tool  # noqa: E402

PATIENCE = float(os.environ.get("SCREENS_PATIENCE", "60"))


class Room:
    """The window with three cases, the first one open."""

    def __init__(self, home: str, panels: Sequence[Panel], window: MainWindow | None = None, seat: Any = None) -> None:
        self.home, self.panels = home, list(panels)
        app.application([])
        self.seat = seat or WindowSeat(Path(home))
        for number in (1, 2, 3) if seat is None else ():
            self.seat.add_case(number, grey=60 + 40 * number, series=2, prior=number == 1)
        self.viewing = self.seat.session.viewing
        self.window = window or MainWindow(self.seat)
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
        return seen_monitors() in ((), self.desk.present)

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

    def at(self) -> list[str]:
        """The monitor of the window that has the keys, and that of the active viewport."""
        active = QApplication.activeWindow()
        return [active.screen().name() if active else "", self.window.grid.widget(self.viewing.active).screen().name()]

    def keys_on(self, monitor: str) -> None:
        """The X server gives a window the keys when it pleases."""
        self.wait(lambda: self.at()[0] == monitor and QApplication.focusWidget() is not None, f"keys on {monitor}")

    def dialog(self) -> Any:
        """The one that is open, once it is seen."""
        found: list[QDialog] = []

        def is_there() -> bool:
            found[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
            return bool(found)

        self.wait(is_there, "the dialog")
        return found[0]

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

    def picture(self, widget: QWidget, name: str) -> None:
        if os.environ.get("SCREEN_PICTURES"):
            widget.grab().save(f"{os.environ['SCREEN_PICTURES']}/{name}.png")

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
    told["side by side"] = [w.isVisible() for w in (room.window.worklist, room.window.reading.strip, room.window.report_panel)]
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


def keys(room: Room) -> dict[str, Any]:
    """By keys alone: from screen to screen, lists and questions where the reader is, the report to the other screen and back."""
    told: dict[str, Any] = {}
    room.open()
    room.keys_on("LEFT")
    told["opened"] = room.at()
    room.press("Ctrl+F6")
    room.keys_on("RIGHT")
    told["next"] = room.at()
    room.press("Ctrl+4")
    told["layouts"] = [[layout.rows, layout.columns] for layout in room.viewing.layouts]
    room.press("Return")
    told["maximised"] = [room.viewing.filling(screen) for screen in (0, 1)]
    told["alone"] = [i for i, place in enumerate(room.viewports()) if place["seen"]]
    room.press("Return")
    steps = []
    for _ in range(len(room.viewing.cells)):
        room.press("Tab")
        seen = room.window.grid.widget(room.viewing.active).screen().name()
        room.keys_on(seen)
        steps.append(seen)
    told["tab"] = steps
    room.viewing.activate(room.viewing.places(1)[0])
    room.keys_on("RIGHT")
    room.press("Ctrl+K")
    palette = room.dialog()
    told["palette"] = _where(palette)["on"]
    palette.close()
    room.keys_on("RIGHT")
    room.press("F10")
    menu = QApplication.activePopupWidget()
    told["menu"] = [menu.screen().name() if menu else "", len(menu.actions()) if isinstance(menu, QMenu) else 0]
    if menu is not None:
        menu.close()
    room.seat.session.notice.emit(Notice("Something went wrong", error=True))
    told["banner"] = [room.window.banner.text, room.window.banner.screen().name()]
    room.keys_on("RIGHT")
    room.press("F3")
    room.keys_on("SIDE")
    told["report"] = type(QApplication.focusWidget()).__name__
    told["banner follows"] = [room.window.banner.text, room.window.banner.screen().name()]
    room.press("Esc")
    room.keys_on("RIGHT")
    room.press("F2")
    room.keys_on("SIDE")
    told["worklist"] = QApplication.focusWidget() is room.window.worklist.table
    room.press("Esc")
    room.keys_on("RIGHT")
    room.window.show_drawings()
    drawings = room.dialog()
    told["dialog"] = _where(drawings)["on"]
    room.unplug(RIGHT)
    told["dialog left"] = _where(drawings)["on"]
    room.plug(RIGHT)
    told["dialog back"] = _where(drawings)["on"]
    drawings.close()
    room.window.close()
    return told


def moving(room: Room) -> dict[str, Any]:
    """The report to the screen of the images and back; a window of images with a frame, then closed; all of it the next day."""
    told: dict[str, Any] = {}
    room.open()
    room.viewing.change(zoom=3.0)
    told["begin"] = room.facts()
    room.press("Ctrl+F7")
    room.settle()
    told["moved"] = room.facts()
    told["beside"] = room.window.pages.beside is not None
    room.press("Ctrl+F7")
    room.settle()
    told["back"] = room.facts()
    right = room.desk.windows[next(m.key for m in room.desk.present if m.name == "RIGHT")]
    right.activateWindow()
    room.wait(right.isActiveWindow, "the right window")
    room.press("F11")
    told["framed"] = room.windows()["RIGHT"]["rect"]
    told["has frame"] = right.has_frame
    room.press("Ctrl+F7")
    room.settle()
    room.window.close()
    room = Room(room.home, room.panels)
    told["next day"] = room.windows()["RIGHT"]["rect"]
    told["report next day"] = room.windows()["main"]["on"]
    room.press("Ctrl+F7")
    room.settle()
    told["report taken back"] = room.windows()["main"]["on"]
    room.open()
    room.desk.windows[next(m.key for m in room.desk.present if m.name == "RIGHT")].close()
    told["closed"] = room.facts()
    told["notice"] = room.window.banner.text
    room.window.show_dialog("screens")
    dialog = room.dialog()
    dialog.grab()
    room.picture(dialog, "roles")
    told["numbers"] = {n.text: n.screen().name() for n in dialog.identify.numbers}
    told["roles"] = [choice.currentText() for choice in dialog.choices.values()]
    left = next(m.key for m in room.desk.present if m.name == "LEFT")
    choice = dialog.choices[left]
    choice.setFocus()
    QTest.keyClick(choice, "N")
    choice.activated.emit(choice.currentIndex())
    dialog.accept()
    room.wait(lambda: bool(room.badges()), "the badge")
    told["no diagnostic"] = room.facts()
    room.window.close()
    return told


def true_size(room: Room) -> dict[str, Any]:
    """Three monitors of different pixels and scaling; an image with two lines 100 mm apart, at true size on each."""
    from two_lines import hang_two_lines

    room.desk.choose({m.key: Role.DIAGNOSTIC for m in room.desk.present})
    hang_two_lines(room.seat, len(room.desk.present))
    room.open()
    room.viewing.toggle_overlays()
    told: dict[str, Any] = {"monitors": {m.name: [m.width, m.height, m.ratio] for m in room.desk.present}}
    for index in range(len(room.viewing.cells)):
        room.viewing.activate(index)
        room.keys_on(room.window.grid.widget(index).screen().name())
        room.press("Shift+O")
    told["banner"] = room.window.banner.text
    told["drawn"] = [two_lines_apart(room, index) for index in range(len(room.viewing.cells))]
    told["viewports"] = room.viewports()
    room.press("Ctrl+7")
    told["same scale"] = [two_lines_apart(room, index) for index in range(len(room.viewing.cells))]
    for index in range(len(room.viewing.cells)):
        room.viewing.activate(index)
        room.keys_on(room.window.grid.widget(index).screen().name())
        room.press("Shift+O")
    fine = room.panels[-1]
    room.unplug(fine)
    room.viewing.activate(2)
    told["moved"] = two_lines_apart(room, 2)
    told["moved to"] = room.viewports()[2]
    room.plug(fine)
    told["back"] = two_lines_apart(room, 2)
    room.window.close()
    return told


def two_lines_apart(room: Room, index: int) -> float:
    """In device pixels, between the middles of the two bright lines as they are on the screen."""
    from two_lines import apart

    widget = room.window.grid.widget(index)

    def is_painted() -> bool:
        widget.repaint()
        shown = widget.painted
        return shown is not None and shown.request.state == room.viewing.state(index) and not shown.request.fast

    room.wait(is_painted, "the picture")
    return apart(widget)


def dictation(home: str, panels: Sequence[Panel]) -> dict[str, Any]:
    """A monitor goes in the middle of a sentence."""
    app.application([])
    with spoken_window(Path(home)) as spoken:
        room = Room(home, panels, spoken.window, spoken.seat)
        spoken.begin_test()
        begun = spoken.begin()
        room.unplug(SIDE)
        told = {"listening": spoken.dictation.is_listening, "report on": _where(spoken.window)["on"]}
        spoken.end(begun, "no pneumothorax")
        again = spoken.begin()
        room.plug(SIDE)
        spoken.end(again, "heart normal")
        report = spoken.seat.session.desk.report
        told["text"] = " ".join(s.text for s in report.sections if s.text) if report else ""
        told["still listening"] = spoken.dictation.is_listening
        return told


def asleep(room: Room) -> dict[str, Any]:
    """Both monitors go and come in every order, and in a flutter, while a report is typed and a case is open."""
    told: dict[str, Any] = {"rounds": []}
    room.open()
    room.viewing.activate(1)
    room.viewing.change(zoom=1.75)
    room.viewing.scroll(2)
    room.window.focus_report()
    before = room.facts()
    typed = ""
    for off, on in product(([LEFT, SIDE], [SIDE, LEFT]), repeat=2):
        room.unplug(off[0])
        room.type("a")
        typed += "a"
        room.unplug(off[1])
        for panel in on:
            room.plug(panel)
            room.type("b")
            typed += "b"
        told["rounds"].append(_changed(before, room.facts()))
    for _ in range(3):
        unplug(LEFT)
        plug(LEFT)
    room.wait(lambda: "LEFT" in {s.name() for s in QGuiApplication.screens()}, "Qt to see it come")
    room.settle()
    room.type("c")
    told["flutter"] = _changed(before, room.facts())
    room.wait(lambda: _text(room) == typed + "c", "every letter that was typed")
    told["keys"] = type(QApplication.focusWidget()).__name__
    room.window.close()
    return told


def _text(room: Room) -> str:
    report = room.seat.session.desk.report
    return "".join(section.text for section in report.sections) if report else ""


def _changed(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What is not as it was, as (before, now)."""
    return {name: (before[name], now[name]) for name in before if before[name] != now[name]}


SCENARIOS = {"reading_room": reading_room, "keys": keys, "moving": moving, "true_size": true_size, "asleep": asleep}


def main() -> None:
    name, home, *names = sys.argv[1:]
    panels = [getattr(monitors, panel) for panel in names]
    told = dictation(home, panels) if name == "dictation" else SCENARIOS[name](Room(home, panels))
    print(json.dumps(told))
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog):
            widget.close()


if __name__ == "__main__":
    main()
