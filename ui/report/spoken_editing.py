"""The editing commands in the report: take back the last words, undo, fields, sections.

Used by voice and by the buttons of a hand microphone; each does what a key does, in the editors of one panel, as one undo step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from ui.report.panel import SECTIONS, ReportPanel
from ui.report.section_editor import SectionEditor
from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import Report, SectionCode
from workstation.session.session import Session

Undo = Callable[[], bool]
"""Takes back what was done; False where it cannot any more."""

MOST_SAID = 200


@dataclass(frozen=True, slots=True)
class Said:
    """Words that came into a report by voice."""

    report_uuid: str
    section: SectionCode
    text: str
    segment_id: str


class SpokenEditing(QObject):
    """Remembers what was said into the reports, newest last."""

    def __init__(self, session: Session, panel: ReportPanel) -> None:
        super().__init__(panel)
        self._desk = session.desk
        self._panel = panel
        self._said: list[Said] = []
        self._desk.segment_accepted.connect(self._accepted)
        session.templating.step_wanted.connect(self.step_field)

    def _accepted(self, accepted: tuple[Report, SectionCode, DictatedSegment]) -> None:
        report, section, segment = accepted
        self._said = [*self._said[-MOST_SAID:], Said(report.report_uuid, section, segment.text.strip(), segment.segment_id)]

    @property
    def last(self) -> Said | None:
        """The words said last into the report on the desk."""
        report = self._desk.report
        return next((said for said in reversed(self._said) if report and said.report_uuid == report.report_uuid), None)

    def scratch(self) -> Undo | str:
        """Take the last words back. In words why not, where they are not there any more."""
        said = self.last
        if said is None:
            return "Nothing was said into this report yet"
        editor = self._panel.editor(said.section)
        if not self._panel.spoken.take_back(said.segment_id):
            return "The last words were changed since: nothing was taken back"
        self._said.remove(said)
        return self._undoing(editor, lambda: self._said.append(said))

    def undo(self) -> bool:
        editor = self._editor()
        if editor is None or not editor.document().isUndoAvailable():
            return False
        editor.undo()
        editor.flush()
        return True

    def redo(self) -> bool:
        editor = self._editor()
        if editor is None or not editor.document().isRedoAvailable():
            return False
        editor.redo()
        editor.flush()
        return True

    def step_field(self, steps: int) -> None:
        """The next field; where there is none, the next section."""
        if not self._panel.templates.step(steps):
            self._panel.step_section(steps)

    def go_to(self, section: SectionCode | None, heading: str) -> bool:
        """To a section of the report, or behind a heading that stands in its text."""
        if section in SECTIONS:
            self._desk.section = section
            self._panel.focus()
            return True
        for code in SECTIONS:
            text = self._panel.editor(code).toPlainText()
            at = text.lower().find(f"{heading.lower()}:")
            if at >= 0:
                end = text.find("\n", at)
                place = len(text) if end < 0 else end
                self._desk.section = code
                self._panel.focus()
                self._panel.editor(code).select(place, place)
                return True
        return False

    def select_last(self) -> bool:
        """Select the last words, so that saying or typing something else takes their place."""
        said = self.last
        if said is None:
            return False
        found = self._panel.spoken.spoken.whole(said.segment_id)
        if found is None:
            return False
        section, start, end = found
        words = self._panel.editor(section).toPlainText()[start:end]
        start, end = start + len(words) - len(words.lstrip(" ")), end - len(words) + len(words.rstrip(" "))
        self._desk.section = section
        self._panel.focus()
        self._panel.editor(section).select(start, end)
        return True

    def _editor(self) -> SectionEditor | None:
        open_for_writing = self._desk.is_open_for_writing and self._desk.section in SECTIONS
        return self._panel.editor(self._desk.section) if open_for_writing else None

    def _undoing(self, editor: SectionEditor, also: Callable[[], object]) -> Undo:
        """Only while nothing else was done in that text."""
        steps, report = editor.document().availableUndoSteps(), self._desk.report

        def undo() -> bool:
            same = self._desk.report is not None and report is not None and self._desk.report.report_uuid == report.report_uuid
            if not same or editor.document().availableUndoSteps() != steps:
                return False
            editor.undo()
            editor.flush()
            also()
            return True

        return undo
