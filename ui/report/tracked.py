"""Tracked words: what was changed since the preliminary version, or since the version that is being revised.

What was added is underlined in the editors; what was taken away stands, struck through, in a box above
them that a key shows and hides.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QColor, QTextCharFormat
from PySide6.QtWidgets import QToolButton

from ui import theme
from ui.plain import plain, tooltip
from ui.report.changes_view import ChangesView
from ui.report.editor_marks import TextMark
from ui.report.section_editor import SectionEditor
from workstation.domain.report import Report, ReportSection, ReportStatus, SectionCode
from workstation.reporting.signing import same_text
from workstation.reporting.word_changes import ChangeKind, SectionChanges, section_changes
from workstation.session.case import Notice
from workstation.session.session import Session

MARKS = "tracked"
PAUSE_MS = 150
LINES = 7


class Tracked(QObject):
    """Follows the report on the desk. `button` and `view` are laid out by the panel."""

    def __init__(self, session: Session, editors: Mapping[SectionCode, SectionEditor], keys: str, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._life = session.life
        self._editors = editors
        self.view = ChangesView("trackedChanges")
        self.view.setAccessibleName(self.tr("What was changed"))
        self.view.hide()
        self.button = QToolButton()
        self.button.setProperty("flat", True)
        self.button.setObjectName("showChanges")
        self.button.setCheckable(True)
        self.button.setToolTip(tooltip(self.tr("Show or hide what was changed"), keys))
        self.button.toggled.connect(self._toggled)
        self.button.hide()
        self._uuid = ""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(PAUSE_MS)
        self._later.timeout.connect(self.show_now)
        self._life.changed.connect(self._report_changed)
        self._life.show_changes.connect(self._asked)
        session.desk.report_changed.connect(lambda _: self._later.start())
        for editor in editors.values():
            editor.textChanged.connect(self._later.start)

    def changes(self) -> tuple[Report, tuple[SectionChanges, ...]] | None:
        """The version compared with, and what the editors show since."""
        base, report = self._life.tracked_base(), self._session.desk.report
        if base is None or report is None:
            return None
        now = tuple(ReportSection(code, self._text(report, code)) for code in SectionCode)
        return base, section_changes(base.sections, now)

    def show_now(self) -> None:
        """Draw it. Waits for a pause in typing otherwise."""
        found = self.changes()
        sections = {s.code: s for s in found[1]} if found is not None else {}
        # A report that is done is read without marks, unless its changes are looked at.
        marked = self._session.desk.is_open_for_writing or not self.view.isHidden()
        for code, editor in self._editors.items():
            editor.marks.give(MARKS, _marks(sections[code]) if marked and code in sections else ())
        count = sum(piece.kind is not ChangeKind.SAME for s in sections.values() for piece in s.pieces)
        self.button.setVisible(bool(count) or self.view.isVisible())
        self.button.setText(self.tr("Changes: {0}").format(count))
        if found is not None and not self.view.isHidden():
            self.view.show_sections(found[1], only_changed=True)
            wanted = round(self.view.document().size().height()) + 2 * self.view.frameWidth() + 2
            self.view.setFixedHeight(min(wanted, LINES * self.view.fontMetrics().lineSpacing()))
        if found is None:
            self.button.setChecked(False)

    def _text(self, report: Report, code: SectionCode) -> str:
        editor = self._editors.get(code)
        return editor.toPlainText() if editor is not None else report.text(code)

    def _report_changed(self, _: object) -> None:
        """Another report, or another version: a preliminary of somebody else, changed, is shown with its changes at once."""
        report, base = self._session.desk.report, self._life.tracked_base()
        uuid = report.report_uuid if report else ""
        if uuid != self._uuid:
            self._uuid = uuid
            is_others = base is not None and base.status is ReportStatus.PRELIMINARY
            self.button.setChecked(base is not None and report is not None and is_others and not same_text(base, report))
        # The editors are given the text next.
        self._later.start()

    def _asked(self, _: None) -> None:
        found = self.changes()
        if found is None:
            self._session.notice.emit(Notice("There is no earlier version to compare this text with"))
            return
        self.button.setChecked(not self.button.isChecked())

    def _toggled(self, shown: bool) -> None:
        self.view.setVisible(shown)
        self.show_now()
        found = self.changes()
        if shown and found is not None:
            base = found[0]
            words = self.tr("Compared with version {0}, signed by {1}")
            self.view.setToolTip(tooltip(words.format(base.version, plain(base.signed_by))))


def _marks(section: SectionChanges) -> tuple[TextMark, ...]:
    """Added words underlined; the letter behind words that went is marked."""
    kept = [piece for piece in section.pieces if piece.kind is not ChangeKind.REMOVED]
    ends = list(accumulate(len(piece.text) for piece in kept))
    added = (
        TextMark(end - len(piece.text), end, _underlined(theme.GREEN))
        for piece, end in zip(kept, ends, strict=True)
        if piece.kind is ChangeKind.ADDED
    )
    return tuple(added)


def _underlined(colour: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
    made.setUnderlineColor(QColor(colour))
    return made
