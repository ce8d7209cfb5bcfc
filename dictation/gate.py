"""Whether anybody speaks: a quick gate on loudness here, a trained one where the engines run.

`LoudnessGate` runs in the program's own process and only decides when a segment opens and
closes; it may be fooled by noise. `speech_spans` (Silero) decides, in the engine's process,
whether a segment is decoded at all: recognisers invent findings from noise.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from dictation.audio import SAMPLE_RATE, as_floats
from dictation.samples import FloatSamples

FRAME = SAMPLE_RATE // 50
"""20 ms: long enough for a pitch period, short enough to find the end of a word."""

QUIETEST_SPEECH_DB = -52.0
"""Below this, relative to full scale, nobody is speaking into the microphone."""

ABOVE_NOISE_DB = 9.0
STILL_ABOVE_NOISE_DB = 6.0
CLEARLY_ABOVE_NOISE_DB = 15.0
NOISE_SHARE = 0.2
"""Of the last half minute, with its pauses, so much at least is noise alone."""

HALF_MINUTE_FRAMES = 1500
LOUDEST_NOISE_DB = -15.0
"""The noise estimate never rises above this."""

QUIET_ROOM_DB = -65.0
NOISE_MEMORY_FRAMES = 150
"""3 s without a pause between words is noise, not speech."""
ONSET_FRAMES = 4
"""80 ms in a row: shorter sounds are clicks."""


class LoudnessGate:
    """Follows speech by loudness over an estimated noise floor. Feed it chunks in order."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        # A quiet room is assumed until the noise has been heard: who speaks at once is heard too.
        self._recent: deque[float] = deque([QUIET_ROOM_DB] * NOISE_MEMORY_FRAMES, NOISE_MEMORY_FRAMES)
        self._loud_run = 0
        self.speech = False
        self.silent_seconds = 0.0
        """Since the last frame that sounded like speech."""
        self._levels: deque[float] = deque(maxlen=HALF_MINUTE_FRAMES)
        """Really heard, since the last segment."""

    def hear(self, chunk: bytes) -> bool:
        """Whether speech is going on after this chunk (it stays so over a short pause)."""
        samples = np.concatenate([self._rest, as_floats(chunk)])
        whole = samples.size // FRAME * FRAME
        self._rest = samples[whole:]
        for frame in samples[:whole].reshape(-1, FRAME):
            self._hear_frame(frame)
        return self.speech

    def reset(self) -> None:
        """A segment was closed: the next one needs a fresh onset. The noise floor is kept."""
        self.speech = False
        self._loud_run = 0
        self.silent_seconds = 0.0
        self._levels.clear()

    @property
    def clear_seconds(self) -> float:
        """Of sound far above the noise. Unlike the onset it assumes no quiet room: lasting noise has none."""
        if not self._levels:
            return 0.0
        noise = float(np.quantile(self._levels, NOISE_SHARE))
        clear = sum(level > max(noise + CLEARLY_ABOVE_NOISE_DB, QUIETEST_SPEECH_DB) for level in self._levels)
        return clear * FRAME / SAMPLE_RATE

    def _hear_frame(self, frame: FloatSamples) -> None:
        loudness = 10.0 * float(np.log10(np.mean(np.square(frame - frame.mean())) + 1e-10))
        self._recent.append(loudness)
        self._levels.append(loudness)
        floor = min(*self._recent, LOUDEST_NOISE_DB)
        margin = STILL_ABOVE_NOISE_DB if self.speech else ABOVE_NOISE_DB
        loud = loudness > max(floor + margin, QUIETEST_SPEECH_DB)
        self._loud_run = self._loud_run + 1 if loud else 0
        if self._loud_run >= ONSET_FRAMES:
            self.speech = True
        self.silent_seconds = 0.0 if loud else self.silent_seconds + FRAME / SAMPLE_RATE


def speech_spans(samples: FloatSamples) -> list[tuple[float, float]]:
    """Where somebody speaks, (start, end) in seconds. Silero VAD; for engine processes only."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(min_speech_duration_ms=150, min_silence_duration_ms=500, speech_pad_ms=250)
    found = get_speech_timestamps(samples, options, SAMPLE_RATE)
    return [(span["start"] / SAMPLE_RATE, span["end"] / SAMPLE_RATE) for span in found]
