"""The worklist page: what is to be read, most urgent first; files dropped here are imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QKeyEvent, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ui import icons, theme
from ui.arrivals import Arrivals, may_fetch
from ui.column_fit import ColumnFit
from ui.import_pane import ImportPane
from ui.plain import tooltip
from ui.runner import Runner, mark_mode
from ui.worklist_model import COLUMNS, ITEM, KEYS, WorklistModel, WorklistOrder
from workstation.commands.command import Mode
from workstation.domain.order import ReadStatus, WorklistItem

if TYPE_CHECKING:
    from ui.seat import Seat

DUE_MS = 30_000
ROW = 36
LEAST_PROCEDURE = 170
KEPT = tuple(KEYS.index(key) for key in ("modality", "images", "date", "status"))


class WorklistView(QWidget):
    """Return or a double click opens a case; typing in the box keeps matching rows."""

    fetch_asked = Signal(object)

    def __init__(self, core: Seat, runner: Runner) -> None:
        """`fetch_asked` carries a WorklistItem without images that the reader wants to read."""
        super().__init__()
        self.setObjectName("worklist")
        self.setAcceptDrops(True)
        mark_mode(self, Mode.WORKLIST)
        self._core = core
        self._session = core.session
        self._runner = runner
        self.arrivals = Arrivals(core)
        self.model = WorklistModel(arrivals=self.arrivals)
        self.order = WorklistOrder(self.model)
        self.table = QTableView()
        self.filter = QLineEdit()
        self.imports = ImportPane(core)
        self._count = QLabel()
        self._empty = QLabel()
        self._was_touched = False
        self._build()
        self._restore_sort()
        self.filter.textChanged.connect(self._seek)
        self.filter.installEventFilter(self)
        self.table.installEventFilter(self)
        self.table.viewport().installEventFilter(self)
        self.table.activated.connect(self._open)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._remember_sort)
        self._session.worklist_changed.connect(self._show_items)
        self._clock = QTimer(self)
        self._clock.setInterval(DUE_MS)
        self._clock.timeout.connect(self.model.time_passed)
        self._clock.start()
        self._show_items(self._session.items)

    def import_paths(self, paths: Sequence[Path]) -> None:
        if paths:
            self.imports.start(paths)

    def selected(self) -> WorklistItem | None:
        index = self.table.currentIndex()
        return index.data(ITEM) if index.isValid() else None

    def select_study(self, study_uid: str) -> bool:
        """Choose the row of a study and give the list the keys. False when there is none."""
        for row in range(self.order.rowCount()):
            item = self.order.index(row, 0).data(ITEM)
            if isinstance(item, WorklistItem) and item.study_instance_uid == study_uid:
                self.table.selectRow(row)
                self.table.setFocus()
                return True
        return False

    def clear_filter(self) -> bool:
        """Show all rows again. False when nothing was filtered."""
        if not self.filter.text():
            return False
        self.filter.clear()
        self.table.setFocus()
        return True

    # ---- building --------------------------------------------------------------------

    def _build(self) -> None:
        title = QLabel(self.tr("Worklist"))
        title.setProperty("role", "title")
        self._count.setTextFormat(Qt.TextFormat.PlainText)
        self._count.setProperty("role", "muted")
        self.filter.setObjectName("worklistFilter")
        self.filter.setPlaceholderText(self.tr("Filter by name, ID, procedure, modality…"))
        self.filter.setAccessibleName(self.tr("Filter the worklist"))
        self.filter.setClearButtonEnabled(True)
        self.filter.addAction(icons.icon("search", theme.MUTED), QLineEdit.ActionPosition.LeadingPosition)
        self.filter.setFixedWidth(380)
        button = QPushButton(icons.icon("import"), self.tr("Import…"))
        button.setToolTip(tooltip(self.tr("Import files"), self._runner.keys_text("case.import")))
        button.clicked.connect(lambda: self._runner.run("case.import"))
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 16, 10)
        head.setSpacing(12)
        head.addWidget(title)
        head.addWidget(self._count)
        head.addStretch(1)
        head.addWidget(self.filter)
        head.addWidget(button)
        self._build_table()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "muted")
        body = QWidget()
        self._body = QStackedLayout(body)
        self._body.addWidget(self.table)
        self._body.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(body, 1)
        column.addWidget(self.imports)

    def _build_table(self) -> None:
        table = self.table
        table.setObjectName("worklistTable")
        table.setItemDelegate(_ColouredWhenChosen(table))
        table.setAccessibleName(self.tr("Worklist"))
        table.setModel(self.order)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setSortingEnabled(True)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(60)
        ColumnFit(table, [column.width for column in COLUMNS], KEYS.index("procedure"), LEAST_PROCEDURE, KEPT)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.table.hasFocus() and not self.filter.hasFocus():
            self.table.setFocus()

    def sizeHint(self) -> QSize:
        return QSize(1200, 800)

    # ---- rows ------------------------------------------------------------------------

    def _show_items(self, items: tuple[WorklistItem, ...]) -> None:
        chosen, place = self.selected(), self.table.verticalScrollBar().value()
        at_top = self.table.currentIndex().row() <= 0
        self.model.show_items(items)
        self._select(None if at_top and self._wants_the_top(chosen) else chosen)
        self.table.verticalScrollBar().setValue(place)
        self._count_rows()

    def _wants_the_top(self, chosen: WorklistItem | None) -> bool:
        """Nobody has chosen a row yet, or the first one is read: the next is the new first one."""
        now = next((item for item in self.model.items if _key(item) == _key(chosen)), None)
        return not self._was_touched or now is None or now.status in (ReadStatus.SIGNED, ReadStatus.CONFIRMED)

    def _select(self, chosen: WorklistItem | None) -> None:
        """Keep the same row chosen across a refresh; the first one to begin with."""
        rows = range(self.order.rowCount())
        wanted = (chosen.accession_number, chosen.study_instance_uid) if chosen else None
        found = next((r for r in rows if _key(self.order.index(r, 0).data(ITEM)) == wanted), 0)
        if rows:
            self.table.selectRow(found)

    def _seek(self, text: str) -> None:
        self.order.seek(text)
        if self.order.rowCount() and not self.table.currentIndex().isValid():
            self.table.selectRow(0)
        self._count_rows()

    def _count_rows(self) -> None:
        unread = sum(i.status in (ReadStatus.UNREAD, ReadStatus.DRAFT) for i in self.model.items)
        self._count.setText(self.tr("{0} to read, {1} in all").format(unread, len(self.model.items)))
        self._body.setCurrentIndex(0 if self.order.rowCount() else 1)
        if self.model.items:
            self._empty.setText(self.tr("No row matches “{0}”.\n\nClear the filter with Esc.").format(self.filter.text()))
        else:
            keys = self._runner.keys_text("case.import")
            words = self.tr("Nothing to read.\n\nDrop DICOM files, folders or zip archives here, or press {0} to choose them.")
            self._empty.setText(words.format(keys))

    def _open(self, index: QModelIndex) -> None:
        item = index.data(ITEM)
        if not isinstance(item, WorklistItem):
            return
        if may_fetch(item, self.arrivals):
            self.fetch_asked.emit(item)
        else:
            self._session.open(item)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.filter and event.type() in (QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress):
            self._was_touched = True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if watched is self.filter:
                return self._filter_key(key)
            if watched is self.table and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._open(self.table.currentIndex())
                return True
            if watched is self.table and event.text().isalnum() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.filter.setFocus()
                self.filter.setText(event.text())
                return True
        return False

    def _filter_key(self, key: Qt.Key) -> bool:
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.order.rowCount():
            self.table.setFocus()
            if key != Qt.Key.Key_Down:
                self._open(self.table.currentIndex())
            return True
        return False

    # ---- remembered ------------------------------------------------------------------

    def _restore_sort(self) -> None:
        stored = self._core.remembered.get("worklist.sort")
        key, down = stored if isinstance(stored, list) and len(stored) == 2 and stored[0] in KEYS else ("priority", False)
        order = Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder
        self.table.sortByColumn(KEYS.index(key), order)

    def _remember_sort(self, column: int, order: Qt.SortOrder) -> None:
        self._core.remembered.set("worklist.sort", [KEYS[column], order is Qt.SortOrder.DescendingOrder])

    # ---- dropped files ---------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = local_paths(event.mimeData().urls())
        if paths:
            event.acceptProposedAction()
            self.import_paths(paths)


class _ColouredWhenChosen(QStyledItemDelegate):
    """Keeps the colour of urgency and status in the chosen row."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        colour = index.data(Qt.ItemDataRole.ForegroundRole)
        option.palette.setColor(QPalette.ColorRole.HighlightedText, colour or QColor(theme.TEXT))


def local_paths(urls: Sequence[QUrl]) -> list[Path]:
    """The files and folders among dropped addresses; anything from the network is left alone."""
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _key(item: WorklistItem | None) -> tuple[str, str] | None:
    return (item.accession_number, item.study_instance_uid) if item is not None else None
