"""Volumes at the same places (phases, b-values, times): which one a viewport shows, and playing through them.

Linked viewports step together when they show the same series, or another one with the same kind of
dimension: to the volume of the same name, else, where there are as many, to that of the same number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from workstation.domain.dimension import Dimension
from workstation.domain.frame_timing import FrameTiming
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused
from workstation.session.cine import Cine, CineFacts
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.ports import SeriesViewer
    from workstation.session.viewing import Viewing

# Volumes that say no time of their own are looked at one after the other this fast.
USUAL_RATE = 5.0
# Phases of a heart are played as fast as it beat, within this.
RATES = (1.0, 60.0)

NONE_HERE = Refused("One volume only", "This series has no phases, b-values or times to step through", "")


class Dimensions:
    """Places are those of `Viewing`. `changed` tells that a viewport shows another of its volumes."""

    def __init__(self, viewing: Viewing, viewer_of: Callable[[str, str], SeriesViewer | None]) -> None:
        self._viewing = viewing
        self._viewer_of = viewer_of
        self.changed: Signal[int] = Signal()
        # It asks for no more of a viewing than `_Played` has.
        self.cine = Cine(cast("Any", _Played(self, viewing)))
        viewing.cine.changed.connect(lambda _: self.cine.stop() if viewing.cine.is_running else None)
        self.cine.changed.connect(lambda _: viewing.cine.stop() if self.cine.is_running else None)

    def of(self, index: int) -> Sequence[Dimension]:
        """The volumes at the same places of the series in viewport `index`; none of an ordinary series."""
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        if viewer is None or state is None:
            return ()
        found = viewer.dimensions()
        return found if len(found) > 1 else ()

    def shown(self, index: int) -> int:
        """Which of them the viewport shows (0-based)."""
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        return viewer.dimension_index(state) if viewer is not None and state is not None and self.of(index) else 0

    def step(self, steps: int, index: int | None = None) -> None:
        """To the next or previous one, stopping at the ends. Raises Refused where there is only one."""
        index = self._viewing.active if index is None else index
        if not self.of(index):
            raise NONE_HERE
        self.go(index, self.shown(index) + steps)

    def go(self, index: int, dimension: int) -> None:
        """Show another volume at the same place; linked viewports go along."""
        found = self.of(index)
        dimension = min(max(dimension, 0), len(found) - 1)
        if found and dimension != self.shown(index):
            self._put(index, dimension)
            for other in self._linked(index):
                target = _counterpart(found, dimension, self.of(other))
                if target is not None:
                    self._put(other, target)

    def filled_in(self, state: ViewportState) -> ViewportState:
        """A stack's frame says which volume it is of, so that a plane made of the state is of the same."""
        viewer = self._viewer_of(state.study_uid, state.series_uid) if state.plane is Plane.STACK else None
        if viewer is None or len(viewer.dimensions()) < 2:
            return state
        return replace(state, dimension=viewer.dimension_index(state))

    def toggle_play(self) -> None:
        """Play through the volumes at the active viewport's place, or stop. Raises Refused where there is only one."""
        if self.cine.is_running:
            self.cine.stop()
            return
        if not self.of(self._viewing.active):
            raise NONE_HERE
        self.cine.start(self._viewing.active)

    @property
    def playing(self) -> Cine:
        """What keys of speed act on: this one's cine while it runs, else that of the images."""
        return self.cine if self.cine.is_running else self._viewing.cine

    def facts(self, index: int) -> CineFacts | None:
        """What to say of what plays in viewport `index`, images or volumes."""
        return self.cine.facts(index) or self._viewing.cine.facts(index)

    def note_painted(self, index: int, position: int) -> None:
        """Called by the view once an image (`position` in its volume) was painted."""
        self._viewing.cine.note_painted(index, position)
        if index == self.cine.index:
            self.cine.note_painted(index, self.shown(index))

    def stop(self) -> None:
        """Another arrangement hangs."""
        self.cine.stop()

    # ---- inside ----------------------------------------------------------------------

    def _put(self, index: int, dimension: int) -> None:
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        if viewer is not None and state is not None:
            self._viewing.put(index, viewer.at_dimension(state, dimension))
            self.changed.emit(index)

    def _linked(self, index: int) -> list[int]:
        if not self._viewing.linking.scrolls:
            return []
        return [other for other, cell in enumerate(self._viewing.cells) if other != index and cell.state is not None]


def _counterpart(ours: Sequence[Dimension], dimension: int, theirs: Sequence[Dimension]) -> int | None:
    """Which of another viewport's volumes goes with ours; None when there is none."""
    if ours is theirs or tuple(ours) == tuple(theirs):
        return dimension
    own = ours[dimension]
    if not theirs or theirs[0].kind != own.kind or own.is_aside:
        return None
    named = [i for i, other in enumerate(theirs) if other.label == own.label]
    if named:
        return named[0]
    return dimension if len(ours) == len(theirs) else None


def in_the_same(viewer: SeriesViewer, fresh: ViewportState, before: ViewportState) -> ViewportState:
    """`fresh` in the volume that `before` showed of the same series; ordinary series are left alone."""
    if len(viewer.dimensions()) < 2:
        return fresh
    return viewer.at_dimension(fresh, viewer.dimension_index(before))


class _Played:
    """What the cine takes for a viewing: its images are the volumes at one place."""

    def __init__(self, dimensions: Dimensions, viewing: Viewing) -> None:
        self._dimensions = dimensions
        self._viewing = viewing

    @property
    def active(self) -> int:
        return self._viewing.active

    def state(self, index: int) -> ViewportState | None:
        return self._viewing.state(index)

    def viewer(self, index: int) -> _Stepped | None:
        viewer = self._viewing.viewer(index)
        return None if viewer is None else _Stepped(viewer, self._dimensions.of(index))

    def scroll(self, steps: int, index: int) -> None:
        self._dimensions.go(index, self._dimensions.shown(index) + steps)


class _Stepped:
    """A viewer whose slices are its volumes; what was set aside (a localizer) is none."""

    def __init__(self, viewer: SeriesViewer, dimensions: Sequence[Dimension]) -> None:
        self._viewer = viewer
        self._played = [one for one in dimensions if not one.is_aside]

    def slice_count(self, _state: ViewportState) -> int:
        return len(self._played)

    def slice_index(self, state: ViewportState) -> int:
        return min(self._viewer.dimension_index(state), len(self._played) - 1)

    def at_index(self, state: ViewportState, index: int) -> ViewportState:
        return self._viewer.at_dimension(state, index)

    def is_ready(self, state: ViewportState) -> bool:
        return self._viewer.is_ready(state)

    def timing(self, _state: ViewportState) -> FrameTiming:
        return timing_of(self._played)


def timing_of(dimensions: Sequence[Dimension]) -> FrameTiming:
    """As fast as the heart beat where the volumes are its phases in ms; else slowly enough to see each."""
    values = [one.value for one in dimensions]
    if len(values) > 1 and all(one.unit == "ms" and one.kind in ("trigger times", "cardiac phases") for one in dimensions):
        steps = [b - a for a, b in pairwise(values) if a is not None and b is not None and b > a]
        if len(steps) == len(values) - 1:
            rate = 1000.0 * len(steps) / sum(steps)
            return FrameTiming(min(max(rate, RATES[0]), RATES[1]), words="trigger times of the file")
    return FrameTiming(USUAL_RATE)
