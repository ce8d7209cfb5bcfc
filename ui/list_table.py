"""A list with columns to choose one row from: by hand, or by arrows and Return."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QTableWidget

from ui import theme

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
