"""The report panel: sections, what is on disk, dictation, signing, and the way to the RIS."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ui.report.dictation_bar import DictationBar
from ui.report.section_editor import SectionEditor
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import SECTION_TITLES, Report, ReportStatus, SectionCode
from workstation.session.session import Session

SECTIONS = (
    SectionCode.HISTORY,
    SectionCode.COMPARISON,
    SectionCode.FINDINGS,
    SectionCode.IMPRESSION,
    SectionCode.RECOMMENDATION,
)
# Findings is where the words are; the others open as a few lines and grow with the panel.
STRETCH = {SectionCode.FINDINGS: 5, SectionCode.IMPRESSION: 3}
LINES = {SectionCode.FINDINGS: 7, SectionCode.IMPRESSION: 4}


def _core_text(text: str) -> str:
    return QCoreApplication.translate("core", text)


class ReportPanel(QWidget):
    """Draws `session.desk`. `run` runs a command of the table by id."""

    def __init__(self, session: Session, dictation: DictationBar, run: Callable[[str], None]) -> None:
        super().__init__()
        self.setObjectName("reportPanel")
        self._session = session
        self._desk = session.desk
        self._run = run
        self.dictation = dictation
        self._uuid = ""
        self._editors = {code: SectionEditor(code) for code in SECTIONS}
        self._marks: dict[SectionCode, QLabel] = {}
        self._delivery: Delivery | None = None
        self._build()
        self._connect()
        self._show(self._desk.report)

    # ---- what others ask of it -------------------------------------------------------

    def focus(self) -> None:
        self._editors[self._desk.section].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def step_section(self, steps: int) -> None:
        here = SECTIONS.index(self._desk.section) if self._desk.section in SECTIONS else 0
        self._desk.section = SECTIONS[(here + steps) % len(SECTIONS)]
        self.focus()

    def has_focus(self) -> bool:
        return any(editor.hasFocus() for editor in self._editors.values())

    def editor(self, code: SectionCode) -> SectionEditor:
        return self._editors[code]

    def flush(self) -> None:
        for editor in self._editors.values():
            editor.flush()

    def show_delivery(self, delivery: Delivery | None) -> None:
        """The delivery of the report on the desk, as the outbox last told."""
        self._delivery = delivery
        self._show_state()

    # ---- inside ----------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        self._title = _plain_label("reportTitle")
        self._state = _plain_label("reportState")
        column.addWidget(self._title)
        column.addWidget(self._state)
        self._hint = _plain_label("reportHint")
        column.addWidget(self._hint)
        sections = QWidget()
        inner = QVBoxLayout(sections)
        inner.setContentsMargins(0, 0, 0, 0)
        for code in SECTIONS:
            inner.addLayout(self._section_head(code))
            editor = self._editors[code]
            editor.setAccessibleName(_core_text(SECTION_TITLES[code]))
            editor.setMinimumHeight(editor.fontMetrics().lineSpacing() * LINES.get(code, 2) + 18)
            inner.addWidget(editor, STRETCH.get(code, 1))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(sections)
        column.addWidget(scroll, 1)
        column.addWidget(self.dictation)
        buttons = QHBoxLayout()
        self._preliminary = QPushButton(self.tr("Sign preliminary"))
        self._final = QPushButton(self.tr("Sign final"))
        self._final.setObjectName("primary")
        self._preliminary.setToolTip("Ctrl+Shift+Return")
        self._final.setToolTip("Ctrl+Return")
        for button in (self._preliminary, self._final):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            buttons.addWidget(button, 1)
        column.addLayout(buttons)

    def _section_head(self, code: SectionCode) -> QHBoxLayout:
        row = QHBoxLayout()
        name = _plain_label("sectionTitle")
        name.setText(_core_text(SECTION_TITLES[code]))
        name.setBuddy(self._editors[code])
        mark = _plain_label("sectionMark")
        self._marks[code] = mark
        row.addWidget(name)
        row.addStretch(1)
        row.addWidget(mark)
        return row

    def _connect(self) -> None:
        for editor in self._editors.values():
            editor.save_wanted.connect(lambda code, text: self._desk.write(SectionCode(code), text))
            editor.entered.connect(self._entered)
            editor.state_changed.connect(self._show_marks)
        self._preliminary.clicked.connect(lambda: self._run("report.sign_preliminary"))
        self._final.clicked.connect(lambda: self._run("report.sign_final"))
        self._desk.report_changed.connect(self._show)
        self._desk.segment_accepted.connect(self._segment)
        self._desk.leaving.connect(self._leaving)
        self._desk.problem.connect(self._problem)

    def _entered(self, code: str) -> None:
        self._desk.section = SectionCode(code)
        self.dictation.desk.retarget(self._desk.section)
        self._show_marks()

    def _leaving(self, _: None) -> None:
        self.flush()

    def _problem(self, _: Exception) -> None:
        for editor in self._editors.values():
            editor.ask_again()

    def _segment(self, accepted: tuple[Report, SectionCode, DictatedSegment]) -> None:
        report, section, segment = accepted
        if report.report_uuid == self._uuid and section in self._editors:
            self._editors[section].take_segment(segment.text)

    def _show(self, report: Report | None) -> None:
        uuid = report.report_uuid if report else ""
        for code, editor in self._editors.items():
            text = report.text(code) if report else ""
            if uuid != self._uuid:
                editor.reset(text)
            else:
                editor.show_stored(text)
        if uuid != self._uuid:
            self._delivery = None
        self._uuid = uuid
        self._show_state()

    def _show_state(self) -> None:
        report, writable = self._desk.report, self._desk.is_open_for_writing
        for editor in self._editors.values():
            editor.setReadOnly(not writable)
            editor.setEnabled(report is not None)
        for button in (self._preliminary, self._final):
            button.setEnabled(writable)
        self.dictation.set_target_available(writable)
        self._title.setText(report.procedure if report else self.tr("No report"))
        words, kind = self._state_words(report)
        self._state.setText(words)
        self._state.setProperty("kind", kind)
        self._state.style().unpolish(self._state)
        self._state.style().polish(self._state)
        self._hint.setVisible(report is None)
        if self._session.case is None:
            self._hint.setText(self.tr("Open a case from the worklist to report it."))
        else:
            self._hint.setText(self.tr("The RIS has no order for this study, so a report would have no way home."))
        self._show_marks()

    def _state_words(self, report: Report | None) -> tuple[str, str]:
        if report is None:
            return "", "none"
        if report.status is ReportStatus.DRAFT:
            return self.tr("Draft"), "draft"
        delivery = self._delivery
        if delivery is None or delivery.report_uuid != report.report_uuid:
            return self.tr("Signed by %1, version %2").replace("%1", report.signed_by).replace(
                "%2", str(report.version)
            ), "signed"
        words = {
            DeliveryState.QUEUED: self.tr("Signed. Waiting for the RIS"),
            DeliveryState.SENDING: self.tr("Sent, answer unknown: the RIS is being asked"),
            DeliveryState.ACKNOWLEDGED: self.tr("The RIS accepted it. Not yet confirmed"),
            DeliveryState.CONFIRMED: self.tr("Confirmed: read back from the RIS and identical"),
            DeliveryState.CONFLICT: self.tr("Conflict: the RIS holds something else"),
            DeliveryState.HELD: self.tr("Held: identity must be checked"),
            DeliveryState.REJECTED: self.tr("Refused by the RIS"),
            DeliveryState.SUPERSEDED: self.tr("Replaced by a newer version"),
        }[delivery.state]
        if delivery.state in (DeliveryState.REJECTED, DeliveryState.CONFLICT, DeliveryState.HELD) and delivery.last_error:
            words = f"{words}: {delivery.last_error}"
        return words, delivery.state.value

    def _show_marks(self) -> None:
        for code, mark in self._marks.items():
            editor = self._editors[code]
            saving = not editor.is_saved
            here = code == self._desk.section and self._desk.is_open_for_writing
            on_disk = self.tr("on disk") if editor.toPlainText() else ""
            mark.setText(self.tr("saving…") if saving else on_disk)
            mark.setProperty("saving", saving)
            editor.setProperty("target", here)
            for widget in (mark, editor):
                widget.style().unpolish(widget)
                widget.style().polish(widget)


def _plain_label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
