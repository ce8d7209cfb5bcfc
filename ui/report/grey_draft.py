"""What is being heard, in grey at the caret: shown by the text's layout, never a part of the text, its undo or the disk.

It stands where an input method shows what is being composed. An input method goes before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor, QTextBlock, QTextCharFormat, QTextLayout

from ui import theme
from ui.report.editor_marks import TextMark, units

if TYPE_CHECKING:
    from ui.report.section_editor import SectionEditor


class GreyDraft(QObject):
    """The draft in one editor. `words` are what is shown now, with the spaces around them; empty where none are."""

    def __init__(self, editor: SectionEditor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.words = ""
        self._place = 0  # in the text, in Qt's units
        editor.installEventFilter(self)
        editor.viewport().installEventFilter(self)
        editor.textChanged.connect(self.hide_words)

    def show_words(self, words: str, place: int) -> None:
        """`place` counts characters. Not shown where the caret stands behind it: it would be drawn in the wrong place."""
        text = self._editor.toPlainText()
        caret, at = self._editor.textCursor(), units(text, place)
        block = self._editor.document().findBlock(at)
        in_front = caret.position() <= at or caret.block() != block or not self._editor.hasFocus()
        shown = " ".join(words.split())
        if not shown or not in_front:
            self.hide_words()
            return
        lead = " " if text[:place] and not text[place - 1].isspace() and shown[0] not in ".,;:?!)" else ""
        tail = " " if text[place : place + 1].isalnum() else ""
        if self.words and at != self._place:
            self.hide_words()
        self.words, self._place = lead + shown + tail, at
        block.layout().setPreeditArea(at - block.position(), self.words)
        self._editor.marks.draw()

    def hide_words(self) -> None:
        if not self.words:
            return
        self.words = ""
        block = self._editor.document().begin()
        while block.isValid():
            if block.layout().preeditAreaText():
                block.layout().setPreeditArea(-1, "")
                block.layout().clearFormats()
                self._editor.document().markContentsDirty(block.position(), block.length())
            block = block.next()
        self._editor.marks.draw()

    def shifts(self, mark: TextMark, text: str) -> bool:
        """Whether the mark lies behind the draft in the same paragraph: it is drawn by `format_block` then."""
        if not self.words:
            return False
        at = units(text, mark.start)
        return at >= self._place and self._block(at) == self._block(self._place)

    def format_block(self, marks: Sequence[TextMark], text: str) -> None:
        """Grey for the draft, and the marks behind it where the layout has them now."""
        if not self.words:
            return
        block = self._block(self._place)
        ranges = [_range(self._place - block.position(), len(self.words.encode("utf-16-le")) // 2, _GREY)]
        for mark in marks:
            start, end = units(text, mark.start), min(units(text, mark.end), block.position() + block.length() - 1)
            ranges.append(_range(start - block.position() + ranges[0].length, end - start, mark.format))
        block.layout().setFormats(ranges)
        self._editor.document().markContentsDirty(block.position(), block.length())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.InputMethod, QEvent.Type.MouseButtonPress):
            self.hide_words()
        return False

    def _block(self, place: int) -> QTextBlock:
        return self._editor.document().findBlock(place)


def _range(start: int, length: int, look: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, length, look
    return made


def _grey() -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(theme.MUTED))
    made.setFontItalic(True)
    return made


_GREY = _grey()
