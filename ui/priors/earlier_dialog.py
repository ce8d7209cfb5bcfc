"""Earlier studies of the open patient, here and in archives: the most relevant first, with why, and where each is.

Return hangs the chosen one as the first prior, fetching it before where it must be; Space shows its report beside.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QHeaderView, QLabel, QPushButton, QTableWidgetItem, QVBoxLayout, QWidget

from ui import theme
from ui.list_table import ListTable
from ui.plain import core_text, plain, tooltip
from ui.priors import words
from ui.report.earlier_text import EarlierText
from ui.report.earlier_words import text_of
from workstation.domain.prior import KnownStudy, Whereabouts
from workstation.errors import Refused, WorkstationError
from workstation.session.case import Case
from workstation.session.session import Session

DATE, INTERVAL, MODALITY, DESCRIPTION, SIDE, RELEVANCE, REPORT, WHERE = range(8)
SIZE = (1240, 520)
WITH_REPORT = 1680
ROOM = 80
"""Pixels of the screen that the dialog leaves free."""


class EarlierStudiesDialog(QDialog):
    """Stays up to date while it is open; the chosen row stays chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("earlierStudiesDialog")
        self.setWindowTitle(self.tr("Earlier studies"))
        self._session = session
        self._known = session.priors.known
        self._rows: tuple[KnownStudy, ...] = ()
        self.table = self._made_table()
        self.state = _line()
        self.reasons = _line()
        self.reasons.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self.reasons.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.report = EarlierText(session)
        self.report.setAccessibleName(self.tr("Report of the chosen study"))
        self.report.hide()
        self.hang = self._button(self.tr("&Hang"), self._hang)
        self.beside = self._button(self.tr("&Report beside"), self._toggle_report)
        self.ask = self._button(self.tr("&Ask the archives again"), self._known.ask_again)
        self._lay_out()
        self._followed = (self._known.changed, session.viewing.arrangement_changed)
        for signal in self._followed:
            signal.connect(self._changed)
        session.case_changed.connect(self._case_changed)
        self._fill()
        self.table.setFocus()

    def _made_table(self) -> ListTable:
        names = (
            self.tr("Date"),
            self.tr("Interval"),
            self.tr("Modality"),
            self.tr("Examination"),
            self.tr("Side"),
            self.tr("Relevance"),
            self.tr("Report"),
            self.tr("Where"),
        )
        table = ListTable(names, self.tr("Earlier studies"), DESCRIPTION)
        table.setTabKeyNavigation(False)
        table.setMinimumHeight(6 * table.verticalHeader().defaultSectionSize())
        table.horizontalHeader().setSectionResizeMode(WHERE, QHeaderView.ResizeMode.ResizeToContents)
        table.currentCellChanged.connect(lambda row, *_: self._choose(row))
        table.cellDoubleClicked.connect(lambda *_: self._hang())
        table.installEventFilter(self)
        return table

    def _lay_out(self) -> None:
        close = self._button(self.tr("Close"), self.reject)
        row = QHBoxLayout()
        for button in (self.hang, self.beside, self.ask):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(close)
        both = QHBoxLayout()
        both.setSpacing(theme.GAP)
        both.addWidget(self.table, 3)
        both.addWidget(self.report, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addWidget(self.state)
        column.addLayout(both, 1)
        column.addWidget(self.reasons)
        column.addLayout(row)
        self._size(SIZE[0])

    def _button(self, text: str, do: object) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(do)
        return button

    def _size(self, width: int) -> None:
        room = self.screen().availableGeometry()
        self.resize(min(width, room.width() - ROOM), min(SIZE[1], room.height() - ROOM))
        # What grew must not lie beside the screen.
        over = self.frameGeometry().right() - room.right()
        if self.isVisible() and over > 0:
            self.move(max(self.x() - over, room.left()), self.y())

    # ---- showing ---------------------------------------------------------------------------

    @property
    def chosen(self) -> KnownStudy | None:
        row = self.table.currentRow()
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def _changed(self, _: object = None) -> None:
        self._fill()

    def _case_changed(self, case: Case | None) -> None:
        """What is known of one patient must not stand over another's images."""
        if case is None:
            self.reject()

    def _fill(self) -> None:
        chosen = self.chosen
        self._rows = self._known.studies()
        current = self._session.case.study.study_date if self._session.case is not None else ""
        shown = self._session.priors.steps.shown_uid()
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._rows))
        for row, known in enumerate(self._rows):
            for column, item in enumerate(self._cells(known, current, known.study_instance_uid == shown)):
                self.table.setItem(row, column, item)
        uids = [known.study_instance_uid for known in self._rows]
        here = uids.index(chosen.study_instance_uid) if chosen is not None and chosen.study_instance_uid in uids else 0
        for column in (SIDE, REPORT):  # empty ones take room from what the examination is called
            cells = (self.table.item(row, column) for row in range(len(self._rows)))
            self.table.setColumnHidden(column, not any(item is not None and item.text() for item in cells))
        self.table.setCurrentCell(here if uids else -1, DATE)
        self.table.blockSignals(False)
        self._choose(self.table.currentRow())
        self.state.setText(self._state_words())

    def _cells(self, known: KnownStudy, current: str, is_shown: bool) -> list[QTableWidgetItem]:
        report = self._known.report_of(known)
        what = plain(known.description) or self.tr("without description")
        texts = (
            words.day_of(known),
            words.interval_of(known, current),
            words.modalities_of(known),
            self.tr("{0}  (shown)").format(what) if is_shown else what,
            words.sides_of(known),
            words.relevance_of(known),
            self.tr("yes") if report is not None else "",
            words.where_of(known),
        )
        items = [QTableWidgetItem(text) for text in texts]
        colour = theme.PRIOR if is_shown else theme.TEXT if known.relevance.is_usable else theme.MUTED
        for item in items:
            item.setForeground(QColor(colour))
            item.setToolTip(tooltip(*(text for text in (texts[DATE], what, texts[WHERE]) if text)))
        items[INTERVAL].setToolTip(tooltip(words.exact_interval(known, current)))
        items[RELEVANCE].setToolTip(tooltip(*(core_text(reason) for reason in known.relevance.reasons)))
        items[RELEVANCE].setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if known.problem or known.where is Whereabouts.PARTLY:
            items[WHERE].setForeground(QColor(theme.RED if known.problem else theme.AMBER))
        return items

    def _choose(self, row: int) -> None:
        known = self._rows[row] if 0 <= row < len(self._rows) else None
        self.reasons.setText(words.reasons_of(known) if known is not None else "")
        report = self._known.report_of(known) if known is not None else None
        none = self.tr("No report of this study is known here.")
        self.report.show_report(report, text_of(report) if report is not None else none)
        self.hang.setEnabled(known is not None)
        is_here = known is not None and known.is_here
        self.hang.setText(self.tr("&Hang") if is_here or known is None else self.tr("Fetc&h and hang"))

    def _state_words(self) -> str:
        parts = []
        if self._known.is_asking:
            parts.append(self.tr("Asking the archives…"))
        elif not self._rows:
            parts.append(self.tr("No other study of this patient is known."))
        for name, why in self._known.failures:
            parts.append(self.tr("{0} did not answer: {1}").format(plain(name), core_text(why)))
        for name, why in self._known.not_asked:
            parts.append(self.tr("{0} was not asked: {1}").format(plain(name), core_text(why)))
        return "  ".join(parts) or self.tr("Return hangs the chosen one beside the current images. Space shows its report.")

    # ---- doing -----------------------------------------------------------------------------

    def _hang(self) -> None:
        known = self.chosen
        if known is None:
            return
        try:
            self._known.hang(known.study_instance_uid)
        except Refused as refused:
            self.reasons.setText(core_text(str(refused)))
            return
        except WorkstationError as error:
            self._session.report_problem(error)
            return
        if known.is_here:
            self.accept()

    def done(self, result: int) -> None:
        """Nothing is told to it any more: Qt deletes it when it likes."""
        for signal in self._followed:
            signal.disconnect(self._changed)
        self._session.case_changed.disconnect(self._case_changed)
        super().done(result)

    def _toggle_report(self) -> None:
        shown = not self.report.isVisible()
        self.report.setVisible(shown)
        self._size(WITH_REPORT if shown else SIZE[0])
        self.table.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Return and Space in the list are the dialog's."""
        if watched is self.table and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._hang()
                return True
            if event.key() == Qt.Key.Key_Space:
                self._toggle_report()
                return True
        return False


def _line() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setProperty("role", "muted")
    return label
