"""A 3D view that turns about the patient's length: drawn once round in a job, then shown in a loop.

No timer here; a view calls `tick` as often as it likes. Whatever else changes the view stops it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workstation.domain.turning import Directions, way_round
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused, WorkstationError
from workstation.jobs import BESIDE, Cancel, Job, Jobs
from workstation.ports import SolidViewer
from workstation.session.cine import RATES
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.viewing import Viewing

STEP_DEGREES = 5.0
USUAL_RATE = 12.0


@dataclass(frozen=True, slots=True)
class _Playing:
    index: int
    viewer: SolidViewer
    state: ViewportState
    ways: tuple[Directions, ...]


class Turn:
    """One view at a time. `changed` tells the viewport in which it began, got on, ended or has another speed."""

    def __init__(self, viewing: Viewing, clock: Callable[[], float] = time.monotonic) -> None:
        self._viewing = viewing
        self._clock = clock
        self._jobs: Jobs | None = None
        self._problem: Callable[[Exception], object] = lambda _: None
        self._job: Job | None = None
        self._playing: _Playing | None = None
        self._since = 0.0
        self._from = 0
        self._at = 0
        self.index: int | None = None
        """The viewport that turns, or is being drawn once round."""
        self.rate = USUAL_RATE
        """Pictures per second."""
        self.progress: float | None = None
        self.bytes = 0
        """What the pictures of the loop take."""
        self.size_of: Callable[[int], tuple[int, int]] = lambda _: (512, 512)
        """A viewport's size in pixels; the window sets it."""
        self.changed: Signal[int] = Signal()
        viewing.viewport_changed.connect(self._follow)

    def begin(self, jobs: Jobs, problem: Callable[[Exception], object]) -> None:
        self._jobs, self._problem = jobs, problem

    @property
    def is_running(self) -> bool:
        return self._playing is not None

    @property
    def is_preparing(self) -> bool:
        return self._job is not None

    def toggle(self) -> None:
        """Stop; else draw the active 3D view once round and turn it. Raises Refused where there is none."""
        if self.index is not None:
            self.stop()
            return
        index = self._viewing.active
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        if viewer is None or state is None or state.plane is not Plane.THREE_D:
            raise Refused("Nothing to turn here", "The active viewport is not 3D", "Press Alt+5 for 3D, or C for cine")
        self._prepare(index, viewer.solid, state)

    def _prepare(self, index: int, viewer: SolidViewer, state: ViewportState) -> None:
        if self._jobs is None:
            return
        jobs, size = self._jobs, self.size_of(index)
        playing = _Playing(index, viewer, state, way_round(state.oblique, STEP_DEGREES))

        def told(share: float) -> None:
            jobs.on_main(lambda: self._told(share))

        def work(cancel: Cancel) -> int:
            return viewer.make_loop(state, size, STEP_DEGREES, told, cancel)

        self.index, self.progress = index, 0.0
        self._job = jobs.run(BESIDE, work, lambda taken: self._start(playing, taken), self._failed)
        self.changed.emit(index)

    def _told(self, share: float) -> None:
        if self._job is not None and self.index is not None:
            self.progress = share
            self.changed.emit(self.index)

    def _start(self, playing: _Playing, taken: int) -> None:
        self._job, self.progress, self.bytes = None, None, taken
        if self._viewing.state(playing.index) != playing.state:
            self.stop()
            return
        self._playing = playing
        self._from = self._at = 0
        self._since = self._clock()
        self.changed.emit(playing.index)

    def _failed(self, error: Exception) -> None:
        self._job = None
        self.stop()
        if isinstance(error, WorkstationError):
            self._problem(error)

    def stop(self) -> None:
        index, playing = self.index, self._playing
        if self._job is not None:
            self._job.cancel.set()
        self.index = self._job = self._playing = self.progress = None
        self.bytes = 0
        if playing is not None:
            playing.viewer.drop_loop()
        if index is not None:
            self.changed.emit(index)

    def change_rate(self, steps: int) -> None:
        """To the next or previous of the cine's speeds."""
        faster = [r for r in RATES if r > self.rate]
        slower = [r for r in RATES if r < self.rate]
        wanted = faster[:1] if steps > 0 else slower[-1:]
        if wanted and self.index is not None:
            self.rate = float(wanted[0])
            self._from, self._since = self._at, self._clock()
            self.changed.emit(self.index)

    def tick(self) -> None:
        """Show what is due by the clock; pictures are left out rather than shown late."""
        playing = self._playing
        if playing is None:
            return
        due = (self._from + math.floor((self._clock() - self._since) * self.rate + 1e-6)) % len(playing.ways)
        if due != self._at:
            self._at = due
            self._viewing.put(playing.index, self._due(playing))

    def _follow(self, index: int) -> None:
        """Touched by a hand or another command: the view stays as it is, and the loop ends."""
        if index != self.index:
            return
        playing = self._playing
        if playing is None or self._viewing.state(index) not in (playing.state, self._due(playing)):
            self.stop()

    def _due(self, playing: _Playing) -> ViewportState:
        return replace(playing.state, oblique=playing.ways[self._at])
