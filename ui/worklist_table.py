"""The worklist's table: the row on top and the chosen row stay where they are, whatever comes or goes above them."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QPushButton, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from ui import theme
from ui.worklist_model import ITEM, WorklistModel
from workstation.domain.order import WorklistItem

ROW = 36


class WorklistTable(QTableView):
    """`new_above` counts rows that came above what is seen since the reader was at the top."""

    def __init__(self, model: WorklistModel) -> None:
        super().__init__()
        self._model = model
        self._anchor: tuple[int, int] | None = None
        """(row id, places below the top of the view)."""
        self._at_top = True
        self._seen: set[int] = set()
        self._new: set[int] = set()
        self.new_rows = QPushButton(self)
        self.new_rows.setObjectName("newRows")
        self.new_rows.setCursor(Qt.CursorShape.PointingHandCursor)
        self.new_rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.new_rows.clicked.connect(self.go_to_top)
        self.new_rows.hide()
        self._build()
        self.setModel(model)
        model.seen = self._seen_id
        model.about_to_change.connect(self._note_place)
        model.was_changed.connect(self._keep_place)
        model.was_replaced.connect(self._begin)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._scrolled())

    def _build(self) -> None:
        self.setObjectName("worklistTable")
        self.setItemDelegate(_ColouredWhenChosen(self))
        self.setAccessibleName(self.tr("Worklist"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        self.verticalHeader().setSectionResizeMode(self.verticalHeader().ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)

    # ---- what is chosen ----------------------------------------------------------------

    def chosen(self) -> WorklistItem | None:
        index = self.currentIndex()
        return index.data(ITEM) if index.isValid() else None

    def choose(self, row: int) -> None:
        """Whatever keys are held: `selectRow` would take a Shift for the hand's own."""
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(self._model.index(row, 0), flags)

    def go_to_top(self) -> None:
        """And show what came."""
        if not self._model.starts_at_top:
            self._model.show_list(self._model.wanted, self._model.order)
            return
        self.scrollToTop()
        if self._model.rows:
            self.choose(0)
        self._scrolled()

    @property
    def new_above(self) -> int:
        return len(self._new)

    # ---- staying -----------------------------------------------------------------------

    def _note_place(self) -> None:
        top, place = self.verticalScrollBar().value(), self._looked_at()
        rows = self._model.rows
        self._at_top = top == 0 and self._model.starts_at_top
        self._anchor = (rows[place].row_id, place - top) if 0 <= place < len(rows) else None

    def _looked_at(self) -> int:
        """The chosen row, where it is in sight; else the one on top."""
        top, current = self.verticalScrollBar().value(), self.currentIndex().row()
        return current if top <= current < top + self._seen_rows() else top

    def _seen_id(self) -> int:
        rows, place = self._model.rows, self._looked_at()
        return rows[place].row_id if 0 <= place < len(rows) else 0

    def _keep_place(self) -> None:
        if self._anchor is not None and not self._at_top:
            row = self._model.row_of(self._anchor[0])
            if row >= 0:
                self.updateGeometries()  # else the bar ends where the rows ended before
                self.verticalScrollBar().setValue(max(row - self._anchor[1], 0))
        if not self.currentIndex().isValid() and self._model.rows:
            self.choose(max(self.verticalScrollBar().value(), 0))
        self._count_new()

    def _begin(self) -> None:
        self._seen = {row.row_id for row in self._model.rows}
        self._new.clear()
        self.new_rows.hide()
        self.scrollToTop()
        if self._model.rows:
            self.choose(0)

    def _count_new(self) -> None:
        """Rows that came above what is seen; nothing is new at the top, where it is all seen."""
        rows, top = self._model.rows, self.verticalScrollBar().value()
        if top == 0 and self._model.starts_at_top:
            self._new.clear()
            self._seen = {row.row_id for row in rows}
        else:
            latest = max(self._seen, default=0)
            self._new |= {row.row_id for row in rows[:top] if row.row_id > latest}
        count = len(self._new)
        self.new_rows.setVisible(bool(count))
        self.new_rows.setText(self.tr("1 new above") if count == 1 else self.tr("{0} new above").format(count))
        self._place_badge()

    def _seen_rows(self) -> int:
        return max(self.viewport().height() // ROW, 1)

    def _scrolled(self) -> None:
        top = self.verticalScrollBar().value()
        self._model.look_beyond(top, top + self._seen_rows())
        if top == 0 and self._model.starts_at_top and self._new:
            self._count_new()

    def _place_badge(self) -> None:
        self.new_rows.adjustSize()
        place = (self.width() - self.new_rows.width()) // 2, self.horizontalHeader().height() + 8
        self.new_rows.move(*place)
        self.new_rows.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_badge()
        self._scrolled()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End are those of the whole list."""
        if event.key() == Qt.Key.Key_Home:
            self.go_to_top()
        elif event.key() == Qt.Key.Key_End and not self._model.reaches_end:
            self._model.show_end()
            self.scrollToBottom()
            self.choose(len(self._model.rows) - 1)
        else:
            super().keyPressEvent(event)


class _ColouredWhenChosen(QStyledItemDelegate):
    """Keeps the colour of urgency and status in the chosen row."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        colour = index.data(Qt.ItemDataRole.ForegroundRole)
        option.palette.setColor(QPalette.ColorRole.HighlightedText, colour or QColor(theme.TEXT))
