"""Cuts the stream of sound into segments: idle -> listening -> speech -> closed -> listening.

A segment closes after a pause, when the key is released (and a little after it), or at 25 s:
recognisers see thirty seconds at most, and lose words at that border.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from dictation.audio import BYTES_PER_SECOND, PreRoll
from dictation.formatter import Ending
from dictation.gate import LoudnessGate

PRE_ROLL_SECONDS = 0.5
"""Whisper hears first words better after a little silence: 23.5 instead of 26.1 % word error
with 0.5 s instead of 0.3 s, on the voice that slurs."""
TAIL_SECONDS = 0.4
PAUSE_SECONDS = 0.6
LONG_SECONDS = 18.0
"""From here on a shorter pause will do, so that the hard limit rarely cuts through a word."""
SHORT_PAUSE_SECONDS = 0.2
MOST_SECONDS = 25.0
CLEAR_SECONDS = 0.3
"""So much sound clearly above the noise is hardly a cough: somebody may have spoken."""


class Phase(Enum):
    IDLE = auto()
    LISTENING = auto()
    SPEECH = auto()
    TAIL = auto()
    """Speech, and the key is up: what still comes within `TAIL_SECONDS` belongs to it."""
    LEAVING = auto()
    """No speech yet, and the key is up: a last short word may still be on its way."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A segment begins, `start` seconds into the stream."""

    start: float


@dataclass(frozen=True, slots=True)
class Sound:
    """More of the open segment, s16le."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The open segment is complete. `is_clear`: somebody was heard clearly above the noise."""

    ending: Ending
    is_clear: bool


Event = Opened | Sound | Closed


class Segmenter:
    """Feed it every chunk in order; it says what they mean. Not thread-safe."""

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self._gate = LoudnessGate()
        self._before = PreRoll(PRE_ROLL_SECONDS)
        self._heard_bytes = 0
        self._segment_bytes = 0
        self._tail_bytes = 0
        self._listened_bytes = 0

    @property
    def quiet_seconds(self) -> float:
        """How long it has listened without hearing anybody."""
        return self._listened_bytes / BYTES_PER_SECOND if self.phase is Phase.LISTENING else 0.0

    def press(self) -> None:
        """The key is down: listen."""
        if self.phase is Phase.IDLE:
            self._listen()
        elif self.phase is Phase.TAIL:
            self.phase = Phase.SPEECH
        elif self.phase is Phase.LEAVING:
            self.phase = Phase.LISTENING

    def release(self) -> None:
        """The key is up: finish what is being said."""
        after = {Phase.SPEECH: Phase.TAIL, Phase.LISTENING: Phase.LEAVING}
        if self.phase in after:
            self.phase = after[self.phase]
            self._tail_bytes = 0

    def cut(self) -> list[Event]:
        """What is said from now on is another segment; listening goes on."""
        if self.phase is not Phase.SPEECH:
            return self.end() if self.phase is Phase.TAIL else []
        closed = self._closed(Ending.MID_SPEECH, Ending.BREATH)
        self._listen()
        return [closed]

    def end(self) -> list[Event]:
        """No more sound will come."""
        closed = self._closed(Ending.BREATH, Ending.PAUSE)
        was_open = self.phase in (Phase.SPEECH, Phase.TAIL)
        self.phase = Phase.IDLE
        self._gate.reset()
        return [closed] if was_open else []

    def hear(self, chunk: bytes) -> list[Event]:
        self._heard_bytes += len(chunk)
        speech = self._gate.hear(chunk)
        if self.phase is Phase.IDLE:
            self._before.push(chunk)
            self._gate.speech = False
            return []
        if self.phase in (Phase.TAIL, Phase.LEAVING):
            self._tail_bytes += len(chunk)
        events = self._in_segment(chunk) if self.phase in (Phase.SPEECH, Phase.TAIL) else self._listening(chunk, speech)
        is_over = self.phase in (Phase.TAIL, Phase.LEAVING) and self._tail_bytes >= TAIL_SECONDS * BYTES_PER_SECOND
        return [*events, *self.end()] if is_over else events

    def _listening(self, chunk: bytes, speech: bool) -> list[Event]:
        self._before.push(chunk)
        self._listened_bytes += len(chunk)
        if not speech:
            return []
        sound = self._before.take()
        if self.phase is Phase.LEAVING:
            self._tail_bytes = 0
        self.phase = Phase.TAIL if self.phase is Phase.LEAVING else Phase.SPEECH
        self._segment_bytes = len(sound)
        return [Opened((self._heard_bytes - len(sound)) / BYTES_PER_SECOND), Sound(sound)]

    def _in_segment(self, chunk: bytes) -> list[Event]:
        self._segment_bytes += len(chunk)
        if self.phase is Phase.TAIL:
            return [Sound(chunk)]
        seconds = self._segment_bytes / BYTES_PER_SECOND
        pause = SHORT_PAUSE_SECONDS if seconds >= LONG_SECONDS else PAUSE_SECONDS
        if self._gate.silent_seconds >= pause or seconds >= MOST_SECONDS:
            paused = self._gate.silent_seconds >= PAUSE_SECONDS
            closed = self._closed(Ending.MID_SPEECH, Ending.PAUSE if paused else Ending.BREATH)
            self._gate.reset()
            self._listen()
            return [Sound(chunk), closed]
        return [Sound(chunk)]

    def _closed(self, speaking: Ending, silent: Ending) -> Closed:
        """`speaking` and `silent`: the ending when somebody speaks until now, and when nobody does."""
        is_silent = self._gate.silent_seconds >= SHORT_PAUSE_SECONDS
        return Closed(silent if is_silent else speaking, self._gate.clear_seconds >= CLEAR_SECONDS)

    def _listen(self) -> None:
        self.phase = Phase.LISTENING
        self._listened_bytes = 0
