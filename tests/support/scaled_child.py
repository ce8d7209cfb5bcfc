"""The window on a screen of another pixel ratio: draws, takes a handle and words by the mouse, and tells what came of it.

Run as `python scaled_child.py HOME`, with QT_SCALE_FACTOR set: Qt reads it once, when a process begins.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

from PySide6.QtCore import QPoint, Qt  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402
from ui_mouse import move  # noqa: E402
from window_seat import WindowSeat  # noqa: E402

from ui import app  # noqa: E402
from ui.main_window import MainWindow  # noqa: E402
from workstation.session.tool import Tool  # noqa: E402

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def drag(widget, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(widget, LEFT, NONE, start)
    for share in (0.5, 1.0):
        move(widget, start + (end - start) * share, LEFT)
    QTest.mouseRelease(widget, LEFT, NONE, end)


def main(home: str) -> None:
    app.application([])
    seat = WindowSeat(Path(home))
    seat.add_case(1)
    window = MainWindow(seat)
    window.resize(1280, 800)
    window.show()
    seat.session.open(seat.items[0])
    QApplication.processEvents()
    widget = window.grid.widget(0)
    annotating, viewing = seat.session.annotating, seat.session.viewing
    viewing.set_tool(Tool.LENGTH)
    drag(widget, QPoint(200, 200), QPoint(240, 230))
    viewing.set_tool(Tool.WINDOW)
    widget.grab()
    (drawn,) = annotating.all()
    told = {"ratio": widget.devicePixelRatioF(), "length": drawn.measured.values[0].value}
    (shape,) = widget.layer._shown
    told["points"] = [v for point in shape.points for v in point]
    told["label"] = [shape.box.width, shape.box.height]
    drag(widget, QPoint(240 + 6, 230 + 6), QPoint(240 + 60, 230))
    widget.grab()
    told["end"] = list(widget.layer._shown[0].points[1])
    middle = widget.layer._shown[0].box.middle
    drag(widget, QPoint(round(middle[0]), round(middle[1])), QPoint(350, 400))
    widget.grab()
    told["words"] = list(widget.layer._shown[0].box.middle)
    told["grip"] = [350 - round(middle[0]), 400 - round(middle[1]), *middle]
    if len(sys.argv) > 2:
        widget.grab().save(sys.argv[2])
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
