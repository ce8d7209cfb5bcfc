"""What the mouse buttons and the wheel do: one row for each button, one column for each key held with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui import theme
from ui.key_desk import KeyDesk
from ui.mouse_words import BUTTON_WORDS, CHOSEN, action_words, press_words
from ui.plain import core_text, plain
from ui.runner import Runner
from ui.within_screen import scrolled
from workstation.errors import WorkstationError
from workstation.session.mouse import (
    BUTTONS,
    DRAGS,
    FUSED_OR_SOLID,
    HELD,
    LEFT,
    RIGHT,
    TILT,
    WHEEL,
    WHEELS,
    is_command,
    presses,
    why_not,
)

OFFERED = (
    *("series.next", "series.previous", "hanging.next", "hanging.previous", "viewport.next", "viewport.previous"),
    *("viewport.maximise", "image.invert", "image.fit", "image.reset", "image.overlays", "image.magnifier", "window.auto"),
    *("tool.window", "tool.length", "tool.crosshair", "key_image.toggle", "drawing.undo", "drawing.report", "cine.toggle"),
    *("report.dictate", "dictation.command", "report.focus", "case.next", "help.palette"),
)
"""Commands that stand in the lists; any other one may be written into keys.toml."""
SYSTEM_KEEPS = ("Alt+Left", "Alt+Middle", "Alt+Right")
AS_BEFORE = "\0"


class MouseDialog(QDialog):
    """A choice is in force at once and kept. `said` is what it means for other uses of the same press."""

    def __init__(self, desk: KeyDesk, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mouseDialog")
        self.setWindowTitle(self.tr("Mouse buttons"))
        self._desk, self._runner = desk, runner
        self.boxes: dict[str, QComboBox] = {}
        self.said = _label()
        self.said.setMinimumHeight(44)
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        for column, held in enumerate(HELD, start=1):
            words = press_words(f"{held}+{LEFT}").rpartition(" + ")[0] if held else self.tr("Alone")
            grid.addWidget(_label(words, "heading"), 0, column)
        for row, button in enumerate(BUTTONS, start=1):
            grid.addWidget(_label(core_text(BUTTON_WORDS[button]), "heading"), row, 0)
            for column, held in enumerate(HELD, start=1):
                press = f"{held}+{button}" if held else button
                words = core_text(CHOSEN) if press == LEFT else self.tr("As the wheel")
                grid.addWidget(self._box(press) if press in presses() else _label(words, "muted"), row, column)
        self.undo = self._button(self.tr("&Undo"), self._undo)
        self.reset = self._button(self.tr("As in the p&rofile"), self._reset)
        closes = self._button(self.tr("&Close"), self.reject)
        foot = QHBoxLayout()
        for button_widget in (self.undo, self.reset):
            foot.addWidget(button_widget)
        foot.addStretch(1)
        foot.addWidget(closes)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(16, 14, 16, 12)
        column_box.setSpacing(12)
        column_box.addWidget(scrolled(table), 1)
        column_box.addWidget(self.said)
        column_box.addLayout(foot)
        desk.changed.connect(self._show)
        self._show(None)
        self.resize(1220, 420)
        self.boxes[RIGHT].setFocus()

    def choose(self, press: str, action: str) -> None:
        """As if it was chosen in its list."""
        box = self.boxes[press]
        box.setCurrentIndex(box.findData(action))
        self._chosen(press)

    # ---- inside ------------------------------------------------------------------------

    def _box(self, press: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(press_words(press))
        box.setMinimumWidth(172)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for action in self._actions(press):
            box.addItem(self._words(press, action), action)
        box.activated.connect(lambda _: self._chosen(press))
        self.boxes[press] = box
        return box

    def _actions(self, press: str) -> list[str]:
        """What this press may do; without keys of its own it does what the button does alone."""
        alone = [AS_BEFORE] if "+" in press else []
        offered = [*WHEELS] if press.endswith((WHEEL, TILT)) else [*DRAGS, *OFFERED]
        now = self._desk.mouse_of(self._desk.choices).get(press, "")
        extra = [now] if now and now not in offered else []
        return [*alone, *(a for a in ["", *offered, *extra] if not why_not(press, a))]

    def _words(self, press: str, action: str) -> str:
        if action == AS_BEFORE:
            return self.tr("As left alone") if press.endswith(LEFT) else self.tr("As alone")
        if not action:
            return self.tr("The menu only") if press == RIGHT else self.tr("Nothing")
        return action_words(action, self._runner.commands)

    def _chosen(self, press: str) -> None:
        action = str(self.boxes[press].currentData())
        try:
            if action == AS_BEFORE:
                self._desk.reset_press(press)
            else:
                self._desk.set_press(press, action)
        except WorkstationError as error:
            self._say(plain(str(error)), theme.RED)
            return
        self._say(*self._meaning(press, action))

    def _meaning(self, press: str, action: str) -> tuple[str, str]:
        """What the choice takes the place of, in words, and its colour."""
        words = [self.tr("{0}: {1}").format(press_words(press), self._words(press, action))]
        if press in SYSTEM_KEEPS and action not in (AS_BEFORE, ""):
            words.append(self.tr("Many window systems move windows with Alt and a button: try whether it comes through"))
        if press == FUSED_OR_SOLID and action not in (AS_BEFORE, ""):
            words.append(self.tr("It was the scale of what is laid over, and the window in 3D: they are in the menus only now"))
        others = [p for p, a in self._in_force().items() if a == action and p != press and action]
        if others and action != AS_BEFORE:
            words.append(self.tr("So does: {0}").format(", ".join(map(press_words, others))))
        return ". ".join(words), theme.AMBER if len(words) > 1 else theme.TEXT

    def _in_force(self) -> Mapping[str, str]:
        return self._desk.mouse_of(self._desk.choices)

    def _undo(self) -> None:
        self._try(self._desk.undo)

    def _reset(self) -> None:
        self._try(self._desk.reset_mouse)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except WorkstationError as error:
            self._say(plain(str(error)), theme.RED)

    def _show(self, _: object) -> None:
        does = self._in_force()
        for press, box in self.boxes.items():
            action = does.get(press, AS_BEFORE if "+" in press else "")
            if box.findData(action) < 0 and is_command(action):
                box.addItem(self._words(press, action), action)
            box.setCurrentIndex(max(box.findData(action), 0))
            box.setStyleSheet(f"QComboBox {{ color: {theme.ACCENT}; }}" if press in self._desk.choices.mouse else "")
        self.undo.setEnabled(self._desk.can_undo)
        self.reset.setEnabled(bool(self._desk.choices.mouse))

    def _button(self, text: str, click: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _: click())
        return button

    def _say(self, words: str, colour: str) -> None:
        self.said.setText(words)
        self.said.setStyleSheet(f"color: {colour};")


def _label(text: str = "", role: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    return label
