"""A critical result: how soon, what, and who was told; by keys from top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ui.plain import plain
from workstation.domain.critical import CriticalLevel, CriticalMethod, CriticalResult, Told
from workstation.errors import Refused, WorkstationError
from workstation.session.second_look import SecondLook
from workstation.session.session import Session

LONGEST = 300
RULE = "critical"


class CriticalDialog(QDialog):
    """Of the open one that is chosen above, or a new one of the report on the desk. Esc keeps nothing."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        """Raises `Refused` where there is neither a report nor an open critical result."""
        report = session.desk.report
        if report is None and not session.criticals.open:
            raise Refused("No report", "A critical result belongs to a report, and none is open", "Open the case first")
        super().__init__(parent)
        self.setObjectName("criticalDialog")
        self.setWindowTitle(self.tr("Critical result"))
        self._session = session
        self._uuid = report.report_uuid if report else ""
        self.which = self._which()
        self.level = self._levels()
        self.finding = _line()
        self.recipient, self.role, self.reason = _line(), _line(), _line()
        self.method = self._methods()
        self.at = QDateTimeEdit(QDateTime.currentDateTime())
        self.at.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.read_back = QCheckBox(self.tr("&Read back by the receiver"))
        self.problem = QLabel()
        self.problem.setProperty("role", "red")
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self._lay_out()
        self.which.currentIndexChanged.connect(lambda _: self._fill())
        session.desk.report_changed.connect(self._follow)
        self._fill()

    # ---- building --------------------------------------------------------------------

    def _which(self) -> QComboBox:
        """Open ones first of the report on the desk; a new one for it last."""
        box = QComboBox()
        for critical in sorted(self._session.criticals.open, key=lambda c: (c.report_uuid != self._uuid, c.due)):
            box.addItem(self.tr("{0}: {1}").format(plain(critical.accession_number), plain(critical.finding)), critical)
        if self._uuid:
            box.addItem(self.tr("New, in the open report"), None)
            own = any(c.report_uuid == self._uuid for c in self._session.criticals.open)
            box.setCurrentIndex(0 if own else box.count() - 1)
        return box

    def _levels(self) -> QComboBox:
        box = QComboBox()
        words = {
            CriticalLevel.MINUTES: self.tr("Within minutes (at most an hour)"),
            CriticalLevel.HOURS: self.tr("Within hours (at most 12)"),
            CriticalLevel.DAYS: self.tr("Within days (at most 3)"),
        }
        for level in CriticalLevel:
            box.addItem(words[level], level)
        return box

    def _methods(self) -> QComboBox:
        box = QComboBox()
        words = {
            CriticalMethod.TELEPHONE: self.tr("By telephone"),
            CriticalMethod.IN_PERSON: self.tr("In person"),
            CriticalMethod.MESSAGE: self.tr("By message"),
        }
        for method in CriticalMethod:
            box.addItem(words[method], method)
        return box

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        rows = (
            (self.tr("&Critical result"), self.which),
            (self.tr("Must be &told"), self.level),
            (self.tr("&What"), self.finding),
            (self.tr("Told t&o"), self.recipient),
            (self.tr("Ro&le"), self.role),
            (self.tr("&How"), self.method),
            (self.tr("Wh&en"), self.at),
        )
        for words, field in rows:
            form.addRow(words, field)
            field.setAccessibleName(words.replace("&", ""))
        form.addRow("", self.read_back)
        form.addRow(self.tr("Why &not critical"), self.reason)
        self._form = form
        if self.which.count() < 2:
            form.setRowVisible(self.which, False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.told = buttons.addButton(self.tr("Told"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.later = buttons.addButton(self.tr("Not told &yet"), QDialogButtonBox.ButtonRole.ActionRole)
        self.drop = buttons.addButton(self.tr("Not critical &after all"), QDialogButtonBox.ButtonRole.ActionRole)
        buttons.accepted.connect(self._tell)
        self.later.clicked.connect(self._begin)
        self.drop.clicked.connect(self._drop)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(10)
        column.addLayout(form)
        column.addWidget(self.problem)
        column.addWidget(buttons)
        self.told.setDefault(True)
        self.setMinimumWidth(560)

    # ---- what happens ----------------------------------------------------------------

    @property
    def chosen(self) -> CriticalResult | None:
        data = self.which.currentData()
        return data if isinstance(data, CriticalResult) else None

    def _fill(self) -> None:
        critical = self.chosen
        self.finding.setText(critical.finding if critical else self._remarked())
        self.level.setCurrentIndex(list(CriticalLevel).index(critical.level if critical else CriticalLevel.MINUTES))
        for field in (self.finding, self.level):
            field.setEnabled(critical is None)
        self.later.setVisible(critical is None)
        self.drop.setVisible(critical is not None)
        self._form.setRowVisible(self.reason, critical is not None)
        (self.recipient if self.finding.text() else self.finding).setFocus()

    def _remarked(self) -> str:
        """The sentence that the colleague found critical."""
        look, report = self._session.second_look, self._session.desk.report
        if not isinstance(look, SecondLook) or report is None:
            return ""
        remark = next((r for r in look.remarks if r.rule == RULE), None)
        return report.text(remark.section)[remark.start : remark.end].strip() if remark else ""

    def _tell(self) -> None:
        at = datetime.fromtimestamp(self.at.dateTime().toSecsSinceEpoch(), UTC)
        told = Told(
            self.recipient.text().strip(),
            self.role.text().strip(),
            CriticalMethod(self.method.currentData()),
            at,
            self.read_back.isChecked(),
            self._session.signer,
        )
        if not told.recipient:
            self._refuse(self.tr("Write who was told, or choose: not told yet"), self.recipient)
            return
        if at > datetime.now(UTC):
            self._refuse(self.tr("This time is still to come"), self.at)
            return
        critical, criticals = self.chosen, self._session.criticals
        if critical is not None:
            self._do(lambda: criticals.tell(critical, told))
        else:
            self._do(lambda: criticals.begin_and_tell(CriticalLevel(self.level.currentData()), self.finding.text(), told))

    def _begin(self) -> None:
        self._do(lambda: self._session.criticals.begin(CriticalLevel(self.level.currentData()), self.finding.text()))

    def _drop(self) -> None:
        critical = self.chosen
        if critical is None:
            return
        if not self.reason.text().strip():
            self._refuse(self.tr("Write why it is not critical after all"), self.reason)
            return
        self._do(lambda: self._session.criticals.drop(critical, self.reason.text()))

    def _do(self, act: Callable[[], object]) -> None:
        try:
            act()
        except WorkstationError as error:
            self._refuse(str(error), self.finding)
            return
        self.accept()

    def _refuse(self, words: str, field: QWidget) -> None:
        self.problem.setText(words)
        field.setFocus()

    def _follow(self, report: object) -> None:
        """Another report is on the desk: what is typed here was not for that one."""
        if getattr(report, "report_uuid", "") != self._uuid:
            self.reject()


def _line() -> QLineEdit:
    line = QLineEdit()
    line.setMaxLength(LONGEST)
    return line
