"""How good the sound is that arrives: so that nobody speaks into a dead, wrong or shouting microphone (F77)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from dictation.audio import BYTES_PER_SECOND, Level
from workstation.errors import Unavailable

DEAD_SECONDS = 3.0
"""Of nothing but zeros. A live microphone hears at least itself."""
CLIPPED_CHUNKS = 3
CLIPPED_SECONDS = 4.0
"""Clipping in so many chunks within so long is no single bump against the desk."""
QUIET_SECONDS = 10.0


class Sound(StrEnum):
    """What is wrong with the sound, the worst that holds."""

    GOOD = "good"
    CLIPPED = "clipped"
    QUIET = "quiet"
    """Sound, and nobody speaking in it."""
    DEAD = "dead"
    GONE = "gone"
    """No sound comes: the source says so itself."""


TROUBLE: Mapping[Sound, Unavailable] = {
    Sound.CLIPPED: Unavailable("Too loud", "The sound is cut off at its peaks", "Move the microphone away, or turn it down"),
    Sound.QUIET: Unavailable(
        "No speech heard", "The microphone has been silent for ten seconds", "Check that it is the right one"
    ),
    Sound.DEAD: Unavailable(
        "The microphone gives no sound at all", "It is muted or switched off", "Unmute it, or choose another microphone"
    ),
}


class SoundCheck:
    """Feed it every chunk while somebody may speak; `sound` is the state after it."""

    def __init__(self) -> None:
        self.sound = Sound.GOOD
        self._heard_bytes = 0
        self._zero_bytes = 0
        self._clipped_at: list[int] = []

    def hear(self, level: Level, size: int, quiet_seconds: float) -> Sound:
        """`size` in bytes; `quiet_seconds`: how long nobody has been heard speaking."""
        self._heard_bytes += size
        self._zero_bytes = 0 if level.peak else self._zero_bytes + size
        if level.is_clipped:
            self._clipped_at.append(self._heard_bytes)
        first = self._heard_bytes - CLIPPED_SECONDS * BYTES_PER_SECOND
        self._clipped_at = [place for place in self._clipped_at if place > first]
        self.sound = self._judged(quiet_seconds)
        return self.sound

    def _judged(self, quiet_seconds: float) -> Sound:
        if self._zero_bytes >= DEAD_SECONDS * BYTES_PER_SECOND:
            return Sound.DEAD
        if quiet_seconds > QUIET_SECONDS:
            return Sound.QUIET
        return Sound.CLIPPED if len(self._clipped_at) >= CLIPPED_CHUNKS else Sound.GOOD
