"""One line of plain text that shortens itself instead of pushing its neighbours away."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui import theme
from ui.plain import tooltip

BETWEEN = "   "


class ElidedLabel(QLabel):
    """Parts in order of importance; the first stands out, the last is cut first. All are in the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._parts: list[str] = []

    def set_parts(self, parts: Sequence[str]) -> None:
        self._parts = list(parts)
        self.setText(BETWEEN.join(self._parts))
        self.setAccessibleName(self.text())
        if not self.toolTip() or self.property("role") != "muted":
            self.setToolTip(tooltip(BETWEEN.join(self._parts)))
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        muted = self.property("role") == "muted"
        left, room = 0, self.width()
        for index, part in enumerate(self._parts):
            painter.setFont(theme.text_font(bold=index == 0 and not muted))
            painter.setPen(QColor(theme.TEXT if index == 0 and not muted else theme.MUTED))
            metrics = painter.fontMetrics()
            text = metrics.elidedText(part, Qt.TextElideMode.ElideRight, room - left)
            if room - left < metrics.horizontalAdvance("…") * 3:
                break
            painter.drawText(left, 0, room - left, self.height(), int(Qt.AlignmentFlag.AlignVCenter), text)
            left += metrics.horizontalAdvance(part) + metrics.horizontalAdvance(BETWEEN)
            if left >= room:
                break
        painter.end()
