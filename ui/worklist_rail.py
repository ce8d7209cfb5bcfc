"""The saved lists beside the worklist: name and number of rows; the reader's own can be removed."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import theme
from ui.plain import core_text, plain, tooltip
from workstation.domain.worklist_query import MOST_COUNTED
from workstation.session.lists import Lists
from workstation.worklist_lists import SavedList

COUNT, KEY = Qt.ItemDataRole.UserRole + 2, Qt.ItemDataRole.UserRole
WIDTH, ROW = 204, 34


class WorklistRail(QListWidget):
    """Arrows choose a list at once; Return goes to its rows (`left`); Delete removes one of the reader's own."""

    left = Signal()
    removal_asked = Signal(str)

    def __init__(self, lists: Lists) -> None:
        super().__init__()
        self._lists = lists
        self._is_filling = False
        self.setObjectName("worklistRail")
        self.setAccessibleName(self.tr("Saved lists"))
        self.setFixedWidth(WIDTH)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_WithCount(self))
        self.setUniformItemSizes(True)
        self.currentItemChanged.connect(self._chosen)
        lists.changed.connect(self._fill)
        lists.counted.connect(self._count)
        self._fill(None)

    def _fill(self, _: object) -> None:
        self._is_filling = True
        self.clear()
        for one in self._lists.lists:
            item = QListWidgetItem(name_words(one))
            item.setData(KEY, one.key)
            item.setSizeHint(QSize(WIDTH - 4, ROW))
            item.setToolTip(tooltip(name_words(one), self.tr("Delete removes it") if one.is_own else ""))
            self.addItem(item)
            if one.key == self._lists.chosen.key:
                self.setCurrentItem(item)
        self._is_filling = False
        self._count(None)

    def _count(self, _: object) -> None:
        for row in range(self.count()):
            item = self.item(row)
            item.setData(COUNT, count_words(self._lists.counts.get(item.data(KEY))))

    def _chosen(self, item: QListWidgetItem | None, _: QListWidgetItem | None) -> None:
        if item is not None and not self._is_filling:
            self._lists.choose(item.data(KEY))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, item = event.key(), self.currentItem()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Right):
            self.left.emit()
        elif key == Qt.Key.Key_Delete and item is not None:
            self.removal_asked.emit(item.data(KEY))
        else:
            super().keyPressEvent(event)


def name_words(one: SavedList) -> str:
    return plain(one.name if one.is_own else core_text(one.name))


def count_words(count: int | None) -> str:
    """`12`, `999+`; empty while it is not counted."""
    if count is None:
        return ""
    return str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


class _WithCount(QStyledItemDelegate):
    """The number stands at the right edge, muted."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        count = index.data(COUNT) or ""
        room = QFontMetrics(option.font).horizontalAdvance(count) + 18
        whole = option.rect
        self.initStyleOption(option, index)
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        painter.save()
        painter.setFont(option.font)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(QColor(theme.TEXT))
        text = whole.adjusted(12, 0, -room, 0)
        fitted = QFontMetrics(option.font).elidedText(option.text, Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fitted)
        painter.setPen(QColor(theme.TEXT if is_chosen else theme.MUTED))
        painter.drawText(whole.adjusted(0, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count)
        painter.restore()
