"""What can I say: every spoken command by group, in the language of the report. Typing keeps the lines that match."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from dictation.commands import CommandName
from dictation.spoken_table import SpokenTable
from ui.plain import core_text
from ui.runner import Runner
from workstation.errors import Unavailable

EDITING: dict[CommandName, str] = {
    CommandName.SCRATCH: "Take back the last words",
    CommandName.UNDO: "Undo",
    CommandName.REDO: "Do it again",
    CommandName.STOP: "The microphone goes off",
    CommandName.NEXT_FIELD: "Next field",
    CommandName.PREVIOUS_FIELD: "Previous field",
    CommandName.CORRECT: "Correct the last words",
    CommandName.PLAY: "Hear the last words again",
    CommandName.HELP: "This list",
    CommandName.GO_TO: "To a section, by its name",
}


class SayDialog(QDialog):
    """Closed by Esc. `lines` are what is said, what it does and its keys."""

    def __init__(self, runner: Runner, language: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sayDialog")
        self.setWindowTitle(self.tr("What can I say"))
        self._runner = runner
        self.tree = QTreeWidget()
        self.tree.setColumnCount(3)
        self.tree.setHeaderLabels([self.tr("Say"), self.tr("What it does"), self.tr("Keys")])
        self.tree.setRootIsDecorated(False)
        self.tree.setAccessibleName(self.tr("What can be said"))
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Filter"))
        self.filter.setAccessibleName(self.tr("Filter"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._seek)
        self._build()
        self._fill(language)
        self.resize(820, 720)
        self.filter.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        groups = (self.tree.topLevelItem(i) for i in range(self.tree.topLevelItemCount()))
        items = [group.child(i) for group in groups if group is not None for i in range(group.childCount())]
        return [(item.text(0), item.text(1), item.text(2)) for item in items if item is not None and not item.isHidden()]

    def _build(self) -> None:
        note = QLabel(
            self.tr(
                "Said alone, between two pauses. After {0} what is said next is a command or nothing.\n"
                "Signing, closing and the next case are never done by voice."
            ).format(self._runner.keys_text("dictation.command"))
        )
        note.setProperty("role", "muted")
        note.setTextFormat(Qt.TextFormat.PlainText)
        note.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(note, 1)
        self.filter.setFixedWidth(240)
        head.addWidget(self.filter)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addLayout(head)
        column.addWidget(self.tree, 1)

    def _fill(self, language: str) -> None:
        try:
            table = SpokenTable(self._runner.commands.values(), language)
        except Unavailable as error:
            self.tree.addTopLevelItem(QTreeWidgetItem([core_text(error.title), core_text(error.hint), ""]))
            return
        names = [(", ".join(said), core_text(EDITING[name]), "") for name, said in table.editing.items()]
        self._group(self.tr("In the report"), names)
        groups: dict[str, list[tuple[str, str, str]]] = {}
        for command_id, said in table.phrases.items():
            command = self._runner.commands[command_id]
            row = (", ".join(said), core_text(command.title).rstrip("…"), self._runner.keys_text(command_id))
            groups.setdefault(command.menu, []).append(row)
        for menu, rows in groups.items():
            self._group(core_text(menu), rows)
        self.tree.expandAll()
        for column in (0, 1):
            self.tree.resizeColumnToContents(column)

    def _group(self, title: str, rows: list[tuple[str, str, str]]) -> None:
        group = QTreeWidgetItem([title])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        group.addChildren([QTreeWidgetItem(list(row)) for row in rows])
        self.tree.addTopLevelItem(group)
        group.setFirstColumnSpanned(True)

    def _seek(self, text: str) -> None:
        words = text.casefold().split()
        for index in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(index)
            if group is None:
                continue
            shown = 0
            for row in range(group.childCount()):
                item = group.child(row)
                if item is not None:
                    line = " ".join(item.text(column) for column in range(3)).casefold()
                    item.setHidden(not all(word in line for word in words))
                    shown += not item.isHidden()
            group.setHidden(bool(words) and not shown)
