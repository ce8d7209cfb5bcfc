"""Lead times: how long examinations wait, by modality and priority, on chosen days; which wait longest; an export
without patients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.list_table import ListTable
from ui.plain import core_text, plain, tooltip
from ui.worklist_columns import PRIORITY_WORDS
from workstation.domain.lead_time import WAITS, Grouping, LeadEvent, LeadTimeTable, ModalityTimes, Waiting
from workstation.domain.order import Priority
from workstation.errors import Unavailable
from workstation.jobs import DATABASE, Cancel
from workstation.lead_times import (
    Period,
    begin_of,
    chosen_days,
    csv_of,
    exams_between,
    problem_of_skew,
    span_words,
    table_of,
)
from workstation.session.case import Notice

if TYPE_CHECKING:
    from ui.seat import Seat

SAVE_KEYS = "Ctrl+Shift+S"
TWO_LINES = 48
"""Pixels of a row with two lines."""


class LeadTimesDialog(QDialog):
    """Counted anew when the period is chosen; it does not move under the reader's eyes."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("leadTimesDialog")
        self.setWindowTitle(self.tr("Lead times"))
        self._core = core
        self._is_open = True
        self.period = QComboBox()
        self.period.setAccessibleName(self.tr("Period"))
        for one in Period:
            self.period.addItem(core_text(one.value), one)
        self.first, self.last = self._day(self.tr("First day")), self._day(self.tr("Last day"))
        self.until = _label("–")
        self.by = QComboBox()
        self.by.setAccessibleName(self.tr("Counted by"))
        for grouping in Grouping:
            self.by.addItem(self.tr("by {0}").format(core_text(grouping.value).lower()), grouping)
        for combo in (self.period, self.by):
            combo.currentIndexChanged.connect(lambda _: self._ask())
        self.words = _label(self.tr("Counting…"))
        titles = ["", self.tr("Examinations"), *(_in_two_lines(core_text(wait.title)) for wait in WAITS)]
        self.table = ListTable(titles, self.tr("Median and ninth tenth of each wait"), 0)
        self.table.verticalHeader().setDefaultSectionSize(TWO_LINES)
        headers = [self.tr("Wait"), self.tr("Accession"), self.tr("Modality"), self.tr("Since"), self.tr("Signed")]
        self.longest = ListTable(headers, self.tr("Longest waits for a signature"), 3)
        self.clocks = _label("", "amber")
        self.save = QPushButton(f"{self.tr('Save as CSV')} ({SAVE_KEYS})")
        self.save.setAutoDefault(False)
        self.save.setEnabled(False)
        self.save.clicked.connect(lambda _: self._choose_file())
        QShortcut(QKeySequence(SAVE_KEYS), self).activated.connect(self._choose_file)
        self._lay_out()
        self.resize(1180, 760)
        self._ask()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        for widget in (self.period, self.first, self.until, self.last, self.by):
            top.addWidget(widget)
        top.addSpacing(10)
        top.addWidget(self.words, 1)
        explained = _label(
            self.tr(
                "Median and, in brackets, how many; below, what nine of ten did not exceed."
                " A step that nobody told of is unknown and counts nowhere."
            ),
            "muted",
        )
        heading = _label(self.tr("Longest waits for a signature"), "heading")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.save)
        row.addStretch(1)
        row.addWidget(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.table, 3)
        column.addWidget(explained)
        column.addSpacing(6)
        column.addWidget(heading)
        column.addWidget(self.longest, 2)
        column.addWidget(self.clocks)
        column.addLayout(row)
        self.clocks.hide()

    def done(self, result: int) -> None:
        self._is_open = False
        super().done(result)

    @property
    def chosen(self) -> Period:
        return Period(self.period.currentData())

    # ---- showing ---------------------------------------------------------------------

    def _day(self, name: str) -> QDateEdit:
        day = QDateEdit(QDate.currentDate())
        day.setDisplayFormat("yyyy-MM-dd")
        day.setCalendarPopup(True)
        day.setMaximumDate(QDate.currentDate())
        day.setAccessibleName(name)
        day.dateChanged.connect(lambda _: self._ask())
        return day

    def time(self) -> tuple[datetime, datetime]:
        """What is counted: from when until when."""
        now = datetime.now(UTC)
        if self.chosen is not Period.CHOSEN:
            return begin_of(self.chosen, now), now
        first, last = (date(day.date().year(), day.date().month(), day.date().day()) for day in (self.first, self.last))
        return chosen_days(first, last, now)

    def _ask(self) -> None:
        for widget in (self.first, self.until, self.last):
            widget.setVisible(self.chosen is Period.CHOSEN)
        reports, orders, by = self._core.reports, self._core.orders, Grouping(self.by.currentData())
        begin, end = self.time()

        def work(_: Cancel) -> LeadTimeTable:
            return table_of(reports, begin, end, orders, by)

        self._core.jobs.run(DATABASE, work, self.show_table, self._core.session.report_problem, slot="lead times")

    def show_table(self, table: LeadTimeTable) -> None:
        if not self._is_open:
            return
        waiting = sum(one.is_open for one in table.longest)
        counted = self.tr("1 examination, {1} to {2}") if table.everything.exams == 1 else self.tr("{0} examinations, {1} to {2}")
        self.words.setText(
            counted.format(table.everything.exams, *(f"{at.astimezone():%Y-%m-%d %H:%M}" for at in (table.begin, table.end)))
        )
        self.table.setHorizontalHeaderItem(0, QTableWidgetItem(core_text(table.by.value)))
        rows = [*table.modalities, table.everything]
        self.table.setRowCount(len(rows))
        for row, times in enumerate(rows):
            is_sum = row == len(rows) - 1
            name = self.tr("All") if is_sum else self._name(times, table.by)
            self._fill(self.table, row, [name, str(times.exams), *_cells(times)], is_sum)
        self._show_longest(table.longest, waiting)
        problem = problem_of_skew(table)
        self.clocks.setText(f"{core_text(problem.title)}. {core_text(problem.detail)}." if problem is not None else "")
        self.clocks.setVisible(problem is not None)
        self.save.setEnabled(bool(table.everything.exams))

    def _name(self, times: ModalityTimes, by: Grouping) -> str:
        modality = plain(times.modality) or self.tr("unknown")
        known = core_text(PRIORITY_WORDS[Priority(times.priority)]) if times.priority else ""
        priority = known or self.tr("priority unknown")
        return {Grouping.MODALITY: modality, Grouping.PRIORITY: priority, Grouping.BOTH: f"{modality}, {priority}"}[by]

    def _show_longest(self, longest: Sequence[Waiting], waiting: int) -> None:
        self.longest.setRowCount(len(longest))
        for row, one in enumerate(longest):
            since = self.tr("its end") if one.since is LeadEvent.EXAM_END else self.tr("it was opened")
            began = one.exam.stamps[one.since].at.astimezone()
            signed = one.exam.at(LeadEvent.SIGNED)
            cells = [
                span_words(one.wait),
                plain(one.exam.exam),
                plain(one.exam.modality),
                f"{since}, {began:%Y-%m-%d %H:%M}",
                f"{signed.astimezone():%Y-%m-%d %H:%M}" if signed is not None else self.tr("not yet"),
            ]
            self._fill(self.longest, row, cells, False, theme.AMBER if one.is_open else "")
        self.longest.setAccessibleDescription(self.tr("{0} of them wait").format(waiting))

    @staticmethod
    def _fill(table: ListTable, row: int, cells: Sequence[str], is_bold: bool, colour: str = "") -> None:
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(tooltip(text))
            if is_bold:
                font = item.font()
                font.setBold(True)
                item.setFont(font)
            if colour and column in (0, len(cells) - 1):
                item.setForeground(QColor(colour))
            table.setItem(row, column, item)

    # ---- saving ----------------------------------------------------------------------

    def _choose_file(self) -> None:
        if not self.save.isEnabled():
            self._core.session.notice.emit(Notice(self.tr("There is nothing to save: no examination in this time")))
            return
        proposed = f"lead-times-{datetime.now().astimezone():%Y-%m-%d}.csv"
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Save as CSV"), proposed, "CSV (*.csv)")
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, path: Path) -> None:
        """Without patients, accession numbers or readers."""
        reports, orders, (begin, end) = self._core.reports, self._core.orders, self.time()

        def work(_: Cancel) -> int:
            exams = exams_between(reports, begin, end, orders)
            try:
                path.write_text(csv_of(exams), encoding="utf-8", newline="")
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise Unavailable("The lead times are not saved", reason, "Choose another place") from error
            return len(exams)

        def done(count: int) -> None:
            words = self.tr("{0} examinations saved, without patients, numbers and readers").format(count)
            self._core.session.notice.emit(Notice(words))

        self._core.jobs.run(DATABASE, work, done, self._core.session.report_problem)


def _cells(times: ModalityTimes) -> list[str]:
    return [f"{span_words(one.median)} ({one.count})\n{span_words(one.ninth)}" if one.count else "–" for one in times.measures]


def _in_two_lines(title: str) -> str:
    """Broken at the blank that is nearest to its middle: eight columns fit beside each other."""
    blanks = [place for place, letter in enumerate(title) if letter == " "]
    middle = min(blanks, key=lambda place: abs(place - len(title) / 2), default=-1)
    return title if middle < 0 else f"{title[:middle]}\n{title[middle + 1 :]}"


def _label(text: str, role: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    return label
