"""All keys, to be looked for and changed: by name, or by pressing the key. What is changed is in force at once and kept.

Return on a row waits for its key. A key that another command has is given only when the reader says so: swapped or taken.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.key_capture import KeyCapture
from ui.key_desk import KeyDesk
from ui.key_words import may_not_come, shown_key, shown_keys
from ui.list_table import ListTable
from ui.plain import core_text, plain, tooltip
from ui.runner import Runner
from workstation.commands import key_file
from workstation.commands.finding import find
from workstation.commands.key_names import OFTEN_TAKEN
from workstation.commands.keyboards import keyboards
from workstation.commands.keymap import KeyMap, Layer
from workstation.errors import Unavailable, WorkstationError

if TYPE_CHECKING:
    from ui.palette_entries import Entry

LAYER_WORDS = {Layer.TABLE: "", Layer.PROFILE: "Profile", Layer.SITE: "Site", Layer.USER: "Own"}
FILE_NAME = "lyskasse-keys.toml"


class KeyEditor(QDialog):
    """One row for each command. `said` is what the last press came to, in words."""

    def __init__(self, desk: KeyDesk, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("keyEditor")
        self.setWindowTitle(self.tr("Keys and profiles"))
        self._desk, self._runner = desk, runner
        self._adding = False
        self._wanted: tuple[str, str, str] | None = None
        self._pressed = ""
        self._entries: list[Entry] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Find by name"))
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName(self.tr("Find a command by its name"))
        self.by_key = KeyCapture(desk.keyboard, may_be_any=True)
        self.by_key.setPlaceholderText(self.tr("Find by key: click, press it"))
        self.by_key.setAccessibleName(self.tr("Find a command by its key"))
        headers = [self.tr("Command"), self.tr("Menu"), self.tr("Keys"), self.tr("In the profile"), self.tr("From")]
        self.table = _Rows(headers, self.tr("Commands and their keys"), self.begin)
        self.table.fix_widths(0, 110, 210, 210, 110)  # measuring some 250 rows at every change would take seconds
        self.capture = KeyCapture(desk.keyboard)
        self.capture.setPlaceholderText(self.tr("Press the key…   Esc gives up"))
        self.capture.setAccessibleName(self.tr("The new key"))
        self.said = _label()
        self.said.setMinimumHeight(40)
        self._make_buttons()
        self._make_choosers()
        self._lay_out()
        self.field.textChanged.connect(lambda _: self._seek())
        self.by_key.pressed.connect(self._look_up)
        self.by_key.left.connect(self._forget_key)
        self.capture.pressed.connect(self._got)
        self.capture.refused.connect(self._refuse)
        self.capture.left.connect(self._give_up)
        self.table.itemSelectionChanged.connect(self._chosen_changed)
        desk.changed.connect(self._keys_changed)
        self.resize(1080, 780)
        self._load()
        self.field.setFocus()

    # ---- what is there -----------------------------------------------------------------

    def command_id(self) -> str:
        """Of the chosen row; empty for none."""
        row = self.table.currentRow()
        item = self.table.item(row, 0) if row >= 0 else None
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""

    def choose(self, command_id: str) -> None:
        """Show and choose a command's row."""
        self.field.clear()
        self._forget_key()
        for row in range(self.table.rowCount()):
            item = self.table.item(row, 0)
            if item is not None and item.data(Qt.ItemDataRole.UserRole) == command_id:
                self.table.setCurrentCell(row, 0)
                return

    def _load(self) -> None:
        from ui.palette_entries import commands_as_entries

        self._entries = commands_as_entries(self._runner)
        self._seek()

    def _seek(self) -> None:
        here = self.command_id()
        found = find(self.field.text(), self._entries)
        if self._pressed:
            found = [e for e in found if self._pressed in self._desk.keymap.keys_of[e.id]]
        of_profile = self._desk.without_own()
        self.table.setRowCount(len(found))
        for row, entry in enumerate(found):
            self._fill_row(row, entry, of_profile)
        rows = [entry.id for entry in found]
        if rows:
            self.table.setCurrentCell(rows.index(here) if here in rows and not self.field.text() else 0, 0)
        self._chosen_changed()

    def _fill_row(self, row: int, entry: Entry, without_own: KeyMap) -> None:
        keymap = self._desk.keymap
        layer = keymap.layer_of.get(entry.id, Layer.TABLE)
        own, of_profile = keymap.keys_of[entry.id], without_own.keys_of[entry.id]
        lost = own != of_profile and layer is not Layer.USER
        words = self.tr("Lost to own") if lost else core_text(LAYER_WORDS[layer])
        keyboard = self._desk.keyboard
        cells = (entry.title, entry.menu, shown_keys(own, keyboard), shown_keys(of_profile, keyboard), words)
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            if column == 3 or (column == 4 and layer is not Layer.USER and not lost):
                item.setForeground(QColor(theme.MUTED))
            elif column in (2, 4) and (layer is Layer.USER or lost):
                item.setForeground(QColor(theme.AMBER if lost else theme.ACCENT))
            if column == 2 and own and all(key in OFTEN_TAKEN for key in own):
                item.setForeground(QColor(theme.AMBER))
                item.setToolTip(tooltip(text, may_not_come(own[0]).removeprefix(". ")))
            if column == 0:
                item.setData(Qt.ItemDataRole.UserRole, entry.id)
            self.table.setItem(row, column, item)

    def _look_up(self, key: str) -> None:
        self._pressed = key
        self.by_key.setText(shown_key(key, self._desk.keyboard))
        self._seek()
        owners = [self._title(self.command_id())] if self.table.rowCount() else []
        words = self.tr("{0} runs {1}") if owners else self.tr("{0} runs nothing: it is free")
        self._say(
            words.format(self.by_key.text(), ", ".join(owners)) + may_not_come(key),
            theme.AMBER if key in OFTEN_TAKEN else theme.TEXT,
        )

    def _forget_key(self) -> None:
        if self._pressed and not self.by_key.hasFocus():
            return  # the row that was found stays while its key is changed
        if self._pressed:
            self._pressed = ""
            self.by_key.clear()
            self._seek()

    # ---- a key -------------------------------------------------------------------------

    def begin(self, adding: bool = False) -> None:
        """Wait for the key of the chosen command: its only one, or one more."""
        if self.command_id():
            self._adding, self._wanted = adding, None
            self.capture.clear()
            self._ask(False)
            self._say(self.tr("Press the key for {0}").format(self._title(self.command_id())))
            self.capture.setEnabled(True)
            self.capture.setFocus()

    def _got(self, key: str) -> None:
        command_id = self.command_id()
        others = self._desk.clashes(command_id, key)
        shown = shown_key(key, self._desk.keyboard)
        self.capture.setText(shown)
        if not others:
            self._do(lambda: self._desk.set_keys(command_id, self._with(key)))
            self._say(
                self.tr("{0} runs {1} now").format(shown, self._title(command_id)) + may_not_come(key),
                theme.AMBER if key in OFTEN_TAKEN else theme.TEXT,
            )
            self._done()
            return
        self._wanted = (command_id, key, others[0])
        self._say(self.tr("{0} runs {1}").format(shown, ", ".join(map(self._title, others))) + may_not_come(key), theme.AMBER)
        self._ask(True, can_swap=len(others) == 1)
        (self.swap if self.swap.isEnabled() else self.take).setFocus()

    def _swap(self) -> None:
        if self._wanted is not None:
            command_id, key, other = self._wanted
            self._do(lambda: self._desk.swap(command_id, key, other))
            keys = shown_keys(self._desk.keymap.keys_of[other], self._desk.keyboard) or self.tr("no key")
            self._say(self.tr("{0} has {1} now").format(self._title(other), keys))
            self._done()

    def _take(self) -> None:
        if self._wanted is not None:
            command_id, key, other = self._wanted
            self._do(lambda: self._desk.set_keys(command_id, self._with(key)))
            left = shown_keys(self._desk.keymap.keys_of[other], self._desk.keyboard)
            words = self.tr("{0} has {1} left") if left else self.tr("{0} has no key now: Ctrl+K finds it")
            self._say(words.format(self._title(other), left), theme.AMBER)
            self._done()

    def _with(self, key: str) -> tuple[str, ...]:
        return (*self._desk.keymap.keys_of[self.command_id()], key) if self._adding else (key,)

    def _refuse(self, why: str) -> None:
        self._say(self.tr("{0}. Press another, or Esc").format(why.rstrip(".")), theme.AMBER)

    def _give_up(self) -> None:
        if self._wanted is None and self.capture.isEnabled():
            self._done()

    def _done(self) -> None:
        self._wanted = None
        self._ask(False)
        self.capture.setEnabled(False)
        self.table.setFocus()

    def _ask(self, shown: bool, can_swap: bool = True) -> None:
        for button in (self.swap, self.take, self.leave):
            button.setVisible(shown)
        self.swap.setEnabled(can_swap)

    def _do(self, change: Callable[[], object]) -> None:
        try:
            change()
        except WorkstationError as error:
            self._say(str(error), theme.RED)

    def _keys_changed(self, _: object) -> None:
        for field in (self.capture, self.by_key):
            field.keyboard = self._desk.keyboard
        self._show_choices()
        self._load()

    def _chosen_changed(self) -> None:
        command_id = self.command_id()
        layer = self._desk.keymap.layer_of.get(command_id)
        for button in (self.set_button, self.add_button):
            button.setEnabled(bool(command_id))
        self.none_button.setEnabled(bool(command_id) and bool(self._desk.keymap.keys_of[command_id]))
        self.reset_button.setEnabled(layer is Layer.USER)

    # ---- all of them -------------------------------------------------------------------

    def save_to(self, path: Path) -> None:
        """For another computer or reader; says so where the disk refuses."""
        try:
            path.write_text(key_file.as_text(self._desk.choices), encoding="utf-8")
        except OSError as error:
            self._say(str(Unavailable("The keys were not saved", error.strerror or "", "Choose another folder")), theme.RED)
        else:
            self._say(self.tr("The keys were saved"))

    def take_from(self, path: Path) -> None:
        """What another keys.toml says, after it was looked at."""
        from ui.key_profiles_dialog import ImportedKeysDialog

        try:
            choices = key_file.load(path)
        except WorkstationError as error:
            self._say(str(error), theme.RED)
            return
        dialog = ImportedKeysDialog(self._desk, self._runner, choices, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _export(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Save the keys"), FILE_NAME, self.tr("Keys (*.toml)"))
        if chosen:
            self.save_to(Path(chosen))

    def _import(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Take keys over"), "", self.tr("Keys (*.toml)"))
        if chosen:
            self.take_from(Path(chosen))

    def _choose_profile(self) -> None:
        from ui.key_profiles_dialog import ProfilesDialog

        dialog = ProfilesDialog(self._desk, self._runner, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _choose_keyboard(self, index: int) -> None:
        wanted = str(self.keyboard.itemData(index) or "")
        if wanted != self._desk.choices.keyboard:
            self._do(lambda: self._desk.set_keyboard(wanted))

    # ---- building ----------------------------------------------------------------------

    def _make_buttons(self) -> None:
        self.set_button = self._button(self.tr("&Set key"), self.begin)
        self.add_button = self._button(self.tr("&Add key"), lambda: self.begin(adding=True))
        self.none_button = self._button(self.tr("&No key"), lambda: self._do(lambda: self._desk.set_keys(self.command_id(), ())))
        self.reset_button = self._button(
            self.tr("As in the p&rofile"), lambda: self._do(lambda: self._desk.reset(self.command_id()))
        )
        self.swap = self._button(self.tr("S&wap them"), self._swap)
        self.take = self._button(self.tr("&Take it"), self._take)
        self.leave = self._button(self.tr("&Leave it"), self._done)
        self.undo = self._button(self.tr("&Undo"), lambda: self._do(self._desk.undo))
        self.reset_all = self._button(self.tr("Reset a&ll"), lambda: self._do(self._desk.reset_all))
        self.imports = self._button(self.tr("&Import…"), self._import)
        self.exports = self._button(self.tr("&Export…"), self._export)
        self.prints = self._button(self.tr("&Print…"), lambda: self._runner.run("keys.print"))
        self.mouse = self._button(self.tr("&Mouse…"), lambda: self._runner.run("keys.mouse"))
        self.hand = self._button(self.tr("&Hand microphone…"), lambda: self._runner.run("dictation.hand"))
        self.closes = self._button(self.tr("&Close"), self.reject)

    def _make_choosers(self) -> None:
        self.profile = self._button("", self._choose_profile)
        self.keyboard = QComboBox()
        self.keyboard.setAccessibleName(self.tr("Keyboard"))
        self.keyboard.addItem("", "")
        for keyboard in keyboards().values():
            self.keyboard.addItem(core_text(keyboard.title), keyboard.id)
        self._show_choices()
        self.keyboard.activated.connect(self._choose_keyboard)

    def _show_choices(self) -> None:
        self.profile.setText(self.tr("Profile: {0}…").format(core_text(self._desk.profile.title)))
        found = self.tr("{0} (as this computer says)")
        self.keyboard.setItemText(0, found.format(core_text(self._desk.keyboard_found().title)))
        self.keyboard.setCurrentIndex(max(self.keyboard.findData(self._desk.choices.keyboard), 0))
        self.undo.setEnabled(self._desk.can_undo)
        own = self._desk.choices
        self.reset_all.setEnabled(bool(own.keys or own.mouse or own.hand))

    def _lay_out(self) -> None:
        head = QGridLayout()
        head.addWidget(self.field, 0, 0)
        head.addWidget(self.by_key, 0, 1)
        head.addWidget(self.profile, 0, 2)
        head.addWidget(self.keyboard, 0, 3)
        for column, share in enumerate((3, 3, 2, 2)):
            head.setColumnStretch(column, share)
        ask = QHBoxLayout()
        self.capture.setFixedWidth(250)
        self.capture.setEnabled(False)
        ask.addWidget(self.capture)
        ask.addWidget(self.said, 1)
        for button in (self.swap, self.take, self.leave):
            button.hide()
            ask.addWidget(button)
        change = QHBoxLayout()
        for button in (self.set_button, self.add_button, self.none_button, self.reset_button):
            change.addWidget(button)
        change.addStretch(1)
        for button in (self.undo, self.reset_all):
            change.addWidget(button)
        foot = QHBoxLayout()
        for button in (self.imports, self.exports, self.prints, self.mouse, self.hand):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.closes)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 12)
        whole.setSpacing(10)
        whole.addLayout(head)
        whole.addWidget(self.table, 1)
        whole.addLayout(ask)
        whole.addLayout(change)
        whole.addLayout(foot)

    def _button(self, text: str, click: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)  # Return belongs to the row
        button.clicked.connect(lambda _: click())
        return button

    def _title(self, command_id: str) -> str:
        return "“" + core_text(self._runner.commands[command_id].title) + "”"

    def _say(self, words: str, colour: str = theme.TEXT) -> None:
        self.said.setText(plain(words))
        self.said.setStyleSheet(f"color: {colour};")


class _Rows(ListTable):
    """Return waits for a key, Del is left to the reader's hand: a key is taken away by its button."""

    def __init__(self, headers: list[str], name: str, begin: Callable[[], object]) -> None:
        super().__init__(headers, name, 0)
        self._begin = begin
        self.itemDoubleClicked.connect(lambda _: begin())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self._begin()
        else:
            super().keyPressEvent(event)


def _label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
