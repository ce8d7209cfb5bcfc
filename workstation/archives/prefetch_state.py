"""What prefetching is doing now, as the window and the doors show it. No patient data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Phase(StrEnum):
    OFF = "off"
    IDLE = "idle"
    ASKING = "asking the archives"
    FETCHING = "fetching"
    WAITING = "waiting"
    """Gives way to the reader for a moment."""
    PAUSED = "paused by the user"
    STOPPED = "stopped"
    """By a rule (disk, paid connection); goes on by itself when the rule lets it."""


@dataclass(frozen=True, slots=True)
class PrefetchState:
    """`why` and `problems` are English source strings. `done` and `left` count studies of this round.

    `received` of `expected` images of the study that is being fetched; `expected` is None until
    its list has come. `next_at` is when the archives are asked next (with an offset).
    """

    phase: Phase = Phase.OFF
    why: str = ""
    archive: str = ""
    study_instance_uid: str = ""
    role: str = ""
    received: int = 0
    expected: int | None = None
    done: int = 0
    left: int = 0
    failed: int = 0
    next_at: datetime | None = None
    problems: tuple[str, ...] = ()

    def in_words(self) -> str:
        """One line for a status bar."""
        count = f"{self.received} of {self.expected}" if self.expected is not None else f"{self.received}"
        what = f"{count} images from {self.archive}, {self.left} studies left" if self.phase is Phase.FETCHING else ""
        return ": ".join(part for part in (f"Prefetch {self.phase.value}", what or self.why) if part)
