"""The microphone through QtMultimedia, as dictation takes sound: 16 kHz, mono, s16le.

QtMultimedia is loaded when it is first spoken into: it is slow to load, and a machine without
a sound system must still start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np

from dictation.audio import CHUNK_BYTES, SAMPLE_RATE, Converter
from workstation.errors import Unavailable, WorkstationError

if TYPE_CHECKING:
    from PySide6.QtCore import QIODevice
    from PySide6.QtMultimedia import QAudioDevice, QAudioFormat, QAudioSource, QMediaDevices, QtAudio

Tell = Callable[[WorkstationError], object]


def _media_devices() -> type[QMediaDevices]:
    try:
        from PySide6.QtMultimedia import QMediaDevices
    except ImportError as error:
        raise Unavailable(
            "No sound system", "Qt's multimedia part cannot be loaded", "Install the system's sound libraries; typing works"
        ) from error
    return QMediaDevices


def devices() -> tuple[tuple[str, str], ...]:
    """(stable id, name) of each microphone, the system's default first. Raises Unavailable."""
    media = _media_devices()
    default = media.defaultAudioInput()
    found = sorted(media.audioInputs(), key=lambda d: d.id() != default.id())
    return tuple((_id_of(d), d.description()) for d in found)


def our_format() -> QAudioFormat:
    from PySide6.QtMultimedia import QAudioFormat

    form = QAudioFormat()
    form.setSampleRate(SAMPLE_RATE)
    form.setChannelCount(1)
    form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
    return form


class Microphone:
    """An `AudioSource`, for the main thread. `tell` hears when the device goes away while recording."""

    def __init__(self, tell: Tell = lambda _: None, device_id: str = "") -> None:
        self._tell = tell
        self._device_id = device_id
        self._source: QAudioSource | None = None
        self._stream: QIODevice | None = None
        self._converter: Converter | None = None
        self._on_chunk: Callable[[bytes], None] | None = None
        self._held = b""

    def start(self, on_chunk: Callable[[bytes], None]) -> None:
        """Raises Unavailable in words when there is no microphone or it cannot be opened."""
        device = self._device()
        from PySide6.QtMultimedia import QAudioSource

        form = our_format()
        if not device.isFormatSupported(form):
            form = device.preferredFormat()
            self._converter = Converter(form.sampleRate(), form.channelCount(), _sample_type(form))
        self._on_chunk = on_chunk
        self._source = QAudioSource(device, form)
        stream = cast("QIODevice | None", self._source.start())
        if stream is None or self._source.error().name != "NoError":
            self._source = None
            raise Unavailable(
                "The microphone cannot be opened", "Another program may hold it", "Close that program and try again"
            )
        self._stream = stream
        stream.readyRead.connect(self._read)
        self._source.stateChanged.connect(self._state_changed)

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
        media = _media_devices()
        found = [d for d in media.audioInputs() if _id_of(d) == self._device_id]
        device = found[0] if found else media.defaultAudioInput()
        if device.isNull():
            raise Unavailable("No microphone is connected", "", "Connect one; typing works all the same")
        return device

    def _read(self) -> None:
        if self._stream is None or self._on_chunk is None:
            return
        raw = bytes(self._stream.readAll().data())
        self._held += self._converter.convert(raw) if self._converter is not None else raw
        while len(self._held) >= CHUNK_BYTES:
            chunk, self._held = self._held[:CHUNK_BYTES], self._held[CHUNK_BYTES:]
            self._on_chunk(chunk)

    def _state_changed(self, state: QtAudio.State) -> None:
        """Unplugged, or taken by another program: what was said so far is kept, and it is said aloud."""
        if state.name != "StoppedState" or self._source is None:
            return
        self.stop()
        if self._on_chunk is not None:
            self._on_chunk(b"")
        self._tell(
            Unavailable("The microphone has gone", "It was unplugged or another program took it", "Connect it and dictate on")
        )


def _id_of(device: QAudioDevice) -> str:
    return bytes(device.id().data()).decode(errors="replace")


def _sample_type(form: QAudioFormat) -> np.dtype[np.generic]:
    from PySide6.QtMultimedia import QAudioFormat

    kinds = QAudioFormat.SampleFormat
    names = {kinds.UInt8: "u1", kinds.Int16: "i2", kinds.Int32: "i4", kinds.Float: "f4"}
    if form.sampleFormat() not in names:
        raise Unavailable("The microphone cannot be used", "Its kind of samples is not known", "Choose another microphone")
    return np.dtype(names[form.sampleFormat()])
