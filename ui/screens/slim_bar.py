"""One slim line over images or beside a report: whose they are, and what one must know of this screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy

from ui import theme
from ui.elided_label import ElidedLabel
from ui.plain import core_text
from ui.reading_bar import patient_parts
from ui.screens.badge import ScreenBadge
from workstation.session.case import Case

if TYPE_CHECKING:
    from ui.seat import Seat


class Listening(QLabel):
    """That dictation listens, where the reader looks; without words it takes no room."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setStyleSheet(f"color: {theme.GREEN}; padding: 0 8px;")
        self.show_words("")

    def show_words(self, text: str) -> None:
        self.setText(text)
        self.setVisible(bool(text))


class SlimBar(QFrame):
    """Patient, stage, and what one must know of this screen. Tools are asked for by key, right click or voice."""

    def __init__(self, core: Seat) -> None:
        super().__init__()
        self.setObjectName("slimBar")
        self.setProperty("role", "bar")
        self._viewing = core.session.viewing
        self.patient = ElidedLabel()
        self.patient.setObjectName("patientLine")
        self._stage = ElidedLabel()
        self._stage.setProperty("role", "muted")
        self._stage.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.listening = Listening()
        self.badge = ScreenBadge()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 1, 10, 1)
        row.addWidget(self.patient, 3)
        row.addWidget(self.listening)
        row.addWidget(self.badge)
        row.addWidget(self._stage, 1)
        core.session.case_changed.connect(self._show_case)
        self._viewing.arrangement_changed.connect(self._show_stage)
        self._show_case(core.session.case)
        self._show_stage(None)

    def _show_case(self, case: Case | None) -> None:
        self.patient.set_parts(patient_parts(case) if case else [])

    def _show_stage(self, _: object) -> None:
        arrangement = self._viewing.arrangement
        parts = [core_text(arrangement.title), core_text(arrangement.stage_title)] if arrangement is not None else []
        self._stage.set_parts([part for part in dict.fromkeys(parts) if part])
