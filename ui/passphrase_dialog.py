"""Sets or changes the passphrase that opens the stored data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from ui.plain import core_text, plain
from ui.while_there import while_there
from workstation.at_rest.keys import KEY_FILE_NOTICE, SHORTEST_PASSPHRASE, WRONG, KeyStatus, set_passphrase, status
from workstation.at_rest.wrapping import Way
from workstation.errors import WorkstationError
from workstation.jobs import FILES, Cancel
from workstation.session.case import Notice

if TYPE_CHECKING:
    from ui.seat import Seat

LONG = 20
MANY_WORDS = 4
FEW_CHARACTERS = 6


class PassphraseDialog(QDialog):
    """Typed twice, shown never. The passphrase there is, is asked for where nothing else opens the data."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("passphraseDialog")
        self._core = core
        ways = status(core.folders, is_sealing=True).ways
        self._is_change = Way.PASSPHRASE in ways
        self.setWindowTitle(self.tr("Change the passphrase") if self._is_change else self.tr("Set a passphrase"))
        self.current = _field()
        self.first = _field()
        self.second = _field()
        self.strength = _words()
        self.problem = _words()
        self.problem.setProperty("role", "red")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.set_button: QPushButton = buttons.addButton(self.tr("Set"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.set_button.setDefault(True)
        buttons.accepted.connect(self._set)
        buttons.rejected.connect(self.reject)
        self._build(buttons, self._is_change and set(ways) == {Way.PASSPHRASE})
        self.first.textChanged.connect(self._judge)
        self.second.textChanged.connect(self._judge)
        self._judge()

    def _build(self, buttons: QDialogButtonBox, asks_current: bool) -> None:
        what = _words(self.tr("Everything stored on this computer is encrypted. The passphrase opens it at each start."))
        warning = _words(
            self.tr("It cannot be recovered. Whoever forgets it loses what is stored here, reports that were not sent included.")
        )
        warning.setProperty("role", "amber")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Current passphrase"), self.current)
        form.addRow(self.tr("New passphrase"), self.first)
        form.addRow(self.tr("The same again"), self.second)
        form.setRowVisible(self.current, asks_current)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addWidget(what)
        column.addWidget(warning)
        column.addLayout(form)
        column.addWidget(self.strength)
        column.addWidget(self.problem)
        column.addStretch(1)
        column.addWidget(buttons)
        self.setMinimumSize(600, 330)

    def _judge(self) -> None:
        words, is_enough = strength(self.first.text())
        same = self.first.text() == self.second.text()
        if is_enough and self.second.text() and not same:
            words = self.tr("The two are not the same yet")
        _colour(self.strength, "muted" if is_enough else "amber")
        self.strength.setText(words)
        self.problem.setText("")
        self.set_button.setEnabled(is_enough and same)

    def _set(self) -> None:
        answers = [self.current.text()] if self.current.text() else []
        passphrase, folders = self.first.text(), self._core.folders

        def ask(_: str) -> str:
            return answers.pop() if answers else ""

        self.set_button.setEnabled(False)
        _colour(self.strength, "muted")
        self.strength.setText(self.tr("Setting it…"))

        def work(_: Cancel) -> KeyStatus:
            return set_passphrase(folders, passphrase, ask)

        self._core.jobs.run(FILES, work, self._done, while_there(self, self._failed))

    def _done(self, _: KeyStatus) -> None:
        notices = self._core.notices
        notices[:] = [notice for notice in notices if notice != KEY_FILE_NOTICE]
        self._core.session.notice.emit(Notice("The passphrase is set"))
        while_there(self, lambda _: self.accept())(None)

    def _failed(self, error: Exception) -> None:
        words = str(error) if isinstance(error, WorkstationError) else type(error).__name__
        wrong = self.tr("The current passphrase is not the right one. Nothing was changed.")
        self._judge()
        self.problem.setText(wrong if WRONG in words else plain(core_text(words)))
        if WRONG in words:
            self.current.selectAll()
            self.current.setFocus()


def strength(text: str) -> tuple[str, bool]:
    """How well a passphrase stands guessing, in words, and whether it may be set."""
    missing = SHORTEST_PASSPHRASE - len(text)
    if missing > 0:
        return core_text("At least {0} characters, {1} more; several words are best").format(SHORTEST_PASSPHRASE, missing), False
    if len(set(text.casefold())) < FEW_CHARACTERS:
        return core_text("Weak: the same few characters again and again"), False
    if len(text) >= LONG or len(text.split()) >= MANY_WORDS:
        return core_text("Strong"), True
    return core_text("Fair: a longer one of several words would be stronger"), True


def _field() -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    return field


def _words(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def _colour(label: QLabel, role: str) -> None:
    label.setProperty("role", role)
    label.style().unpolish(label)
    label.style().polish(label)
