"""What was added to a text and what was taken away, in words that can be read and copied and not changed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit

from ui import theme
from ui.plain import core_text
from workstation.domain.report import SECTION_TITLES
from workstation.reporting.word_changes import ChangeKind, Piece, SectionChanges


def added_format() -> QTextCharFormat:
    """Green and underlined."""
    made = QTextCharFormat()
    made.setForeground(QColor(theme.GREEN))
    made.setFontUnderline(True)
    return made


def removed_format() -> QTextCharFormat:
    """Red and struck through."""
    made = QTextCharFormat()
    made.setForeground(QColor(theme.RED))
    made.setFontStrikeOut(True)
    return made


class ChangesView(QTextEdit):
    """Sections under their titles. Colour is never alone: what was added is underlined, what went is struck through."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    def show_sections(self, sections: Iterable[SectionChanges], only_changed: bool = False) -> None:
        """`only_changed` leaves out the sections that say the same."""
        shown = [s for s in sections if s.is_changed or not only_changed]
        self.clear()
        cursor = QTextCursor(self.document())
        for number, section in enumerate(shown):
            title = QTextCharFormat()
            title.setForeground(QColor(theme.MUTED))
            cursor.insertText("\n\n" if number else "", QTextCharFormat())
            cursor.insertText(f"{core_text(SECTION_TITLES[section.code])}\n", title)
            for piece in section.pieces:
                cursor.insertText(piece.text, _format(piece))
        if not shown:
            cursor.insertText(_tr("Nothing was changed."), QTextCharFormat())
        self.moveCursor(QTextCursor.MoveOperation.Start)


def _format(piece: Piece) -> QTextCharFormat:
    if piece.kind is ChangeKind.ADDED:
        return added_format()
    return removed_format() if piece.kind is ChangeKind.REMOVED else QTextCharFormat()


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)
