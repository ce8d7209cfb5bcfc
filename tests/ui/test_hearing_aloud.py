"""A dictated word is really heard: through Qt and a real sound server, at its pitch and length, on any device."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtMultimedia import QAudioFormat
from virtual_microphone import SoundServer

from dictation.audio import SAMPLE_RATE
from dictation.spoken_marks import Part
from ui.report.hearing import _in_format, clip

ROOT = Path(__file__).resolve().parents[2]
PITCH = 440.0
CHILD = f"""
import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from ui.report.hearing import Loudspeaker
app = QApplication([])
loudspeaker = Loudspeaker()
at = np.arange({SAMPLE_RATE}) / {SAMPLE_RATE}
loudspeaker.play((np.sin(2 * np.pi * {PITCH} * at) * 12000).astype("<i2").tobytes())
timer = QTimer(interval=50)
timer.timeout.connect(lambda: app.quit() if loudspeaker._sink.state().name == "IdleState" else None)
timer.start()
QTimer.singleShot(60_000, app.quit)
app.exec()
"""


@pytest.fixture
def server():
    made = SoundServer()
    yield made
    made.close()


def test_a_word_is_heard_at_its_pitch_and_length(server, tmp_path):
    taken = tmp_path / "taken"
    here = {**os.environ, "PULSE_SERVER": server.address, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    subprocess.run(["pactl", "set-default-sink", "hand.sink"], env=here, check=True)
    options = ["--device=hand.sink.monitor", f"--rate={SAMPLE_RATE}", "--channels=1", "--format=s16le", "--raw"]
    with taken.open("wb") as file, subprocess.Popen(["parec", *options], env=here, stdout=file) as recorder:
        until(lambda: taken.stat().st_size > 0)
        subprocess.run([sys.executable, "-c", CHILD], env=here, check=True, capture_output=True, timeout=120)
        until(lambda: loud_part(taken).size > 0.9 * SAMPLE_RATE)
        recorder.terminate()
    heard = loud_part(taken)
    assert heard.size / SAMPLE_RATE == pytest.approx(1.0, abs=0.1)
    pitch = np.argmax(np.abs(np.fft.rfft(heard))) * SAMPLE_RATE / heard.size
    assert pitch == pytest.approx(PITCH, abs=5)


def until(done) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def loud_part(path: Path) -> np.ndarray:
    data = path.read_bytes()
    samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(float)
    loud = np.flatnonzero(np.abs(samples) > 1000)
    return samples[loud[0] : loud[-1] + 1] if loud.size else samples[:0]


@pytest.mark.parametrize(
    ("kind", "dtype", "full"),
    [
        (QAudioFormat.SampleFormat.Float, "<f4", 1.0),
        (QAudioFormat.SampleFormat.Int16, "<i2", 32767.0),
        (QAudioFormat.SampleFormat.Int32, "<i4", 2147483647.0),
    ],
)
def test_a_device_of_another_rate_gets_the_same_sound_in_all_its_channels(kind, dtype, full):
    form = QAudioFormat()
    form.setSampleRate(48_000)
    form.setChannelCount(2)
    form.setSampleFormat(kind)
    at = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    pcm = (np.sin(2 * np.pi * PITCH * at) * 16384).astype("<i2").tobytes()
    frames = np.frombuffer(_in_format(pcm, form), dtype).reshape(-1, 2).astype(float) / full
    assert frames.shape == (48_000, 2)
    assert np.array_equal(frames[:, 0], frames[:, 1])
    assert np.max(np.abs(frames)) == pytest.approx(0.5, abs=0.01)
    assert np.argmax(np.abs(np.fft.rfft(frames[:, 0]))) == pytest.approx(PITCH, abs=1)


def test_a_word_at_the_edges_of_its_recording_is_cut_there_and_one_without_times_is_heard_whole():
    pcm = bytes(2 * SAMPLE_RATE)
    assert clip(pcm, Part(0, 4, 0, 0)) == pcm
    assert len(clip(pcm, Part(0, 4, 0, 0, 1.0, 0.1, 0.4))) == 2 * int(0.7 * SAMPLE_RATE)
    assert len(clip(pcm, Part(0, 4, 0, 0, 1.0, 0.9, 1.2))) == 2 * SAMPLE_RATE - 2 * int(0.6 * SAMPLE_RATE)
    assert clip(b"", Part(0, 4, 0, 0, 1.0, 0.9, 1.2)) == b""
