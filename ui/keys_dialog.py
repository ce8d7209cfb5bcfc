"""The cheat sheet: every command with its keys and what to say, made from the table and the keys in force."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.key_words import shown_key
from ui.mouse_words import mouse_rows
from ui.plain import core_text, plain
from ui.runner import Runner
from workstation.commands.command import Command, Mode
from workstation.commands.keymap import KeyNote, Layer

COLUMNS = 3


class KeysDialog(QDialog):
    """All commands in their menus' groups. Typing keeps the lines that match."""

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("keysDialog")
        self.setWindowTitle(self.tr("Keys"))
        self._runner = runner
        self.lines: list[tuple[str, tuple[QLabel, ...]]] = []
        self._groups: list[tuple[QWidget, list[int]]] = []
        field = QLineEdit()
        field.setPlaceholderText(self.tr("Filter"))
        field.setAccessibleName(self.tr("Filter"))
        field.setAccessibleName(self.tr("Filter the keys"))
        field.setClearButtonEnabled(True)
        field.textChanged.connect(self._seek)
        note = QLabel(self.tr("Keys marked ● act when the images have focus; in the report they type."))
        note.setProperty("role", "muted")
        head = QHBoxLayout()
        head.addWidget(note, 1)
        head.addWidget(field)
        field.setFixedWidth(260)
        body = QWidget()
        self._fill(body)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(body)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addLayout(head)
        self.notes = _label(
            "\n".join(self._note(note) for note in runner.keymap.notes if note.by is Layer.USER or not note.winner)
        )
        self.notes.setWordWrap(True)
        self.notes.setStyleSheet(f"color: {theme.AMBER};")
        self.notes.setVisible(bool(self.notes.text()))
        column.addWidget(self.notes)
        column.addWidget(scroll, 1)
        self.resize(1240, 800)

    def _fill(self, body: QWidget) -> None:
        groups: dict[str, list[Command]] = {}
        for command in self._runner.commands.values():
            groups.setdefault(command.menu or "Other", []).append(command)
        blocks = [self._block(core_text(name), [self._row(c) for c in commands]) for name, commands in groups.items()]
        mouse = mouse_rows(self._runner.context().session.viewing.mouse, self._runner.commands)
        blocks.append(self._block(self.tr("Mouse"), [(what, does, "") for what, does in mouse]))
        moved = [self._moved(note) for note in self._runner.keymap.notes if note.winner and note.by is not Layer.USER]
        if moved:
            blocks.append(self._block(self.tr("Moved by the profile"), moved))
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 6, 8, 0)
        row.setSpacing(28)
        columns = [QVBoxLayout() for _ in range(COLUMNS)]
        heights = [0] * COLUMNS
        for block, count in sorted(blocks, key=lambda b: -b[1]):
            shortest = heights.index(min(heights))
            columns[shortest].addWidget(block)
            heights[shortest] += count + 2
        for column in columns:
            column.addStretch(1)
            row.addLayout(column, 1)

    def _note(self, note: KeyNote) -> str:
        """What of keys.toml is not as written, or what the table lost to it."""
        if not note.winner:
            return self.tr("keys.toml: there is no command {0}").format(plain(note.loser))
        winner, loser = (core_text(self._runner.commands[i].title) for i in (note.winner, note.loser))
        return self.tr("{0} runs “{1}”, as keys.toml says; “{2}” lost it").format(plain(note.key), winner, loser)

    def _moved(self, note: KeyNote) -> tuple[str, str, str]:
        """A command that lost a key to the profile or the site, and what it got for it."""
        title, keyboard = core_text(self._runner.commands[note.loser].title), self._runner.keyboard
        keys = shown_key(note.instead, keyboard) if note.instead else self.tr("no key")
        return title, self.tr("{0} instead of {1}").format(keys, shown_key(note.key, keyboard)), ""

    def _row(self, command: Command) -> tuple[str, str, str]:
        keys = self._runner.keys_text(command.id)
        mark = " ●" if keys and command.modes == frozenset({Mode.IMAGES}) else ""
        said = ", ".join(f"“{core_text(s)}”" for s in command.say)
        return core_text(command.title), keys + mark, said

    def _block(self, title: str, rows: list[tuple[str, str, str]]) -> tuple[QWidget, int]:
        block = QWidget()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)  # long titles take two lines
        block.setSizePolicy(policy)
        grid = QGridLayout(block)
        grid.setContentsMargins(0, 0, 0, 14)
        grid.setVerticalSpacing(3)
        grid.setHorizontalSpacing(14)
        grid.setColumnStretch(1 if title == self.tr("Mouse") else 0, 1)
        heading = _label(title, "heading")
        heading.setStyleSheet(f"color: {theme.ACCENT};")
        grid.addWidget(heading, 0, 0, 1, 2)
        indices = []
        for line, (name, keys, said) in enumerate(rows, start=1):
            first, second = _label(name), _label(keys, "muted")
            second.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            second.setWordWrap(True)
            first.setWordWrap(True)
            if said:
                first.setToolTip(self.tr("Say {0}").format(said))
            grid.addWidget(first, line, 0)
            grid.addWidget(second, line, 1)
            indices.append(len(self.lines))
            self.lines.append((f"{name} {keys} {said}".casefold(), (first, second)))
        self._groups.append((block, indices))
        return block, len(rows)

    def _seek(self, text: str) -> None:
        words = text.casefold().split()
        shown = [all(word in line for word in words) for line, _ in self.lines]
        for visible, (_, labels) in zip(shown, self.lines, strict=True):
            for label in labels:
                label.setVisible(visible)
        for block, indices in self._groups:
            block.setVisible(any(shown[i] for i in indices))


def _label(text: str, role: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        label.setProperty("role", role)
    return label
