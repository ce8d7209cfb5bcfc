"""A large number on every monitor, so that the ones in the dialog are known by sight."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.screens.monitors import Monitor

SHOWN_MS = 3000
SIDE = 220


class Number(QWidget):
    """Takes no keys and no clicks."""

    def __init__(self, number: int, monitor: Monitor) -> None:
        flags = Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowTransparentForInput
        super().__init__(None, flags)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setObjectName("screenNumber")
        self.text = str(number)
        self.resize(SIDE, SIDE)
        self.move(monitor.rect.center().x() - SIDE // 2, monitor.rect.top() + monitor.rect.height() // 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.RAISED))
        painter.setPen(QPen(QColor(theme.ACCENT), 4))
        painter.drawRect(self.rect().adjusted(2, 2, -3, -3))
        font = QFont(theme.text_font())
        font.setPixelSize(SIDE * 2 // 3)
        painter.setFont(font)
        painter.setPen(QColor(theme.TEXT))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text)


class Identify(QObject):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.numbers: list[Number] = []
        self._end = QTimer(self)
        self._end.setSingleShot(True)
        self._end.setInterval(SHOWN_MS)
        self._end.timeout.connect(self.hide)

    def show(self, present: Sequence[Monitor]) -> None:
        self.hide()
        self.numbers = [Number(count, monitor) for count, monitor in enumerate(present, start=1)]
        for number in self.numbers:
            number.show()
        self._end.start()

    def hide(self) -> None:
        self._end.stop()
        for number in self.numbers:
            number.close()
            number.deleteLater()
        self.numbers = []
