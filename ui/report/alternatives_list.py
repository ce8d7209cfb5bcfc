"""The list of what a dictated word may have been, at the caret: a number key takes one, Escape none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from dictation.alternatives import Alternative
from ui import theme
from ui.plain import core_text, plain

MOST_WIDTH = 520


class AlternativesList(QListWidget):
    """`taken` is given what was chosen."""

    def __init__(self, choices: Sequence[Alternative], taken: Callable[[Alternative], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Popup)
        self.setObjectName("alternatives")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(self.tr("What else it may have been"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFont(theme.text_font())
        self._choices, self._taken = tuple(choices), taken
        for number, choice in enumerate(self._choices, start=1):
            item = QListWidgetItem(f"{number}  {plain(choice.words)}    {core_text(choice.source.value)}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{choice.words}, {core_text(choice.source.value)}")
            self.addItem(item)
        self.setCurrentRow(0)
        self.itemClicked.connect(lambda _: self._take(self.currentRow()))
        width = max(self.sizeHintForColumn(0), 160) + 2 * self.frameWidth() + 24
        self.resize(min(width, MOST_WIDTH), self.count() * self.sizeHintForRow(0) + 2 * self.frameWidth() + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self._take(self.currentRow())
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.text().isdigit() and event.text() != "0":
            self._take(int(event.text()) - 1)
        else:
            super().keyPressEvent(event)

    def _take(self, row: int) -> None:
        if 0 <= row < len(self._choices):
            self.close()
            self._taken(self._choices[row])
