"""The report panel: where the report stands, its sections, dictation and signing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ui import plain
from ui.elided_label import ElidedLabel
from ui.plain import core_text
from ui.report.addenda import addenda_words
from ui.report.claim_line import ClaimLine
from ui.report.dictation_bar import DictationBar
from ui.report.earlier_list import EarlierBox
from ui.report.joint_line import JointLine
from ui.report.links import LinkHand
from ui.report.outside_question import OutsideQuestion
from ui.report.pasting import Pasting
from ui.report.remarks import RemarkList
from ui.report.section_block import SectionBlock
from ui.report.section_editor import SectionEditor
from ui.report.section_stack import SectionStack
from ui.report.sign_row import SignRow
from ui.report.spoken_hand import SpokenHand
from ui.report.spoken_word_hand import SpokenWordHand
from ui.report.state_line import StateLine
from ui.report.template_hand import TemplateHand
from ui.report.tracked import Tracked
from ui.report.unseen_counts import UnseenCounts
from ui.within_screen import scrolled
from workstation.domain.delivery import Delivery
from workstation.domain.report import Report, SectionCode
from workstation.reporting.signing import Missing, NotSigned
from workstation.session.session import Session

SECTIONS = (
    SectionCode.HISTORY,
    SectionCode.PROCEDURE,
    SectionCode.COMPARISON,
    SectionCode.FINDINGS,
    SectionCode.IMPRESSION,
    SectionCode.RECOMMENDATION,
)
# Only in view when they hold words or are written into.
MORE_SECTIONS = (SectionCode.COMMUNICATION, SectionCode.ADDENDUM)
# After the disk refused: often enough to save soon, seldom enough not to fill the banner.
RETRY_MS = 3000
# The sections are scrolled below this, in pixels.
LEAST_ROOM = 110


class ReportPanel(QWidget):
    """Draws `session.desk`. `run` runs a command of the table by id, `keys` names its keys."""

    def __init__(
        self, session: Session, dictation: DictationBar, run: Callable[[str], None], keys: Callable[[str], str] = lambda _: ""
    ) -> None:
        super().__init__()
        self.setObjectName("reportPanel")
        self._session = session
        self._desk = session.desk
        self._run = run
        self._keys = keys
        self.dictation = dictation
        self._uuid = ""
        self._blocks = {code: SectionBlock(code) for code in (*SECTIONS, *MORE_SECTIONS)}
        self._sections = SectionStack(tuple(self._blocks.values()))
        self._room = scrolled(self._sections)
        self._room.setMinimumSize(200, LEAST_ROOM)
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(RETRY_MS)
        self._retry.timeout.connect(self._desk.retry)
        self._build()
        self._connect()
        editors = {code: block.editor for code, block in self._blocks.items()}
        self.templates = TemplateHand(session, editors, self._write_in, self)
        self.links = LinkHand(session, editors, self._write_in, self.templates.undo_together, self)
        self.spoken = SpokenHand(session, editors, dictation.desk, self._write_in, self)
        self.spoken_words = SpokenWordHand(session, editors, dictation.desk, self.spoken, self)
        UnseenCounts(self.spoken, self._blocks, self.sign_row, run, keys)
        self.tracked = Tracked(session, editors, keys("report.changes"), self)
        self._lay_out_tracked()
        self.pasting = Pasting(session, editors, self)
        self.outside = OutsideQuestion(session, dictation.desk, self)
        self._show(self._desk.report)

    # ---- what others ask of it -------------------------------------------------------

    def focus(self) -> None:
        self._show_marks()
        self.editor(self._desk.section).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _write_in(self, code: SectionCode) -> None:
        self._desk.section = code
        self.focus()

    def step_section(self, steps: int) -> None:
        here = SECTIONS.index(self._desk.section) if self._desk.section in SECTIONS else 0
        self._desk.section = SECTIONS[(here + steps) % len(SECTIONS)]
        self.focus()

    def editor(self, code: SectionCode) -> SectionEditor:
        return self._blocks[code].editor

    def flush(self) -> None:
        for block in self._blocks.values():
            block.editor.flush()

    def show_delivery(self, delivery: Delivery) -> None:
        """The outbox moved a report; shown when it is the one on the desk."""
        self._desk.follow(delivery)
        self._show_state()

    # ---- building --------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        self._title = _plain_label("reportTitle")
        self._facts = ElidedLabel()
        self._facts.setProperty("role", "muted")
        self._facts.setObjectName("reportFacts")
        self._state = StateLine()
        self._hint = _plain_label("reportHint")
        self.earlier = EarlierBox(self._session, self._run, self._keys)
        self.remarks = RemarkList()
        self.claim_line = ClaimLine(self._session, self._run, self._keys)
        self.joint = JointLine(self._session, self._run, self._keys)
        for widget in (self._title, self._facts, self.joint, self._state, self.claim_line, self._hint):
            column.addWidget(widget)
        column.addWidget(self.earlier)
        self._sections.is_beside = self.earlier.list.isVisible
        column.addWidget(self._room, 1)
        column.addWidget(self.dictation)
        column.addWidget(self.remarks)
        self.sign_row = SignRow(self._session, self._run, self._keys)
        self._preliminary, self._final = self.sign_row.preliminary, self.sign_row.final
        column.addWidget(self.sign_row)
        for block in self._blocks.values():
            block.set_keys(self._keys("report.take_over"))

    def _lay_out_tracked(self) -> None:
        column = self.layout()
        if isinstance(column, QVBoxLayout):
            column.insertWidget(column.indexOf(self._room), self.tracked.view)
        head = self._blocks[SectionCode.FINDINGS].head
        head.insertWidget(head.count() - 2, self.tracked.button)

    def _connect(self) -> None:
        for code, block in self._blocks.items():
            block.editor.save_wanted.connect(lambda code, text: self._desk.write(SectionCode(code), text))
            block.editor.entered.connect(self._entered)
            block.editor.state_changed.connect(self._show_marks)
            block.taken_over.connect(lambda code=code: self._session.take_over(code))
        self._desk.report_changed.connect(self._show)
        self._desk.leaving.connect(self._leaving)
        self._desk.problem.connect(self._problem)
        self._desk.saving_changed.connect(self._saving)
        self._session.case_changed.connect(self._case_changed)
        self._session.life.begun.connect(lambda _: self.focus())
        self._session.settling.changed.connect(lambda _: self._show_state())
        self.remarks.chosen.connect(self._go_to_remark)
        if self._session.second_look is not None:
            self._session.second_look.changed.connect(self.remarks.show_remarks)

    # ---- what happens ----------------------------------------------------------------

    def _entered(self, code: str) -> None:
        self._desk.section = SectionCode(code)
        self.dictation.desk.retarget(self._desk.section)
        self._show_marks()

    def _leaving(self, _: None) -> None:
        self.flush()

    def _saving(self, _: int) -> None:
        if self._desk.unsaved and not self._desk.is_saving and not self._retry.isActive():
            self._retry.start()
        self._show_state()

    def _problem(self, error: Exception) -> None:
        """A refused signature: go to what is missing."""
        if not isinstance(error, NotSigned):
            return
        if error.missing is Missing.IMAGES:
            self._run("report.images")
        elif error.missing is Missing.WORDS:
            self._desk.section = self._desk.section if self._desk.section in SECTIONS else SectionCode.FINDINGS
            self.focus()

    def step_remark(self, steps: int) -> None:
        """Go to the next remark's place in the text."""
        self._go_to_remark(self.remarks.step(steps))

    def _go_to_remark(self, number: int) -> None:
        """Its words are selected, so that typing takes their place."""
        look = self._session.second_look
        if look is None or not 0 <= number < len(look.remarks):
            return
        remark = look.remarks[number]
        if remark.section not in self._blocks:
            return
        self._desk.section = remark.section
        self.editor(remark.section).select(remark.start, remark.end)
        self.focus()

    def _case_changed(self, _: object) -> None:
        self._desk.section = SectionCode.FINDINGS

    # ---- showing ---------------------------------------------------------------------

    def _show(self, report: Report | None) -> None:
        uuid = report.report_uuid if report else ""
        for code, block in self._blocks.items():
            text = report.text(code) if report else ""
            if uuid != self._uuid:
                block.editor.reset(text, self._desk.unsaved.get((uuid, code)))
            else:
                block.editor.show_stored(text)
        self._uuid = uuid
        self._show_state()

    def _show_state(self) -> None:
        report, writable = self._desk.report, self._desk.is_open_for_writing
        unsaved = report is not None and any(uuid == report.report_uuid for uuid, _ in self._desk.unsaved)
        for block in self._blocks.values():
            block.editor.setReadOnly(not self._desk.may_write(block.code))
            block.editor.setEnabled(report is not None)
        self.sign_row.show_state(writable, unsaved)
        self.dictation.set_target_available(writable)
        self._title.setText(plain.plain(report.procedure) if report else self.tr("No report"))
        self._facts.setVisible(report is not None)
        self._facts.set_parts(_facts(report) if report else [])
        self._state.show_state(report, self._desk.delivery, unsaved, self._session.settling.standing is not None)
        self._hint.setVisible(report is None)
        if self._session.case is None:
            self._hint.setText(self.tr("Open a case from the worklist to report it."))
        else:
            self._hint.setText(self.tr("The RIS has no order for this study, so a report would have no way home."))
        self._show_known(writable)
        self._show_marks()

    def _show_known(self, writable: bool) -> None:
        for code in SECTIONS:
            known = self._session.known_for(code) if self._desk.report is not None else ""
            self._blocks[code].show_context(known, self._desk.may_write(code))
        self._blocks[SectionCode.ADDENDUM].show_context(addenda_words(self._desk.report), False)

    def _show_marks(self) -> None:
        writable = self._desk.is_open_for_writing
        self._sections.set_target(self._desk.section)
        for code, block in self._blocks.items():
            unsaved = (self._uuid, code) in self._desk.unsaved
            block.show_marks(code is self._desk.section and writable, unsaved)


def _facts(report: Report) -> list[str]:
    accession = core_text("Accession {0}").format(plain.plain(report.accession_number)) if report.accession_number else ""
    return [part for part in (accession, plain.dicom_date(report.study_date)) if part]


def _plain_label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
