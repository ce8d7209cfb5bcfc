"""A reader's hands on the report of a window: opening a case, writing, pressing keys, signing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ui.main_window import MainWindow
from workstation.domain.report import ReportStatus, SectionCode

FINDINGS = SectionCode.FINDINGS
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@contextmanager
def report_window(seat, qtbot, size: tuple[int, int] = (1366, 768)) -> Iterator[MainWindow]:
    """The real window on a `ReportSeat`; it closes without asking what becomes of what is under way."""
    made = MainWindow(seat)
    qtbot.addWidget(made)
    made.resize(*size)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.leaving.agree()
    made.close()
    seat.reports.close()


def open_case(window, seat, qtbot, index):
    seat.session.open(seat.items[index])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)


def press(window, key, *modifiers):
    at = QApplication.focusWidget() or window
    QTest.keyClick(at, key, *([modifiers[0] | modifiers[1]] if len(modifiers) == 2 else modifiers))


def write(panel, text, code=FINDINGS):
    panel._desk.section = code
    panel.focus()
    panel.editor(code).selectAll()
    QTest.keyClicks(panel.editor(code), text)
    panel.flush()


def sign(panel, window, text="Lungs clear."):
    write(panel, text)
    press(window, Qt.Key.Key_Return, CONTROL)
    assert panel._desk.report.status is ReportStatus.FINAL
