"""The microphone at a real sound system (PulseAudio): chosen, of any rate, pulled out, held, muted (F77)."""

from __future__ import annotations

import time
from types import SimpleNamespace as Listing

import numpy as np
import pytest

from dictation.audio import SAMPLE_RATE, as_floats, level, write_wav
from dictation.pipeline import Dictation
from dictation.sound_check import Sound
from ui import microphone, sound_devices
from ui.microphone import Microphone, MicrophoneBack, MicrophoneGone
from ui.sound_devices import ChosenDevice, Device
from workstation.errors import Unavailable, WorkstationError
from workstation.settings import Remembered

pytestmark = pytest.mark.qt
MOST = 60_000
HAND, DESK = Device("hand", "Hand"), Device("desk", "Desk")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Half a second without sound is enough here: there is no busy sound system."""
    monkeypatch.setattr(microphone, "STALLED_SECONDS", 0.6)


@pytest.fixture
def tone(tmp_path):
    """440 Hz at half of full scale, for ten seconds."""
    times = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
    path = tmp_path / "tone.wav"
    write_wav(path, (0.5 * 32767 * np.sin(2 * np.pi * 440 * times)).astype("<i2").tobytes())
    return path


class Ear:
    """Listens at a microphone; what was heard and told, in order."""

    def __init__(self, wanted: Device) -> None:
        self.told: list[WorkstationError] = []
        self.heard: list[bytes] = []
        self.microphone = Microphone(self.told.append, wanted)
        self.microphone.start(self.heard.append)

    @property
    def sound(self) -> bytes:
        return b"".join(self.heard)

    @property
    def titles(self) -> list[str]:
        return [error.title for error in self.told]


@pytest.fixture
def listen(sound, qtbot):
    ears: list[Ear] = []
    qtbot.waitUntil(lambda: HAND in sound_devices.devices(), timeout=MOST)

    def make(wanted: Device = HAND) -> Ear:
        ears.append(Ear(wanted))
        return ears[-1]

    yield make
    for ear in ears:
        ear.microphone.stop()


def _peak_hz(pcm: bytes) -> float:
    samples = as_floats(pcm)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / samples.size


@pytest.mark.parametrize("name", ["hand", "telephone", "desk", "table"])
def test_a_known_tone_is_heard_as_that_tone_at_every_rate(listen, sound, tone, qtbot, name):
    """F77: devices of 8, 16, 44.1 and 48 kHz."""
    ear = listen(Device(name, name.capitalize()))
    player = sound.say(name, tone)
    qtbot.waitUntil(lambda: level(ear.sound[-2560:]).loudness > 0.34, timeout=MOST)
    begun = len(ear.sound)
    qtbot.waitUntil(lambda: len(ear.sound) > begun + 16_000, timeout=MOST)
    heard = ear.sound[begun : begun + 16_000]
    player.kill()
    assert _peak_hz(heard) == pytest.approx(440, abs=3)
    assert level(heard).loudness == pytest.approx(0.5 / np.sqrt(2), abs=0.03)
    assert {len(chunk) for chunk in ear.heard[:10]} == {2560}
    assert ear.told == []


def test_no_sound_is_lost_while_the_window_is_busy(listen, qtbot):
    ear = listen()
    qtbot.waitUntil(lambda: bool(ear.heard), timeout=MOST)
    before, began = len(ear.sound), time.monotonic()
    time.sleep(1.2)  # the main thread does nothing else
    took = time.monotonic() - began
    assert len(ear.sound) - before > 32_000 * (took - 0.7)


def test_a_microphone_that_another_program_holds_is_said_once_and_comes_back_by_itself(listen, sound, qtbot):
    ear = listen()
    qtbot.waitUntil(lambda: bool(ear.heard), timeout=MOST)
    sound.hold("hand")
    qtbot.waitUntil(lambda: bool(ear.told), timeout=MOST)
    assert isinstance(ear.told[0], MicrophoneGone)
    assert "Hand" in ear.told[0].detail
    assert not any(ear.sound[-32_000:])  # a second of silence ends the sentence
    qtbot.wait(900)  # tried again meanwhile, and no word more about it
    assert len(ear.told) == 1
    sound.hold("hand", False)
    qtbot.waitUntil(lambda: len(ear.told) == 2, timeout=MOST)
    assert isinstance(ear.told[1], MicrophoneBack)
    count = len(ear.heard)
    qtbot.waitUntil(lambda: len(ear.heard) > count + 5, timeout=MOST)


def test_a_sentence_that_the_microphone_leaves_is_recorded_and_dictation_goes_on(listen, sound, qtbot, tmp_path, tone):
    """F77: unplug and plug in again during a sentence, at the pipeline without an engine."""
    dictation = Dictation(None, tmp_path / "sound")
    segments = []
    dictation.on_segment = segments.append
    told: list[WorkstationError] = []
    try:
        dictation.start(Microphone(told.append, HAND))
        syllables = np.abs(np.cos(2 * np.pi * 2 * np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE))
        voice = tmp_path / "voice.wav"
        carrier = np.sin(2 * np.pi * 220 * np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE)
        write_wav(voice, (0.3 * 32767 * syllables * carrier).astype("<i2").tobytes())
        player = sound.say("hand", voice)
        qtbot.waitUntil(lambda: list((tmp_path / "sound").glob("*.wav")) != [], timeout=MOST)
        sound.hold("hand")
        qtbot.waitUntil(lambda: len(segments) == 1, timeout=MOST)
        assert isinstance(told[0], MicrophoneGone)
        assert level(dictation_sound(segments[0])).loudness > 0.02
        player.kill()
        sound.hold("hand", False)
        qtbot.waitUntil(lambda: isinstance(told[-1], MicrophoneBack), timeout=MOST)
        sound.say("hand", voice)
        qtbot.waitUntil(lambda: len(list((tmp_path / "sound").glob("*.wav"))) == 2, timeout=MOST)
    finally:
        dictation.close()


def dictation_sound(segment) -> bytes:
    from pathlib import Path

    return Path(segment.audio_path).read_bytes()[44:]


def test_a_muted_microphone_is_called_dead(listen, sound, qtbot):
    states: list[Sound] = []
    dictation = Dictation(None)
    dictation.on_sound = states.append
    try:
        sound.mute("hand")
        dictation.start(Microphone(wanted=HAND))
        qtbot.waitUntil(lambda: Sound.DEAD in states, timeout=MOST)
    finally:
        sound.mute("hand", False)
        dictation.close()


def test_a_chosen_microphone_that_is_not_there_gives_way_with_words(listen):
    ear = listen(Device("left at home", "Dr A's microphone"))
    assert ear.titles == ["Another microphone is used"]
    assert "Dr A's microphone is not connected: Hand listens" in ear.told[0].detail
    assert ear.microphone.is_fallback


def test_the_chosen_one_listens_again_as_soon_as_it_is_plugged_in(listen, sound, qtbot, monkeypatch):
    real = sound_devices.media_devices().audioInputs
    is_out = True

    def inputs():
        return [d for d in real() if not (is_out and sound_devices.device_of(d).device_id == "desk")]

    default = sound_devices.media_devices().defaultAudioInput
    monkeypatch.setattr(sound_devices, "media_devices", lambda: Listing(audioInputs=inputs, defaultAudioInput=default))
    ear = listen(DESK)
    assert ear.titles == ["Another microphone is used"]
    is_out = False
    qtbot.waitUntil(lambda: ear.titles[1:] == ["The microphone is back"], timeout=MOST)
    assert ear.microphone.device == DESK
    is_out = True  # and pulled out again while it listens
    qtbot.waitUntil(lambda: "The microphone has gone" in ear.titles, timeout=MOST)
    qtbot.waitUntil(lambda: ear.titles[-1] == "The microphone is back", timeout=MOST)
    assert ear.microphone.device == HAND


def test_without_any_microphone_the_reason_is_said(listen, monkeypatch):
    from PySide6.QtMultimedia import QAudioDevice

    nothing = Listing(audioInputs=list, defaultAudioInput=QAudioDevice)
    monkeypatch.setattr(sound_devices, "media_devices", lambda: nothing)
    with pytest.raises(Unavailable, match="No microphone is connected"):
        listen()


def test_the_choice_is_kept_over_restarts_and_a_spoilt_one_is_the_default(tmp_path):
    path = tmp_path / "remembered.json"
    ChosenDevice(Remembered(path)).choose(DESK)
    assert ChosenDevice(Remembered(path)).device == DESK
    for spoilt in ("desk", {"id": 3, "name": "x"}, {"id": "x"}, None):
        remembered = Remembered(path)
        remembered.set(sound_devices.CHOSEN, spoilt)
        assert ChosenDevice(remembered).device == sound_devices.DEFAULT
