"""A section as it stands in the panel: its name, whether it is on disk, what is known for it, and the text."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ui.plain import core_text, tooltip
from ui.report.heights import Wish
from ui.report.section_editor import PlainText, SectionEditor
from workstation.domain.report import SECTION_TITLES, SectionCode

# Only in view while it is written into or holds words: how it was done is seldom written by hand.
SELDOM = frozenset({SectionCode.PROCEDURE, SectionCode.COMMUNICATION, SectionCode.ADDENDUM})
# Findings is where the words are; the others open as one line and grow with their text.
SHARES = {SectionCode.FINDINGS: 5, SectionCode.IMPRESSION: 3}
# Of the section that is written into, and of the others.
WRITTEN_LINES = {SectionCode.FINDINGS: 6, SectionCode.IMPRESSION: 3}
LEAST_LINES = {SectionCode.FINDINGS: 4, SectionCode.IMPRESSION: 2}
# Where there is no room for these, the sections are scrolled. Earlier reports take of the room: all are in view beside them.
WRITTEN_FLOOR, BESIDE_FLOOR, FLOOR = 4, 2, 1
CONTEXT_LINES = 6
ACTIVE_LINES = 8
QUIET_LINES = 4
GAP = 4


class Known(PlainText):
    """What is known already and may be read or taken over: read-only, quieter than the report's own text."""

    clicked = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setReadOnly(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.document().setDocumentMargin(2)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hide()

    def show_text(self, text: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text)
        self.setVisible(bool(text))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self.textCursor().hasSelection():  # a selection is for copying
            self.clicked.emit()


class SectionBlock(QWidget):
    """Name, marks and buttons in a row; below it what is known, then the editor.

    What is known goes away once the section holds it; an empty editor waits behind it until
    it is written into.
    """

    taken_over = Signal()
    changed = Signal()

    def __init__(self, code: SectionCode) -> None:
        super().__init__()
        self.code = code
        self.editor = SectionEditor(code)
        self.context = Known("sectionContext")
        self._name = _label("sectionTitle")
        self._name.setText(core_text(SECTION_TITLES[code]))
        self._name.setBuddy(self.editor)
        self._mark = _label("sectionMark")
        self.editor.setAccessibleName(self._name.text())
        self.context.setAccessibleName(self._name.text())
        self._take = QToolButton()
        self._take.setProperty("flat", True)
        self._take.setObjectName("takeOver")
        self._take.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._take.setText(self.tr("Take over"))
        self._take.clicked.connect(self.taken_over)
        self._take.hide()
        self.head = QHBoxLayout()
        self.head.setContentsMargins(0, 0, 0, 0)
        self.head.setSpacing(8)
        self.head.addWidget(self._name)
        self.head.addStretch(1)
        self.head.addWidget(self._take)
        self.head.addWidget(self._mark)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(self.head)
        column.addWidget(self.context)
        column.addWidget(self.editor)
        self.context.clicked.connect(self.open)
        for text in (self.editor, self.context):
            text.document().documentLayout().documentSizeChanged.connect(lambda _: self.changed.emit())
            text.installEventFilter(self)

    def open(self) -> None:
        """Write here."""
        self.editor.show()
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_keys(self, keys: str) -> None:
        """The keys that take over what is known."""
        self._take.setToolTip(tooltip(self.tr("Put this into the report"), keys))

    def show_context(self, text: str, writable: bool) -> None:
        """What is known for this section; it goes away once the section holds it."""
        held = bool(text) and text in self.editor.toPlainText()
        self.context.show_text("" if held else text)
        self._take.setVisible(bool(text) and not held and writable)
        self.changed.emit()

    def show_marks(self, is_target: bool, is_unsaved: bool) -> None:
        is_empty = not self.editor.toPlainText() and self.context.isHidden()
        self.setHidden(self.code in SELDOM and not is_target and is_empty)
        self.editor.setVisible(is_target or self.context.isHidden() or bool(self.editor.toPlainText()))
        saving = not self.editor.is_saved
        words = self.tr("on disk") if self.editor.toPlainText() else ""
        if is_unsaved:
            words = self.tr("not on disk")
        elif saving:
            words = self.tr("saving…")
        self._mark.setText(words)
        for widget, name, value in (
            (self._mark, "saving", saving),
            (self._mark, "unsaved", is_unsaved),
            (self._name, "target", is_target),
            (self.editor, "target", is_target),
        ):
            if widget.property(name) != value:
                widget.setProperty(name, value)
                widget.style().unpolish(widget)
                widget.style().polish(widget)

    # ---- height ----------------------------------------------------------------------

    @property
    def overhead(self) -> int:
        """The height of everything but the editor and the context."""
        if self.isHidden():
            return 0
        shown = sum(1 for text in (self.context, self.editor) if not text.isHidden())
        return self.head.sizeHint().height() + GAP * shown

    def wishes(self, is_target: bool, is_beside: bool = False) -> tuple[Wish, Wish]:
        """(context, editor). `is_beside` while earlier reports are read."""
        if self.isHidden():
            return Wish(0, 0), Wish(0, 0)
        editor = self.editor
        if editor.isHidden():
            return self._context_wish(), Wish(0, 0)
        least = editor.height_of((WRITTEN_LINES if is_target else LEAST_LINES).get(self.code, 1))
        most = editor.height_of(ACTIVE_LINES if is_target else QUIET_LINES)
        wanted = editor.full_height if self.code in SHARES else min(editor.full_height, most)
        floor = editor.height_of((BESIDE_FLOOR if is_beside else WRITTEN_FLOOR) if is_target else FLOOR)
        return self._context_wish(), Wish(least, max(least, wanted), SHARES.get(self.code, 0), min(floor, least))

    def give(self, context: int, editor: int) -> None:
        for text, height in ((self.context, self._whole_lines(context)), (self.editor, editor)):
            if not text.isHidden():
                text.setFixedHeight(height)

    def _whole_lines(self, height: int) -> int:
        """No line of what is known is cut through its middle."""
        if height >= self.context.full_height:
            return height
        one = self.context.height_of(1)
        each = self.context.height_of(2) - one
        below = ceil(self.context.document().documentMargin()) + 1
        return one + max(0, height - one) // each * each - below

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        wider = isinstance(event, QResizeEvent) and event.size().width() != event.oldSize().width()
        if wider or event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.changed.emit()
        return False

    def _context_wish(self) -> Wish:
        if self.context.isHidden():
            return Wish(0, 0)
        one = self.context.height_of(1)
        return Wish(one, max(one, min(self.context.full_height, self.context.height_of(CONTEXT_LINES))))


def _label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
