"""Studies that archives answered with, as a table: who, what, when, where it lies, how much of it is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from ui import plain, theme
from workstation.domain.archive import FoundStudy, RetrieveProgress

ROW_DATA = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One study. `places` are the titles of the archives that hold it, the one to fetch from first."""

    study: FoundStudy
    archives: tuple[str, ...]
    places: tuple[str, ...]
    here: int = 0
    """Images of it in the cache."""
    progress: RetrieveProgress | None = None


def here_words(row: ResultRow) -> str:
    """`137 of 402`, `402, complete`; a count is only called complete with proof."""
    progress = row.progress
    if progress is not None and progress.is_proven:
        return plain.core_text("{0}, complete").format(progress.received)
    if progress is not None and progress.expected is not None:
        return plain.core_text("{0} of {1}").format(progress.received, progress.expected)
    return str(row.here) if row.here else ""


def _here_colour(row: ResultRow) -> str:
    if row.progress is not None and row.progress.problem:
        return theme.RED
    if row.progress is not None and row.progress.is_proven:
        return theme.GREEN
    return theme.AMBER if row.here or row.progress is not None else ""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int
    text: Callable[[ResultRow], str]
    sort: Callable[[ResultRow], Any]
    colour: Callable[[ResultRow], str] = lambda row: ""


def _images(row: ResultRow) -> str:
    return "" if row.study.instance_count is None else str(row.study.instance_count)


COLUMNS: tuple[Column, ...] = (
    Column("Patient", 210, lambda r: plain.person_name(r.study.patient.name), lambda r: r.study.patient.name.casefold()),
    Column("ID", 150, lambda r: plain.plain(r.study.patient.key.patient_id), lambda r: r.study.patient.key.patient_id),
    Column("Born", 116, lambda r: plain.dicom_date(r.study.patient.birth_date), lambda r: r.study.patient.birth_date),
    Column("Study date", 124, lambda r: plain.dicom_date(r.study.study_date), lambda r: (r.study.study_date, r.study.study_time)),
    Column("Modality", 90, lambda r: plain.plain("/".join(r.study.modalities)), lambda r: r.study.modalities),
    Column("Description", 260, lambda r: plain.plain(r.study.description), lambda r: r.study.description.casefold()),
    Column("Accession", 130, lambda r: plain.plain(r.study.accession_number), lambda r: r.study.accession_number),
    Column("Images", 80, _images, lambda r: r.study.instance_count or 0),
    Column("Archive", 210, lambda r: plain.plain(", ".join(r.places)), lambda r: r.places),
    Column("Here", 130, here_words, lambda r: r.here, _here_colour),
)
DATE, DESCRIPTION = 3, 5


class ResultsModel(QAbstractTableModel):
    """Rows as they were answered, newest study first until the reader sorts otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ResultRow] = []

    def show_rows(self, rows: list[ResultRow]) -> None:
        self.beginResetModel()
        self.rows = sorted(rows, key=COLUMNS[DATE].sort, reverse=True)
        self.endResetModel()

    def update_row(self, study_instance_uid: str, change: Callable[[ResultRow], ResultRow]) -> None:
        """Say one study anew; nothing else moves."""
        for number, row in enumerate(self.rows):
            if row.study.study_instance_uid == study_instance_uid:
                self.rows[number] = change(row)
                self.dataChanged.emit(self.index(number, 0), self.index(number, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return plain.core_text(COLUMNS[section].title)
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == ROW_DATA:
            return row
        if role == Qt.ItemDataRole.ForegroundRole and (colour := column.colour(row)):
            return QColor(colour)
        if role == Qt.ItemDataRole.ToolTipRole:
            problem = row.progress.problem if row.progress is not None else ""
            return plain.tooltip(column.text(row), plain.core_text(problem))
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.beginResetModel()
        self.rows.sort(key=COLUMNS[column].sort, reverse=order is Qt.SortOrder.DescendingOrder)
        self.endResetModel()


def counts(rows: list[ResultRow]) -> Mapping[str, int]:
    """How many of the studies each archive holds, by its title."""
    found: dict[str, int] = {}
    for row in rows:
        for place in row.places:
            found[place] = found.get(place, 0) + 1
    return found
