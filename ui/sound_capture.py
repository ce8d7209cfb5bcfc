"""One opened microphone, read in a thread of its own: no sound is lost while the window paints.

Read on the main thread, a second in which the window was busy cost a second of speech.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import Qt, QThread, QTimer

from dictation.audio import CHUNK_BYTES, SAMPLE_RATE, Converter
from workstation.errors import Unavailable, WorkstationError

if TYPE_CHECKING:
    from PySide6.QtCore import QIODevice
    from PySide6.QtMultimedia import QAudioDevice, QAudioFormat, QAudioSource

OPEN_SECONDS = 3.0
CLOSE_MS = 3000
LOOK_MS = 200
BUFFER_SECONDS = 1.0
"""What the sound system keeps for us when this thread gets no processor. Left to itself, Qt
hands out the first sound of a quiet device after 1.8 s; with a buffer of our own after 0.08 s."""


_stuck: list[QThread] = []
"""Threads that a hanging sound system did not give back. They may not be destroyed while they run."""


class Capture(QThread):
    """`on_chunk` comes from this thread until `close` returns. `open` waits for the answer, `start` does not."""

    def __init__(self, device: QAudioDevice, on_chunk: Callable[[bytes], None]) -> None:
        super().__init__()
        self._device = device
        self._on_chunk = on_chunk
        self._stream: QIODevice | None = None
        self._converter: Converter | None = None
        self._held = b""
        self._opened = threading.Event()
        self.problem: WorkstationError | None = None
        self.heard_at = time.monotonic()
        """When sound came last, by the monotonic clock."""
        self.has_heard = False
        self.is_over = False
        """The system has closed it."""

    def open(self) -> None:
        """Raises Unavailable, in words, when it cannot be opened."""
        self.start()
        if not self._opened.wait(OPEN_SECONDS):
            self.problem = Unavailable("The microphone does not open", "The sound system does not answer", "Try again")
        if self.problem is not None:
            self.close()
            raise self.problem
        self.heard_at = time.monotonic()

    def close(self) -> None:
        self.quit()
        if not self.wait(CLOSE_MS):
            self._on_chunk = lambda _: None
            _stuck.append(self)

    # ---- in the thread ---------------------------------------------------------------

    def run(self) -> None:
        source: QAudioSource | None = None
        try:
            source = self._started()
        except WorkstationError as error:
            self.problem = error
        self._opened.set()
        if source is None:
            return
        look = QTimer()
        look.setInterval(LOOK_MS)
        # Not by `stateChanged`: PySide cannot hand over its argument, and nothing would ever be called.
        look.timeout.connect(lambda: self._look(source), Qt.ConnectionType.DirectConnection)
        look.start()
        self.exec()
        look.stop()
        self._read()
        source.stop()
        if self._held:
            self._on_chunk(self._held)
        self._stream = None

    def _started(self) -> QAudioSource:
        from PySide6.QtMultimedia import QAudioSource

        form = our_format()
        if not self._device.isFormatSupported(form):
            form = self._device.preferredFormat()
            self._converter = Converter(form.sampleRate(), form.channelCount(), _sample_type(form))
        source = QAudioSource(self._device, form)
        source.setBufferSize(form.bytesForDuration(int(BUFFER_SECONDS * 1e6)))
        stream = cast("QIODevice | None", source.start())
        if stream is None or source.error().name != "NoError":
            raise Unavailable(
                "The microphone cannot be opened", "Another program may hold it", "Close that program and try again"
            )
        self._stream = stream
        stream.readyRead.connect(self._read, Qt.ConnectionType.DirectConnection)
        return source

    def _look(self, source: QAudioSource) -> None:
        self._read()
        self.is_over = source.state().name == "StoppedState"

    def _read(self) -> None:
        if self._stream is None:
            return
        raw = bytes(self._stream.readAll().data())
        if not raw:
            return
        self.heard_at = time.monotonic()
        self.has_heard = True
        self._held += self._converter.convert(raw) if self._converter is not None else raw
        while len(self._held) >= CHUNK_BYTES:
            chunk, self._held = self._held[:CHUNK_BYTES], self._held[CHUNK_BYTES:]
            self._on_chunk(chunk)


def our_format() -> QAudioFormat:
    from PySide6.QtMultimedia import QAudioFormat

    form = QAudioFormat()
    form.setSampleRate(SAMPLE_RATE)
    form.setChannelCount(1)
    form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
    return form


def _sample_type(form: QAudioFormat) -> np.dtype[np.generic]:
    from PySide6.QtMultimedia import QAudioFormat

    kinds = QAudioFormat.SampleFormat
    names = {kinds.UInt8: "u1", kinds.Int16: "i2", kinds.Int32: "i4", kinds.Float: "f4"}
    if form.sampleFormat() not in names:
        raise Unavailable("The microphone cannot be used", "Its kind of samples is not known", "Choose another microphone")
    return np.dtype(names[form.sampleFormat()])
