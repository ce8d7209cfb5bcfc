"""Three versions beside each other, section by section, and what the reader may do about them.

Nothing is merged: what is sent stands in its own box, is written or changed by the reader, and is signed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QSplitter,
    QStackedWidget,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.plain import core_text, plain
from ui.report.changes_view import added_format, removed_format
from ui.report.state_line import status_words
from workstation.domain.report import SECTION_TITLES, Report, ReportStatus
from workstation.errors import Conflict, WorkstationError
from workstation.reporting.conflicts import WHY_NOT_ADDED, Choice, Decision
from workstation.reporting.word_changes import ChangeKind, Piece

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ui.seat import Seat
    from workstation.session.settling import Comparison

WHEN = "%Y-%m-%d %H:%M"
_RADIO = (
    f"QRadioButton::indicator {{ width: 12px; height: 12px; border: 1px solid {theme.EDGE}; border-radius: 7px; }}"
    f"QRadioButton::indicator:checked {{ background: {theme.ACCENT}; border-color: {theme.ACCENT}; }}"
    f"QRadioButton:focus {{ color: {theme.ACCENT}; }} QRadioButton:disabled {{ color: {theme.FAINT}; }}"
)
CHOICES = (Choice.ADDENDUM, Choice.CORRECTION, Choice.DISCARD)


class ConflictDialog(QDialog):
    """Alt+1, 2, 3 choose; Ctrl+Return does it; Esc leaves everything as it is."""

    def __init__(self, core: Seat, report_uuid: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("conflictDialog")
        self.setWindowTitle(self.tr("Compare with the RIS"))
        self._session = core.session
        self._uuid = report_uuid
        self._seen: Comparison | None = None
        self._is_open = True
        self.head = QLabel(self.tr("Asking the RIS…"))
        self.head.setTextFormat(Qt.TextFormat.PlainText)
        self.head.setWordWrap(True)
        self.columns = tuple(_Column(name) for name in (self.tr("Last common"), self.tr("Ours"), self.tr("The RIS's")))
        self.choices = {choice: QRadioButton() for choice in CHOICES}
        self.addendum = QPlainTextEdit()
        self.reason = QLineEdit()
        self.problem = QLabel()
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.setStyleSheet(f"color: {theme.RED};")
        self._pages = QStackedWidget()
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = self._buttons.addButton(self.tr("Sign"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._build()
        self.resize(1180, 760)
        self._session.settling.compare(report_uuid, self.show_comparison, self._nothing)

    # ---- building --------------------------------------------------------------------

    def _build(self) -> None:
        middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setHandleWidth(4)
        for number, version in enumerate(self.columns):
            middle.addWidget(version)
            middle.setCollapsible(number, False)
        legend = QLabel(self.tr("Against the last common version: added words are underlined, removed ones struck through."))
        legend.setProperty("role", "muted")
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(18)
        words = (
            self.tr("Send mine as an addendum (Alt+1)"),
            self.tr("Replace as a correction (Alt+2)"),
            self.tr("Let the RIS's version stand (Alt+3)"),
        )
        for number, (choice, text) in enumerate(zip(CHOICES, words, strict=True), start=1):
            button = self.choices[choice]
            button.setText(text)
            button.setObjectName(choice.value)
            button.setStyleSheet(_RADIO)
            button.toggled.connect(self._chosen)
            group.addButton(button)
            row.addWidget(button)
            shortcut = QShortcut(QKeySequence(f"Alt+{number}"), self)
            shortcut.activated.connect(button.click)
        row.addStretch(1)
        self._build_pages()
        # A Return too many must sign nothing.
        self.go.setAutoDefault(False)
        self.go.setEnabled(False)
        self._buttons.accepted.connect(self._decide)
        self._buttons.rejected.connect(self.reject)
        # Return in the text makes a line: the signature has keys of its own, as in the report.
        sign = QShortcut(QKeySequence("Ctrl+Return"), self)
        sign.activated.connect(self._decide)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(8)
        column.addWidget(self.head)
        column.addWidget(middle, 1)
        column.addWidget(legend)
        column.addLayout(row)
        column.addWidget(self._pages)
        last = QHBoxLayout()
        last.addWidget(self.problem, 1)
        last.addWidget(self._buttons)
        column.addLayout(last)

    def _build_pages(self) -> None:
        """What each choice asks for, in one place of one height."""
        self._pages.setFixedHeight(150)
        self.addendum.setAccessibleName(self.tr("Addendum"))
        self.addendum.setTabChangesFocus(True)
        self.addendum.textChanged.connect(self._chosen)
        self._pages.addWidget(
            _page(self.tr("The addendum as it is sent, below the RIS's text, which stays as it is:"), self.addendum)
        )
        self.reason.setAccessibleName(self.tr("Reason"))
        self.reason.setMaxLength(200)
        self.reason.textChanged.connect(self._chosen)
        self._pages.addWidget(
            _page(
                self.tr("Your text takes the place of the RIS's. Why? The reason goes with the report:"),
                self.reason,
            )
        )
        kept = QLabel(self.tr("Nothing is sent. Your text is kept in the history of the report."))
        self._pages.addWidget(_page("", kept))

    # ---- showing ---------------------------------------------------------------------

    @property
    def choice(self) -> Choice:
        return next((choice for choice, button in self.choices.items() if button.isChecked()), Choice.ADDENDUM)

    def done(self, result: int) -> None:
        # Deleted when closed: an answer that comes later finds nothing to show itself in.
        self._is_open = False
        if result != QDialog.DialogCode.Accepted or self.addendum.toPlainText():
            self._session.settling.unsent[self._uuid] = self.addendum.toPlainText()
        else:
            self._session.settling.unsent.pop(self._uuid, None)
        super().done(result)

    def show_comparison(self, seen: Comparison) -> None:
        if not self._is_open:
            return
        self._seen = seen
        self.head.setText(head_words(seen))
        base, ours, theirs = self.columns
        base.set_title(_base_title(seen.base))
        for column in self.columns:
            column.clear()
        for row in seen.rows:
            title = core_text(SECTION_TITLES[row.code]) if row.code is not None else self.tr("Whole report, as the RIS has it")
            base.add(title, (Piece(ChangeKind.SAME, row.base),))
            ours.add(title, row.ours if seen.base is not None else _plainly(row.ours))
            theirs.add(title, row.theirs if seen.base is not None and row.code is not None else _plainly(row.theirs))
        for column in self.columns:
            column.to_top()
        self.choices[Choice.ADDENDUM].setEnabled(seen.may_add)
        self.choices[Choice.ADDENDUM].setToolTip("" if seen.may_add else core_text(WHY_NOT_ADDED))
        self.choices[Choice.CORRECTION].setEnabled(seen.may_replace)
        if not self.addendum.toPlainText():
            self.addendum.setPlainText(self._session.settling.unsent.get(self._uuid, "") or seen.proposal)
        first = next(choice for choice in CHOICES if self.choices[choice].isEnabled())
        self.choices[first].setChecked(True)
        self._chosen()
        (self.addendum if first is Choice.ADDENDUM else self.choices[first]).setFocus()

    def _nothing(self, error: Exception) -> None:
        if not self._is_open:
            return
        self.head.setText(core_text(str(error)) if isinstance(error, WorkstationError) else self.tr("It cannot be compared now"))
        for button in self.choices.values():
            button.setEnabled(False)

    def _chosen(self) -> None:
        choice = self.choice
        self._pages.setCurrentIndex(CHOICES.index(choice))
        ready = {
            Choice.ADDENDUM: bool(self.addendum.toPlainText().strip()),
            Choice.CORRECTION: bool(self.reason.text().strip()),
            Choice.DISCARD: True,
        }
        self.go.setText(self.tr("Let it stand (Ctrl+Return)") if choice is Choice.DISCARD else self.tr("Sign (Ctrl+Return)"))
        self.go.setEnabled(self._seen is not None and ready[choice])

    # ---- deciding --------------------------------------------------------------------

    def _decide(self) -> None:
        seen = self._seen
        if seen is None or not self.go.isEnabled():
            words = self.tr("Write the addendum first") if self.choice is Choice.ADDENDUM else self.tr("Write the reason first")
            self.problem.setText(words)
            return
        choice = self.choice
        decision = Decision(
            choice,
            seen.theirs,
            self._session.signer,
            self.reason.text() if choice is Choice.CORRECTION else "",
            self.addendum.toPlainText() if choice is Choice.ADDENDUM else "",
            seen.report.sections if choice is Choice.CORRECTION else (),
        )
        self.go.setEnabled(False)
        self._session.settling.decide(decision, self._uuid, self._decided)

    def _decided(self, error: Exception | None) -> None:
        """Closed when it is done, and not before: what was written here stays until it is sent."""
        if not self._is_open:
            return
        if error is None:
            self.addendum.clear()
            self.accept()
            return
        self.problem.setText(core_text(str(error)) if isinstance(error, WorkstationError) else self.tr("It was not done"))
        self.go.setEnabled(True)
        if isinstance(error, Conflict):
            # The RIS has changed it again: what stands there now is compared, what was written here stays.
            self._session.settling.compare(self._uuid, self.show_comparison, self._nothing)


class _Column(QWidget):
    """A title over text that can be read and copied."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = QLabel(title)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.text = QTextEdit()
        self.text.setReadOnly(True)
        self.text.setAcceptRichText(False)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.text, 1)

    def set_title(self, title: str) -> None:
        self.title.setText(title)

    def clear(self) -> None:
        self.text.clear()

    def add(self, title: str, pieces: Iterable[Piece]) -> None:
        """A section; an empty one says so, so that the three stand at one height of thought."""
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self.text.document().isEmpty():
            cursor.insertText("\n\n", QTextCharFormat())
        cursor.insertText(f"{title}\n", _muted())
        shown = [piece for piece in pieces if piece.text]
        for piece in shown:
            cursor.insertText(piece.text, _format(piece))
        if not shown:
            cursor.insertText("–", _muted())

    def to_top(self) -> None:
        self.text.moveCursor(QTextCursor.MoveOperation.Start)


def head_words(seen: Comparison) -> str:
    """Who changed what, when, in one or two sentences. Names are text from outside."""
    text = seen.text
    tr = core_text
    try:
        status = status_words(ReportStatus(text.status)).lower()
    except ValueError:
        status = plain(text.status)
    who = plain(text.signer) or tr("unknown")
    when = text.issued.astimezone().strftime(WHEN) if text.issued else tr("an unknown time")
    words = (
        tr("This report was changed in the RIS. Its version is of {0}, {1} ({2}).")
        if seen.theirs.is_own
        else tr("The RIS has another report of this examination, of {0}, {1} ({2}).")
    ).format(who, when, status)
    cut = f" {tr('It is longer than is shown here.')}" if text.is_cut else ""
    before = ""
    if seen.settlements:
        done = seen.settlements[-1]
        facts = (tr(done.choice.value), plain(done.who), done.at.astimezone().strftime(WHEN))
        before = f" {tr('Last choice: {0}, {1}, {2}.').format(*facts)}"
    return f"{words}{cut}{before} {tr('Nothing of either is lost, whatever you choose.')}"


def _base_title(base: Report | None) -> str:
    if base is None or base.signed_at is None:
        return core_text("Last common: none")
    return core_text("Last common: version {0}, {1}").format(base.version, base.signed_at.astimezone().strftime(WHEN))


def _plainly(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Without a common version everything would be "added"."""
    return tuple(Piece(ChangeKind.SAME, piece.text) for piece in pieces if piece.kind is not ChangeKind.REMOVED)


def _format(piece: Piece) -> QTextCharFormat:
    if piece.kind is ChangeKind.ADDED:
        return added_format()
    return removed_format() if piece.kind is ChangeKind.REMOVED else QTextCharFormat()


def _muted() -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(theme.MUTED))
    return made


def _page(words: str, widget: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    if words:
        label = QLabel(words)
        label.setWordWrap(True)
        label.setBuddy(widget)
        column.addWidget(label)
    column.addWidget(widget)
    if not isinstance(widget, QPlainTextEdit):
        column.addStretch(1)
    return page
