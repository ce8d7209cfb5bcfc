"""Sound as the pipeline takes it: 16 kHz, mono, signed 16-bit little-endian, in small chunks."""

from __future__ import annotations

import threading
import wave
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workstation.errors import Refused

if TYPE_CHECKING:
    # The window starts without numpy: what computes brings it in.
    import numpy as np
    import numpy.typing as npt

    from dictation.samples import FloatSamples

SAMPLE_RATE = 16_000
BYTES_PER_SECOND = 2 * SAMPLE_RATE
CHUNK_SECONDS = 0.08
CHUNK_BYTES = int(BYTES_PER_SECOND * CHUNK_SECONDS)
FULL_SCALE = 0.9999


class AudioSource(Protocol):
    """A microphone, or something that sounds like one.

    `start` returns at once; `on_chunk` is then called, from any one thread, with 64-100 ms of
    s16le samples at a time until `stop`, after which it is called no more. Raises Unavailable.
    A source that ends by itself (a file) calls `on_chunk(b"")` once as its last word.
    """

    def start(self, on_chunk: Callable[[bytes], None]) -> None: ...

    def stop(self) -> None: ...


class WavSource:
    """A recording played as into a microphone.

    `paced` plays in real time; otherwise as fast as the listener takes it. `lead` and `tail`
    seconds of digital silence go before and after.
    """

    def __init__(self, path: Path, paced: bool = True, lead: float = 0.0, tail: float = 0.0) -> None:
        self._pcm = silence(lead) + read_recording(path) + silence(tail)
        self._paced = paced
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def seconds(self) -> float:
        return len(self._pcm) / BYTES_PER_SECOND

    def start(self, on_chunk: Callable[[bytes], None]) -> None:
        self._stopped.clear()
        self._thread = threading.Thread(target=self._play, args=(on_chunk,), name="wav-source", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def _play(self, on_chunk: Callable[[bytes], None]) -> None:
        for chunk in chunks(self._pcm):
            if self._stopped.wait(CHUNK_SECONDS if self._paced else 0):
                return
            on_chunk(chunk)
        on_chunk(b"")


class PreRoll:
    """The last `seconds` of sound before speech was noticed or the key was pressed."""

    def __init__(self, seconds: float) -> None:
        self._limit = int(BYTES_PER_SECOND * seconds)
        self._chunks: deque[bytes] = deque()
        self._held = 0

    def push(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._held += len(chunk)
        while self._chunks and self._held - len(self._chunks[0]) >= self._limit:
            self._held -= len(self._chunks.popleft())

    def take(self) -> bytes:
        """What is held, oldest first; the buffer is empty afterwards."""
        held = b"".join(self._chunks)
        self._chunks.clear()
        self._held = 0
        return held[-self._limit :] if self._limit else b""


def chunks(pcm: bytes, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size]


def silence(seconds: float) -> bytes:
    return bytes(2 * int(SAMPLE_RATE * seconds))


def as_floats(pcm: bytes) -> FloatSamples:
    """s16le bytes as float32 in -1..1; an odd last byte is dropped."""
    import numpy as np

    whole = pcm[: len(pcm) // 2 * 2]
    return np.frombuffer(whole, dtype="<i2").astype(np.float32) / 32768.0


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a piece of sound is, of full scale: root mean square and highest sample, 0..1."""

    loudness: float
    peak: float

    @property
    def is_clipped(self) -> bool:
        """It touches full scale: the microphone is too loud."""
        return self.peak >= FULL_SCALE


def level(pcm: bytes) -> Level:
    """Nothing at all for no samples."""
    import numpy as np

    samples = as_floats(pcm)
    if not samples.size:
        return Level(0.0, 0.0)
    return Level(float(np.sqrt(np.mean(np.square(samples)))), float(np.abs(samples).max()))


class Converter:
    """Sound as a device gives it (interleaved `channels` of `sample_type` at `rate`) as ours, in a stream.

    All channels are mixed; what lies above 8 kHz is filtered out.
    """

    def __init__(self, rate: int, channels: int, sample_type: np.dtype[Any]) -> None:
        import av

        self._rate = rate
        self._channels = channels
        self._type = sample_type
        self._rest = b""
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)

    def convert(self, raw: bytes) -> bytes:
        import av
        import numpy as np

        raw = self._rest + raw
        whole = len(raw) - len(raw) % (self._channels * self._type.itemsize)
        self._rest = raw[whole:]
        if not whole:
            return b""
        samples = _unit_floats(np.frombuffer(raw[:whole], self._type)).reshape(-1, self._channels).mean(axis=1)
        frame = av.AudioFrame.from_ndarray(samples.astype(np.float32)[np.newaxis], format="flt", layout="mono")
        frame.sample_rate = self._rate
        return b"".join(part.to_ndarray().tobytes() for part in self._resampler.resample(frame))


def _unit_floats(samples: npt.NDArray[Any]) -> FloatSamples:
    """Samples of any type as -1..1."""
    import numpy as np

    if samples.dtype == np.uint8:  # unsigned samples rest at 128
        return (samples.astype(np.float32) - np.float32(128)) / np.float32(128)
    full = 1.0 if samples.dtype.kind == "f" else 2.0 ** (8 * samples.dtype.itemsize - 1)
    return samples.astype(np.float32) / np.float32(full)


def read_recording(path: Path) -> bytes:
    """A recording of any rate, width and channel count as s16le mono at 16 kHz.

    WAV in our own format is read directly, everything else (other WAV, FLAC, OGG ...) through
    FFmpeg. Raises Refused.
    """
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 1, 2):
                return file.readframes(file.getnframes())
    except (wave.Error, EOFError):
        pass
    except OSError as error:
        raise Refused("The recording cannot be opened", error.strerror or type(error).__name__) from error
    return _decode(path)


def _decode(path: Path) -> bytes:
    import av

    pcm = bytearray()
    try:
        with av.open(str(path), mode="r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise Refused("The recording holds no sound")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    pcm += part.to_ndarray().tobytes()
            for part in resampler.resample(None):
                pcm += part.to_ndarray().tobytes()
    except av.FFmpegError as error:
        raise Refused("The recording cannot be read", type(error).__name__, "Use a WAV or FLAC file") from error
    return bytes(pcm)


def write_wav(path: Path, pcm: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm)
