"""Words that are tied to images, in the editors: underlined, with a dot beside them that shows the image.

Writes what the core puts in or changes, as one step of undo, without taking the keys from the images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QTextCharFormat, QTextCursor

from ui import theme
from ui.plain import core_text, plain
from ui.report.editor_marks import TextMark, chars, units
from ui.report.link_gutter import LinkGutter
from ui.report.section_editor import SectionEditor
from workstation.domain.report import SectionCode
from workstation.errors import WorkstationError
from workstation.session.linked_marks import LinkMark, LinkState
from workstation.session.linked_text import Edit
from workstation.session.session import Session

_COMMANDS = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier
MARKS = "links"
"""This hand among the providers of marks."""
OVER = 1


class LinkHand(QObject):
    """For the editors of one panel; the core's `Writer`. `go` brings the caret into a section.

    `together` makes what was written last into several editors one step of undo.
    """

    def __init__(
        self,
        session: Session,
        editors: Mapping[SectionCode, SectionEditor],
        go: Callable[[SectionCode], None],
        together: Callable[[Sequence[SectionCode]], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._linked = session.linked
        self._editors = editors
        self._go = go
        self.undo_together = together
        self._is_writing = False
        self._gutters = {code: LinkGutter(editor, self.show) for code, editor in editors.items()}
        self._linked.writer = self
        self._linked.changed.connect(lambda _: self.draw())
        for code, editor in editors.items():
            editor.textChanged.connect(lambda code=code: self._typed(code))
            editor.cursorPositionChanged.connect(lambda code=code: self._moved(code))
            editor.viewport().installEventFilter(self)
        self._letters: dict[SectionCode, str] = {}
        for editor in editors.values():
            editor.installEventFilter(self)

    # ---- the core's writer -----------------------------------------------------------

    def text(self, section: SectionCode) -> str:
        editor = self._editors.get(section)
        report = self._session.desk.report
        return editor.toPlainText() if editor is not None else report.text(section) if report is not None else ""

    def caret(self) -> tuple[SectionCode, int, int]:
        section = self._session.desk.section
        code = section if section in self._editors else SectionCode.FINDINGS
        editor = self._editors[code]
        text, cursor = editor.toPlainText(), editor.textCursor()
        return code, chars(text, cursor.selectionStart()), chars(text, cursor.selectionEnd())

    def reveal(self, section: SectionCode, start: int, end: int) -> None:
        if section in self._editors:
            self._go(section)
            self._editors[section].select(start, end)

    def write(self, section: SectionCode, edits: Sequence[Edit], text: str, goes_on: bool = False) -> None:
        editor = self._editors.get(section)
        if editor is None:
            self._session.desk.write(section, text)
            return
        before, cursor = editor.toPlainText(), QTextCursor(editor.document())
        self._is_writing = True
        cursor.beginEditBlock()
        for edit in reversed(edits):
            cursor.setPosition(units(before, edit.start))
            cursor.setPosition(units(before, edit.end), QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(edit.words)
        cursor.endEditBlock()
        self._is_writing = False
        if goes_on:
            by = sum(len(edit.words) - (edit.end - edit.start) for edit in edits)
            editor.setTextCursor(_at(editor, edits[-1].end + by))
            editor.ensureCursorVisible()
        editor.flush()
        self.draw()

    # ---- what is typed ---------------------------------------------------------------

    def _typed(self, code: SectionCode) -> None:
        editor = self._editors[code]
        self._linked.follow(code, editor.toPlainText())
        letter = self._letters.pop(code, "")
        if letter and not self._is_writing:
            text, caret = editor.toPlainText(), self.caret()
            if caret[0] is code and text[caret[1] - 1 : caret[1]] == letter:
                self._linked.sentence_begun(code, caret[1] - 1)

    def _moved(self, code: SectionCode) -> None:
        """The caret on words that changed: they are seen."""
        editor = self._editors[code]
        if not editor.hasFocus() or self._is_writing:
            return
        mark = self._linked.at(code, chars(editor.toPlainText(), editor.textCursor().position()))
        if mark is not None:
            self._linked.see([mark])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, SectionEditor) and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            typed = event.text()
            is_letter = len(typed) == 1 and typed.isalnum() and not event.modifiers() & _COMMANDS
            self._letters[watched.code] = typed if is_letter and not watched.isReadOnly() else ""
        if not isinstance(event, QMouseEvent) or event.type() != QEvent.Type.MouseButtonRelease:
            return False
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._clicked(watched, event)
        return False

    def _clicked(self, watched: QObject, event: QMouseEvent) -> None:
        """Ctrl and a click on words: their image."""
        for code, editor in self._editors.items():
            if editor.viewport() is watched:
                place = chars(editor.toPlainText(), editor.cursorForPosition(event.position().toPoint()).position())
                mark = self._linked.at(code, place)
                if mark is not None:
                    self.show(mark)

    def show(self, mark: LinkMark) -> None:
        try:
            self._linked.show(mark.link)
            self._linked.see([mark])
        except WorkstationError as error:
            self._session.report_problem(error)

    # ---- what is shown ---------------------------------------------------------------

    def draw(self) -> None:
        for code, editor in self._editors.items():
            text, found = editor.toPlainText(), self._linked.marks(code)
            is_there = [m for m in found if m.end <= len(text)]
            measured = [m for m in is_there if m.state is not LinkState.IMAGE]
            editor.marks.give(MARKS, [TextMark(m.start, m.end, _FORMATS[m.state], OVER) for m in measured])
            self._gutters[code].show_marks(is_there, [words_of(m) for m in is_there])


def words_of(mark: LinkMark) -> str:
    """What stands in the tool tip: which image, and what it says."""
    parts = [plain(mark.link.label)] if mark.link.label else []
    if mark.state is LinkState.DIFFERS:
        parts.append(core_text("The image says {0}").format(plain(mark.says)))
    elif mark.state is LinkState.CHANGED:
        parts.append(core_text("Changed with its measurement"))
    elif mark.state is LinkState.GONE:
        parts.append(core_text("Its measurement was removed"))
    elif not parts:
        parts.append(core_text("Show the image of these words"))
    return "\n".join(parts)


def _at(editor: SectionEditor, place: int) -> QTextCursor:
    cursor = QTextCursor(editor.document())
    cursor.setPosition(units(editor.toPlainText(), place))
    return cursor


def _format(line: str, style: QTextCharFormat.UnderlineStyle, ground: str = "") -> QTextCharFormat:
    made = QTextCharFormat()
    made.setUnderlineStyle(style)
    made.setUnderlineColor(QColor(line))
    if ground:
        made.setBackground(QColor(ground))
    return made


_LINE = QTextCharFormat.UnderlineStyle
_FORMATS = {
    LinkState.SAME: _format(theme.EDGE, _LINE.SingleUnderline),
    LinkState.CHANGED: _format(theme.ACCENT, _LINE.SingleUnderline, theme.ACCENT_GROUND),
    LinkState.DIFFERS: _format(theme.AMBER, _LINE.SingleUnderline, theme.AMBER_GROUND),
    LinkState.GONE: _format(theme.AMBER, _LINE.DashUnderline),
}
