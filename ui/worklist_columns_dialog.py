"""Which columns the worklist has, in which order and how wide: by keys as by mouse; every change is seen at once."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ui import plain
from ui.worklist_columns import COLUMNS
from ui.worklist_header import ColumnHand


class ColumnsDialog(QDialog):
    """Space shows or hides, Alt+Up and Alt+Down move, Alt+Left and Alt+Right make narrower and wider."""

    def __init__(self, hand: ColumnHand, parent: QWidget) -> None:
        super().__init__(parent)
        self._hand = hand
        self.setWindowTitle(self.tr("Columns of the worklist"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Columns"))
        self.list.installEventFilter(self)
        self.list.itemChanged.connect(self._changed)
        hint = QLabel(self.tr("Space: show or hide    Alt+Up, Alt+Down: move    Alt+Left, Alt+Right: narrower, wider"))
        hint.setProperty("role", "muted")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.Reset)
        buttons.rejected.connect(self.accept)
        reset = buttons.button(QDialogButtonBox.StandardButton.Reset)
        reset.clicked.connect(self._reset)
        reset.setAutoDefault(False)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        column = QVBoxLayout(self)
        column.addWidget(self.list, 1)
        column.addWidget(hint)
        column.addWidget(buttons)
        self.resize(520, 560)
        self._fill(0)

    def _fill(self, chosen: int) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for n in self._hand.in_order():
            item = QListWidgetItem(plain.core_text(COLUMNS[n].title))
            item.setData(Qt.ItemDataRole.UserRole, n)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if self._hand.is_shown(n) else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.setCurrentRow(chosen)
        self.list.blockSignals(False)

    def _changed(self, item: QListWidgetItem) -> None:
        self._hand.show_column(item.data(Qt.ItemDataRole.UserRole), item.checkState() is Qt.CheckState.Checked)
        self._fill(self.list.currentRow())

    def _reset(self) -> None:
        self._hand.reset()
        self._fill(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        item, row = self.list.currentItem(), self.list.currentRow()
        if item is None or event.modifiers() != Qt.KeyboardModifier.AltModifier:
            return False
        column = item.data(Qt.ItemDataRole.UserRole)
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        wider = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if steps is not None and 0 <= row + steps < self.list.count():
            self._hand.move(column, steps)
            self._fill(row + steps)
        elif wider is not None:
            self._hand.widen(column, wider)
        return steps is not None or wider is not None
