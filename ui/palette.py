"""Finds a command by a few letters of what it is called; shows its key, so that the next time needs no search.

What was chosen last stands first. What cannot be done now stands last, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from ui.palette_entries import Entry, entries
from ui.runner import Runner
from workstation.commands.finding import find
from workstation.errors import WorkstationError
from workstation.session.case import Notice

if TYPE_CHECKING:
    from workstation.settings import Remembered

ROLE = Qt.ItemDataRole.UserRole
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
SHOWN = 12
ROW = 32
WIDTH = 780


RECENT = "palette.recent"
KEPT = 8
"""So many commands that were chosen last stand first, in this order."""


class Palette(QDialog):
    """Type, choose with the arrows, Return runs. Esc or a click outside closes."""

    def __init__(self, runner: Runner, parent: QWidget, remembered: Remembered | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self._runner = runner
        self._remembered = remembered
        kept = remembered.get(RECENT) if remembered is not None else None
        self._recent: list[str] = [name for name in kept if isinstance(name, str)] if isinstance(kept, list) else []
        self.entries = entries(runner)
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
        self.resize(WIDTH, ROW * SHOWN + 70)

    def open_over(self, window: QWidget) -> None:
        """Show in the upper middle of the window, ready to type."""
        width = min(WIDTH, window.width() - 40)
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
        found = find(text, self.entries, self._recent)
        if not text.strip():
            found.sort(key=lambda e: bool(e.why))
        for entry in found:
            item = QListWidgetItem(entry.title)
            item.setData(ROLE, entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(p for p in (entry.title, entry.keys, entry.why) if p))
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        self.close()
        if item is None:
            return
        entry: Entry = item.data(ROLE)
        session = self._runner.context().session
        if entry.why:
            session.notice.emit(Notice(f"{entry.title}: {entry.why}"))
            return
        self._remember(entry.id)
        try:
            entry.run() if entry.run is not None else self._runner.run(entry.id)
        except WorkstationError as error:
            session.report_problem(error)

    def _remember(self, name: str) -> None:
        self._recent = [name, *(n for n in self._recent if n != name)][:KEPT]
        if self._remembered is not None:
            self._remembered.set(RECENT, self._recent)


class _EntryDelegate(QStyledItemDelegate):
    """Title left, menu muted after it, key right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:
        return QSize(10, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: object) -> None:
        entry: Entry = index.data(ROLE)  # type: ignore[attr-defined]  # Qt's stubs take two kinds of index
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(theme.ACCENT_GROUND))
        inner = option.rect.adjusted(10, 0, -10, 0)
        painter.setFont(theme.text_font())
        metrics = painter.fontMetrics()
        painter.setPen(QColor(theme.ACCENT))
        painter.drawText(inner, _RIGHT, entry.keys)
        room = inner.adjusted(0, 0, -metrics.horizontalAdvance(entry.keys) - 20, 0)
        painter.setPen(QColor(theme.FAINT if entry.why else theme.TEXT))
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _LEFT, title)
        left = room.left() + metrics.horizontalAdvance(title) + 14
        painter.setPen(QColor(theme.MUTED))
        rest = QRect(left, room.top(), max(room.right() - left, 0), room.height())
        words = metrics.elidedText(entry.why or entry.menu, Qt.TextElideMode.ElideRight, rest.width())
        painter.drawText(rest, _LEFT, words)
        painter.restore()
