"""One section of the report as an editor whose text is on disk before it counts as accepted."""

from __future__ import annotations

from collections import deque
from itertools import takewhile
from math import ceil
from typing import Protocol

from PySide6.QtCore import QMimeData, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from ui.report.editor_marks import EditorMarks, chars, cursor_over, units
from ui.report.grey_draft import GreyDraft
from workstation.domain.report import SectionCode
from workstation.reporting.journal import Change
from workstation.reporting.text import clean

# Long enough not to write at each letter, short enough that a crash costs less than a word.
PAUSE_MS = 250


class PlainText(QPlainTextEdit):
    """Plain text that knows how high all of it is."""

    def height_of(self, lines: int) -> int:
        """The widget's height with this many lines of text."""
        around = max(0, self.height() - self.viewport().height())  # border and padding, as the style has them
        return lines * self.fontMetrics().lineSpacing() + 2 * ceil(self.document().documentMargin()) + around + 1

    @property
    def full_height(self) -> int:
        """The height at which nothing is scrolled."""
        # A plain text document measures its height in lines.
        return self.height_of(max(1, round(self.document().size().height())))


class Clipboard(Protocol):
    """Says of copied text whose it is, and looks at text before it is pasted."""

    def tag(self, text: str) -> QMimeData: ...
    def admits(self, editor: SectionEditor, data: QMimeData) -> bool: ...


class SectionEditor(PlainText):
    """`save_wanted(code, text)` asks for the disk; `show_stored` says what it holds now."""

    save_wanted = Signal(str, str)
    entered = Signal(str)
    state_changed = Signal()

    def __init__(self, code: SectionCode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"section-{code.name.lower()}")
        self.code = code
        self.marks = EditorMarks(self)
        self.draft = self.marks.draft = GreyDraft(self)
        self._stored = ""
        self._asked: deque[str] = deque()  # texts on their way to the disk, oldest first
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        self.clipboard: Clipboard | None = None
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.textChanged.connect(self._typed)

    @property
    def is_saved(self) -> bool:
        """Whether exactly this text is on disk, and nothing else is on its way there."""
        return not self._asked and self._text() == self._stored

    def select(self, start: int, end: int) -> None:
        """Select a part of the text, as far as it is still there. Places count characters as Python does."""
        self.setTextCursor(cursor_over(self, self.toPlainText(), start, end))
        self.ensureCursorVisible()

    def flush(self) -> None:
        """Ask for what is typed to be written, unless that was asked already."""
        self._pause.stop()
        text = self._text()
        if text != (self._asked[-1] if self._asked else self._stored):
            self._asked.append(text)
            self.save_wanted.emit(self.code.value, text)

    def show_stored(self, text: str) -> None:
        """The store holds `text`. Shown only where the reader has typed nothing newer.

        What both texts share at the start stays, so that the caret does not jump and the
        change is one undo step.
        """
        untouched = self.is_saved
        self._stored = text
        if text in self._asked:
            while self._asked.popleft() != text:
                pass
        if untouched and self._text() != text:
            self._replace_end(text)
        elif not untouched and self._text() != text:
            self._pause.start()
        self.state_changed.emit()

    def put(self, change: Change) -> None:
        """One undo step. A caret that stood there comes to stand behind it; elsewhere it stays at its words."""
        text, caret = self.toPlainText(), self.textCursor()
        at, past = chars(text, caret.selectionStart()), chars(text, caret.selectionEnd())
        cursor = cursor_over(self, text, change.start, change.start + change.removed)
        cursor.beginEditBlock()
        cursor.insertText(change.inserted)
        cursor.endEditBlock()
        if change.start <= at and past <= change.start + change.removed:
            self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def reset(self, stored: str, unsaved: str | None = None) -> None:
        """Another report: its text, nothing to undo. `unsaved` is what the disk has not yet taken of it."""
        self._pause.stop()
        self._stored = stored
        self._asked.clear()
        self.draft.hide_words()
        if unsaved is not None:
            self._asked.append(unsaved)
        self.blockSignals(True)
        self.setPlainText(stored if unsaved is None else unsaved)
        self.blockSignals(False)
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.state_changed.emit()

    def createMimeDataFromSelection(self) -> QMimeData:
        data = super().createMimeDataFromSelection()
        return self.clipboard.tag(data.text()) if self.clipboard is not None else data

    def insertFromMimeData(self, source: QMimeData) -> None:
        if self.clipboard is None or self.clipboard.admits(self, source):
            super().insertFromMimeData(source)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit(self.code.value)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.flush()
        super().focusOutEvent(event)

    def _text(self) -> str:
        """What is shown, as the store keeps it."""
        return clean(self.toPlainText())

    def _typed(self) -> None:
        self._pause.start()
        self.state_changed.emit()

    def _replace_end(self, text: str) -> None:
        shown = self.toPlainText()
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shown, text, strict=False)))
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.setPosition(units(shown, same))
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text[same:])
        cursor.endEditBlock()
        self._show_end()

    def _show_end(self) -> None:
        """The caret waits behind the words; where words come in the newest are in view, elsewhere the beginning."""
        if not self.hasFocus():
            self.moveCursor(QTextCursor.MoveOperation.End)
            if not self.property("target"):
                self.verticalScrollBar().setValue(0)
                return
        self.ensureCursorVisible()
