"""My words and corrections: what the recogniser is told to expect, and the rules learnt from corrections."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dictation import own_words
from dictation.learning import Corrections, Rule
from ui.list_table import ListTable
from ui.plain import core_text, plain
from ui.report.dictation_desk import DictationDesk
from workstation.errors import WorkstationError

MOST_BYTES = own_words.MOST_LETTERS


class WordsDialog(QDialog):
    """Each change is kept at once. `changed` tells of it."""

    changed = Signal()

    def __init__(self, own: Corrections, language: str, desk: DictationDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("wordsDialog")
        self.setWindowTitle(self.tr("My words and corrections") + f" ({language})")
        self._own = own
        self._desk = desk
        self._rows: list[str | Rule] = []
        self._unknown: frozenset[str] = frozenset()
        self.table = ListTable([self.tr("Heard"), self.tr("Written"), self.tr("Note")], self.tr("Words and corrections"), 0, 1)
        self.table.when_empty = self.tr("No own words and no corrections yet")
        self.heard, self.written = QLineEdit(), QLineEdit()
        self.said = QLabel()
        self.add = QPushButton(self.tr("Add"))
        self.remove = QPushButton(self.tr("Remove"))
        self._build()
        self._fill()
        self._ask_model()
        self.resize(640, 520)
        self.written.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build(self) -> None:
        self.heard.setPlaceholderText(self.tr("Heard (empty for a new word)"))
        self.heard.setAccessibleName(self.tr("What is heard"))
        self.written.setPlaceholderText(self.tr("Written"))
        self.written.setAccessibleName(self.tr("What is written"))
        entry = QHBoxLayout()
        for field in (self.heard, self.written):
            field.returnPressed.connect(self._add)
            entry.addWidget(field, 1)
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        entry.addWidget(self.add)
        bring, give = QPushButton(self.tr("Import…")), QPushButton(self.tr("Export…"))
        bring.clicked.connect(self._choose_import)
        give.clicked.connect(self._choose_export)
        foot = QHBoxLayout()
        foot.addWidget(self.remove)
        foot.addStretch(1)
        foot.addWidget(bring)
        foot.addWidget(give)
        for button in (self.add, self.remove, bring, give):
            button.setAutoDefault(False)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setProperty("role", "muted")
        note = QLabel(self.tr("Never corrected by itself: numbers, units, sides, negations and opposites."))
        note.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addWidget(note)
        column.addWidget(self.table, 1)
        column.addLayout(entry)
        column.addWidget(self.said)
        column.addLayout(foot)

    def _fill(self) -> None:
        self._rows = [*self._own.words, *self._own.rules]
        self.table.setRowCount(len(self._rows))
        for row, what in enumerate(self._rows):
            heard, written = (what.heard, what.written) if isinstance(what, Rule) else ("", what)
            note = self.tr("Unknown to this model") if self._unknown & set(written.lower().split()) else ""
            for column, text in enumerate((heard, written, note)):
                self.table.setItem(row, column, QTableWidgetItem(plain(text)))
        self.remove.setEnabled(bool(self._rows))

    def _ask_model(self) -> None:
        """A model with a fixed list of words never hears others; it may be asked only while it is loaded."""
        words = sorted({word for term in self._own.terms for word in term.lower().split()})
        if words:
            self._desk.kept.ask_unknown(words, self._show_unknown)

    def _show_unknown(self, unknown: frozenset[str]) -> None:
        self._unknown = unknown
        self._fill()

    # ---- what is done ----------------------------------------------------------------

    def _add(self) -> None:
        heard, written = self.heard.text().strip().lower(), self.written.text().strip()

        def act() -> str:
            if heard:
                self._own.accept(Rule(heard, written))
            else:
                self._own.add_words([written])
            self.heard.clear()
            self.written.clear()
            return self.tr("Added: {0}").format(written)

        self._try(act)
        self._ask_model()

    def _remove(self) -> None:
        row = self.table.currentRow()
        if not 0 <= row < len(self._rows):
            self._say(self.tr("Choose a line first"), False)
            return
        what = self._rows[row]

        def act() -> str:
            if isinstance(what, Rule):
                self._own.forget(what)
                return self.tr("Removed: {0}").format(what.heard)
            self._own.remove_word(what)
            return self.tr("Removed: {0}").format(what)

        self._try(act)

    def take_in(self, path: Path) -> None:
        def act() -> str:
            with path.open("rb") as source:
                content = source.read(MOST_BYTES + 1)
            taken = own_words.take_in(self._own, content.decode("utf-8"))
            words = self.tr("{0} words and {1} corrections taken in").format(taken.words, taken.rules)
            left = "; ".join(plain(line) for line in taken.left_out[:5])
            return words + (". " + self.tr("Left out: {0}").format(left) if left else "")

        self._try(act)

    def give_out(self, path: Path) -> None:
        def act() -> str:
            path.write_text(own_words.exported(self._own), encoding="utf-8", newline="")
            return self.tr("Written: {0}").format(path.name)

        self._try(act)

    def _choose_import(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Import words"), "", "CSV (*.csv)")
        if chosen:
            self.take_in(Path(chosen))

    def _choose_export(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Export words"), "words.csv", "CSV (*.csv)")
        if chosen:
            self.give_out(Path(chosen))

    def _try(self, act: Callable[[], str]) -> None:
        try:
            self._say(act(), True)
        except WorkstationError as error:
            self._say(". ".join(core_text(part) for part in (error.title, error.hint) if part), False)
        except (OSError, UnicodeDecodeError):
            self._say(self.tr("The file cannot be read or written"), False)
        self._fill()
        self.changed.emit()

    def _say(self, words: str, well: bool) -> None:
        self.said.setProperty("role", "muted" if well else "red")
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.setText(words)
