"""Recordings of every kind become 16 kHz mono s16le, and play as a microphone would."""

from __future__ import annotations

import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from dictation.audio import SAMPLE_RATE, Converter, PreRoll, WavSource, as_floats, level, read_recording, write_wav
from workstation.errors import Refused


def _wav(path: Path, rate: int, channels: int, width: int, seconds: float = 1.0) -> Path:
    """A 440 Hz tone at half of full scale."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    scale = {1: 127, 2: 32767, 3: 8388607, 4: 2147483647}[width]
    whole = np.repeat((tone * scale).astype("<i4"), channels)
    raw = (whole + 128).astype("u1").tobytes() if width == 1 else whole.view("u1").reshape(-1, 4)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(raw)
    return path


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize(("channels", "width"), [(1, 1), (1, 2), (2, 2), (1, 3), (2, 4)])
def test_any_wav_is_read_at_16_khz_mono(tmp_path: Path, rate: int, channels: int, width: int) -> None:
    samples = as_floats(read_recording(_wav(tmp_path / "tone.wav", rate, channels, width)))
    assert samples.size == pytest.approx(SAMPLE_RATE, abs=200)
    spectrum = np.abs(np.fft.rfft(samples[:16000] * np.hanning(len(samples[:16000]))))
    assert np.argmax(spectrum) * SAMPLE_RATE / len(samples[:16000]) == pytest.approx(440, abs=2)
    assert np.abs(samples[2000:14000]).max() == pytest.approx(0.5, abs=0.03)


def test_flac_is_read_too(shared_speech: Path) -> None:
    samples = as_floats(read_recording(shared_speech / "audio" / "human" / "jfk.flac"))
    assert 10 < samples.size / SAMPLE_RATE < 12


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("not sound")
    with pytest.raises(Refused, match="cannot be read"):
        read_recording(tmp_path / "notes.wav")
    with pytest.raises(Refused, match="cannot be opened"):
        read_recording(tmp_path / "missing.wav")


def test_a_played_recording_arrives_whole_in_small_chunks_and_says_when_it_ends(tmp_path: Path) -> None:
    pcm = np.arange(16000, dtype="<i2").tobytes()
    write_wav(tmp_path / "count.wav", pcm)
    chunks: list[bytes] = []
    over = threading.Event()
    source = WavSource(tmp_path / "count.wav", paced=False)
    source.start(lambda chunk: chunks.append(chunk) if chunk else over.set())
    assert over.wait(10)
    source.stop()
    assert b"".join(chunks) == pcm
    assert {len(chunk) for chunk in chunks[:-1]} == {2560}


def test_after_stop_no_chunk_comes(tmp_path: Path) -> None:
    write_wav(tmp_path / "long.wav", bytes(32000 * 60))
    heard: list[bytes] = []
    first = threading.Event()
    source = WavSource(tmp_path / "long.wav", paced=True)
    source.start(lambda chunk: (heard.append(chunk), first.set()))
    assert first.wait(10)
    source.stop()
    count = len(heard)
    assert count < 600
    assert len(heard) == count


def test_the_pre_roll_holds_the_last_moments_only() -> None:
    ring = PreRoll(0.3)
    for number in range(20):
        ring.push(bytes([number]) * 2560)
    held = ring.take()
    assert len(held) == 9600
    assert held.endswith(bytes([19]) * 2560)
    assert ring.take() == b""


def test_level_and_clipping_are_of_the_samples() -> None:
    assert (level(b"").loudness, level(b"").peak) == (0.0, 0.0)
    assert level(np.full(100, 16384, "<i2").tobytes()).loudness == pytest.approx(0.5)
    assert level(np.array([0, 0, -32768], "<i2").tobytes()).is_clipped
    assert level(np.full(4, 32767, "<i2").tobytes()).is_clipped
    assert not level(np.full(4, 30000, "<i2").tobytes()).is_clipped


def _peak_hz(pcm: bytes) -> float:
    samples = as_floats(pcm)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / samples.size


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
@pytest.mark.parametrize(("channels", "kind"), [(1, "u1"), (1, "<i2"), (2, "<i4"), (2, "<f4"), (6, "<f4")])
def test_a_device_of_any_kind_becomes_our_sound_in_a_stream(rate: int, channels: int, kind: str) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
    scale = {"u1": 127, "<i2": 32767, "<i4": 2147483647, "<f4": 1}[kind]
    raw = np.repeat(tone * scale + (128 if kind == "u1" else 0), channels).astype(kind).tobytes()
    converter = Converter(rate, channels, np.dtype(kind))
    pcm = b"".join(converter.convert(raw[start : start + 3001]) for start in range(0, len(raw), 3001))
    assert len(pcm) / 2 == pytest.approx(2 * SAMPLE_RATE, abs=400)
    assert _peak_hz(pcm) == pytest.approx(440, abs=2)
    assert level(pcm).loudness == pytest.approx(0.5 / np.sqrt(2), abs=0.02)


def test_what_we_cannot_hold_is_filtered_out_and_not_folded_down() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 12_000 * np.arange(48_000) / 48_000)
    converter = Converter(48_000, 1, np.dtype("<f4"))
    assert level(converter.convert(tone.astype("<f4").tobytes())).loudness < 0.01
