"""Finds a command by a few letters of its name; shows its key, so that the next time needs no search."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.plain import core_text
from ui.runner import Runner

ROLE = Qt.ItemDataRole.UserRole
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
SHOWN = 12
ROW = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """One command in the palette."""

    command_id: str
    title: str
    menu: str
    keys: str


def score(sought: str, title: str) -> int | None:
    """How well a title fits what was typed, higher is better; None when letters are missing.

    All letters must come in order. Starts of words and letters that follow each other count most,
    so that `tp` finds "Three planes" and `coro` finds "Coronal plane".
    """
    sought, title = sought.casefold(), title.casefold()
    if not sought:
        return 0
    if sought in title:
        start = title.index(sought)
        return 1000 - start - (0 if start == 0 or title[start - 1] == " " else 200)
    total, place, last = 0, 0, -2
    for letter in sought:
        if letter == " ":
            continue
        found = title.find(letter, place)
        if found < 0:
            return None
        word_start = title.find(" " + letter, place)
        if found != last + 1 and word_start >= 0:
            found = word_start + 1
        starts_word = found == 0 or title[found - 1] == " "
        total += 12 if found == last + 1 else 8 if starts_word else 1
        last, place = found, found + 1
    return total


def matches(sought: str, entries: list[Entry]) -> list[Entry]:
    """The entries that fit, best first; all in table order when nothing is typed."""
    scored = [(score(sought, f"{e.title}"), i, e) for i, e in enumerate(entries)]
    kept = [(s, i, e) for s, i, e in scored if s is not None]
    kept.sort(key=lambda item: (-item[0], item[1]))
    return [entry for _, _, entry in kept]


class Palette(QDialog):
    """Type, choose with the arrows, Return runs. Esc or a click outside closes."""

    def __init__(self, runner: Runner, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self._runner = runner
        self.entries = [
            Entry(c.id, core_text(c.title), core_text(c.menu), runner.keys_text(c.id)) for c in runner.commands.values()
        ]
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("What do you want to do?"))
        self.field.setAccessibleName(self.tr("Find a command"))
        self.list = QListWidget()
        self.list.setItemDelegate(_EntryDelegate())
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Commands"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.field.textChanged.connect(self._seek)
        self.field.installEventFilter(self)
        self.list.itemActivated.connect(self._run)
        self.list.itemClicked.connect(self._run)
        self._seek("")
        self.resize(620, ROW * SHOWN + 70)

    def open_over(self, window: QWidget) -> None:
        """Show in the upper middle of the window, ready to type."""
        width = min(620, window.width() - 40)
        self.resize(width, min(self.height(), window.height() - 80))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + 72)
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: SHOWN, Qt.Key.Key_PageUp: -SHOWN}
            key = Qt.Key(event.key())
            if key in steps and self.list.count():
                row = min(max(self.list.currentRow() + steps[key], 0), self.list.count() - 1)
                self.list.setCurrentRow(row)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _seek(self, text: str) -> None:
        self.list.clear()
        for entry in matches(text.strip(), self.entries):
            item = QListWidgetItem(entry.title)
            item.setData(ROLE, entry)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        self.close()
        if item is not None:
            self._runner.run(item.data(ROLE).command_id)


class _EntryDelegate(QStyledItemDelegate):
    """Title left, menu muted after it, key right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:
        return QSize(10, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: object) -> None:
        entry = index.data(ROLE)  # type: ignore[attr-defined]  # Qt's stubs take two kinds of index
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(theme.ACCENT_GROUND))
        inner = option.rect.adjusted(10, 0, -10, 0)
        painter.setFont(theme.text_font())
        metrics = painter.fontMetrics()
        painter.setPen(QColor(theme.ACCENT))
        painter.drawText(inner, _RIGHT, entry.keys)
        room = inner.adjusted(0, 0, -metrics.horizontalAdvance(entry.keys) - 20, 0)
        painter.setPen(QColor(theme.TEXT))
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _LEFT, title)
        left = room.left() + metrics.horizontalAdvance(title) + 14
        painter.setPen(QColor(theme.MUTED))
        painter.drawText(QRect(left, room.top(), max(room.right() - left, 0), room.height()), _LEFT, entry.menu)
        painter.restore()
