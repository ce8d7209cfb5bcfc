"""The dictation bar: the key to talk, what is heard, and what to do when nothing can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from dictation.sound_check import Sound
from ui import icons, theme
from ui.plain import core_text, plain, tooltip
from ui.report.dictation_desk import DictationDesk
from workstation.domain.dictation import DictationState
from workstation.errors import WorkstationError

if TYPE_CHECKING:
    from dictation.audio import Level

METER_HEIGHT = 6
BUTTON_WIDTH = 116
FALL = 0.8
"""Of the level shown, from one piece of sound (some 80 ms) to the next: a syllable can be seen."""
CLIPPED_PIECES = 12
"""So long the meter stays red: a single cut-off peak can be seen."""


class LevelMeter(QWidget):
    """How loud it is, 0..1 of full scale; red for a moment where it was cut off at full scale."""

    def __init__(self, height: int = METER_HEIGHT) -> None:
        super().__init__()
        self._level = 0.0
        self._red = 0
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Microphone level"))

    @property
    def shows_clipping(self) -> bool:
        return self._red > 0

    def show_level(self, level: Level) -> None:
        self._level = max(level.loudness, self._level * FALL)  # rises at once, falls slowly
        self._red = CLIPPED_PIECES if level.is_clipped else max(0, self._red - 1)
        self.update()

    def rest(self) -> None:
        self._level, self._red = 0.0, 0
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.RAISED))
        width = round(self.width() * min(1.0, self._level**0.5))
        painter.fillRect(0, 0, width, self.height(), QColor(theme.RED if self.shows_clipping else theme.GREEN))
        painter.end()


class DraftLine(QLabel):
    """The newest words that are heard but not yet written, on one line: the beginning is cut, never the end."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("draft")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().windowText().color())
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideLeft, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        painter.end()


class ProblemLine(QWidget):
    """What is wrong on one line; why, and what to do about it, when one asks."""

    def __init__(self) -> None:
        super().__init__()
        self._title = QLabel()
        self._more = QToolButton()
        self._more.setProperty("flat", True)
        self._more.setObjectName("takeOver")
        self._more.setCheckable(True)
        self._more.setText(self.tr("What to do"))
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._text = QLabel()
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self._title, self._text):
            label.setObjectName("dictationHint")
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._text.hide()
        self._more.toggled.connect(self._text.setVisible)
        row = QHBoxLayout()
        row.addWidget(self._title, 1)
        row.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._text)
        self.hide()

    @property
    def text(self) -> str:
        return ". ".join(part for part in (self._title.text(), self._text.text()) if part)

    def show_problem(self, error: WorkstationError) -> None:
        self._title.setText(plain(core_text(error.title)))
        self._text.setText(plain(". ".join(core_text(part).rstrip(".") for part in (error.detail, error.hint) if part)))
        self._more.setVisible(bool(self._text.text()))
        self._more.setChecked(False)
        self.setToolTip(tooltip(self.text))
        self.show()


class DictationBar(QWidget):
    """Button, level, draft line and the reason when dictation is not possible. Its height stays while one speaks."""

    def __init__(self, desk: DictationDesk, keys: str = "F4") -> None:
        super().__init__()
        self.desk = desk
        self._target = False
        self._draft = DraftLine()
        self._button = QPushButton()
        self._button.setObjectName("dictate")
        self._button.setCheckable(True)
        self._button.setIcon(icons.icon("microphone"))
        self._button.setIconSize(QSize(18, 18))
        self._button.setMinimumWidth(BUTTON_WIDTH)
        self._button.setToolTip(tooltip(self.tr("Start or stop dictation"), keys))
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._meter = LevelMeter()
        self._hint = ProblemLine()
        self._build()
        self._button.clicked.connect(lambda _: self._pressed())
        desk.state_changed.connect(self._show_state)
        desk.level_changed.connect(self._show_level)
        desk.draft_changed.connect(self._show_draft)
        desk.sound_changed.connect(self._show_sound)
        desk.problem.connect(self._show_problem)
        missing = desk.check()
        if missing is not None:
            self._show_problem(missing)
        self._show_state(desk.state)

    @property
    def hint(self) -> str:
        return self._hint.text if not self._hint.isHidden() else ""

    @property
    def draft(self) -> str:
        return self._draft.text()

    def _build(self) -> None:
        beside = QVBoxLayout()
        beside.setSpacing(2)
        beside.addWidget(self._draft, 1)
        beside.addWidget(self._meter)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._button)
        row.addLayout(beside, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._hint)

    def set_target_available(self, available: bool) -> None:
        self._target = available
        self._show_state(self.desk.state)

    def _pressed(self) -> None:
        self._hint.hide()
        self.desk.toggle()
        self._show_state(self.desk.state)

    def _show_state(self, state: DictationState) -> None:
        listening = self.desk.is_listening
        self._button.setText(self._words(state) if listening else self.tr("Dictate"))
        self._button.setChecked(listening)
        self._button.setEnabled(self._target or listening)
        if listening:
            lasts = self.desk.unavailable is not None or self.desk.sound is not Sound.GOOD
            self._hint.setVisible(self._hint.isVisible() and lasts)
        else:
            self._meter.rest()
        if not self._draft.text() or self._draft.property("state") is True:
            self._show_waiting(listening)

    def _show_waiting(self, listening: bool) -> None:
        """In place of a draft: that words are still on their way, and where to."""
        words = ""
        if self.desk.writes_elsewhere:
            words = self.tr("Writing into the report before this one…")
        elif not listening and self.desk.is_busy:
            words = self.tr("Writing…")
        self._draft.setProperty("state", bool(words))
        self._draft.setText(words)

    def _words(self, state: DictationState) -> str:
        if self.desk.sound in (Sound.GONE, Sound.DEAD):
            return self.tr("No sound")
        return {
            DictationState.STARTING: self.tr("Listening"),
            DictationState.SPEECH: self.tr("Hearing you"),
            DictationState.RESTARTING: self.tr("Recording"),
            DictationState.UNAVAILABLE: self.tr("Recording"),
        }.get(state, self.tr("Listening"))

    def _show_sound(self, sound: Sound) -> None:
        if sound is Sound.GONE:
            self._meter.rest()
        self._show_state(self.desk.state)

    def _show_level(self, level: Level) -> None:
        if self.desk.is_listening and self.desk.sound is not Sound.GONE:
            self._meter.show_level(level)

    def _show_draft(self, text: str) -> None:
        self._draft.setProperty("state", False)
        self._draft.setText(plain(text))
        self._draft.setAccessibleName(self._draft.text())
        if not text:
            self._show_state(self.desk.state)

    def _show_problem(self, error: WorkstationError) -> None:
        self._hint.show_problem(error)
