"""The real window with a dictation into which a test speaks, word by word, and a loudspeaker that it hears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from report_seat import ReportSeat, Silence, SpokenDictation

from dictation import models
from dictation.formatter import Formatter
from dictation.models import EngineModel, EngineSpec
from ui.main_window import MainWindow
from ui.report.section_editor import SectionEditor
from workstation.domain.dictation import DictatedSegment, Word
from workstation.domain.report import SectionCode

NONE = Qt.KeyboardModifier.NoModifier
SHIFT, ALT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
STEP = 0.5
"""Seconds from one spoken word's start to the next one's; each lasts 0.4 s."""


def segment_of(
    segment_id: str,
    spoken: str,
    text: str | None = None,
    unsure: Sequence[int] = (),
    hearings: tuple[str, ...] = (),
    path: str = "",
) -> DictatedSegment:
    """As an engine gives it, written by the grammar unless `text` is given; words by index heard `unsure`ly."""
    words = tuple(Word(w, 0.4 if i in unsure else 0.9, i * STEP, i * STEP + 0.4) for i, w in enumerate(spoken.split()))
    written = Formatter("en").written(spoken).text if text is None else text
    return DictatedSegment(segment_id, written, spoken, words, "some", path, hearings=hearings)


class Loud:
    """A loudspeaker that remembers what it was given."""

    def __init__(self) -> None:
        self.played: list[bytes] = []

    def play(self, pcm: bytes) -> None:
        self.played.append(pcm)


@contextmanager
def spoken_window(home: Path) -> Iterator[SpokenWindow]:
    """A window whose dictation has a model, as far as anybody asks."""
    spec = EngineSpec("some", "en", EngineModel("whisper", home, "en", "some"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "available", lambda *_, **__: (spec,))
        made = SpokenWindow(ReportSeat(home))
        yield made
        made.close()


class SpokenWindow:
    """`voice` is the dictation of the open report; the microphone is on. One window may serve many tests, each with a case."""

    def __init__(self, seat: ReportSeat) -> None:
        self.seat = seat
        self.notices: list[str] = []
        seat.session.notice.connect(lambda notice: self.notices.append(notice.text))
        self.window = MainWindow(seat)
        self.window.resize(1500, 900)
        self.window.show()
        self.panel = self.window.report_panel
        self.dictation = self.panel.dictation.desk
        self.made: list[SpokenDictation] = []
        self.dictation.kept._make = self._make
        self.dictation.use_source(lambda _: Silence())
        self.loud = self.panel.spoken_words.player = Loud()
        self._count = 0

    def _make(self, *args) -> SpokenDictation:
        self.made.append(SpokenDictation(*args))
        return self.made[-1]

    @property
    def voice(self) -> SpokenDictation:
        return self.made[-1]

    def open(self, index: int) -> str:
        self.seat.session.open(self.seat.items[index])
        report = self.seat.session.desk.report
        assert report is not None
        if not self.dictation.is_listening:
            self.window.toggle_dictation()
        return report.report_uuid

    def begin_test(self) -> None:
        """A case of its own, with an empty report; caret in the findings."""
        self.seat.reports.is_full = False
        self.seat.session.second_look = None
        self.window.activateWindow()
        assert QTest.qWaitForWindowActive(self.window, 60_000)
        self.seat.add_case(len(self.seat.items) + 1)
        self.open(len(self.seat.items) - 1)
        self.focus()
        self.notices.clear()
        self.loud.played.clear()

    def close(self) -> None:
        self.window.leaving.agree()
        self.window.close()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.seat.reports.close()

    # ---- speaking --------------------------------------------------------------------

    def begin(self) -> str:
        """Somebody begins to speak; the words come with `end`."""
        self._count += 1
        self.voice.speak(f"s{self._count}")
        return f"s{self._count}"

    def end(self, segment_id: str, spoken: str, text: str | None = None, **facts) -> str:
        path = str(self.voice.folder / f"{segment_id}.wav")
        self.voice.on_segment(segment_of(segment_id, spoken, text, path=path, **facts))
        return segment_id

    def say(self, spoken: str, text: str | None = None, **facts) -> str:
        return self.end(self.begin(), spoken, text, **facts)

    # ---- looking and pressing --------------------------------------------------------

    def editor(self, code: SectionCode = SectionCode.FINDINGS) -> SectionEditor:
        return self.panel.editor(code)

    def text(self, code: SectionCode = SectionCode.FINDINGS) -> str:
        return self.editor(code).toPlainText()

    def focus(self, code: SectionCode = SectionCode.FINDINGS) -> SectionEditor:
        self.editor(code).setFocus()
        return self.editor(code)

    def caret(self, before: str, code: SectionCode = SectionCode.FINDINGS, selected: str = "") -> SectionEditor:
        """Bring the caret in front of these words, by program: nobody looked at anything. With `selected` select that."""
        editor = self.focus(code)
        at = self.text(code).index(before)
        editor.select(at, at + len(selected))
        return editor

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.window.focusWidget() or self.window, key, modifiers)

    def marked(self, code: SectionCode = SectionCode.FINDINGS, provider: str = "spoken") -> list[str]:
        """The words that stand out."""
        return [self.text(code)[m.start : m.end] for m in self.editor(code).marks.of(provider)]

    def looks(self, code: SectionCode = SectionCode.FINDINGS) -> dict[str, tuple[str, bool]]:
        """Words that are painted otherwise than the rest: (colour, whether underlined)."""
        found = {}
        for mark in self.editor(code).marks.of("spoken"):
            form = mark.format
            colour = form.foreground().color().name() if form.hasProperty(form.Property.ForegroundBrush) else ""
            found[self.text(code)[mark.start : mark.end]] = (colour, form.underlineStyle() != form.UnderlineStyle.NoUnderline)
        return found
