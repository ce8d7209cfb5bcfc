"""Earlier reports of the open patient beside the report: a list, newest first, and the text of the chosen one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QTableWidgetItem, QToolButton, QVBoxLayout, QWidget

from ui.list_table import ListTable
from ui.plain import core_text, plain, tooltip
from ui.report.earlier_text import EarlierText
from ui.report.earlier_words import below_row, day_of, signer_of, standing_of
from workstation.domain.earlier_report import EarlierReport
from workstation.session.session import Session

LIST_ROWS = 4
TEXT_LINES = 9
LEAST_ROWS, LEAST_LINES = 1, 3
OTHERS_LINES = 33
"""Lines of text that the rest of the panel needs: every section stays in view."""
WIDE = 380
"""Pixels from which on there is room for who signed."""


class EarlierBox(QWidget):
    """One line that counts the earlier reports, and the list that it opens below itself.

    `run` runs a command of the table by id, `keys` names its keys.
    """

    def __init__(self, session: Session, run: Callable[[str], None], keys: Callable[[str], str]) -> None:
        super().__init__()
        self.setObjectName("earlierReports")
        self._session = session
        self._run = run
        self.list = EarlierList(session)
        self.button = _flat(self.tr("Earlier reports of this patient"), keys("report.earlier"))
        self.button.setObjectName("showPriorReports")
        self.button.setCheckable(True)
        self.button.clicked.connect(session.earlier.show)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setProperty("role", "muted")
        self.search = _flat(self.tr("Search in earlier reports"), keys("report.search"))
        self.search.setText(self.tr("Search…"))
        self.search.clicked.connect(lambda: run("report.search"))
        self._lay_out()
        session.earlier.shown_changed.connect(self._show_list)
        session.earlier.changed.connect(lambda _: self._tell())
        session.case_changed.connect(lambda _: self._tell())
        self._tell()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.button)
        row.addStretch(1)
        row.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.words)
        column.addWidget(self.list)

    def _tell(self) -> None:
        earlier = self._session.earlier
        count = sum(not earlier.is_of_open_study(report) for report in earlier.reports)
        self.button.setText(self.tr("Earlier reports ({0})").format(count) if count else self.tr("Earlier reports"))
        self.setVisible(self._session.case is not None)
        self.words.setText(self._state_words())
        self.words.setToolTip(tooltip(self.words.text()))
        self.words.setVisible(self.list.isVisibleTo(self) and bool(self.words.text()))

    def _state_words(self) -> str:
        earlier = self._session.earlier
        if earlier.trouble:
            return core_text(earlier.trouble)
        if earlier.is_asking:
            return self.tr("Looking for more…")
        return "" if earlier.reports else self.tr("None of this patient is known here")

    def _show_list(self, shown: bool) -> None:
        self.button.setChecked(shown)
        if shown:
            self._run("report.focus")
            self.list.begin()
            if not self.list.table.rowCount():
                self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            focused = QApplication.focusWidget()
            had_focus = focused is not None and self.isAncestorOf(focused)
            self.list.hide()
            if had_focus:
                self._run("report.focus")
        self._tell()


def _flat(what: str, keys: str) -> QToolButton:
    button = QToolButton()
    button.setProperty("flat", True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(tooltip(what, keys))
    return button


class EarlierList(QWidget):
    """Draws `session.earlier`; hidden until it is asked for."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Earlier reports"))
        self._earlier = session.earlier
        self._shown: tuple[EarlierReport, ...] = ()
        self.table = self._made_table()
        self.text = EarlierText(session)
        self.text.setObjectName("priorReports")
        self.text.setAccessibleName(self.tr("Text of the chosen report"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.table)
        column.addWidget(self.text)
        self.hide()
        self._earlier.changed.connect(lambda _: self._fill())

    def _made_table(self) -> ListTable:
        table = ListTable((self.tr("Date"), self.tr("Examination"), self.tr("Signed by")), self.tr("Earlier reports"), 1)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.horizontalHeader().hide()
        table.setTabKeyNavigation(False)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().lineSpacing() + 8)
        table.currentCellChanged.connect(lambda row, *_: self._choose(row))
        return table

    def begin(self) -> None:
        """Show it, with the keyboard in the list."""
        self._fill()
        self.show()
        self.fit()
        if self._shown:
            self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def fit(self) -> None:
        """Take no more height than the list and the text need, and than the panel can spare."""
        panel = self._panel()
        line, row = self.fontMetrics().lineSpacing(), self.table.verticalHeader().defaultSectionSize()
        room = (panel.height() if panel is not None else 0) - OTHERS_LINES * line
        least = self.text.height_of(LEAST_LINES)
        rows = min(max((room - least) // row, LEAST_ROWS), LIST_ROWS, len(self._shown))
        table = rows * row + 2 * self.table.frameWidth()
        self.table.setVisible(bool(rows))
        self.table.setFixedHeight(table)
        self.text.setFixedHeight(min(self.text.height_of(TEXT_LINES), max(room - table, least)))
        self.table.setColumnHidden(2, self.width() < WIDE)

    @property
    def chosen(self) -> EarlierReport | None:
        row = self.table.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    # ---- showing -------------------------------------------------------------------------

    def _fill(self) -> None:
        if self._shown == self._earlier.reports and self.table.rowCount():
            return
        # What somebody reads stays; else the newest is shown.
        before = self.chosen if self.isVisible() else None
        self._shown = self._earlier.reports
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._shown))
        for row, report in enumerate(self._shown):
            for column, item in enumerate(self._cells(report)):
                self.table.setItem(row, column, item)
        uids = [report.uid for report in self._shown]
        again = uids.index(before.uid) if before is not None and before.uid in uids else 0
        self.table.setCurrentCell(again if self._shown else -1, 0)
        self.table.blockSignals(False)
        self._choose(self.table.currentRow())
        if self.isVisible():
            self.fit()

    def _cells(self, report: EarlierReport) -> list[QTableWidgetItem]:
        what = plain(report.procedure)
        if self._earlier.is_of_open_study(report):
            what = core_text("{0} (this examination)").format(what)
        cells = [QTableWidgetItem(text) for text in (day_of(report), what, signer_of(report))]
        for cell in cells:
            cell.setToolTip(tooltip(day_of(report), what, signer_of(report), standing_of(report)))
        return cells

    def _choose(self, row: int) -> None:
        report = self._shown[row] if 0 <= row < len(self._shown) else None
        self.text.show_report(report, below_row(report) if report is not None else "")
        self.text.setVisible(report is not None)

    def _panel(self) -> QWidget | None:
        """Whose height is shared."""
        box = self.parentWidget()
        return box.parentWidget() if box is not None else None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        panel = self._panel()
        if panel is not None:
            panel.installEventFilter(self)  # once, however often it is shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.fit()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return goes into the text, to scroll and to copy."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.table.hasFocus():
            self.text.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        super().keyPressEvent(event)
