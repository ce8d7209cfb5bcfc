"""Hand microphone and pedals: which is connected, and what each of its buttons does. A press shows its row."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui import theme
from ui.hand_microphone import HandMicrophone
from ui.key_desk import KeyDesk
from ui.mouse_dialog import OFFERED
from ui.plain import core_text, plain
from ui.runner import Runner
from workstation.commands.hand import TALK, TITLES, may
from workstation.domain.hand_button import HandButton
from workstation.errors import WorkstationError

OF_A_REPORT = (
    *("dictation.hear", "dictation.next_mark", "dictation.previous_mark", "dictation.alternatives", "dictation.undo"),
    *("template.next_field", "template.previous_field", "template.accept", "template.insert", "template.phrase"),
    *("report.next_section", "report.previous_section", "report.remark", "report.images"),
)
"""Beside those that a mouse button is offered. Any other command may be written into keys.toml."""
ROWS = 12
"""Two columns of buttons beside each other."""


class HandDialog(QDialog):
    """A choice is in force at once and kept. While it is shown a press does nothing but show its row."""

    def __init__(self, hand: HandMicrophone, desk: KeyDesk, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("handDialog")
        self.setWindowTitle(self.tr("Hand microphone and pedals"))
        self._hand, self._desk, self._runner = hand, desk, runner
        self.boxes: dict[HandButton, QComboBox] = {}
        self._names: dict[HandButton, QLabel] = {}
        self.state = _label()
        self.state.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.said = _label()
        self.said.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.undo = self._button(self.tr("&Undo"), desk.undo)
        self.reset = self._button(self.tr("As &built in"), desk.reset_hand)
        self._lay_out()
        hand.changed.connect(self._show_state)
        hand.pressed.connect(self._was_pressed)
        self._show(None)
        self._show_state()
        self.boxes[HandButton.RECORD].setFocus()

    def choose(self, button: HandButton, action: str) -> None:
        """As if it was chosen in its list."""
        box = self.boxes[button]
        box.setCurrentIndex(box.findData(action))
        self._chosen(button)

    # ---- inside ------------------------------------------------------------------------

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for place, button in enumerate(HandButton):
            column, row = divmod(place, ROWS)
            name = _label(core_text(TITLES[button]))
            name.setWordWrap(False)
            self._names[button] = name
            grid.addWidget(name, row, 2 * column)
            grid.addWidget(self._box(button), row, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)
        grid.setColumnMinimumWidth(2, 150)
        closes = self._button(self.tr("&Close"), self.reject)
        foot = QHBoxLayout()
        foot.addWidget(self.undo)
        foot.addWidget(self.reset)
        foot.addStretch(1)
        foot.addWidget(closes)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(16, 14, 16, 12)
        column_box.setSpacing(10)
        column_box.addWidget(self.state)
        column_box.addLayout(grid)
        column_box.addWidget(self.said)
        column_box.addLayout(foot)
        self.resize(1140, 600)

    def _box(self, button: HandButton) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(core_text(TITLES[button]))
        box.setMinimumWidth(370)
        box.addItem(self.tr("Nothing"), "")
        for action in dict.fromkeys((*TALK, *OF_A_REPORT, *OFFERED)):
            if may(action):
                box.addItem(self._words(action), action)
        box.activated.connect(lambda _: self._chosen(button))
        self.boxes[button] = box
        return box

    def _words(self, action: str) -> str:
        if not action:
            return self.tr("Nothing")
        return core_text(TALK.get(action) or self._runner.commands[action].title)

    def _chosen(self, button: HandButton) -> None:
        action = str(self.boxes[button].currentData())
        words = f"{core_text(TITLES[button])}: {self._words(action)}"
        self._try(lambda: self._desk.set_hand(button, action), words)

    def _try(self, act: Callable[[], object], words: str = "") -> None:
        try:
            act()
        except WorkstationError as error:
            self._say(str(error), theme.RED)
            self._show(None)
        else:
            self._say(words)

    def _show(self, _: object) -> None:
        own = self._desk.choices.hand
        for button, action in self._desk.hand.items():
            box = self.boxes[button]
            if box.findData(action) < 0:
                box.addItem(self._words(action), action)
            box.setCurrentIndex(box.findData(action))
            box.setStyleSheet(f"QComboBox {{ color: {theme.ACCENT}; }}" if button.value in own else "")
        self.undo.setEnabled(self._desk.can_undo)
        self.reset.setEnabled(bool(own))

    def _show_state(self) -> None:
        reader = self._hand.reader
        names = tuple(dict.fromkeys(reader.names))
        colour = theme.TEXT
        if reader.unavailable is not None:
            words, colour = str(reader.unavailable), theme.AMBER
        elif names:
            words = self.tr("Connected: {0}. Press a button: its row is shown.").format(", ".join(map(core_text, names)))
        elif self._hand.refused:
            words, colour = "\n".join(map(str, self._hand.refused)), theme.AMBER
        else:
            words = self.tr("None is connected. Plug one in: it is known within two seconds.")
        self.state.setText(words)
        self.state.setStyleSheet(f"color: {colour};")

    def _was_pressed(self, name: str) -> None:
        button = HandButton(name)
        for other, label in self._names.items():
            label.setStyleSheet(f"color: {theme.ACCENT};" if other is button else "")
        self.boxes[button].setFocus(Qt.FocusReason.OtherFocusReason)
        self._say(self.tr("Pressed: {0}").format(core_text(TITLES[button])))

    def showEvent(self, event: QShowEvent) -> None:
        self._hand.takes = True
        self._desk.changed.connect(self._show)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._hand.takes = False
        self._desk.changed.disconnect(self._show)
        super().hideEvent(event)

    def _button(self, text: str, click: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _: self._try(click))
        return button

    def _say(self, words: str, colour: str = theme.TEXT) -> None:
        self.said.setText(plain(words))
        self.said.setStyleSheet(f"color: {colour};")


def _label(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
