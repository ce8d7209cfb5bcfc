"""Earlier reports of the open patient beside the report: a list, newest first, and the text of the chosen one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QHeaderView, QLabel, QTableWidgetItem, QToolButton, QVBoxLayout, QWidget

from ui.list_table import ListTable
from ui.plain import core_text, plain, tooltip
from ui.report.earlier_words import day_of, signer_of, standing_of, text_of
from ui.report.section_editor import PlainText
from workstation.domain.earlier_report import EarlierReport
from workstation.session.session import Session

LIST_ROWS = 4
TEXT_LINES = 9
SHARE = 0.45
"""What of the panel's height it may take: the sections stay in view below it."""


class EarlierHand(QObject):
    """The button that counts them, and the list that it opens."""

    def __init__(self, session: Session, run: Callable[[str], None], keys: Callable[[str], str]) -> None:
        super().__init__()
        self._session = session
        self._run = run
        self.list = EarlierList(session, run, keys)
        self.button = QToolButton()
        self.button.setObjectName("showPriorReports")
        self.button.setProperty("flat", True)
        self.button.setCheckable(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setToolTip(tooltip(self.tr("Earlier reports of this patient"), keys("report.earlier")))
        self.button.clicked.connect(session.earlier.show)
        session.earlier.shown_changed.connect(self._show)
        session.earlier.changed.connect(lambda _: self._count())
        self._count()

    def _count(self) -> None:
        earlier = self._session.earlier
        count = sum(not earlier.is_of_open_study(report) for report in earlier.reports)
        self.button.setText(self.tr("Earlier reports ({0})").format(count) if count else self.tr("Earlier reports"))
        self.button.setVisible(self._session.case is not None)

    def _show(self, shown: bool) -> None:
        self.button.setChecked(shown)
        if shown:
            self._run("report.focus")
            self.list.begin()
        else:
            had_focus = self.list.isAncestorOf(QApplication.focusWidget()) if QApplication.focusWidget() else False
            self.list.hide()
            if had_focus:
                self._run("report.focus")


class EarlierList(QWidget):
    """Draws `session.earlier`; hidden until it is asked for. `run` runs a command by id, `keys` names its keys."""

    def __init__(self, session: Session, run: Callable[[str], None], keys: Callable[[str], str]) -> None:
        super().__init__()
        self.setObjectName("earlierReports")
        self.setAccessibleName(self.tr("Earlier reports"))
        self._session = session
        self._earlier = session.earlier
        self._shown: tuple[EarlierReport, ...] = ()
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setProperty("role", "muted")
        self._words.setWordWrap(True)
        self.search = QToolButton()
        self.search.setProperty("flat", True)
        self.search.setText(self.tr("Search…"))
        self.search.setToolTip(tooltip(self.tr("Search in earlier reports"), keys("report.search")))
        self.search.clicked.connect(lambda: run("report.search"))
        self.table = self._made_table()
        self.text = PlainText()
        self.text.setObjectName("priorReports")
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.tr("Text of the chosen report"))
        self.text.setTabChangesFocus(True)
        self._lay_out()
        self.hide()
        self._earlier.changed.connect(lambda _: self._fill())

    def _made_table(self) -> ListTable:
        table = ListTable((self.tr("Date"), self.tr("Examination"), self.tr("Signed by")), self.tr("Earlier reports"), 1)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Interactive)
        table.setTabKeyNavigation(False)
        table.currentCellChanged.connect(lambda row, *_: self._choose(row))
        return table

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._words, 1)
        row.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.table)
        column.addWidget(self.text)

    def begin(self) -> None:
        """Show it, with the keyboard in the list."""
        self._fill()
        self.show()
        self.fit()
        (self.table if self._shown else self.search).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def fit(self) -> None:
        """Take no more height than the list and the text need, and than the panel can spare."""
        panel = self.parentWidget()
        panel_height = panel.height() if panel is not None else self.height()
        row_height = self.table.verticalHeader().defaultSectionSize()
        rows = min(max(len(self._shown), 1), LIST_ROWS)
        head = self.table.horizontalHeader().sizeHint().height() + 2 * self.table.frameWidth()
        self.table.setFixedHeight(head + rows * row_height)
        room = round(panel_height * SHARE) - self.table.height() - self.search.sizeHint().height()
        most = min(self.text.height_of(TEXT_LINES), max(room, self.text.height_of(3)))
        self.text.setFixedHeight(most)

    @property
    def chosen(self) -> EarlierReport | None:
        row = self.table.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    # ---- showing -------------------------------------------------------------------------

    def _fill(self) -> None:
        self._words.setText(self._state_words())
        if self._shown == self._earlier.reports and self.table.rowCount():
            return
        before = self.chosen
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
        self.text.setPlainText(text_of(report) if report is not None else "")
        self.text.setVisible(report is not None)

    def _state_words(self) -> str:
        if self._earlier.trouble:
            return core_text(self._earlier.trouble)
        if self._earlier.is_asking:
            return self.tr("Looking for more…")
        return "" if self._earlier.reports else self.tr("No earlier report of this patient is known here")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        panel = self.parentWidget()
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
