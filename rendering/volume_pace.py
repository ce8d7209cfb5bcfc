"""How coarse a 3D picture is drawn while it moves: measured by its own frames, steady to the eye."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

# Twenty pictures a second leave this much for one; what a reader sees as turning.
BUDGET_SECONDS = 0.045
# Finer only where it would still take this share of the budget: two rungs never take turns.
ROOM = 0.6
JUDGED_FRAMES = 3
STEADY_FRAMES = 10
# A rung that was too slow is not tried again for so long, and twice as long each time that it is too slow again.
PATIENCE_SECONDS = 2.0
MOST_PATIENCE_SECONDS = 60.0
# After a rest of so long another movement begins, judged by its own frames.
REST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Rung:
    """Every `pixels`th pixel of the picture, and steps along a ray that are `steps` times as long."""

    pixels: float
    steps: float

    @property
    def cost(self) -> float:
        return 1.0 / (self.pixels**2 * self.steps)


# Two steps in a voxel leave no rings on smooth surfaces. One does for a MIP, and until a finer level is there.
STILL, FOR_NOW = Rung(1.0, 0.5), Rung(1.0, 1.0)
LOOP = Rung(2.0, 1.0)
RUNGS = (FOR_NOW, Rung(1.5, 1.0), Rung(2.0, 1.5), Rung(3.0, 2.0), Rung(4.0, 2.0), Rung(6.0, 3.0), Rung(8.0, 4.0))
PROCESSOR_START, CARD_START = 3, 0


class Pace:
    """Chooses the rung for moving pictures of one series. Used by one thread at a time."""

    def __init__(self, start: int = PROCESSOR_START, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._place = start
        self._seconds: deque[float] = deque(maxlen=STEADY_FRAMES)
        self._failed: dict[int, tuple[float, float]] = {}
        self._last = float("-inf")

    @property
    def rung(self) -> Rung:
        return RUNGS[self._place]

    def took(self, seconds: float) -> None:
        """A picture at `rung` took so long."""
        now = self._clock()
        if now - self._last > REST_SECONDS:
            self._seconds.clear()
        self._last = now
        self._seconds.append(seconds)
        recent = sorted(list(self._seconds)[-JUDGED_FRAMES:])
        typical = recent[len(recent) // 2]
        if len(recent) == JUDGED_FRAMES and typical > BUDGET_SECONDS:
            patience = 2 * self._failed[self._place][1] if self._place in self._failed else PATIENCE_SECONDS
            self._failed[self._place] = (now, min(patience, MOST_PATIENCE_SECONDS))
            self._move(self._coarser_for(typical))
        elif len(self._seconds) == STEADY_FRAMES and self._may_be_finer(max(self._seconds)):
            self._move(self._place - 1)

    def _coarser_for(self, seconds: float) -> int:
        """The next rung that should keep the budget, at once and not step by step."""
        for place in range(self._place + 1, len(RUNGS)):
            if seconds * RUNGS[place].cost / self.rung.cost <= BUDGET_SECONDS:
                return place
        return len(RUNGS) - 1

    def _may_be_finer(self, seconds: float) -> bool:
        finer = self._place - 1
        when, patience = self._failed.get(finer, (float("-inf"), 0.0))
        if finer < 0 or self._clock() - when < patience:
            return False
        return seconds * RUNGS[finer].cost / self.rung.cost < ROOM * BUDGET_SECONDS

    def _move(self, place: int) -> None:
        self._place = place
        self._seconds.clear()
