"""A list with columns to choose one row from: by hand, or by arrows and Return."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QTableWidget, QToolTip

from ui import theme
from ui.plain import tooltip

EDGE = 24


def quiet_heads(table: QTableView) -> None:
    """Heads stand above the words of their columns, and do not get bold where a row is chosen."""
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.horizontalHeader().setHighlightSections(False)


class ListTable(QTableWidget):
    """Rows are chosen whole, nothing is edited; the columns `stretched` take the room that is left."""

    def __init__(self, headers: Sequence[str], name: str, *stretched: int) -> None:
        super().__init__(0, len(headers))
        self.when_empty = ""
        """What stands in it while there are no rows."""
        quiet_heads(self)
        self.setHorizontalHeaderLabels(list(headers))
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column in stretched:
            self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    def viewportEvent(self, event: QEvent) -> bool:
        """Words that are cut off are whole in the tool tip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.indexAt(event.pos())
            text = str(index.data() or "")
            is_cut = self.sizeHintForIndex(index).width() > self.columnWidth(index.column())
            if text and is_cut and not index.data(Qt.ItemDataRole.ToolTipRole):
                QToolTip.showText(event.globalPos(), tooltip(*text.splitlines()), self.viewport(), self.visualRect(index))
                return True
        return super().viewportEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.rowCount() or not self.when_empty:
            return
        painter = QPainter(self.viewport())
        painter.setPen(QColor(theme.MUTED))
        room = self.viewport().rect().adjusted(EDGE, EDGE, -EDGE, -EDGE)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.when_empty)
        painter.end()

    def fix_widths(self, *widths: int) -> None:
        """For many rows: columns so wide (pixels, 0 leaves it) whatever stands in them. Measuring all cells is dear."""
        for column, width in enumerate(widths):
            if width:
                self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
                self.setColumnWidth(column, width)
