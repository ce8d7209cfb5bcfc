"""Another set of keys, looked at before it is used: what each command would have, and what stays different from there."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.key_desk import KeyDesk
from ui.key_words import shown_keys
from ui.list_table import ListTable
from ui.mouse_words import action_words, press_words
from ui.plain import core_text, plain
from ui.runner import Runner
from workstation.commands.key_changes import changes
from workstation.commands.key_file import KeyChoices
from workstation.commands.profiles import Profile, profiles
from workstation.errors import WorkstationError


class KeyChangesTable(ListTable):
    """Command or button, what it has now, what it would have. Keys that are lost are amber."""

    def __init__(self, desk: KeyDesk, runner: Runner) -> None:
        super().__init__([_tr("Command"), _tr("Now"), _tr("Then")], _tr("What changes"), 0)
        self._desk, self._runner = desk, runner
        self.fix_widths(0, 150, 230)

    def show_choices(self, choices: KeyChoices) -> int:
        """How many things change."""
        keyboard = self._desk.keyboard
        rows = [
            (core_text(self._runner.commands[c.command_id].title), shown_keys(c.now, keyboard), shown_keys(c.then, keyboard))
            for c in changes(self._desk.keymap, self._desk.built(choices))
        ]
        now, then = self._desk.mouse_of(self._desk.choices), self._desk.mouse_of(choices)
        commands = self._runner.commands
        for press in dict.fromkeys([*now, *then]):
            before, after = now.get(press), then.get(press)
            if before != after:
                rows.append((press_words(press), action_words(before, commands), action_words(after, commands)))
        self.setRowCount(len(rows))
        for number, cells in enumerate(rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text or "–")
                if column == 2 and not text:
                    item.setForeground(QColor(theme.AMBER))
                self.setItem(number, column, item)
        return len(rows)


class ProfilesDialog(QDialog):
    """The profiles by name; the table shows what the chosen one would change. Own keys stay above every profile."""

    def __init__(self, desk: KeyDesk, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("profilesDialog")
        self.setWindowTitle(self.tr("Profiles of keys"))
        self._desk = desk
        self._profiles = list(profiles().values())
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Profiles"))
        self.list.addItems([core_text(p.title) for p in self._profiles])
        self.list.setFixedWidth(230)
        self.list.setSpacing(3)
        self.words, self.count = _label(), _label("heading")
        self.differs = QPlainTextEdit()
        self.differs.setReadOnly(True)
        self.differs.setObjectName("sectionContext")
        self.differs.setAccessibleName(self.tr("What stays different"))
        self.table = KeyChangesTable(desk, runner)
        self.use = QPushButton(self.tr("&Use this profile"))
        self.use.setDefault(True)
        self.use.clicked.connect(self._use)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.use, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.rejected.connect(self.reject)
        right = QVBoxLayout()
        for widget, share in ((self.words, 0), (self.count, 0), (self.table, 3), (self.differs, 2)):
            right.addWidget(widget, share)
        row = QHBoxLayout()
        row.addWidget(self.list)
        row.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(10)
        column.addLayout(row, 1)
        column.addWidget(buttons)
        self.list.currentRowChanged.connect(lambda _: self._show())
        self.resize(980, 760)
        self.list.setCurrentRow(self._profiles.index(desk.profile))
        self.list.setFocus()

    @property
    def chosen(self) -> Profile:
        return self._profiles[max(self.list.currentRow(), 0)]

    def _show(self) -> None:
        profile = self.chosen
        self.words.setText(core_text(profile.words))
        count = self.table.show_choices(self._choices())
        self.count.setText(self.tr("{0} keys and buttons change").format(count) if count else self.tr("This is in force"))
        lines = [f"{core_text(d.what)} ({d.key}): {core_text(d.why)}" for d in profile.differs]
        self.differs.setPlainText("\n".join([self.tr("Not as there:"), *lines]))
        self.differs.setVisible(bool(lines))
        self.use.setEnabled(profile is not self._desk.profile)

    def _choices(self) -> KeyChoices:
        return replace(self._desk.choices, profile=self.chosen.id)

    def _use(self) -> None:
        try:
            self._desk.choose(self._choices())
        except WorkstationError as error:
            self.count.setText(plain(str(error)))
            return
        self.accept()


class ImportedKeysDialog(QDialog):
    """Keys from a file of somebody else's: they replace the reader's own, and can be undone."""

    def __init__(self, desk: KeyDesk, runner: Runner, choices: KeyChoices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("importedKeys")
        self.setWindowTitle(self.tr("Take keys over"))
        self._desk, self._choices = desk, replace(choices, keyboard=desk.choices.keyboard)
        self.table = KeyChangesTable(desk, runner)
        count = self.table.show_choices(self._choices)
        self.words = _label("heading")
        self.words.setText(self.tr("{0} keys and buttons change").format(count) if count else self.tr("Nothing changes"))
        unknown = [note.loser for note in desk.built(choices).notes if not note.winner]
        self.unknown = _label("amber")
        self.unknown.setText(self.tr("No command here: {0}").format(", ".join(map(plain, unknown))))
        self.unknown.setVisible(bool(unknown))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (self.words, self.table, self.unknown, buttons):
            column.addWidget(widget)
        self.resize(760, 620)

    def _take(self) -> None:
        try:
            self._desk.choose(self._choices)
        except WorkstationError as error:
            self.words.setText(plain(str(error)))
            return
        self.accept()


def _label(role: str = "") -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
    return label


def _tr(text: str) -> str:
    return core_text(text)
