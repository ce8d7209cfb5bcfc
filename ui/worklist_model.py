"""The worklist as a table: a window of rows around what is seen, kept row by row while the list lives on.

A row is the same row wherever it moves: what is chosen and what stands on top of the view stays, what came above it is
counted. Rows are asked for in jobs; nothing here knows how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont

from ui import plain, theme
from ui.arrivals import Arrivals, images_colour, images_tip, images_words, priors_words
from ui.worklist_columns import COLUMNS, KEYS, OF_TIME, Column, due_colour
from workstation.domain.order import Priority, WorklistItem
from workstation.domain.worklist_query import (
    EVERYTHING,
    FIRST_ROWS,
    READING_ORDER,
    ListedRow,
    Mark,
    RowFilter,
    RowOrder,
    RowSource,
)

ITEM = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex
MOST_ROWS = 1200
"""Kept at a time; what was scrolled past is asked for again."""
MOST_AT_ONCE = 6000
"""So many may come between rows that are at hand, and these are still found."""
SLOT = "worklist rows"


class Source(Protocol):
    """`workstation.session.listing.Listing`, as far as the table asks."""

    def ask(
        self,
        question: Callable[[RowSource], Sequence[ListedRow]],
        done: Callable[[tuple[ListedRow, ...]], object],
        slot: str = "",
    ) -> None: ...


def _now() -> datetime:
    return datetime.now(UTC)


class WorklistModel(QAbstractTableModel):
    """`about_to_change` and `was_changed` frame every change of rows, so that a view can stay where it is."""

    about_to_change = Signal()
    was_changed = Signal()
    was_replaced = Signal()
    """Another list is shown: there is nothing to stay at."""
    sort_asked = Signal(int, Qt.SortOrder)

    def __init__(
        self, now: Callable[[], datetime] = _now, arrivals: Arrivals | None = None, source: Source | None = None
    ) -> None:
        super().__init__()
        self._now = now
        self._arrivals = arrivals
        self._source = source
        self.wanted: RowFilter = EVERYTHING
        self.order: RowOrder = READING_ORDER
        self.rows: list[ListedRow] = []
        self.starts_at_top = self.reaches_end = True
        self.seen: Callable[[], int] = lambda: 0
        """Says which row (by its id) is looked at."""
        self._is_asking = False
        self._is_stale = False
        if arrivals is not None:
            arrivals.changed.connect(self._arrived)

    @property
    def items(self) -> tuple[WorklistItem, ...]:
        """The rows that are at hand."""
        return tuple(row.item for row in self.rows)

    # ---- asking ------------------------------------------------------------------------

    def show_list(self, wanted: RowFilter, order: RowOrder) -> None:
        """From its top."""
        self.wanted, self.order = wanted, order
        self._ask(lambda s: s.page(wanted, order, None, FIRST_ROWS), self._replace)

    def show_end(self) -> None:
        """The last rows."""
        wanted, order = self.wanted, self.order
        self._ask(lambda s: s.page(wanted, order, None, FIRST_ROWS, backwards=True), self._replace_by_end)

    def refresh(self) -> None:
        """The same window as it is now."""
        if self._is_asking:
            self._is_stale = True
            return
        wanted, order, count = self.wanted, self.order, max(len(self.rows), FIRST_ROWS)
        first = None if self.starts_at_top or not self.rows else self.rows[0].mark
        last = self.rows[-1].mark if self.rows else None

        def question(source: RowSource) -> tuple[ListedRow, ...]:
            """As many as are at hand, and however many came between them."""
            found = source.page(wanted, order, first, count, inclusive=first is not None)
            while last is not None and count <= len(found) < MOST_AT_ONCE and _is_before(found[-1].mark, last, order):
                more = source.page(wanted, order, found[-1].mark, count)
                found = (*found, *more)
                if len(more) < count:
                    break
            return found

        self._ask(question, partial(self._merge, count, first is None))

    def look_beyond(self, first: int, last: int) -> None:
        """Rows `first` to `last` are seen: have more at hand on either side."""
        if self._is_asking or not self.rows:
            return
        wanted, order, near = self.wanted, self.order, FIRST_ROWS // 2
        if not self.reaches_end and last > len(self.rows) - near:
            end = self.rows[-1].mark
            self._ask(lambda s: s.page(wanted, order, end, FIRST_ROWS), self._append)
        elif not self.starts_at_top and first < near:
            start = self.rows[0].mark
            self._ask(lambda s: s.page(wanted, order, start, FIRST_ROWS, backwards=True), self._prepend)

    def _ask(self, question: Callable[[RowSource], Sequence[ListedRow]], done: Callable[[tuple[ListedRow, ...]], None]) -> None:
        if self._source is None:
            return
        asked = (self.wanted, self.order)
        self._is_asking = True

        def answered(rows: tuple[ListedRow, ...]) -> None:
            if asked != (self.wanted, self.order):
                return  # the answer to what was asked since is on its way
            self._is_asking = False
            done(rows)
            if self._is_stale:
                self._is_stale = False
                self.refresh()

        self._source.ask(question, answered, slot=SLOT)

    # ---- rows come ---------------------------------------------------------------------

    def put_rows(self, rows: Sequence[ListedRow]) -> None:
        """These and no others, as another list."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()
        self.was_replaced.emit()

    def _replace(self, rows: tuple[ListedRow, ...]) -> None:
        self.starts_at_top, self.reaches_end = True, len(rows) < FIRST_ROWS
        self.put_rows(rows)

    def _replace_by_end(self, rows: tuple[ListedRow, ...]) -> None:
        self.put_rows(rows)
        self.starts_at_top, self.reaches_end = len(rows) < FIRST_ROWS, True

    def _append(self, rows: tuple[ListedRow, ...]) -> None:
        self.reaches_end = len(rows) < FIRST_ROWS
        known = {row.row_id for row in self.rows}
        kept = [*self.rows, *(row for row in rows if row.row_id not in known)]
        dropped = max(0, len(kept) - MOST_ROWS)
        self.starts_at_top = self.starts_at_top and not dropped
        self._become(kept[dropped:])

    def _prepend(self, rows: tuple[ListedRow, ...]) -> None:
        self.starts_at_top = len(rows) < FIRST_ROWS
        known = {row.row_id for row in self.rows}
        kept = [*(row for row in rows if row.row_id not in known), *self.rows]
        self.reaches_end = self.reaches_end and len(kept) <= MOST_ROWS
        self._become(kept[:MOST_ROWS])

    def _merge(self, count: int, from_top: bool, rows: tuple[ListedRow, ...]) -> None:
        """What is too many is left out far from what is seen."""
        self.starts_at_top = self.starts_at_top or from_top
        self.reaches_end = len(rows) % count != 0 or not rows
        seen = self.seen()
        place = next((n for n, row in enumerate(rows) if row.row_id == seen), 0)
        start = min(max(place - MOST_ROWS // 2, 0), max(len(rows) - MOST_ROWS, 0))
        self.starts_at_top = self.starts_at_top and not start
        self.reaches_end = self.reaches_end and start + MOST_ROWS >= len(rows)
        self._become(list(rows[start : start + MOST_ROWS]))

    def _become(self, rows: list[ListedRow]) -> None:
        """Row by row: what is there stays itself, however it moved."""
        self.about_to_change.emit()
        wanted = {row.row_id for row in rows}
        self._remove([n for n, row in enumerate(self.rows) if row.row_id not in wanted])
        there = {row.row_id for row in self.rows}
        self._reorder([row for row in rows if row.row_id in there])
        self._insert(rows, there)
        self.was_changed.emit()

    def _remove(self, gone: Sequence[int]) -> None:
        for first, last in reversed(_runs(gone)):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self.rows[first : last + 1]
            self.endRemoveRows()

    def _reorder(self, rows: list[ListedRow]) -> None:
        before = self.rows
        if [row.row_id for row in before] != [row.row_id for row in rows]:
            self.layoutAboutToBeChanged.emit()
            places = {row.row_id: n for n, row in enumerate(rows)}
            old = self.persistentIndexList()
            self.changePersistentIndexList(old, [self.index(places[before[i.row()].row_id], i.column()) for i in old])
            self.rows = rows
            self.layoutChanged.emit()
            return
        self.rows = rows
        others = [n for n, (one, other) in enumerate(zip(before, rows, strict=True)) if one.item != other.item]
        for first, last in _runs(others):
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))

    def _insert(self, rows: list[ListedRow], there: set[int]) -> None:
        for first, last in _runs([n for n, row in enumerate(rows) if row.row_id not in there]):
            self.beginInsertRows(QModelIndex(), first, last)
            self.rows[first:first] = rows[first : last + 1]
            self.endInsertRows()

    def row_of(self, row_id: int) -> int:
        """Where a row stands now; -1 when it is not at hand."""
        return next((n for n, row in enumerate(self.rows) if row.row_id == row_id), -1)

    # ---- time and images ---------------------------------------------------------------

    def time_passed(self) -> None:
        """Say anew what depends on the time; what is not seen is not painted."""
        for key in OF_TIME:
            if self.rows:
                column = KEYS.index(key)
                self.dataChanged.emit(self.index(0, column), self.index(len(self.rows) - 1, column))

    def _arrived(self, study_instance_uid: str) -> None:
        """Say anew how much of a study is here; of every one when none is named. No row moves."""
        uids = (row.item.study_instance_uid for row in self.rows)
        rows = [n for n, uid in enumerate(uids) if not study_instance_uid or uid == study_instance_uid]
        if rows:
            last = len(COLUMNS) - 1
            self.dataChanged.emit(self.index(rows[0], 0), self.index(rows[-1], last), [Qt.ItemDataRole.DisplayRole])

    # ---- cells -------------------------------------------------------------------------

    def text(self, item: WorklistItem, column: Column) -> str:
        """What stands in a cell, with what is known to be on its way."""
        if self._arrivals is not None and column.key == "images":
            return images_words(item, self._arrivals)
        words = column.text(item, self._now())
        coming = priors_words(item, self._arrivals) if self._arrivals is not None and column.key == "status" else ""
        return f"{words} · {coming}" if coming else words

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """The view's header asks; who shows the list decides."""
        if 0 <= column < len(COLUMNS):
            self.sort_asked.emit(column, order)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return plain.core_text(COLUMNS[section].title)
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[section].right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item, column = self.rows[index.row()].item, COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(item, column)
        if role == ITEM:
            return item
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._foreground(item, column)
        if role == Qt.ItemDataRole.FontRole:
            return self._font(item, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column.right:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            coming = images_tip(item, self._arrivals) if self._arrivals is not None and column.key == "images" else ()
            behind = (*coming, *column.tip(item))
            return plain.tooltip(self.text(item, column), *behind, plain.core_text(item.warning), _reason(item))
        return None

    def _foreground(self, item: WorklistItem, column: Column) -> QColor | None:
        colour = column.colour(item, self._now())
        if self._arrivals is not None and column.key == "images":
            colour = images_colour(item, self._arrivals)
        if not colour and not item.image_count:
            colour = theme.MUTED
        return QColor(colour) if colour else None

    def _font(self, item: WorklistItem, column: Column) -> QFont | None:
        strong = column.key == "priority" and item.priority in (Priority.STAT, Priority.ASAP)
        overdue = column.key == "due" and due_colour(item, self._now()) == theme.RED
        return theme.text_font(bold=True) if strong or overdue else None


def _is_before(one: Mark, other: Mark, order: RowOrder) -> bool:
    ours, theirs = (one.value, one.place), (other.value, other.place)
    return ours > theirs if order.descending else ours < theirs


def _reason(item: WorklistItem) -> str:
    return item.order.reason if item.order is not None else ""


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as (first, last) of those that follow each other."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs
