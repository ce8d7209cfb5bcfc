"""Hear a dictated word again: its stretch of the recording, with a little before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dictation.audio import SAMPLE_RATE
from dictation.spoken_marks import Part
from workstation.errors import Unavailable

if TYPE_CHECKING:
    from PySide6.QtCore import QBuffer
    from PySide6.QtMultimedia import QAudioFormat, QAudioSink

BEFORE_SECONDS = 0.3
AFTER_SECONDS = 0.3
FADE_SAMPLES = SAMPLE_RATE // 100
"""So that a cut in the middle of a sound is no click."""


class Player(Protocol):
    """What sounds are played with. Main thread."""

    def play(self, pcm: bytes) -> None:
        """s16le, 16 kHz, mono. What was playing ends. Raises Unavailable in words."""
        ...


def clip(pcm: bytes, part: Part) -> bytes:
    """The part's stretch of a segment's recording; all of it where no times are known."""
    if part.begins is None or part.ends is None:
        return pcm
    import numpy as np  # it takes as long as Qt, and the worklist is shown without it

    first = max(0, int((part.begins - BEFORE_SECONDS) * SAMPLE_RATE)) * 2
    last = min(len(pcm), int((part.ends + AFTER_SECONDS) * SAMPLE_RATE) * 2)
    samples = np.frombuffer(pcm[first:last], "<i2").astype(np.float32)
    fade = min(FADE_SAMPLES, samples.size // 2)
    if fade:
        slope = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        samples[:fade] *= slope
        samples[-fade:] *= slope[::-1]
    return samples.astype("<i2").tobytes()


class Loudspeaker:
    """The system's loudspeaker or headphones through QtMultimedia, loaded when something is first played."""

    def __init__(self) -> None:
        self._sink: QAudioSink | None = None
        self._buffer: QBuffer | None = None

    def play(self, pcm: bytes) -> None:
        from PySide6.QtCore import QBuffer, QByteArray, QIODevice

        try:
            from PySide6.QtMultimedia import QAudioFormat, QAudioSink, QMediaDevices
        except ImportError as error:
            raise Unavailable(
                "No sound system", "Qt's multimedia part cannot be loaded", "Install the sound libraries"
            ) from error
        device = QMediaDevices.defaultAudioOutput()
        if device.isNull():
            raise Unavailable("There is nothing to hear it with", "No loudspeaker or headphones", "Plug one in and try again")
        form = QAudioFormat()
        form.setSampleRate(SAMPLE_RATE)
        form.setChannelCount(1)
        form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        if not device.isFormatSupported(form):
            form = device.preferredFormat()
            pcm = _in_format(pcm, form)
        self._stop()
        self._buffer = QBuffer()
        self._buffer.setData(QByteArray(pcm))
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._sink = QAudioSink(device, form)
        self._sink.start(self._buffer)
        if self._sink.error().name != "NoError":
            self._stop()
            raise Unavailable("The sound cannot be played", "Another program may hold the loudspeaker", "Close it and try again")

    def _stop(self) -> None:
        if self._sink is not None:
            self._sink.stop()
        self._sink = self._buffer = None


def _in_format(pcm: bytes, form: QAudioFormat) -> bytes:
    """The sound at the rate, channels and sample type that the device takes."""
    import numpy as np

    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
    count = int(samples.size * form.sampleRate() / SAMPLE_RATE)
    at = np.linspace(0, max(samples.size - 1, 0), count, dtype=np.float64)
    louder = np.interp(at, np.arange(samples.size), samples) if samples.size else samples
    frames = np.repeat(louder[:, None], form.channelCount(), axis=1)
    match form.sampleFormat().name:
        case "Float":
            return frames.astype("<f4").tobytes()
        case "Int32":
            return (frames * 2147483647.0).astype("<i4").tobytes()
        case "UInt8":
            return (frames * 127.0 + 128.0).astype(np.uint8).tobytes()
        case _:
            return (frames * 32767.0).astype("<i2").tobytes()
