"""Draws volumes from outside: which level of a volume, how coarse, on which thread.

While the hand moves a level of means is drawn as coarsely as its own frames demand (`volume_pace`); when it rests, the
volume itself. What that takes (means, VTK's light for each voxel) is prepared on the thread that draws still
pictures, so that moving never waits for it. Without a graphics card the rays are cast by the processor: on
llvmpipe VTK's GPU mapper takes 15 times as long for the same picture. vtkSmartVolumeMapper does not know that
and is not used.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from rendering import volume_gl
from rendering.reslice import VolumeSource
from rendering.viewport_solid import Camera
from rendering.volume_body import Body, Look
from rendering.volume_gl import Graphics
from rendering.volume_hidden import Hidden, without
from rendering.volume_pace import CARD_START, FOR_NOW, LOOP, PROCESSOR_START, STILL, Pace
from rendering.volume_presets import VolumePreset
from rendering.volume_reduce import NAMES, Level, Plan, means, picked, plan
from rendering.volume_stage import Cancelled, GivenUp, Lane, Size, never
from workstation.domain.viewing import SolidLook, Window
from workstation.errors import Refused

__all__ = ["Drawn", "GivenUp", "Look", "Manner", "SolidRenderer", "look"]

# Series whose levels are kept: a current and a prior side by side.
KEPT_SERIES = 2


class Manner(Enum):
    """What a picture is for: MOVING keeps a pace, LOOP is one of many, STILL is as fine as there is."""

    MOVING = "moving"
    LOOP = "loop"
    STILL = "still"


@dataclass(frozen=True, slots=True)
class Drawn:
    """RGB (height, width, 3); what is to be said of it; whether a finer one is being prepared."""

    pixels: NDArray[np.uint8]
    words: tuple[str, ...] = ()
    refining: bool = False


def look(preset: VolumePreset, window: Window, source: VolumeSource, factor: float, solid: SolidLook) -> Look:
    """`window` is in the unit shown: voxel * slope + intercept, times `factor`."""
    gain = source.slope * factor
    low = (window.center - window.width / 2 - source.intercept * factor) / gain
    return Look(preset, low, window.width / gain, solid.opacity, solid.crop)


class _Levels:
    """The bodies of one volume on one kind of graphics. `moving` and `whole` come later, on the still lane."""

    def __init__(self, source: VolumeSource, graphics: Graphics) -> None:
        self.source, self.graphics = source, graphics
        self.plan: Plan = plan(source.geometry, source.voxels.itemsize, graphics)
        self.first = Body(picked(source.voxels, source.geometry, self.plan.first), source.geometry, graphics)
        self.first.is_lit = True
        self.moving: Body | None = self.first if self.plan.first == (1, 1, 1) else None
        self.whole: Body | None = self.moving
        self.hidden: tuple[Hidden, bool, Body] | None = None
        self.closed = False
        self._lock = threading.Lock()
        self._preparing: set[str] = set()
        self._failed: set[str] = set()

    @property
    def bodies(self) -> list[Body]:
        found = [self.first, self.moving, self.whole, self.hidden[2] if self.hidden else None]
        return list({id(body): body for body in found if body is not None}.values())

    def pick(self, appearance: Look, camera: Camera, moving: bool) -> tuple[Body, bool]:
        """The finest body that can be drawn at once, and whether a finer one is on its way."""
        shade = appearance.preset.shade
        moves = self.moving if self.moving is not None and (self.moving.is_lit or not shade) else None
        whole = self.whole if self.whole is not None and (self.whole.is_lit or not shade) else None
        wanted = "moving" if moves is None else "whole" if whole is None and self.plan.draws_whole else ""
        if wanted in self._failed:
            wanted = ""
        if wanted:
            self._prepare(wanted, appearance, camera)
        if moving:
            return moves or self.first, bool(wanted)
        return whole or moves or self.first, bool(wanted)

    def lane_of(self, body: Body) -> Lane:
        """Still pictures of the whole volume have a thread of their own; a card has one for all."""
        still = body is self.whole and body is not self.moving and self.graphics.is_software
        return _STILL if still else _MOVING

    @property
    def lack(self) -> str:
        """What to say where a finer level could not be had after all; an English source string."""
        coarsest = self.plan.first if "moving" in self._failed else self.plan.moving
        return f"3D shown at {NAMES[max(coarsest)]} resolution: memory lacks for more" if self._failed else ""

    @property
    def is_preparing(self) -> bool:
        return bool(self._preparing)

    def _prepare(self, name: str, appearance: Look, camera: Camera) -> None:
        with self._lock:
            if name in self._preparing or self.closed:
                return
            self._preparing.add(name)
        _STILL.run(lambda: self._prepared(name, appearance, camera))

    def _prepared(self, name: str, appearance: Look, camera: Camera) -> None:
        """On the still lane: make a body, have VTK light it where the look is lit, and put it in its place."""
        try:
            before: Body | None = getattr(self, name)
            body = Body(before.level if before is not None else self._level(name), self.source.geometry, self.graphics)
            if appearance.preset.shade and not body.is_lit:
                _STILL.light(self.graphics, body, appearance, camera, lambda: self.closed)
                body.is_lit = True
            setattr(self, name, body)
            if name == "moving" and self.plan.moving == (1, 1, 1):
                self.whole = body
            if before is not None:
                _MOVING.remove(self.graphics, before)
        except (GivenUp, InterruptedError, Refused, MemoryError):
            self._failed.add(name)  # what is coarser stays, and says so
        finally:
            with self._lock:
                self._preparing.discard(name)

    def _level(self, name: str) -> Level:
        source = self.source
        by = self.plan.moving if name == "moving" else (1, 1, 1)
        return means(source.voxels, source.geometry, by, lambda: self.closed)


class SolidRenderer:
    """One series' 3D pictures. May be called from any thread; what it holds goes when it goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._levels: _Levels | None = None
        self._pace: Pace | None = None
        self._hold = _Hold()
        weakref.finalize(self, _let_go, self._hold).atexit = False

    def draw(
        self,
        source: VolumeSource,
        appearance: Look,
        camera: Camera,
        size: Size,
        manner: Manner,
        hidden: Hidden | None = None,
        cancelled: Cancelled = never,
    ) -> Drawn:
        """Raises GivenUp once `cancelled`, and Refused, in words, when this cannot be drawn here."""
        levels = self._levels_of(source)
        moving = manner is not Manner.STILL
        body, refining = (self._without(levels, appearance, hidden), False) if hidden else levels.pick(appearance, camera, moving)
        pace = self._pace_of(levels.graphics)
        still = FOR_NOW if refining or appearance.preset.is_projection else STILL
        rung = {Manner.MOVING: pace.rung, Manner.LOOP: LOOP, Manner.STILL: still}[manner]
        started = time.perf_counter()
        pixels = levels.lane_of(body).draw(levels.graphics, body, appearance, camera, size, rung, cancelled)
        if manner is Manner.MOVING and not levels.is_preparing:  # what is prepared beside it says nothing of this computer
            pace.took(time.perf_counter() - started)
        picture = np.ascontiguousarray(pixels[:, ::-1] if camera.mirrored else pixels)
        return Drawn(picture, self._words(levels, hidden), refining and not moving)

    def rest(self) -> None:
        """Give back everything that the next picture makes again."""
        with self._lock:
            self._levels = None
            _let_go(self._hold)

    @property
    def bytes(self) -> int:
        """What 3D holds besides the series' own voxels: copies, and VTK's light."""
        levels = self._levels
        return sum(body.bytes for body in levels.bodies) if levels else 0

    def moving_level(self, source: VolumeSource) -> Level:
        """The grid that what is hidden is computed on. May take a second. Raises Refused."""
        levels = self._levels_of(source)
        ready = levels.moving
        return ready.level if ready is not None else means(source.voxels, source.geometry, levels.plan.moving)

    @property
    def has_settled(self) -> bool:
        """Whether nothing finer is being prepared any more."""
        levels = self._levels
        return levels is not None and not levels.is_preparing

    def _words(self, levels: _Levels, hidden: Hidden | None) -> tuple[str, ...]:
        reduced = levels.plan.words or levels.lack
        said = [word for word in (hidden.words if hidden else ()) if not reduced.startswith(word)]
        return tuple(word for word in (levels.graphics.notice, reduced, *said) if word)

    def _levels_of(self, source: VolumeSource) -> _Levels:
        graphics = volume_gl.graphics()
        with self._lock:
            levels = self._levels
            if levels is None or levels.source.voxels is not source.voxels or levels.graphics != graphics or levels.closed:
                _let_go(self._hold)
                levels = self._levels = self._hold.levels = _Levels(source, graphics)
        _keep(self._hold)
        return levels

    def _pace_of(self, graphics: Graphics) -> Pace:
        if self._pace is None:
            self._pace = Pace(PROCESSOR_START if graphics.is_software else CARD_START)
        return self._pace

    def _without(self, levels: _Levels, appearance: Look, hidden: Hidden) -> Body:
        """The moving level without what is hidden, made once for each choice and kind of look."""
        high = appearance.preset.hidden_is_high
        with self._lock:
            kept = levels.hidden
            if kept is None or kept[0] is not hidden or kept[1] is not high:
                if kept is not None:
                    _MOVING.remove(levels.graphics, kept[2])
                made = Body(without(self._level_for(levels, hidden), hidden, high), levels.source.geometry, levels.graphics)
                kept = levels.hidden = (hidden, high, made)
        return kept[2]

    @staticmethod
    def _level_for(levels: _Levels, hidden: Hidden) -> Level:
        ready = levels.moving
        if ready is not None and ready.level.by == hidden.by:
            return ready.level
        return means(levels.source.voxels, levels.source.geometry, hidden.by)


class _Hold:
    """The levels of one renderer, apart from it: they are let go when it is gone."""

    levels: _Levels | None = None


_kept: OrderedDict[int, weakref.ref[_Hold]] = OrderedDict()
_kept_lock = threading.Lock()


def _keep(hold: _Hold) -> None:
    """This series was drawn last; of the others only so many keep their levels."""
    with _kept_lock:
        _kept[id(hold)] = weakref.ref(hold)
        _kept.move_to_end(id(hold))
        while len(_kept) > KEPT_SERIES:
            _, oldest = _kept.popitem(last=False)
            gone = oldest()
            if gone is not None:
                _let_go(gone)


def _let_go(hold: _Hold) -> None:
    """Let the bodies of a series go, each on its thread. Called by the garbage collector, too."""
    levels, hold.levels = hold.levels, None
    if levels is None:
        return
    levels.closed = True
    for body in levels.bodies:
        levels.lane_of(body).remove(levels.graphics, body)


_MOVING, _STILL = Lane("moving"), Lane("still")
