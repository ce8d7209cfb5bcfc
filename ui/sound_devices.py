"""Which microphones there are, and which one this reader has chosen.

QtMultimedia is loaded when it is first spoken into: it is slow to load, and a machine without
a sound system must still start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dictation.audio import SAMPLE_RATE
from workstation.errors import Unavailable
from workstation.settings import Remembered

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QAudioDevice, QMediaDevices

CHOSEN = "dictation.microphone"


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone: its id is the same when it is plugged in again. An empty id is the system's default."""

    device_id: str = ""
    name: str = ""


DEFAULT = Device()


def media_devices() -> type[QMediaDevices]:
    """Raises Unavailable."""
    try:
        from PySide6.QtMultimedia import QMediaDevices
    except ImportError as error:
        raise Unavailable(
            "No sound system", "Qt's multimedia part cannot be loaded", "Install the system's sound libraries; typing works"
        ) from error
    return QMediaDevices


def devices() -> tuple[Device, ...]:
    """The microphones, the system's default first. Raises Unavailable."""
    media = media_devices()
    default = media.defaultAudioInput()
    found = sorted(media.audioInputs(), key=lambda d: d.id() != default.id())
    return tuple(dict.fromkeys(device_of(d) for d in found))


def device_of(device: QAudioDevice) -> Device:
    return Device(bytes(device.id().data()).decode(errors="replace"), device.description())


def find(wanted: Device) -> QAudioDevice:
    """The wanted microphone, or the system's default where it is not there. Raises Unavailable where there is none."""
    media = media_devices()
    found = [d for d in media.audioInputs() if wanted.device_id and device_of(d).device_id == wanted.device_id]
    device = found[0] if found else media.defaultAudioInput()
    if device.isNull():
        raise Unavailable("No microphone is connected", "", "Connect one; typing works all the same")
    return device


def is_there(wanted: Device) -> bool:
    return any(device_of(d).device_id == wanted.device_id for d in media_devices().audioInputs())


def is_telephone(device: QAudioDevice) -> bool:
    """Whether it hears no more than a telephone does (a headset over Bluetooth's telephone profile, 8 kHz)."""
    return 0 < device.maximumSampleRate() < SAMPLE_RATE


class ChosenDevice:
    """The reader's choice, kept over restarts by the id that the system gives the microphone."""

    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered

    @property
    def device(self) -> Device:
        stored = self._remembered.get(CHOSEN)
        if isinstance(stored, dict) and isinstance(stored.get("id"), str) and isinstance(stored.get("name"), str):
            return Device(stored["id"], stored["name"])
        return DEFAULT

    def choose(self, device: Device) -> None:
        self._remembered.set(CHOSEN, {"id": device.device_id, "name": device.name})
