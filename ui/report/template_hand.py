"""Templates in the editors: put in as one undo step, fields marked and stepped through, short names expanded.

Tab and Shift+Tab go to the next and previous field while there is one, Alt+Down opens its list. Leaving a default by
Tab lets it stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QTextCharFormat, QTextCursor

from ui import theme
from ui.report.editor_marks import TextMark, chars, units
from ui.report.pick_list import PickList
from ui.report.section_editor import SectionEditor
from ui.within_screen import place_at
from workstation.domain.dates import as_date
from workstation.domain.report import SectionCode
from workstation.errors import WorkstationError
from workstation.session.case import Notice
from workstation.session.session import Session
from workstation.session.templating import Texts
from workstation.templates.body import Filled, Passage
from workstation.templates.model import FieldKind, Kind

# A short name before the caret, at the start of a word.
_SHORT = re.compile(r"(?:^|(?<=[\s(]))\.?[^\W_][\w-]{1,23}$")
# Where a section without an editor goes.
ELSEWHERE = SectionCode.RECOMMENDATION
MARKS = "templates"
"""This hand among the providers of marks."""


class TemplateHand(QObject):
    """For the editors of one panel. `go` brings the caret into a section."""

    def __init__(
        self, session: Session, editors: Mapping[SectionCode, SectionEditor], go: Callable[[SectionCode], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._templating = session.templating
        self._editors = editors
        self._order = tuple(editors)
        self._go = go
        self._undo: dict[SectionCode, int] = {}
        self._templating.put = self.put
        self._templating.changed.connect(lambda _: self.mark())
        for code, editor in editors.items():
            editor.installEventFilter(self)
            editor.textChanged.connect(lambda code=code: self._typed(code))
        session.desk.report_changed.connect(lambda _: self.follow())
        session.case_changed.connect(lambda _: self._undo.clear())

    # ---- what is shown ---------------------------------------------------------------

    def follow(self) -> None:
        """The editors may show another report, or what came from elsewhere."""
        for code, editor in self._editors.items():
            self._templating.follow(code, editor.toPlainText())
        self.mark()

    def mark(self) -> None:
        """Fields look like fields, untouched defaults are quiet, impossible numbers stand out."""
        for code, editor in self._editors.items():
            seen = self._templating.passages(code)
            text = editor.toPlainText()
            if seen.text != text:
                editor.marks.give(MARKS, ())
                continue
            marks = [TextMark(p.start, p.end, _FIELD) for p in seen.empty]
            marks += [TextMark(p.start, p.end, _DEFAULT) for p in seen.defaults]
            marks += [TextMark(p.start, p.end, _IMPOSSIBLE) for p, _ in seen.impossible]
            editor.marks.give(MARKS, marks)

    def _typed(self, code: SectionCode) -> None:
        self._templating.follow(code, self._editors[code].toPlainText())
        self.mark()

    # ---- putting in ------------------------------------------------------------------

    def put(self, texts: Texts) -> None:
        """Behind what is written in each section, or at the caret; what stands there already is not put in twice."""
        put: list[tuple[SectionCode, Passage | None]] = []
        self._undo = {}
        for wanted, filled in texts.items():
            code = self._place_of(wanted)
            editor = self._editors[code]
            if wanted is not None and filled.text in editor.toPlainText():
                continue
            start = self._insert_at_caret(editor, filled) if wanted is None else _append(editor, filled)
            self._templating.follow(code, editor.toPlainText())
            self._templating.placed(code, filled, start)
            self._undo[code] = editor.document().availableUndoSteps()
            first = filled.passages[0] if filled.passages else None
            put.append((code, replace(first, start=first.start + start, end=first.end + start) if first else None))
            editor.flush()
        if not put:
            self._session.notice.emit(Notice("All of it stands in the report already"))
            return
        self._show_first(put)

    def _place_of(self, wanted: SectionCode | None) -> SectionCode:
        code = self._session.desk.section if wanted is None else wanted
        return code if code in self._editors else ELSEWHERE

    def _show_first(self, put: list[tuple[SectionCode, Passage | None]]) -> None:
        fields = sorted(((c, p) for c, p in put if p is not None), key=lambda f: self._order.index(f[0]))
        if fields:
            self._select(*fields[0])
        else:
            self._go(put[0][0])

    def _insert_at_caret(self, editor: SectionEditor, filled: Filled) -> int:
        """An empty field that is selected is filled; any other selection is kept, and written behind."""
        text, cursor = editor.toPlainText(), editor.textCursor()
        start, end = chars(text, cursor.selectionStart()), chars(text, cursor.selectionEnd())
        is_field = any((p.start, p.end) == (start, end) for p in self._templating.passages(editor.code).empty)
        if not is_field:
            start = end
        joint = "" if is_field or not text[:start] or text[start - 1].isspace() or text[start - 1] in "(/" else " "
        _write_over(editor, start, end, joint + filled.text)
        return start + len(joint)

    def _expand(self, editor: SectionEditor, after: str) -> bool:
        """The short name before the caret becomes its text; False where there is none."""
        cursor = editor.textCursor()
        if cursor.hasSelection():
            return False
        text = editor.toPlainText()
        caret = chars(text, cursor.position())
        typed = _SHORT.search(text[max(0, caret - 40) : caret])
        template = self._templating.by_short_name(typed.group(0)) if typed else None
        if typed is None or template is None:
            return False
        if against := self._templating.against(template):
            self._session.notice.emit(Notice(f"{template.title} was not put in: {against[0]}"))
            return False
        start = caret - len(typed.group(0))
        if template.kind is not Kind.MACRO:
            _write_over(editor, start, caret, "")
            self._try(lambda: self._templating.insert_template(template))
            return True
        filled = self._templating.fill(template)[None]
        _write_over(editor, start, caret, filled.text + ("" if filled.passages else after))
        self._templating.follow(editor.code, editor.toPlainText())
        self._templating.placed(editor.code, filled, start)
        editor.flush()
        if filled.passages:
            first = filled.passages[0]
            self._select(editor.code, replace(first, start=first.start + start, end=first.end + start))
        return True

    # ---- keys ------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress or not isinstance(watched, SectionEditor):
            return False
        if watched.isReadOnly():
            return False
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        if key is Qt.Key.Key_Tab and modifiers == Qt.KeyboardModifier.NoModifier:
            return self._expand(watched, "") or self.step(1)
        if key is Qt.Key.Key_Backtab or (key is Qt.Key.Key_Tab and modifiers == Qt.KeyboardModifier.ShiftModifier):
            return self.step(-1)
        if key is Qt.Key.Key_Space and modifiers == Qt.KeyboardModifier.NoModifier:
            return self._expand(watched, " ")
        if key is Qt.Key.Key_Down and modifiers & Qt.KeyboardModifier.AltModifier:
            return self.open_list(watched)
        if event.matches(QKeySequence.StandardKey.Undo):
            return self._undo_all(watched.code)
        return False

    def step(self, steps: int) -> bool:
        """To the next or previous field of the report; False where there is none that way."""
        code = self._session.desk.section
        if code not in self._editors:
            return False
        editor = self._editors[code]
        text, cursor = editor.toPlainText(), editor.textCursor()
        start, end = chars(text, cursor.selectionStart()), chars(text, cursor.selectionEnd())
        seen = self._templating.passages(code)
        for _, why in seen.impossible:
            self._session.notice.emit(Notice(why, error=True, of_case=True))
        here = next((p for p in seen.steps if (p.start, p.end) == (start, end)), None)
        at = self._order.index(code)
        fields = [(i, p) for i, c in enumerate(self._order) for p in self._templating.passages(c).steps]
        if steps > 0:
            following = [(i, p) for i, p in fields if i > at or (i == at and p.end > end)]
        else:
            following = [(i, p) for i, p in fields if i < at or (i == at and p.start < start)][::-1]
        if here is not None and here.is_default and steps > 0:
            self._templating.accept(code, here)
        if not following:
            return False
        self._select(self._order[following[0][0]], following[0][1])
        return True

    def open_list(self, editor: SectionEditor) -> bool:
        """The list of the field under the caret."""
        text, cursor = editor.toPlainText(), editor.textCursor()
        passage = self._templating.passages(editor.code).at(chars(text, cursor.selectionStart()))
        choices = self._choices(passage) if passage is not None else ()
        if passage is None or not choices:
            self._session.notice.emit(Notice("There is no list to choose from here"))
            return True
        said = text[passage.start : passage.end]
        several = passage.field.kind is FieldKind.CHOICES
        chosen = [said, *(said.split(", ") if several else ())]
        picked = PickList(choices, chosen, several, lambda words: self._take(editor, passage, words), editor)
        line = editor.cursorRect()
        place_at(picked, QRect(editor.viewport().mapToGlobal(line.topLeft()), line.size()), editor.screen())
        picked.show()
        picked.setFocus()
        return True

    def _choices(self, passage: Passage) -> tuple[str, ...]:
        if passage.field.kind is not FieldKind.DATE:
            return passage.field.choices
        case = self._session.case
        days = [as_date(study.study_date) for study in case.studies] if case is not None else []
        return tuple(dict.fromkeys(day.isoformat() for day in days if day is not None))

    def _take(self, editor: SectionEditor, passage: Passage, words: str) -> None:
        if editor.toPlainText()[passage.start : passage.end] == words:
            self._templating.accept(editor.code, passage)
            return
        _write_over(editor, passage.start, passage.end, words)
        editor.flush()
        self._go(editor.code)

    def undo_together(self, sections: Sequence[SectionCode]) -> None:
        """What was written last into these goes with one undo."""
        self._undo = {code: self._editors[code].document().availableUndoSteps() for code in sections if code in self._editors}

    def _undo_all(self, code: SectionCode) -> bool:
        """A template that was just put in goes from all its sections at once."""
        if self._undo.get(code) != self._editors[code].document().availableUndoSteps():
            return False
        group, self._undo = self._undo, {}
        for other, steps in group.items():
            if self._editors[other].document().availableUndoSteps() == steps:
                self._editors[other].undo()
                self._editors[other].flush()
        return True

    def _select(self, code: SectionCode, passage: Passage) -> None:
        left = self._editors.get(self._session.desk.section)
        if left is not None and left.code is not code:
            cursor = left.textCursor()
            cursor.clearSelection()  # two selections at once would say that both are written into
            left.setTextCursor(cursor)
        self._go(code)
        self._editors[code].select(passage.start, passage.end)
        self.mark()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except WorkstationError as error:
            self._session.report_problem(error)


def _append(editor: SectionEditor, filled: Filled) -> int:
    """At the end, as a paragraph of its own; tells where it begins."""
    text = editor.toPlainText()
    joint = "" if not text or text.endswith("\n") else "\n"
    _write_over(editor, len(text), len(text), joint + filled.text)
    return len(text) + len(joint)


def _write_over(editor: SectionEditor, start: int, end: int, words: str) -> None:
    """One undo step. Places count characters."""
    text = editor.toPlainText()
    cursor = editor.textCursor()
    cursor.setPosition(units(text, start))
    cursor.setPosition(units(text, end), QTextCursor.MoveMode.KeepAnchor)
    cursor.beginEditBlock()
    cursor.insertText(words)
    cursor.endEditBlock()
    editor.setTextCursor(cursor)
    editor.ensureCursorVisible()


def _format(colour: str, ground: str = "", underline: bool = False) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(colour))
    if ground:
        made.setBackground(QColor(ground))
    if underline:
        made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        made.setUnderlineColor(QColor(theme.EDGE))
    return made


_FIELD = _format(theme.ACCENT, theme.ACCENT_GROUND)
_DEFAULT = _format(theme.MUTED, underline=True)
_IMPOSSIBLE = _format(theme.AMBER, theme.AMBER_GROUND)
