"""Columns of a table that all stay in sight: where the window is narrow, each gives way in proportion."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QHeaderView, QTableView

NARROWEST = 60


class ColumnFit(QObject):
    """`widths` in pixels are the wished ones; the column `stretched` takes the rest and has `least` at least."""

    def __init__(self, table: QTableView, widths: Sequence[int], stretched: int, least: int) -> None:
        super().__init__(table)
        self._table = table
        self._widths = widths
        self._stretched = stretched
        self._least = least
        table.horizontalHeader().setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        table.viewport().installEventFilter(self)
        self._fit()

    def _fit(self) -> None:
        wished = sum(self._widths) - self._widths[self._stretched]
        share = min(1.0, (self._table.viewport().width() - self._least) / wished)
        for index, width in enumerate(self._widths):
            if index != self._stretched:
                self._table.setColumnWidth(index, max(NARROWEST, int(width * share)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False
