"""Copying and pasting between reports: text of another patient's report is asked for, and tagged where it stands (F73).

What is copied out of a report carries, beside its words, the report's uuid in a format of this program's own.
The words themselves are plain text for every other program.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QMimeData, QObject, Qt
from PySide6.QtGui import QColor, QTextCharFormat
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.report.editor_marks import TextMark
from ui.report.section_editor import SectionEditor
from workstation.domain.life import ForeignText
from workstation.domain.report import Report, SectionCode
from workstation.errors import Refused
from workstation.reporting.store import ReportStore
from workstation.session.session import Session

FORMAT = "application/x-lyskasse-report"
MARKS = "foreign"
SHOWN = 160


class Pasting(QObject):
    """Between the clipboard and the editors of the report on the desk."""

    def __init__(self, session: Session, editors: Mapping[SectionCode, SectionEditor], parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._window = parent
        self._editors = editors
        self.question: PasteDialog | None = None
        for editor in editors.values():
            editor.clipboard = self
            editor.textChanged.connect(self._mark)
        session.life.changed.connect(lambda _: self._mark())
        session.desk.opened.connect(lambda _: self._mark())

    def tag(self, text: str) -> QMimeData:
        """Plain text, and of which report it is."""
        report, data = self._session.desk.report, QMimeData()
        data.setText(text)
        if report is not None:
            data.setData(FORMAT, report.report_uuid.encode())
        return data

    def admits(self, editor: SectionEditor, data: QMimeData) -> bool:
        """Whether it may be put in at once. If not, the reader is asked, or it follows by itself."""
        report = self._session.desk.report
        origin = bytes(data.data(FORMAT).data()).decode("ascii", "replace") if data.hasFormat(FORMAT) else ""
        if report is None or not origin or origin == report.report_uuid:
            return True
        text = data.text()

        def look(store: ReportStore) -> Report | None:
            try:
                return store.report(origin)
            except Refused:
                return None  # of another machine: nobody knows whose it is

        self._session.desk.ask(look, lambda found: self._found(editor, report, found, origin, text), "pasting")
        return False

    def _found(self, editor: SectionEditor, report: Report, found: Report | None, origin: str, text: str) -> None:
        if not self._is_open(report):
            return
        if found is not None and (found.patient_id, found.patient_issuer) == (report.patient_id, report.patient_issuer):
            editor.insertPlainText(text)
            return
        self.question = PasteDialog(text, self._window)
        self.question.accepted.connect(lambda: self._paste(editor, report, origin, text))
        self.question.finished.connect(lambda _: setattr(self, "question", None))
        self.question.open()

    def _paste(self, editor: SectionEditor, report: Report, origin: str, text: str) -> None:
        if not self._is_open(report) or editor.isReadOnly():
            return
        editor.insertPlainText(text)
        noted, signer = ForeignText(editor.code, text.strip(), origin), self._session.signer
        self._session.desk.act(
            lambda store, uuid: store.life.note_foreign(uuid, noted, signer), lambda _: self._session.life.look_again()
        )

    def _is_open(self, report: Report) -> bool:
        now = self._session.desk.report
        return now is not None and now.report_uuid == report.report_uuid

    def _mark(self) -> None:
        """Where such text still stands, word for word."""
        past, report = self._session.life.past, self._session.desk.report
        foreign = past.life.foreign if report is not None and past.report_uuid == report.report_uuid else ()
        for code, editor in self._editors.items():
            shown = editor.toPlainText()
            words = {f.text for f in foreign if f.section is code and f.text in shown}
            editor.marks.give(MARKS, [TextMark(at := shown.index(w), at + len(w), _foreign_format(), over=1) for w in words])


def _foreign_format() -> QTextCharFormat:
    made = QTextCharFormat()
    made.setBackground(QColor(theme.AMBER_GROUND))
    made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
    made.setUnderlineColor(QColor(theme.AMBER))
    return made


class PasteDialog(QDialog):
    """Esc and Return leave the text out."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("pasteDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Paste from another patient?"))
        label = QLabel(self.tr("This text was copied from the report of another patient:"))
        words = QLabel(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
        for shown in (label, words):
            shown.setTextFormat(Qt.TextFormat.PlainText)
            shown.setWordWrap(True)
        buttons = QDialogButtonBox()
        self.leave = buttons.addButton(self.tr("Do not paste"), QDialogButtonBox.ButtonRole.RejectRole)
        self.paste = buttons.addButton(self.tr("&Paste all the same"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.paste.setAutoDefault(False)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(10)
        for widget in (label, words, buttons):
            column.addWidget(widget)
        self.leave.setDefault(True)
        self.leave.setFocus()
        self.setMinimumWidth(460)
