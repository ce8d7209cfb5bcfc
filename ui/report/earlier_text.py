"""The text of an earlier report on screen. What is copied out of it says whose it is (F73)."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

from ui.report.pasting import FORMAT
from ui.report.section_editor import PlainText
from workstation.domain.earlier_report import EarlierReport
from workstation.session.session import Session

OWN = "own/"


class EarlierText(PlainText):
    """Read-only. `show_report` says what is copied from then on."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._report: EarlierReport | None = None
        self.setReadOnly(True)
        self.setTabChangesFocus(True)

    def show_report(self, report: EarlierReport | None, text: str) -> None:
        self._report = report
        self.setPlainText(text)

    def createMimeDataFromSelection(self) -> QMimeData:
        data = QMimeData()
        data.setText(super().createMimeDataFromSelection().text())
        if self._report is not None:
            data.setData(FORMAT, origin_of(self._session, self._report).encode())
        return data


def origin_of(session: Session, report: EarlierReport) -> str:
    """The UUID of a report of the patient that this one is of; where none is known, a name that no report has."""
    if report.uid.startswith(OWN):
        return report.uid.removeprefix(OWN)
    on_desk = session.desk.report
    is_of_open_patient = any(one.uid == report.uid for one in session.earlier.reports)
    return on_desk.report_uuid if on_desk is not None and is_of_open_patient else report.uid
