"""The microphone through QtMultimedia, as dictation takes sound: 16 kHz, mono, s16le.

It is opened again by itself when it comes back. Never silently deaf (F77): what the sound system
does not tell (PulseAudio says nothing when a microphone is pulled out) is seen by the sound that
does not come.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from dictation.audio import chunks, silence
from ui import sound_devices
from ui.sound_devices import DEFAULT, ChosenDevice, Device
from workstation.errors import Unavailable, WorkstationError
from workstation.settings import Remembered

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QAudioDevice

    from ui.sound_capture import Capture

Tell = Callable[[WorkstationError], object]

LOOK_MS = 250
STALLED_SECONDS = 2.0
"""So long without any sound, not even silence, the microphone is gone, or another program has it."""
FIRST_SECONDS = 5.0
"""A headset without a wire takes some seconds until its first sound."""
CLOSING_SILENCE = 1.0
"""Seconds. So that what was said before it went is a sentence that ends, and is written."""


class MicrophoneGone(Unavailable):
    """It went while it was listened to. It is opened again when it comes back."""


class MicrophoneBack(WorkstationError):
    """Good news: one can go on."""


class Microphone(QObject):
    """An `AudioSource`, started and stopped on the main thread. `tell` hears what becomes of the microphone."""

    stays_open = True
    """It goes on until it is stopped, unlike a recording."""

    def __init__(self, tell: Tell = lambda _: None, wanted: Device = DEFAULT) -> None:
        super().__init__()
        self._tell = tell
        self._wanted = wanted
        self._capture: Capture | None = None
        self._on_chunk: Callable[[bytes], None] = lambda _: None
        self._is_gone = False
        self.device = DEFAULT
        """The one that is open, or was last."""
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._look_after)

    @property
    def is_fallback(self) -> bool:
        """Another microphone than the wanted one."""
        return bool(self._wanted.device_id) and self.device.device_id != self._wanted.device_id

    def start(self, on_chunk: Callable[[bytes], None]) -> None:
        """Raises Unavailable in words when there is no microphone or it cannot be opened."""
        self._on_chunk = on_chunk
        self._is_gone = False
        self._open()
        self._look.start()
        if self.is_fallback:
            self._tell(_another(self._wanted, self.device))

    def stop(self) -> None:
        self._look.stop()
        self._close()

    # ---- inside ----------------------------------------------------------------------

    def _open(self) -> None:
        device = sound_devices.find(self._wanted)
        capture = _capture(device, self._on_chunk)
        capture.open()
        self.device = sound_devices.device_of(device)
        self._capture = capture

    def _begin(self) -> None:
        """As `_open`, and the window does not wait for it."""
        device = sound_devices.find(self._wanted)
        self._capture = _capture(device, self._on_chunk)
        self._capture.start()
        self.device = sound_devices.device_of(device)

    def _close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.close()

    def _look_after(self) -> None:
        capture = self._capture
        if capture is None:
            self._try_again()
        elif capture.problem is not None or capture.is_over or self._is_stalled(capture) or self._is_pulled_out():
            self._lose()
        elif self._is_gone and capture.has_heard:
            self._is_gone = False
            self._tell(MicrophoneBack("The microphone is back", f"{self.device.name} listens", "Say again what is not written"))
        elif not self._is_gone and self.is_fallback and sound_devices.is_there(self._wanted):
            self._close()
            self._is_gone = True  # until it is heard
            self._try_again()

    def _is_stalled(self, capture: Capture) -> bool:
        return time.monotonic() - capture.heard_at > (STALLED_SECONDS if capture.has_heard else FIRST_SECONDS)

    def _is_pulled_out(self) -> bool:
        """As far as the system says so."""
        return not sound_devices.is_there(self.device)

    def _lose(self) -> None:
        """What was said so far is a sentence of its own; it is said once, and looked for until it is back."""
        self._close()
        if self._is_gone:
            return
        self._is_gone = True
        for chunk in chunks(silence(CLOSING_SILENCE)):
            self._on_chunk(chunk)
        self._tell(
            MicrophoneGone(
                "The microphone has gone",
                f"{self.device.name}: it was unplugged, or another program took it",
                "What you said is kept. Connect it and dictate on",
            )
        )

    def _try_again(self) -> None:
        with contextlib.suppress(WorkstationError):
            self._begin()


def _capture(device: QAudioDevice, on_chunk: Callable[[bytes], None]) -> Capture:
    from ui.sound_capture import Capture  # numpy takes as long as Qt, and the worklist is shown without it

    return Capture(device, on_chunk)


def chosen_microphone(remembered: Remembered) -> Callable[[Tell], Microphone]:
    """Makes the microphone that the reader has chosen by then."""
    return lambda tell: Microphone(tell, ChosenDevice(remembered).device)


def _another(wanted: Device, used: Device) -> WorkstationError:
    return WorkstationError(
        "Another microphone is used",
        f"{wanted.name or wanted.device_id} is not connected: {used.name} listens",
        "It is used again as soon as it is connected",
    )
