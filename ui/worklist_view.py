"""The worklist page: what is to be read, most urgent first; files dropped here are imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from ui import icons, theme
from ui.arrivals import Arrivals, may_fetch
from ui.import_pane import ImportPane
from ui.plain import tooltip
from ui.runner import Runner, mark_mode
from ui.worklist_chips import ChipRow
from ui.worklist_columns import COLUMNS
from ui.worklist_header import ColumnHand
from ui.worklist_model import ITEM, WorklistModel
from ui.worklist_rail import WorklistRail, count_words, name_words
from ui.worklist_table import WorklistTable
from workstation.commands.command import Mode
from workstation.domain.order import ReadStatus, WorklistItem
from workstation.domain.worklist_query import RowFilter, RowOrder
from workstation.errors import Refused, WorkstationError
from workstation.session.case import Notice
from workstation.session.lists import Lists
from workstation.worklist_lists import LONGEST_NAME

if TYPE_CHECKING:
    from ui.seat import Seat

DUE_MS = 30_000
ROOM_FOR_RAIL = 1240


class WorklistView(QWidget):
    """Return or a double click opens a case; typing in the box keeps matching rows; `act` is what commands ask for."""

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
        assert core.session.lists is not None
        self._lists: Lists = core.session.lists
        self.arrivals = Arrivals(core)
        self.model = WorklistModel(arrivals=self.arrivals, source=core.session.listing)
        self.table = WorklistTable(self.model)
        self.columns = ColumnHand(self.table, core.remembered)
        self.rail = WorklistRail(self._lists)
        self.chips = ChipRow(self._lists)
        self.filter = QLineEdit()
        self.imports = ImportPane(core)
        self._count = QLabel()
        self._empty = QLabel()
        self._was_touched = False
        self._first_id: int | None = None
        self._shown: tuple[RowFilter, RowOrder] | None = None
        self._build()
        self._connect()
        self._clock = QTimer(self)
        self._clock.setInterval(DUE_MS)
        self._clock.timeout.connect(self.model.time_passed)
        self._clock.start()
        self._show_list(None)
        if self._lists.trouble is not None:
            QTimer.singleShot(0, lambda trouble=self._lists.trouble: self._session.report_problem(trouble))

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._seek)
        for watched in (self.filter, self.table, self.table.viewport()):
            watched.installEventFilter(self)
        self.table.activated.connect(self._open)
        self.model.sort_asked.connect(self._sort)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._sort)
        self.model.was_changed.connect(self._follow)
        self.model.was_changed.connect(self._count_rows)
        self.model.was_replaced.connect(self._count_rows)
        self.rail.left.connect(self._go_to_rows)
        self.rail.removal_asked.connect(self._remove_list)
        self._lists.changed.connect(self._show_list)
        self._lists.counted.connect(self._count_all)
        self._session.worklist_changed.connect(self._changed)

    def import_paths(self, paths: Sequence[Path]) -> None:
        if paths:
            self.imports.start(paths)

    def selected(self) -> WorklistItem | None:
        return self.table.chosen()

    def select_study(self, study_uid: str) -> bool:
        """Choose the row of a study and give the list the keys. False when it is not among those at hand."""
        for row, item in enumerate(self.model.items):
            if item.study_instance_uid == study_uid:
                self.table.choose(row)
                self.table.setFocus()
                return True
        return False

    def clear_filter(self) -> bool:
        """Show all rows of the list again. False when nothing was filtered."""
        if self.filter.text():
            self.filter.clear()
            self.table.setFocus()
            return True
        return self.chips.clear_all()

    def act(self, what: str) -> None:
        """What a command asks of the page, by its name. Raises Refused."""
        {
            "lists": self._go_to_lists,
            "next list": lambda: self._lists.step(1),
            "previous list": lambda: self._lists.step(-1),
            "save list": self._save_list,
            "remove list": lambda: self._remove_list(self._lists.chosen.key),
            "bring back list": self._bring_back_list,
            "columns": self._ask_columns,
            "top": self.table.go_to_top,
            "assign": self._assign,
        }[what]()

    # ---- building --------------------------------------------------------------------

    def _build(self) -> None:
        title = QLabel(self.tr("Worklist"))
        title.setProperty("role", "title")
        self._count.setTextFormat(Qt.TextFormat.PlainText)
        self._count.setProperty("role", "muted")
        self.filter.setObjectName("worklistFilter")
        self.filter.setPlaceholderText(self.tr("Filter by name, number, procedure, site…"))
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
        self._sort_indicator()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "muted")
        body = QWidget()
        self._body = QStackedLayout(body)
        self._body.addWidget(self.table)
        self._body.addWidget(self._empty)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addLayout(head)
        right.addWidget(self.chips)
        right.addWidget(body, 1)
        right.addWidget(self.imports)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.rail)
        whole.addLayout(right, 1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.table.hasFocus() and not self.filter.hasFocus():
            self.table.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_rail()

    def _fit_rail(self) -> None:
        """Beside the rows where there is room for both; else while it is used."""
        self.rail.setVisible(self.width() >= ROOM_FOR_RAIL or self.rail.hasFocus())

    def sizeHint(self) -> QSize:
        return QSize(1200, 800)

    # ---- rows ------------------------------------------------------------------------

    def _changed(self, _: object) -> None:
        """Rows may be others now: those at hand are asked for again, and the lists counted."""
        row = self.table.currentIndex().row()
        is_first = row <= 0 and self.table.verticalScrollBar().value() == 0
        self._first_id = (self.model.rows[0].row_id if self.model.rows else 0) if is_first else None
        self.model.refresh()
        self._lists.count()

    def _follow(self) -> None:
        """Nobody has chosen a row yet, or the first one is read: the next is the new first one."""
        first, self._first_id = self._first_id, None
        if first is None or not self.model.rows:
            return
        now = next((row.item for row in self.model.rows if row.row_id == first), None)
        if not self._was_touched or now is None or now.status in (ReadStatus.SIGNED, ReadStatus.CONFIRMED):
            self.table.choose(0)

    def _show_list(self, _: object) -> None:
        """The list, the words or the order are others."""
        looked_at = self._lists.wanted, self._lists.order
        if looked_at != self._shown:
            self._shown = looked_at
            self._sort_indicator()
            self.model.show_list(*looked_at)
        if self.filter.text().strip() != self._lists.wanted.text:
            self.filter.setText(self._lists.wanted.text)
        self._lists.count()

    def _seek(self, text: str) -> None:
        self._lists.narrow(self._lists.wanted.with_text(text.strip()))

    def _count_rows(self) -> None:
        is_whole = self.model.starts_at_top and self.model.reaches_end
        if self.model.rows or not self._lists.wanted.text:
            self._body.setCurrentIndex(0 if self.model.rows else 1)
        else:
            self._body.setCurrentIndex(1)
        self._count.setText(self._count_words(len(self.model.rows) if is_whole else None))
        if self._lists.wanted.text or self._lists.is_altered or self._lists.chosen.wanted != RowFilter():
            said = self._lists.wanted.text
            words = (
                self.tr("No row matches “{0}”.\n\nClear the filter with Esc.").format(said)
                if said
                else self.tr("Nothing on this list.")
            )
            self._empty.setText(words)
        else:
            keys = self._runner.keys_text("case.import")
            words = self.tr("Nothing to read.\n\nDrop DICOM files, folders or zip archives here, or press {0} to choose them.")
            self._empty.setText(words.format(keys))

    def _count_words(self, rows: int | None) -> str:
        if rows is None:
            known = None if self._lists.wanted.text or self._lists.is_altered else self._lists.counts.get(self._lists.chosen.key)
            return self.tr("{0} rows").format(count_words(known)) if known is not None else ""
        unread = sum(i.status in (ReadStatus.UNREAD, ReadStatus.DRAFT) for i in self.model.items)
        return self.tr("{0} to read, {1} in all").format(unread, rows)

    def _count_all(self, _: object) -> None:
        self._count_rows()

    def _open(self, index: QModelIndex) -> None:
        item = index.data(ITEM)
        if not isinstance(item, WorklistItem):
            return
        if may_fetch(item, self.arrivals):
            self.fetch_asked.emit(item)
        else:
            self._session.open(item)

    # ---- sorting ---------------------------------------------------------------------

    def _sort(self, column: int, direction: Qt.SortOrder) -> None:
        """A click on a head, which has turned its arrow already; a second one turns it round."""
        is_down = direction is Qt.SortOrder.DescendingOrder
        is_first = COLUMNS[column].sort is not self._lists.order.key
        self._lists.sort(RowOrder(COLUMNS[column].sort, is_down or (is_first and COLUMNS[column].first_down)))

    def _sort_indicator(self) -> None:
        order = self._lists.order
        header = self.table.horizontalHeader()
        sorted_by = [n for n, one in enumerate(COLUMNS) if one.sort is order.key]
        # Several columns say one thing in several ways: the one that was clicked, else one that is seen, has the arrow.
        seen = [n for n in sorted_by if n == header.sortIndicatorSection()] + [n for n in sorted_by if self.columns.is_shown(n)]
        column = next(iter((*seen, *sorted_by)), 0)
        direction = Qt.SortOrder.DescendingOrder if order.descending else Qt.SortOrder.AscendingOrder
        self.table.setSortingEnabled(False)
        header.setSortIndicator(column, direction)
        header.setSortIndicatorShown(True)
        header.setSectionsClickable(True)

    # ---- lists -----------------------------------------------------------------------

    def _go_to_lists(self) -> None:
        """To the lists, and from them back to the rows."""
        if self.rail.hasFocus():
            self._go_to_rows()
        else:
            self.rail.show()
            self.rail.setFocus()

    def _go_to_rows(self) -> None:
        self.table.setFocus()
        self._fit_rail()

    def _save_list(self) -> None:
        words = self.tr("Name of the list (its filter and its order are kept):")
        name, is_given = QInputDialog.getText(self, self.tr("Save this list"), words, text=self._lists.wanted.text[:LONGEST_NAME])
        if is_given:
            self._lists.save(name)

    def _remove_list(self, key: str) -> None:
        try:
            removed = self._lists.remove(key)
        except WorkstationError as error:
            self._session.report_problem(error)
            return
        words = self.tr("The list “{0}” was removed").format(name_words(removed))
        self._session.notice.emit(Notice(words, command="worklist.bring_back"))

    def _bring_back_list(self) -> None:
        words = self.tr("The list “{0}” is back").format(name_words(self._lists.bring_back()))
        self._session.notice.emit(Notice(words))

    def _ask_columns(self) -> None:
        from ui.worklist_columns_dialog import ColumnsDialog

        dialog = ColumnsDialog(self.columns, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _assign(self) -> None:
        item = self.selected()
        if item is None or item.order is None:
            raise Refused("Nothing to assign", "No row with an order is chosen", "Choose one on the worklist")
        self._session.claiming.assign(item.order.order_id, not item.is_mine)

    # ---- keys ------------------------------------------------------------------------

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
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.rows:
            self.table.setFocus()
            if key != Qt.Key.Key_Down:
                self._open(self.table.currentIndex())
            return True
        return False

    # ---- dropped files ---------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = local_paths(event.mimeData().urls())
        if paths:
            event.acceptProposedAction()
            self.import_paths(paths)


def local_paths(urls: Sequence[QUrl]) -> list[Path]:
    """The files and folders among dropped addresses; anything from the network is left alone."""
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
