"""The drawings of the open case as a list: what, what it measures, where, by whom. Return goes to one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QTableWidgetItem, QVBoxLayout, QWidget

from ui.annotation_words import label_lines, source_words
from ui.list_table import ListTable
from ui.plain import core_text, plain
from workstation.session.annotation_words import TITLES, place_words
from workstation.session.session import Session


class DrawingsDialog(QDialog):
    """Stays up to date while it is open."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("drawingsDialog")
        self.setWindowTitle(self.tr("Drawings"))
        self._session = session
        self._uids: list[str] = []
        headers = [self.tr("Drawing"), self.tr("Values"), self.tr("Where"), self.tr("By")]
        self.table = ListTable(headers, self.tr("Drawings of this case"), 1)
        self.table.itemActivated.connect(self._go)
        self.table.when_empty = self.tr("Nothing is drawn on the images of this case")
        keys = QLabel(self.tr("Return: go to the drawing."))
        keys.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.table)
        column.addWidget(keys)
        self.resize(1040, 420)
        session.annotating.changed.connect(self._fill)
        session.case_changed.connect(self._fill)
        self._fill(None)

    def _fill(self, _: object) -> None:
        drawings = self._session.annotating.all()
        studies, place_of = self._session.annotating.studies, self._session.annotating.image_place
        self._uids = [drawn.uid for drawn in drawings]
        self.table.setRowCount(len(drawings))
        for row, drawn in enumerate(drawings):
            words = ", ".join(label_lines(drawn))
            cells = (core_text(TITLES[drawn.kind]), words, plain(place_words(drawn, studies, place_of)), source_words(drawn))
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(text))
        if drawings and self.table.currentRow() < 0:
            self.table.setCurrentCell(0, 0)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go(self, item: QTableWidgetItem) -> None:
        if item.row() < len(self._uids):
            self._session.annotating.show(self._uids[item.row()])
