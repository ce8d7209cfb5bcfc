"""Columns of a table that all stay in sight: where the window is narrow, those with long words give way."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QHeaderView, QTableView

# Below this a name can no longer be read: the table is then scrolled sideways.
LEAST_SHARE = 0.65


class ColumnFit(QObject):
    """`widths` in pixels are the wished ones; the column `stretched` takes the rest and has `least` at least.

    Those in `kept` are never narrower than wished: a date or a number that is cut off misleads.
    """

    def __init__(self, table: QTableView, widths: Sequence[int], stretched: int, least: int, kept: Collection[int]) -> None:
        super().__init__(table)
        self._table = table
        self._widths = widths
        self._stretched = stretched
        self._least = least
        self._kept = kept
        table.horizontalHeader().setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        table.viewport().installEventFilter(self)
        self._fit()

    def _fit(self) -> None:
        yielding = [n for n in range(len(self._widths)) if n != self._stretched and n not in self._kept]
        room = self._table.viewport().width() - self._least - sum(self._widths[n] for n in self._kept)
        share = max(LEAST_SHARE, min(1.0, room / sum(self._widths[n] for n in yielding)))
        for n in self._kept:
            self._table.setColumnWidth(n, self._widths[n])
        for n in yielding:
            self._table.setColumnWidth(n, int(self._widths[n] * share))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False
