"""The microphone through QtMultimedia, as dictation takes sound: 16 kHz, mono, s16le."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QIODevice, QObject
from PySide6.QtMultimedia import QAudioDevice, QAudioFormat, QAudioSource, QMediaDevices

from dictation.audio import CHUNK_BYTES, SAMPLE_RATE
from workstation.errors import Unavailable


def sixteen_kilohertz() -> QAudioFormat:
    form = QAudioFormat()
    form.setSampleRate(SAMPLE_RATE)
    form.setChannelCount(1)
    form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
    return form


def devices() -> tuple[tuple[str, str], ...]:
    """(stable id, name) of each microphone, the system's default first."""
    default = QMediaDevices.defaultAudioInput()
    found = sorted(QMediaDevices.audioInputs(), key=lambda d: d.id() != default.id())
    return tuple((bytes(d.id().data()).decode(errors="replace"), d.description()) for d in found)


class Microphone(QObject):
    """An `AudioSource`. Lives on the main thread; Qt reads every 64 ms or so."""

    def __init__(self, device_id: str = "") -> None:
        super().__init__()
        self._device_id = device_id
        self._source: QAudioSource | None = None
        self._stream: QIODevice | None = None
        self._on_chunk: Callable[[bytes], None] | None = None
        self._held = b""

    def start(self, on_chunk: Callable[[bytes], None]) -> None:
        """Raises Unavailable in words when there is no microphone or it cannot record for us."""
        device = self._device()
        if not device.isFormatSupported(sixteen_kilohertz()):
            raise Unavailable(
                "The microphone cannot be used",
                "It does not record 16 kHz mono",
                "Choose another microphone in the system settings",
            )
        self._on_chunk = on_chunk
        self._source = QAudioSource(device, sixteen_kilohertz())
        self._stream = self._source.start()
        if self._stream is None:
            self._source = None
            raise Unavailable(
                "The microphone cannot be opened", "Another program may hold it", "Close that program and try again"
            )
        self._stream.readyRead.connect(self._read)

    def stop(self) -> None:
        source, self._source = self._source, None
        if source is None:
            return
        self._read()
        source.stop()
        source.deleteLater()
        self._stream = None
        if self._held and self._on_chunk is not None:
            self._on_chunk(self._held)
        self._held = b""

    def _device(self) -> QAudioDevice:
        found = [d for d in QMediaDevices.audioInputs() if bytes(d.id().data()).decode(errors="replace") == self._device_id]
        device = found[0] if found else QMediaDevices.defaultAudioInput()
        if device.isNull():
            raise Unavailable("No microphone is connected", "", "Connect one; typing works all the same")
        return device

    def _read(self) -> None:
        if self._stream is None or self._on_chunk is None:
            return
        self._held += bytes(self._stream.readAll().data())
        while len(self._held) >= CHUNK_BYTES:
            chunk, self._held = self._held[:CHUNK_BYTES], self._held[CHUNK_BYTES:]
            self._on_chunk(chunk)
