"""One section of the report as an editor whose text is on disk before it counts as accepted."""

from __future__ import annotations

from itertools import takewhile

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFocusEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from workstation.domain.report import SectionCode

# Long enough not to write at each letter, short enough that a crash costs less than a word.
PAUSE_MS = 250
# After the disk refused: often enough to save soon, seldom enough not to fill the banner.
RETRY_MS = 3000


class SectionEditor(QPlainTextEdit):
    """Plain text. `save_wanted(code, text)` asks for the disk; `stored()` says what it holds now."""

    save_wanted = Signal(str, str)
    entered = Signal(str)
    state_changed = Signal()

    def __init__(self, code: SectionCode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.code = code
        self._stored = ""
        self._asked = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.textChanged.connect(self._typed)

    @property
    def is_saved(self) -> bool:
        """Whether exactly this text is on disk."""
        return self.toPlainText() == self._stored

    def flush(self) -> None:
        """Ask for what is typed to be written, unless that was asked already."""
        self._pause.stop()
        text = self.toPlainText()
        self._pause.setInterval(PAUSE_MS)
        if text not in (self._stored, self._asked):
            self._asked = text
            self.save_wanted.emit(self.code.value, text)

    def ask_again(self) -> None:
        """What was asked for did not reach the disk: try once more after a while."""
        if not self.is_saved:
            self._asked = self._stored
            self._pause.start(RETRY_MS)

    def show_stored(self, text: str) -> None:
        """The store holds `text`. Shown only where the reader has typed nothing newer.

        What both texts share at the start stays, so that the caret does not jump and the
        change is one undo step.
        """
        untouched = self.is_saved
        self._stored = text
        if untouched and self.toPlainText() != text:
            self._replace_end(text)
        elif not untouched:
            self._pause.start()
        self.state_changed.emit()

    def take_segment(self, text: str) -> None:
        """A dictated segment is on disk behind the stored text, but the reader has typed on: keep both."""
        if not self.is_saved:
            joint = "" if not self.toPlainText() or self.toPlainText()[-1].isspace() else " "
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(joint + text)

    def reset(self, text: str) -> None:
        """Another report: its text, nothing to undo."""
        self._pause.stop()
        self._stored = self._asked = text
        self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(False)
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.state_changed.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit(self.code.value)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.flush()
        super().focusOutEvent(event)

    def _typed(self) -> None:
        if self.toPlainText() != self._stored:
            self._pause.start()
        self.state_changed.emit()

    def _replace_end(self, text: str) -> None:
        shown = self.toPlainText()
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shown, text, strict=False)))
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.setPosition(same)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text[same:])
        cursor.endEditBlock()
        self.ensureCursorVisible()
