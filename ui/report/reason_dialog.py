"""Why a signed report is corrected: asked before its text can be changed, and kept with the correction."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from workstation.domain.report import ReportAction
from workstation.errors import WorkstationError
from workstation.session.session import Session

LONGEST = 200


class ReasonDialog(QDialog):
    """Return begins the correction, once there are words; Esc leaves the report as it is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reasonDialog")
        self.setWindowTitle(self.tr("Correct the report"))
        self._session = session
        report = session.desk.report
        self._uuid = report.report_uuid if report else ""
        label = QLabel(self.tr("What was wrong? The reason is kept and goes with the corrected report."))
        label.setWordWrap(True)
        self.reason = QLineEdit()
        self.reason.setMaxLength(LONGEST)
        self.reason.setAccessibleName(self.tr("Reason"))
        label.setBuddy(self.reason)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.begin = self._buttons.addButton(self.tr("Correct"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.begin.setDefault(True)
        self.begin.setEnabled(False)
        self.reason.textChanged.connect(lambda text: self.begin.setEnabled(bool(text.strip())))
        self._buttons.accepted.connect(self._accepted)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(10)
        for widget in (label, self.reason, self._buttons):
            column.addWidget(widget)
        self.setMinimumWidth(480)
        self.reason.setFocus()
        # The reason is for that report: with another on the desk there is nothing to ask.
        session.desk.report_changed.connect(self._follow)

    def _follow(self, report: object) -> None:
        if getattr(report, "report_uuid", "") != self._uuid:
            self.reject()

    def _accepted(self) -> None:
        self.accept()
        try:
            self._session.life.begin(ReportAction.CORRECT, self.reason.text())
        except WorkstationError as error:
            self._session.report_problem(error)
