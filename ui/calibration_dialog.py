"""Measuring a screen: the reader lays a ruler on a drawn line and types how long it is."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QLocale, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QDoubleSpinBox, QFormLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.true_size import pixel_size, remember
from workstation.errors import Refused
from workstation.settings import Remembered

WANTED_MM = 100.0
# Taken for a screen that says nothing: some 96 pixels in an inch.
USUAL_PIXEL_MM = 0.265
LEAST_MM, MOST_MM = 10.0, 1000.0


class Ruler(QWidget):
    """A line with ends, `pixels` device pixels from the middle of one end to the middle of the other."""

    def __init__(self, pixels: int, ratio: float) -> None:
        super().__init__()
        self.pixels, self._ratio = pixels, ratio
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(round(self.pixels / self._ratio) + 24, 56)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(QRectF(self.rect()), QColor(theme.IMAGE))
        painter.setPen(QPen(QColor(theme.TEXT), 1.0 / self._ratio))
        left, right, middle = 12.0, 12.0 + self.pixels / self._ratio, self.height() / 2
        painter.drawLines([QLineF(left, middle, right, middle), QLineF(left, 8, left, 48), QLineF(right, 8, right, 48)])


class CalibrationDialog(QDialog):
    """Belongs to the screen that it is shown on."""

    def __init__(self, parent: QWidget, remembered: Remembered) -> None:
        super().__init__(parent)
        self.setObjectName("calibrationDialog")
        self.setWindowTitle(self.tr("Measure this screen"))
        self._remembered = remembered
        self._screen = parent.screen()
        known = pixel_size(self._screen, remembered)
        room = self._screen.availableGeometry().width() * self._screen.devicePixelRatio() * 0.8
        pixels = round(min(WANTED_MM / (known.mm if known else USUAL_PIXEL_MM), room))
        self.ruler = Ruler(pixels, self._screen.devicePixelRatio())
        self.length = QDoubleSpinBox()
        self.length.setLocale(QLocale.c())
        self.length.setRange(LEAST_MM, MOST_MM)
        self.length.setDecimals(1)
        self.length.setSingleStep(0.5)
        self.length.setSuffix(" mm")
        self.length.setValue(WANTED_MM if known is None else pixels * known.mm)
        self.problem = QLabel()
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setStyleSheet(f"color: {theme.RED};")
        self.problem.hide()
        self._build(known.source if known else self.tr("not known"))

    def _build(self, source: str) -> None:
        column = QVBoxLayout(self)
        words = QLabel(self.tr("Lay a ruler on the line and type how long it is, from end to end."))
        words.setWordWrap(True)
        column.addWidget(words)
        column.addWidget(self.ruler, 0, Qt.AlignmentFlag.AlignHCenter)
        form = QFormLayout()
        form.addRow(self.tr("Length of the line"), self.length)
        form.addRow(self.tr("Size until now"), QLabel(source))
        column.addLayout(form)
        column.addWidget(self.problem)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.length.setFocus()
        self.length.selectAll()

    def accept(self) -> None:
        """Keeps the size for this monitor; what cannot be is refused in the dialog."""
        try:
            remember(self._screen, self._remembered, self.ruler.pixels, self.length.value())
        except Refused as refusal:
            self.problem.setText(str(refusal))
            self.problem.show()
            return
        super().accept()
