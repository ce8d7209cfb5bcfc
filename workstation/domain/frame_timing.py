"""FrameTiming: how long each image of a series is to be shown when it is played, and which element says so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrameTiming:
    """`seconds` are of each frame in reading order, empty when all are alike; `rate` is images per second, on the whole.

    `words` is an English source string: what the times are from, empty when the file says none (`rate` is then None).
    `sweeps`: the file asks to be played back and forth (PreferredPlaybackSequencing, 0018,1244).
    """

    rate: float | None = None
    seconds: tuple[float, ...] = ()
    words: str = ""
    sweeps: bool = False
