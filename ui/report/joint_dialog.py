"""Which orders are read together in the open report: the patient's others of the day, joined and taken out by Space."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QTableWidgetItem, QVBoxLayout, QWidget

from ui import plain, theme
from ui.list_table import ListTable
from ui.worklist_columns import status_words
from workstation.errors import WorkstationError
from workstation.session.session import Session
from workstation.session.together import Candidate

JOINED, ACCESSION, PROCEDURE, IMAGES, DATE, STATUS = range(6)
SIZE = (900, 380)
_HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class JointDialog(QDialog):
    """Stays up to date while it is open; the chosen row stays chosen. What is refused is said by the banner and here."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("jointDialog")
        self.setWindowTitle(self.tr("Read together"))
        self._session = session
        report = session.desk.report
        self._uuid = report.report_uuid if report is not None else ""
        self.rows: tuple[Candidate, ...] = ()
        self.head = _line(self.tr("One report and one signature answer every order that is marked."))
        self.said = _line("")
        self.said.setStyleSheet(f"color: {theme.AMBER};")
        self.table = self._made_table()
        self.toggle = self._button(self.tr("&Read together"), self._toggle)
        self.study = self._button(self.tr("All of this &study"), session.together.join_study)
        self.none = self._button(self.tr("Take all &out"), session.together.leave_all)
        self._lay_out()
        session.desk.report_changed.connect(self._follow)
        session.worklist_changed.connect(self._load)
        session.notice.connect(self._hear)
        self._fill(())
        self._load(None)
        self.table.setFocus()

    def _made_table(self) -> ListTable:
        names = (
            self.tr("Together"),
            self.tr("Accession"),
            self.tr("Examination"),
            self.tr("Images"),
            self.tr("Date"),
            self.tr("Status"),
        )
        table = ListTable(names, self.tr("Orders of this patient"), PROCEDURE)
        table.setTabKeyNavigation(False)
        table.currentCellChanged.connect(lambda *_: self._choose())
        table.cellDoubleClicked.connect(lambda *_: self._try(self._toggle))
        table.installEventFilter(self)
        return table

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (self.toggle, self.study, self.none):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self._button(self.tr("Close"), self.reject))
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addWidget(self.head)
        column.addWidget(self.table, 1)
        column.addWidget(self.said)
        column.addLayout(row)
        self.resize(*SIZE)

    def _button(self, text: str, act: object) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._try(act))
        return button

    # ---- what it shows -------------------------------------------------------------------

    @property
    def chosen(self) -> Candidate | None:
        row = self.table.currentRow()
        return self.rows[row] if 0 <= row < len(self.rows) else None

    def _follow(self, report: object) -> None:
        """Orders of one patient must not stand over another's report."""
        if getattr(report, "report_uuid", "") != self._uuid:
            self.reject()
        else:
            self._load(None)

    def _load(self, _: object) -> None:
        try:
            self._session.together.load(self._fill)
        except WorkstationError as error:
            self.said.setText(plain.core_text(error.detail))

    def _fill(self, rows: tuple[Candidate, ...]) -> None:
        before = self.chosen
        self.rows = rows
        self.table.blockSignals(True)
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column, text in enumerate(self._texts(row)):
                item = QTableWidgetItem(text)
                if row.is_joined:
                    item.setForeground(QColor(theme.GREEN if column == JOINED else theme.TEXT))
                self.table.setItem(number, column, item)
        orders = [row.item.order.order_id for row in rows if row.item.order is not None]
        last = before.item.order.order_id if before is not None and before.item.order is not None else ""
        self.table.setCurrentCell(orders.index(last) if last in orders else 0 if rows else -1, JOINED)
        self.table.blockSignals(False)
        if not rows:
            self.head.setText(self.tr("The RIS has no other order of this patient for about this day."))
        else:
            self.head.setText(self.tr("One report and one signature answer every order that is marked. Space marks a row."))
        self._choose()

    def _texts(self, row: Candidate) -> tuple[str, ...]:
        item = row.item
        images = self.tr("this study") if row.is_of_study else str(item.image_count) if item.image_count else self.tr("none")
        mark = "✓" if row.is_joined else ""
        number, what = plain.plain(item.accession_number), plain.plain(item.procedure)
        return mark, number, what, images, plain.dicom_date(item.study_date), status_words(item)

    def _choose(self) -> None:
        chosen = self.chosen
        self.toggle.setEnabled(chosen is not None)
        self.toggle.setText(self.tr("&Take out") if chosen is not None and chosen.is_joined else self.tr("&Read together"))
        self.study.setEnabled(any(row.is_of_study and not row.is_joined for row in self.rows))
        self.none.setEnabled(any(row.is_joined for row in self.rows))

    def _hear(self, notice: object) -> None:
        if getattr(notice, "error", False):
            self.said.setText(plain.plain(plain.core_text(getattr(notice, "text", ""))))

    # ---- what is done --------------------------------------------------------------------

    def _toggle(self) -> None:
        chosen = self.chosen
        if chosen is None or chosen.item.order is None:
            return
        if chosen.is_joined:
            self._session.together.leave([chosen.item.order.order_id])
        else:
            self._session.together.join([chosen.item])

    def _try(self, act: object) -> None:
        self.said.setText("")
        try:
            if callable(act):
                act()
        except WorkstationError as error:
            self._session.report_problem(error)

    @staticmethod
    def _is_toggle(event: QKeyEvent) -> bool:
        return event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & _HELD

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._is_toggle(event):
            self._try(self._toggle)
            return True
        return super().eventFilter(watched, event)


def _line(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
