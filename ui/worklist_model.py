"""The worklist as a table: what stands in each column, in words, and what it is sorted by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QFont

from ui import plain, theme
from ui.arrivals import Arrivals, images_colour, images_tip, images_words, priors_words
from workstation.domain.order import Priority, ReadStatus, WorklistItem

SORT = Qt.ItemDataRole.UserRole + 1
ITEM = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex
SOON = timedelta(minutes=30)

# English source strings; shown through core_text.
PRIORITY_WORDS = {
    Priority.STAT: "Stat",
    Priority.ASAP: "ASAP",
    Priority.URGENT: "Urgent",
    Priority.ROUTINE: "Routine",
}
STATUS_WORDS = {
    ReadStatus.UNREAD: "Unread",
    ReadStatus.DRAFT: "Draft",
    ReadStatus.PRELIMINARY: "Preliminary",
    ReadStatus.SIGNED: "Signed, not confirmed",
    ReadStatus.CONFIRMED: "Confirmed",
    ReadStatus.ELSEWHERE: "Left to the RIS",
    ReadStatus.PROBLEM: "Needs attention",
}
_PRIORITY_COLOURS = {Priority.STAT: theme.RED, Priority.ASAP: theme.AMBER, Priority.URGENT: theme.AMBER}
_STATUS_COLOURS = {
    ReadStatus.DRAFT: theme.ACCENT,
    ReadStatus.PRELIMINARY: theme.ACCENT,
    ReadStatus.SIGNED: theme.AMBER,
    ReadStatus.CONFIRMED: theme.GREEN,
    ReadStatus.ELSEWHERE: theme.MUTED,
    ReadStatus.PROBLEM: theme.RED,
}
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how it reads, what it is sorted by, how it is coloured ("" for the usual)."""

    key: str
    title: str
    width: int
    text: Callable[[WorklistItem, datetime], str]
    sort: Callable[[WorklistItem], Any]
    colour: Callable[[WorklistItem, datetime], str] = lambda item, now: ""
    right: bool = False


def due_words(due: datetime | None, now: datetime) -> str:
    """`in 25 min`, `overdue 2 h 10 min`, a date when far away; empty without a due time."""
    if due is None:
        return ""
    left = due - now
    if left < timedelta(0):
        return plain.core_text("overdue {0}").format(span(-left))
    if left < timedelta(hours=24):
        return plain.core_text("in {0}").format(span(left))
    return due.astimezone().strftime("%Y-%m-%d %H:%M")


def span(length: timedelta) -> str:
    """`25 min`, `2 h 10 min`, `3 d 4 h`."""
    minutes = int(length.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return plain.core_text("{0} d {1} h").format(days, hours)
    return plain.core_text("{0} h {1} min").format(hours, minutes) if hours else plain.core_text("{0} min").format(minutes)


def _due_colour(item: WorklistItem, now: datetime) -> str:
    done = item.status in (ReadStatus.SIGNED, ReadStatus.CONFIRMED, ReadStatus.ELSEWHERE)
    if item.due is None or done:
        return theme.MUTED
    return theme.RED if item.due < now else theme.AMBER if item.due - now < SOON else ""


def _images(item: WorklistItem, _: datetime) -> str:
    return str(item.image_count) if item.image_count else plain.core_text("none")


def status_words(item: WorklistItem) -> str:
    """How far it is, and what must be known before it is opened."""
    words = plain.core_text(STATUS_WORDS[item.status])
    if item.read_by:
        reading = plain.core_text("Read by {0}").format(plain.plain(item.read_by))
        words = reading if item.status is ReadStatus.UNREAD else f"{words} · {reading}"
    return f"⚠ {words}: {plain.plain(plain.core_text(item.warning))}" if item.warning else words


_URGENCY = {priority: -rank for rank, priority in enumerate(Priority)}
_PROGRESS = {status: rank for rank, status in enumerate(ReadStatus)}

COLUMNS: tuple[Column, ...] = (
    Column(
        "priority",
        "Priority",
        100,
        lambda i, _: plain.core_text(PRIORITY_WORDS[i.priority]) if i.order is not None else plain.core_text("No order"),
        lambda i: (_URGENCY[i.priority], i.order is None, i.due or _NEVER),
        lambda i, _: _PRIORITY_COLOURS.get(i.priority, "") if i.order is not None else theme.MUTED,
    ),
    Column("due", "Due", 160, lambda i, now: due_words(i.due, now), lambda i: i.due or _NEVER, _due_colour),
    Column(
        "patient",
        "Patient",
        240,
        lambda i, _: plain.person_name(i.patient.name),
        lambda i: plain.person_name(i.patient.name).casefold(),
    ),
    Column("id", "ID", 170, lambda i, _: plain.plain(i.patient.key.patient_id), lambda i: i.patient.key.patient_id),
    Column("procedure", "Procedure", 300, lambda i, _: plain.plain(i.procedure), lambda i: i.procedure.casefold()),
    Column("modality", "Modality", 90, lambda i, _: plain.plain(i.modality), lambda i: i.modality),
    Column("images", "Images", 104, _images, lambda i: i.image_count, lambda i, _: "" if i.image_count else theme.MUTED, True),
    Column("date", "Study date", 110, lambda i, _: plain.dicom_date(i.study_date), lambda i: i.study_date),
    Column(
        "status",
        "Status",
        190,
        lambda i, _: status_words(i),
        lambda i: _PROGRESS[i.status],
        lambda i, _: theme.AMBER if i.warning or i.read_by else _STATUS_COLOURS.get(i.status, ""),
    ),
)
KEYS = tuple(column.key for column in COLUMNS)


def _now() -> datetime:
    return datetime.now(UTC)


class WorklistModel(QAbstractTableModel):
    """One row for each worklist item. `now` may be replaced in tests."""

    def __init__(self, now: Callable[[], datetime] = _now, arrivals: Arrivals | None = None) -> None:
        super().__init__()
        self._now = now
        self._arrivals = arrivals
        self.items: tuple[WorklistItem, ...] = ()
        if arrivals is not None:
            arrivals.changed.connect(self._arrived)

    def show_items(self, items: tuple[WorklistItem, ...]) -> None:
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def time_passed(self) -> None:
        """Say the due times anew."""
        if self.items:
            due = KEYS.index("due")
            self.dataChanged.emit(self.index(0, due), self.index(len(self.items) - 1, due))

    def _arrived(self, study_instance_uid: str) -> None:
        """Say anew how much of a study is here; of every one when none is named. No row moves."""
        rows = [n for n, item in enumerate(self.items) if not study_instance_uid or item.study_instance_uid == study_instance_uid]
        if rows:
            last = len(COLUMNS) - 1
            self.dataChanged.emit(self.index(rows[0], 0), self.index(rows[-1], last), [Qt.ItemDataRole.DisplayRole])

    def text(self, item: WorklistItem, column: Column) -> str:
        """What stands in a cell, with what is known to be on its way."""
        if self._arrivals is not None and column.key == "images":
            return images_words(item, self._arrivals)
        words = column.text(item, self._now())
        coming = priors_words(item, self._arrivals) if self._arrivals is not None and column.key == "status" else ""
        return f"{words} · {coming}" if coming else words

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.items)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

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
        item, column = self.items[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(item, column)
        if role == ITEM:
            return item
        if role == SORT:
            return column.sort(item)
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._foreground(item, column)
        if role == Qt.ItemDataRole.FontRole:
            return self._font(item, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column.right:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            coming = images_tip(item, self._arrivals) if self._arrivals is not None and column.key == "images" else ()
            return plain.tooltip(self.text(item, column), *coming, plain.core_text(item.warning), _reason(item))
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
        overdue = column.key == "due" and _due_colour(item, self._now()) == theme.RED
        return theme.text_font(bold=True) if strong or overdue else None


def _reason(item: WorklistItem) -> str:
    return item.order.reason if item.order is not None else ""


class WorklistOrder(QSortFilterProxyModel):
    """Sorts by meaning (urgency, time) rather than by words, and keeps rows that hold all words sought."""

    def __init__(self, source: WorklistModel) -> None:
        super().__init__()
        self._source = source
        self._words: tuple[str, ...] = ()
        self.setSourceModel(source)

    def seek(self, text: str) -> None:
        words = tuple(text.casefold().split())
        if words != self._words:
            self.beginFilterChange()
            self._words = words
            self.endFilterChange()

    def lessThan(self, left: Index, right: Index) -> bool:
        first, second = self._source.data(left, SORT), self._source.data(right, SORT)
        return bool(first < second)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if not self._words:
            return True
        item = self._source.items[row]
        text = " ".join(self._source.text(item, column) for column in COLUMNS) + " " + item.accession_number
        text = text.casefold()
        return all(word in text for word in self._words)
