"""The series of the open case as rows: a heading for each study, its series below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage

from ui import plain
from ui.series_mime import SERIES_MIME, series_mime
from ui.text_page import is_report
from workstation.domain.doubt import Verdict
from workstation.domain.study import Series, Study
from workstation.session.case import Case

ROW = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class StudyRow:
    """The heading of one study. `label`, `interval` say what it is beside the current one and how far away."""

    study: Study
    is_prior: bool
    label: str
    interval: str = ""
    amount: str = ""


@dataclass(slots=True)
class SeriesRow:
    """One series and what has become known of it while it loads."""

    study: Study
    series: Series
    is_prior: bool
    thumbnail: QImage | None = None
    loaded: tuple[int, int] = (0, 0)
    verdict: Verdict | None = None
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    places: frozenset[int] = field(default_factory=frozenset)
    keys: int = 0
    """How many of its images are key images."""

    @property
    def uids(self) -> tuple[str, str]:
        return self.study.study_instance_uid, self.series.series_instance_uid


class SeriesModel(QAbstractListModel):
    """Rows of `StudyRow` and `SeriesRow`; the delegate paints them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[StudyRow | SeriesRow] = []

    def show_case(self, case: Case | None) -> None:
        self.beginResetModel()
        self.rows = []
        for study in case.studies if case else ():
            is_prior = case is not None and study is not case.study
            date = case.study.study_date if case else ""
            label, interval, amount = plain.relation(study.study_date, date) if is_prior else (plain.core_text("Current"), "", "")
            self.rows.append(StudyRow(study, is_prior, label, interval, amount))
            self.rows.extend(SeriesRow(study, series, is_prior) for series in study.series)
        self.endResetModel()

    def series_rows(self) -> list[tuple[int, SeriesRow]]:
        return [(i, row) for i, row in enumerate(self.rows) if isinstance(row, SeriesRow)]

    def find(self, series_uid: str) -> tuple[int, SeriesRow] | None:
        return next(((i, r) for i, r in self.series_rows() if r.series.series_instance_uid == series_uid), None)

    def changed(self, row: int) -> None:
        index = self.index(row)
        self.dataChanged.emit(index, index)

    # ---- what Qt asks ----------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else None
        if row is None:
            return None
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return heading_words(row) if isinstance(row, StudyRow) else series_words(row)
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, SeriesRow):
            return plain.tooltip(series_words(row), *(plain.core_text(r) for r in dict.fromkeys((*row.doubts, *row.reasons))))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        row = self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else None
        if isinstance(row, SeriesRow) and (row.series.image_count or is_report(row.series)):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        return Qt.ItemFlag.NoItemFlags

    def mimeTypes(self) -> list[str]:
        return [SERIES_MIME]

    def mimeData(self, indexes: Any) -> QMimeData:
        row = self.rows[indexes[0].row()]
        return series_mime(*row.uids) if isinstance(row, SeriesRow) else QMimeData()


def heading_words(row: StudyRow) -> str:
    """`Prior, 9 months before` and what it is."""
    return " · ".join(part for part in (heading_title(row), plain.plain(row.study.study_description)) if part)


def heading_title(row: StudyRow, short: bool = False) -> str:
    """`Prior, 9 months before`; `short` leaves out what "prior" says already."""
    words = row.amount if short else row.interval
    date = plain.dicom_date(row.study.study_date)
    return f"{row.label}, {words}" if words else f"{row.label}  {date}".strip()


def series_words(row: SeriesRow) -> str:
    """The row for screen readers and tool tips."""
    series = row.series
    number = str(series.series_number) if series.series_number is not None else ""
    keys = plain.core_text("1 key image" if row.keys == 1 else "{0} key images").format(row.keys) if row.keys else ""
    parts = (series.modality, number, series.series_description, count_words(series), keys)
    return " ".join(plain.plain(p) for p in parts if p)


def count_words(series: Series) -> str:
    if is_report(series):
        return plain.core_text("report")
    count = series.image_count
    return plain.core_text("no images") if not count else plain.core_text("1 image" if count == 1 else "{0} images").format(count)
