"""The curve of the selected drawing: its mean in each of the volumes at the same places, to be seen, read and copied.

Stays open beside the images and follows the drawing selected last, its changes and what is still being loaded. Stepping
to another volume, where that drawing is not seen, leaves it its curve.
"""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QPainter, QPaintEvent, QPen, QPolygonF, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui import plain, theme
from ui.list_table import quiet_heads
from workstation.domain.curve import Curve
from workstation.errors import WorkstationError
from workstation.jobs import PICTURES, Cancel

if TYPE_CHECKING:
    from ui.seat import Seat

PAD = 14
DOT = 3.0
# A drawing that is dragged, and frames that arrive, are measured at most this often.
SETTLE_MS = 150


class CurvePanel(QDialog):
    """Not modal."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curvePanel")
        self.setWindowTitle(self.tr("Curve of the drawing"))
        self._core = core
        self._annotating = core.session.annotating
        self.curve: Curve | None = None
        self._uid = ""
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.plot = CurvePlot(self)
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName(self.tr("Values of the curve"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        quiet_heads(self.table)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.copy = QPushButton(self.tr("Copy as CSV"))
        self.copy.setObjectName("copyCurve")
        self.copy.clicked.connect(self.copy_csv)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self, self.copy_csv)
        column, row = QVBoxLayout(self), QHBoxLayout()
        row.addWidget(self.said, 1)
        row.addWidget(self.copy)
        column.addWidget(self.plot, 3)
        column.addWidget(self.table, 2)
        column.addLayout(row)
        self.resize(460, 460)
        # Listeners and jobs may come after Qt has deleted the panel.
        self._gone = Event()
        self.destroyed.connect(self._gone.set)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(SETTLE_MS)
        self._wait.timeout.connect(self._measure)
        for signal in (self._annotating.changed, self._annotating.selection_changed, core.library.changed):
            signal.connect(self._changed)
        core.session.case_changed.connect(self._changed)
        self._measure()

    def copy_csv(self) -> None:
        """Onto the clipboard: one line for each volume, no patient data."""
        if self.curve is not None:
            QGuiApplication.clipboard().setText(self.curve.csv())
            self._say(self.tr("Copied"))

    # ---- inside ----------------------------------------------------------------------

    def _changed(self, _: object) -> None:
        if not self._gone.is_set() and not self._wait.isActive():
            self._wait.start()

    def _measure(self) -> None:
        self._uid = self._annotating.selected or self._uid
        drawn = self._annotating.find(self._uid)
        viewer = self._core.library.viewport(drawn.study_uid, drawn.series_uid) if drawn is not None else None
        if drawn is None or viewer is None:
            self._show(None)
            self._say(self.tr("No drawing is selected: click one, or press J to go to one"))
            return

        def work(_: Cancel) -> Curve:
            return viewer.curve(drawn)

        def refused(error: Exception) -> None:
            if self._gone.is_set():
                return
            self._show(None)
            told = (error.title, error.detail, error.hint) if isinstance(error, WorkstationError) else (self.tr("No curve"),)
            self._say(". ".join(plain.core_text(part) for part in told if part))

        self._core.jobs.run(PICTURES, work, self._show, refused, slot="curve")

    def _show(self, curve: Curve | None) -> None:
        if self._gone.is_set():  # closed while it was measured
            return
        self.curve = curve
        self.copy.setEnabled(curve is not None)
        self.plot.show_curve(curve)
        points = curve.points if curve is not None else ()
        if curve is not None:
            unit = plain.plain(curve.unit)
            named = [plain.core_text(curve.kind), self.tr("Mean {0}").format(unit), self.tr("SD {0}").format(unit)]
            self.table.setHorizontalHeaderLabels(named)
            missing = [point for point in points if point.mean is None]
            why = plain.core_text(missing[0].refused) if missing else ""
            self._say(self.tr("{0} of {1} have no value: {2}").format(len(missing), len(points), why) if missing else "")
        self.table.setRowCount(len(points))
        for row, point in enumerate(points):
            values = ("–" if value is None else f"{value:.4g}" for value in (point.mean, point.deviation))
            for column, text in enumerate((plain.plain(point.label), *values)):
                item = QTableWidgetItem(text)
                right = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(right | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)

    def _say(self, words: str) -> None:
        self.said.setText(words)


class CurvePlot(QWidget):
    """The means over the volumes' own numbers, or side by side where those are none. The axis of values need not begin at 0."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setMinimumHeight(160)
        self._curve: Curve | None = None

    def show_curve(self, curve: Curve | None) -> None:
        self._curve = curve
        self.update()

    def points(self) -> list[QPointF]:
        """Where the known means are painted."""
        curve, room = self._curve, self._room()
        known = [(at, mean) for at, mean in self._known()]
        if curve is None or not known:
            return []
        (left, right), (low, high) = self._spans()
        return [
            QPointF(
                room.left() + (at - left) / (right - left) * room.width(),
                room.bottom() - (mean - low) / (high - low) * room.height(),
            )
            for at, mean in known
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.GROUND))
        painter.setFont(theme.text_font())
        if self._curve is not None and self._known():
            self._axes(painter, self._curve)
            painter.setPen(QPen(QColor(theme.ACCENT), 1.6))
            painter.drawPolyline(QPolygonF(self.points()))
            painter.setBrush(QColor(theme.ACCENT))
            for point in self.points():
                painter.drawEllipse(point, DOT, DOT)
        painter.end()

    def _axes(self, painter: QPainter, curve: Curve) -> None:
        room, metrics = self._room(), painter.fontMetrics()
        (left, right), (low, high) = self._spans()
        painter.setPen(QColor(theme.LINE))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.drawLine(room.bottomLeft(), room.topLeft())
        painter.setPen(QColor(theme.MUTED))
        painter.drawText(QPointF(PAD, metrics.ascent() + 2), plain.plain(curve.unit))
        for mean, y in ((high, room.top()), (low, room.bottom())):
            text = f"{mean:.4g}"
            painter.drawText(QPointF(room.left() - metrics.horizontalAdvance(text) - 2 * DOT, y + metrics.ascent() / 2), text)
        base = room.bottom() + metrics.ascent() + 3
        if curve.is_by_number:
            first, last = f"{left:.4g}", f"{right:.4g} {curve.at_unit}"
        else:
            first, last = plain.plain(curve.points[0].label), plain.plain(curve.points[-1].label)
        painter.drawText(QPointF(room.left(), base), first)
        painter.drawText(QPointF(room.right() - metrics.horizontalAdvance(last), base), last)

    def _room(self) -> QRectF:
        high, numbers = self.fontMetrics().height(), self.fontMetrics().horizontalAdvance("-0.0000 ")
        return QRectF(PAD + numbers, high + 6, self.width() - 2 * PAD - numbers, max(1, self.height() - 2 * high - 16))

    def _known(self) -> list[tuple[float, float]]:
        curve = self._curve
        if curve is None:
            return []
        places = [point.at if curve.is_by_number and point.at is not None else float(i) for i, point in enumerate(curve.points)]
        return [(at, point.mean) for at, point in zip(places, curve.points, strict=True) if point.mean is not None]

    def _spans(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The ends of both axes, never of no length."""
        known = self._known()
        found = []
        for values in ([at for at, _ in known], [mean for _, mean in known]):
            low, high = min(values), max(values)
            found.append((low, high) if high > low else (low - 0.5, high + 0.5))
        return found[0], found[1]
