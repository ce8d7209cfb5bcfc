"""What is marked in a section's text: several providers give passages and looks, one place draws them.

Drawn over the text, never a part of it: a mark is in no undo step and on no disk. Places count characters as
Python does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

if TYPE_CHECKING:
    from ui.report.grey_draft import GreyDraft


@dataclass(frozen=True, slots=True)
class TextMark:
    """`text[start:end]` of the editor looks like `format`. `over` draws it upon marks that have less of it."""

    start: int
    end: int
    format: QTextCharFormat
    over: int = 0


class EditorMarks:
    """The marks of one editor, by provider. `give` replaces all that one provider gave before."""

    def __init__(self, editor: QPlainTextEdit) -> None:
        self._editor = editor
        self._given: dict[str, tuple[TextMark, ...]] = {}
        self.draft: GreyDraft | None = None

    def give(self, provider: str, marks: Iterable[TextMark]) -> None:
        """Places in the text that the editor shows now; what reaches beyond it is cut."""
        given = tuple(marks)
        if given or self._given.get(provider):
            self._given[provider] = given
            self.draw()

    def of(self, provider: str) -> tuple[TextMark, ...]:
        return self._given.get(provider, ())

    def draw(self) -> None:
        text = self._editor.toPlainText()
        marks = sorted((mark for given in self._given.values() for mark in given), key=lambda mark: mark.over)
        behind = [mark for mark in marks if self.draft is not None and self.draft.shifts(mark, text)]
        self._editor.setExtraSelections([self._selection(text, mark) for mark in marks if mark not in behind])
        if self.draft is not None:
            self.draft.format_block(behind, text)

    def _selection(self, text: str, mark: TextMark) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        selection.cursor = cursor_over(self._editor, text, mark.start, mark.end)
        selection.format = mark.format
        return selection


def cursor_over(editor: QPlainTextEdit, text: str, start: int, end: int) -> QTextCursor:
    """A cursor of its own that selects `text[start:end]`; `text` is what the editor shows."""
    cursor = QTextCursor(editor.document())
    cursor.setPosition(units(text, start))
    cursor.setPosition(units(text, end), QTextCursor.MoveMode.KeepAnchor)
    return cursor


def units(text: str, place: int) -> int:
    """Qt's place of a character: it counts UTF-16 units, and a character beyond the BMP is two of them."""
    return len(text[:place].encode("utf-16-le", "surrogatepass")) // 2


def chars(text: str, place: int) -> int:
    """The character at Qt's place."""
    return len(text.encode("utf-16-le", "surrogatepass")[: place * 2].decode("utf-16-le", "ignore"))
