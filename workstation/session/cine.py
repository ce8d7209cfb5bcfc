"""Cine: which image is due when. No timer here; a view calls `tick` as often as it likes.

Each image stands as long as its file says, where it says so. Images are dropped rather than shown late: what is due
follows from the clock alone; how many were dropped is said. An image that is not there yet is waited for, and that
is said too; it is never counted as shown.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workstation.domain.frame_timing import FrameTiming
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.domain.viewing import ViewportState
    from workstation.ports import SeriesViewer
    from workstation.session.viewing import Viewing

RATES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 20, 24, 25, 30, 40, 50, 60)
"""Images per second that a key steps through."""
USUAL_RATE = 15.0
# What is reached is judged over this long.
REACHED_SECONDS = 2.0
# Fewer images than this say nothing about a speed.
LEAST_PAINTED = 4
# After so many images at once (a machine that slept) the clock begins anew.
MOST_DUE = 1000
# A clock that ticks a rounding error early still brings the image.
EARLY = 1e-6


@dataclass(frozen=True, slots=True)
class CineFacts:
    """What is to be said on screen. Rates are images per second; `reached` is None while it is not known.

    `dropped` counts images of the last REACHED_SECONDS that were due and never painted. `varies`: every image has a time
    of its own, and `rate` is what they make on the whole. `words` says what the times are from (English source string).
    """

    rate: float
    reached: float | None
    sweeps: bool
    waits: bool
    dropped: int = 0
    varies: bool = False
    words: str = ""


class Cine:
    """Plays one viewport (and what is linked to it). `changed` tells that it began, ended or has another speed."""

    def __init__(self, viewing: Viewing, clock: Callable[[], float] = time.monotonic) -> None:
        self._viewing = viewing
        self._clock = clock
        self.changed: Signal[None] = Signal()
        self.index: int | None = None
        """The viewport that plays; None when none does."""
        self.rate = USUAL_RATE
        self.sweeps = False
        self._sweep_chosen: bool | None = None
        self._timing = FrameTiming()
        self._series = ""
        self._forwards = True
        self._at = 0
        self._since = 0.0
        self._waits = False
        self._painted: deque[tuple[float, int]] = deque()
        self._reached: float | None = None
        self._unpainted = False
        self._dropped: deque[tuple[float, int]] = deque()

    @property
    def is_running(self) -> bool:
        return self.index is not None

    def facts(self, index: int) -> CineFacts | None:
        """What to say in viewport `index`; None where nothing plays."""
        if index != self.index:
            return None
        timing = self._timing
        words = timing.words if timing.rate is not None and math.isclose(self.rate, timing.rate) else ""
        dropped = sum(count for _, count in self._dropped)
        return CineFacts(self.rate, self._reached, self.sweeps, self._waits, dropped, bool(timing.seconds), words)

    @property
    def shortest(self) -> float:
        """Seconds that the image that stands shortest stands."""
        return min(self._timing.seconds, default=1.0 / self._own_rate) * self._own_rate / self.rate

    # ---- starting and stopping -------------------------------------------------------

    def toggle(self) -> None:
        """Stop what plays; else play the active viewport at the speed its file asks for, or 15 a second."""
        if self.is_running:
            self.stop()
        else:
            self.start(self._viewing.active)

    def start(self, index: int) -> None:
        """Raises Refused where there is nothing to play."""
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        if viewer is None or state is None or state.plane is Plane.THREE_D or viewer.slice_count(state) < 2:
            raise Refused("Nothing to play here", "Cine needs a series or a plane of several images", "")
        self.index, self._series = index, state.series_uid
        self._timing = viewer.timing(state)
        self.rate = self._own_rate
        self.sweeps = self._timing.sweeps if self._sweep_chosen is None else self._sweep_chosen
        self._forwards = True
        self._begin(viewer.slice_index(state))
        self.changed.emit(None)

    def stop(self) -> None:
        if self.index is not None:
            self.index = None
            self._waits = False
            self.changed.emit(None)

    def toggle_sweep(self) -> None:
        """Back and forth instead of round and round. Until somebody chose, it is as the file asks."""
        self.sweeps = self._sweep_chosen = not self.sweeps
        self._forwards = True
        self.changed.emit(None)

    def change_rate(self, steps: int) -> None:
        """To the next or previous of `RATES`."""
        faster = [r for r in RATES if r > self.rate + EARLY]
        slower = [r for r in RATES if r < self.rate - EARLY]
        wanted = faster[:1] if steps > 0 else slower[-1:]
        if wanted:
            self.rate = float(wanted[0])
            self._begin(self._at)
            self.changed.emit(None)

    # ---- playing ---------------------------------------------------------------------

    def tick(self) -> None:
        """Bring what is due by the clock. Stops when another series hangs there."""
        index = self.index
        if index is None:
            return
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        if viewer is None or state is None or state.series_uid != self._series or viewer.slice_count(state) < 2:
            self.stop()
            return
        here, count, now = viewer.slice_index(state), viewer.slice_count(state), self._clock()
        if here != self._at:  # the reader scrolled: go on from there
            self._begin(here)
            return
        # The very next one is waited for: what would be due by now is not jumped to.
        due, spent = (1, 0.0) if self._waits else self._due(viewer, state, now - self._since)
        if due < 1:
            return
        target, forwards = advanced(here, due, count, self.sweeps, self._forwards)
        if target == here:
            self._since += spent
            return
        if not viewer.is_ready(viewer.at_index(state, target)):
            self._wait(True)
            return
        self._forwards = forwards
        self._since = now if self._waits else self._since + spent
        self._drop(due - 1 + self._unpainted, now)
        self._unpainted = True
        self._wait(False)
        self._viewing.scroll(target - here, index)
        moved = self._viewing.state(index)
        self._at = viewer.slice_index(moved) if moved is not None else here

    def note_painted(self, index: int, position: int) -> None:
        """Called by the view once an image was painted: what is reached is counted from these alone."""
        if index != self.index or (self._painted and self._painted[-1][1] == position):
            return
        if position == self._at:
            self._unpainted = False
        now = self._clock()
        self._painted.append((now, position))
        while now - self._painted[0][0] > REACHED_SECONDS:
            self._painted.popleft()
        first = self._painted[0][0]
        if len(self._painted) >= LEAST_PAINTED and now > first:
            self._reached = (len(self._painted) - 1) / (now - first)

    # ---- inside ----------------------------------------------------------------------

    @property
    def _own_rate(self) -> float:
        return self._timing.rate or USUAL_RATE

    def _due(self, viewer: SeriesViewer, state: ViewportState, elapsed: float) -> tuple[int, float]:
        """How many images are due after so many seconds, and how many seconds of them are over."""
        seconds, speed = self._timing.seconds, self.rate / self._own_rate
        if not seconds:
            due = math.floor(elapsed * self.rate + EARLY)
            return due, due / self.rate
        here, count, forwards = self._at, viewer.slice_count(state), self._forwards
        due, spent = 0, 0.0
        while due < MOST_DUE:
            position = viewer.at_index(state, here).position
            stands = (seconds[position] if position < len(seconds) else 1.0 / self._own_rate) / speed
            if spent + stands > elapsed + EARLY:
                break
            due, spent = due + 1, spent + stands
            here, forwards = advanced(here, 1, count, self.sweeps, forwards)
        return due, elapsed if due == MOST_DUE else spent

    def _drop(self, count: int, now: float) -> None:
        if count:
            self._dropped.append((now, count))
        while self._dropped and now - self._dropped[0][0] > REACHED_SECONDS:
            self._dropped.popleft()

    def _begin(self, at: int) -> None:
        self._at, self._since = at, self._clock()
        self._painted.clear()
        self._dropped.clear()
        self._reached, self._unpainted = None, False

    def _wait(self, waits: bool) -> None:
        if waits != self._waits:
            self._waits = waits
            self._painted.clear()
            self._reached = None
            self.changed.emit(None)


def advanced(here: int, due: int, count: int, sweeps: bool, forwards: bool) -> tuple[int, bool]:
    """The image `due` steps on among `count`, and which way it goes from there."""
    if not sweeps:
        return (here + due) % count, True
    period = 2 * (count - 1)
    phase = ((here if forwards else period - here) + due) % period
    return (phase if phase < count else period - phase), phase < count - 1
