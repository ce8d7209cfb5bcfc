"""The dictation bar: the key to talk, what is heard, and what to do when nothing can be."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.report.dictation_desk import DictationDesk
from workstation.domain.dictation import DictationState
from workstation.errors import WorkstationError

# Above this level (of full scale) the converter is close to clipping.
LOUD = 0.9


class LevelMeter(QWidget):
    """How loud it is, 0..1 of full scale; red where it clips."""

    def __init__(self) -> None:
        super().__init__()
        self._level = 0.0
        self.setFixedHeight(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Microphone level"))

    def show_level(self, level: float) -> None:
        # Falls slowly so that a syllable can be seen; rises at once.
        self._level = max(level, self._level * 0.8)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.RAISED))
        width = round(self.width() * min(1.0, self._level**0.5))
        painter.fillRect(0, 0, width, self.height(), QColor(theme.RED if self._level > LOUD else theme.GREEN))
        painter.end()


class DictationBar(QWidget):
    """Button, level, draft line and the reason when dictation is not possible."""

    def __init__(self, desk: DictationDesk) -> None:
        super().__init__()
        self.desk = desk
        self._target = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(4)
        self._draft = QLabel()
        self._draft.setObjectName("draft")
        self._draft.setTextFormat(Qt.TextFormat.PlainText)
        self._draft.setWordWrap(True)
        self._draft.hide()
        row = QHBoxLayout()
        self._button = QPushButton()
        self._button.setObjectName("dictate")
        self._button.setCheckable(True)
        self._button.setToolTip("F4")
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._meter = LevelMeter()
        row.addWidget(self._button)
        row.addWidget(self._meter, 1)
        self._hint = QLabel()
        self._hint.setObjectName("dictationHint")
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setWordWrap(True)
        self._hint.hide()
        column.addWidget(self._draft)
        column.addLayout(row)
        column.addWidget(self._hint)
        self._button.clicked.connect(lambda _: self._pressed())
        desk.state_changed.connect(self._show_state)
        desk.level_changed.connect(self._meter.show_level)
        desk.draft_changed.connect(self._show_draft)
        desk.problem.connect(self._show_problem)
        missing = desk.check()
        if missing is not None:
            self._show_problem(missing)
        self._show_state(desk.state)

    def set_target_available(self, available: bool) -> None:
        self._target = available
        self._button.setEnabled(available or self.desk.is_listening)

    def _pressed(self) -> None:
        self._hint.hide()
        self.desk.toggle()
        self._show_state(self.desk.state)

    def _show_state(self, state: DictationState) -> None:
        words = {
            DictationState.UNAVAILABLE: self.tr("Dictate"),
            DictationState.IDLE: self.tr("Dictate"),
            DictationState.STARTING: self.tr("Listening (model is loading)"),
            DictationState.LISTENING: self.tr("Listening"),
            DictationState.SPEECH: self.tr("Hearing you"),
            DictationState.RECOGNISING: self.tr("Writing…"),
            DictationState.RESTARTING: self.tr("Recording (engine restarts)"),
        }
        self._button.setText(words[state])
        self._button.setChecked(self.desk.is_listening)
        self._button.setEnabled(self._target or self.desk.is_listening)
        if not self.desk.is_listening:
            self._meter.show_level(0.0)

    def _show_draft(self, text: str) -> None:
        self._draft.setText(text)
        self._draft.setVisible(bool(text))

    def _show_problem(self, error: WorkstationError) -> None:
        self._hint.setText(str(error))
        self._hint.show()
