"""The histogram of a selected area: how many pixels have which value, with the values beside it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QFrame, QWidget

from ui import plain, theme
from workstation.domain.annotation import Annotation

SIZE = QSize(360, 240)
PAD = 14


class HistogramPopup(QFrame):
    """Closes with Esc or a click elsewhere."""

    def __init__(self, drawn: Annotation, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("histogram")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(self.tr("Histogram of the area"))
        self._measured = drawn.measured
        self.setFixedSize(SIZE)

    def open_over(self, parent: QWidget) -> None:
        """Show in the lower left corner of `parent`, clear of what is being looked at."""
        corner = parent.mapToGlobal(parent.rect().bottomLeft())
        self.move(corner.x() + PAD, corner.y() - SIZE.height() - PAD)
        self.show()
        self.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.RAISED))
        painter.setPen(QColor(theme.EDGE))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setFont(theme.text_font())
        high = painter.fontMetrics().height()
        top = PAD
        painter.setPen(QColor(theme.TEXT))
        for line in self.lines():
            painter.drawText(QPointF(PAD, top + painter.fontMetrics().ascent()), line)
            top += high
        if self._measured.histogram is not None:
            self._bars(painter, QRectF(PAD, top + 6, SIZE.width() - 2 * PAD, SIZE.height() - top - high - PAD - 8))
        painter.end()

    def lines(self) -> list[str]:
        """The values in words, two to a line."""
        words = [f"{plain.core_text(v.name)} {plain.number(v.text)}" for v in self._measured.values]
        return ["   ".join(words[i : i + 2]) for i in range(0, len(words), 2)]

    def _bars(self, painter: QPainter, room: QRectF) -> None:
        start, width, counts = self._measured.histogram or (0.0, 1.0, ())
        most = max(counts, default=0)
        if not most:
            return
        step = room.width() / len(counts)
        outline = QPolygonF([room.bottomLeft()])
        for index, count in enumerate(counts):
            height = room.height() * count / most
            for x in (room.left() + index * step, room.left() + (index + 1) * step):
                outline.append(QPointF(x, room.bottom() - height))
        outline.append(room.bottomRight())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.ACCENT))
        painter.drawPolygon(outline)
        painter.setPen(QColor(theme.MUTED))
        base = room.bottom() + painter.fontMetrics().ascent() + 4
        last = f"{start + width * len(counts):g}"
        painter.drawText(QPointF(room.left(), base), f"{start:g}")
        painter.drawText(QPointF(room.right() - painter.fontMetrics().horizontalAdvance(last), base), last)
