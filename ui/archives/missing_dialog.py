"""Which images of a study did not come, and why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui.list_table import quiet_heads
from ui.plain import core_text, plain, tooltip
from workstation.domain.archive import RetrieveProgress

SHOWN = 500


class MissingDialog(QDialog):
    """`refused` are (SOP Instance UID, why the cache did not take it); the others did not come at all."""

    def __init__(self, progress: RetrieveProgress, refused: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("missingDialog")
        self.setWindowTitle(self.tr("Images that did not come"))
        counted = self.tr("{0} of {1} images are here.").format(progress.received, progress.expected)
        self.words = QLabel(" ".join(part for part in (counted, plain(core_text(progress.problem))) if part))
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        reasons = dict(refused)
        rows = [(r.instance_number, r.sop_instance_uid, reasons.get(r.sop_instance_uid, "")) for r in progress.missing]
        rows.sort(key=lambda row: (not row[2], row[0] is None, row[0] or 0))
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels([self.tr("Image"), self.tr("Why it did not come"), self.tr("SOP Instance UID")])
        self.table.setAccessibleName(self.tr("Images that did not come"))
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().setStretchLastSection(True)
        quiet_heads(self.table)
        self.table.setColumnWidth(0, 80)
        self.table.setColumnWidth(1, 460)
        self.table.setRowCount(min(len(rows), SHOWN))
        for place, (number, uid, why) in enumerate(rows[:SHOWN]):
            words = core_text(why) if why else self.tr("The archive did not give it")
            for column, text in enumerate(("" if number is None else str(number), words, uid)):
                cell = QTableWidgetItem(plain(text))
                cell.setToolTip(tooltip(text))
                self.table.setItem(place, column, cell)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(18, 14, 18, 14)
        column_box.addWidget(self.words)
        if len(rows) > SHOWN:
            column_box.addWidget(QLabel(self.tr("… and {0} more").format(len(rows) - SHOWN)))
        column_box.addWidget(self.table, 1)
        column_box.addWidget(buttons)
        self.resize(1000, 420)
