"""The list of a field under the caret: arrows and first letters go through it, Return takes, Space ticks one of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from ui import theme

MOST_ROWS = 10
MOST_WIDTH = 520


class PickList(QListWidget):
    """`taken` is given the words of what was chosen, in the order of the list."""

    def __init__(
        self, choices: Sequence[str], chosen: Sequence[str], several: bool, taken: Callable[[str], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Popup)
        self.setObjectName("pickList")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(self.tr("Choices of this field"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFont(theme.text_font())
        self._several, self._taken = several, taken
        for choice in choices:
            item = QListWidgetItem(choice)
            if several:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if choice in chosen else Qt.CheckState.Unchecked)
            self.addItem(item)
        first = next((i for i, choice in enumerate(choices) if choice in chosen), 0)
        self.setCurrentRow(first)
        self.itemClicked.connect(lambda _: None if several else self._take())
        rows = min(self.count(), MOST_ROWS)
        width = max((self.sizeHintForColumn(0), 160)) + 2 * self.frameWidth() + 24
        self.resize(min(width, MOST_WIDTH), rows * self.sizeHintForRow(0) + 2 * self.frameWidth() + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self._take()
        elif event.key() == Qt.Key.Key_Escape:  # a list is no window that closes by itself
            self.close()
        else:
            super().keyPressEvent(event)

    def _take(self) -> None:
        items = [self.item(row) for row in range(self.count())]
        if self._several:
            words = ", ".join(i.text() for i in items if i.checkState() is Qt.CheckState.Checked)
        else:
            current = self.currentItem()
            words = current.text() if current is not None else ""
        self.close()
        if words:
            self._taken(words)
