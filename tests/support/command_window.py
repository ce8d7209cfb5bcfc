"""The real window, in which a test speaks: it opens segments and gives their words when it likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from report_seat import ReportSeat, Silence, SpokenDictation

from dictation import models
from dictation.models import EngineModel, EngineSpec
from ui.main_window import MainWindow
from ui.report import kept_dictation
from workstation.domain.report import SectionCode


class CommandWindow:
    """`say` a segment: it is text or a command as the window finds."""

    def __init__(self, seat: ReportSeat, monkeypatch: Any, home: Path) -> None:
        self.seat = seat
        self.dictations: list[SpokenDictation] = []
        self.shown: list[str] = []
        self.notices: list[str] = []
        spec = EngineSpec("some", "en", EngineModel("whisper", home, "en", "some"))
        monkeypatch.setattr(models, "available", lambda *_, **__: (spec,))
        monkeypatch.setattr(kept_dictation, "make_dictation", self._make)
        seat.session.notice.connect(lambda notice: self.notices.append(notice.text))
        self.window = MainWindow(seat)
        self.panel = self.window.report_panel
        self.desk = self.panel.dictation.desk
        self.desk.use_source(lambda _tell: Silence())
        self.window.speech.commands.understood.connect(self.shown.append)
        self._count = 0

    def _make(self, spec: object, folder: Path, context: Any, *_: Any, **__: Any) -> SpokenDictation:
        self.dictations.append(SpokenDictation(spec, folder, context))
        return self.dictations[-1]

    @property
    def voice(self) -> SpokenDictation:
        return self.dictations[-1]

    def say(self, text: str, is_late: bool = False) -> str:
        """A whole utterance. Gives its id."""
        self._count += 1
        segment_id = f"s{self._count}"
        self.voice.speak(segment_id)
        self.voice.write(segment_id, text, is_late=is_late)
        return segment_id

    def text(self, section: SectionCode = SectionCode.FINDINGS) -> str:
        """What the disk holds."""
        return self.seat.text(section)

    def shown_text(self, section: SectionCode = SectionCode.FINDINGS) -> str:
        return self.panel.editor(section).toPlainText()

    def close(self) -> None:
        self.window.leaving.agree()
        self.window.close()
        self.seat.reports.close()
