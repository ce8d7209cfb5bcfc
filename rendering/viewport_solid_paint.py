"""Draws the 3D view of one `SeriesImages`: which look, which window, what is hidden, which loop, and what a pixel means.

Implements `workstation.ports.SolidViewer`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rendering.images import NotYet, SeriesImages
from rendering.reslice import VolumeSource
from rendering.viewport_dimensions import dimension_index, dimension_of
from rendering.viewport_solid import SolidView, box_corners, solid_view
from rendering.viewport_values import ValueScale
from rendering.volume_hidden import Hidden, together
from rendering.volume_pick import pick
from rendering.volume_presets import VolumePreset, choose, named, presets_for
from rendering.volume_render import Drawn, GivenUp, Look, Manner, SolidRenderer, look
from rendering.volume_stage import never, resized
from rendering.volume_turn import Loop, drawn_size
from workstation.domain.geometry import Vec3
from workstation.domain.turning import way_round
from workstation.domain.viewing import WHOLE_BOX, CropBox, ViewportState, Window
from workstation.errors import Refused

CUT_AWAY = "Part of the volume is cut away by the box"
NOT_HIDDEN = "Not hidden: hide it again to compute it"


__all__ = ["GivenUp", "SolidPainter"]


class SolidPainter:
    """Holds the scene (in `SolidRenderer`), what was found to hide, and one loop. May be called from any thread."""

    def __init__(self, images: SeriesImages, scale: ValueScale) -> None:
        self._images = images
        self._scale = scale
        self._renderer = SolidRenderer()
        self._found: dict[str, tuple[VolumeSource, Hidden]] = {}
        self._both: tuple[tuple[int, ...], Hidden] | None = None
        self._loop: Loop | None = None
        self._lock = threading.Lock()

    # ---- pictures ----------------------------------------------------------------------

    def draw(
        self, view: SolidView, state: ViewportState, size: tuple[int, int], fast: bool, cancelled: Callable[[], bool] = never
    ) -> Drawn:
        """RGB. Raises Refused, NotYet until the whole volume is there, and GivenUp once `cancelled`."""
        loop = self._loop
        kept = loop.picture(state, *size) if loop is not None else None
        if loop is not None and kept is not None:
            return Drawn(resized(kept, size), loop.words)
        return self._drawn(view, state, size, Manner.MOVING if fast else Manner.STILL, cancelled)

    def _drawn(
        self, view: SolidView, state: ViewportState, size: tuple[int, int], manner: Manner, cancelled: Callable[[], bool]
    ) -> Drawn:
        source, appearance, hidden = self._source(state), self._appearance(state), self._hidden(state)
        drawn = self._renderer.draw(source, appearance, view.camera(*size), size, manner, hidden, cancelled)
        words = drawn.words if state.solid.crop == WHOLE_BOX else (*drawn.words, CUT_AWAY)
        if hidden is None and state.solid.removed:
            words = (*words, NOT_HIDDEN)
        pixels = drawn.pixels
        if appearance.preset.is_projection and appearance.preset.inverted != state.inverted:
            pixels = 255 - pixels
        return replace(drawn, pixels=pixels, words=words)

    def window(self, state: ViewportState) -> Window:
        """The window really used; its explanation is the name of the look. Raises NotYet."""
        return self._choice(state)[1]

    @property
    def has_settled(self) -> bool:
        """Whether nothing finer is being prepared any more."""
        return self._renderer.has_settled

    @property
    def bytes(self) -> int:
        """What 3D holds of this series besides its voxels."""
        found = sum(hidden.mask.nbytes for _, hidden in self._found.values())
        return self._renderer.bytes + found + (self._loop.bytes if self._loop is not None else 0)

    def rest(self) -> None:
        """Nobody looks at this any more: what can be made again is given back."""
        self._renderer.rest()

    # ---- looks -------------------------------------------------------------------------

    def looks(self) -> tuple[str, ...]:
        """Names of the looks that fit, the first one first."""
        return tuple(one.name for one in presets_for(self._images.series.modality))

    def look_name(self, state: ViewportState) -> str:
        return self._choice(state)[0].name

    def with_look(self, state: ViewportState, name: str) -> ViewportState:
        """The state with this look and the window it brings. Unchanged for a name that does not fit."""
        preset = named(self._images.series.modality, name)
        if preset is None:
            return state
        own = preset.window or replace(self._scale.window(dimension_of(self._images, state).start, None), explanation=preset.name)
        return replace(state, window=own, solid=replace(state.solid, preset=name, opacity=1.0))

    def is_projection(self, state: ViewportState) -> bool:
        return self._choice(state)[0].is_projection

    def needs_hidden(self, state: ViewportState) -> frozenset[str]:
        """What the state's look wants out of the way and what cannot be seen otherwise."""
        return frozenset(self._choice(state)[0].hides)

    def thumbnail(
        self, state: ViewportState, name: str, size: tuple[int, int], cancelled: Callable[[], bool]
    ) -> NDArray[np.uint8] | None:
        """The view by another look, small; None where there is none to be had now."""
        shown = self.with_look(state, name)
        try:
            return self._drawn(self.view(shown, *size), shown, size, Manner.LOOP, cancelled).pixels
        except (Refused, NotYet, GivenUp):
            return None

    # ---- hiding ------------------------------------------------------------------------

    def may_hide(self) -> None:
        """Raises Refused, in words, where bone and table cannot be told."""
        if self._images.series.modality != "CT":
            raise Refused("Bone and table can be hidden in CT only", "Other series have no fixed values for them", "")

    def is_found(self, state: ViewportState, name: str) -> bool:
        """Whether "bone" or "table" was looked for in the volume that is shown. Raises NotYet."""
        found = self._found.get(name)
        return found is not None and found[0].voxels is self._source(state).voxels

    def find(self, state: ViewportState, name: str, progress: Callable[[float], object], cancelled: Callable[[], bool]) -> None:
        """Look for "bone" or "table". For a job: takes seconds. Raises Refused, NotYet or InterruptedError."""
        from rendering.volume_removal import find

        source = self._source(state)
        level = self._renderer.moving_level(source)
        self._found[name] = (source, find(name, source, level, progress, cancelled))

    def _hidden(self, state: ViewportState) -> Hidden | None:
        """One object for one choice, so that the renderer knows it again."""
        names = state.solid.removed
        if not names:
            return None
        voxels = self._images.volume(dimension_index(self._images, state)).voxels
        found = {name: hidden for name, (source, hidden) in self._found.items() if source.voxels is voxels}
        if len(names) == 1 or not names <= found.keys():
            return together(found, names)
        key = tuple(id(found[name]) for name in sorted(names))
        with self._lock:
            if self._both is None or self._both[0] != key:
                both = together(found, names)
                self._both = (key, both) if both is not None else None
            return self._both[1] if self._both is not None else None

    # ---- the loop ----------------------------------------------------------------------

    def make_loop(
        self,
        state: ViewportState,
        size: tuple[int, int],
        step_degrees: float,
        progress: Callable[[float], object],
        cancelled: Callable[[], bool],
    ) -> int:
        """Draw the view once round; the bytes it takes. For a job. Raises Refused, NotYet or InterruptedError."""
        self._loop = None
        ways = way_round(state.oblique, step_degrees)
        loop = Loop(replace(state, oblique=None), size)
        small = drawn_size(*size, len(ways))
        for place, way in enumerate(ways):
            turned = replace(state, oblique=way)
            try:
                drawn = self._drawn(self.view(turned, *small), turned, small, Manner.LOOP, cancelled)
            except GivenUp:
                raise InterruptedError from None
            loop = replace(loop, words=drawn.words)
            loop.pictures[way] = drawn.pixels
            progress((place + 1) / len(ways))
        self._loop = loop
        return loop.bytes

    def drop_loop(self) -> None:
        self._loop = None

    # ---- places ------------------------------------------------------------------------

    def view(self, state: ViewportState, width: int, height: int) -> SolidView:
        """Raises Refused where there is no volume."""
        geometry = self._images.verdict.geometry
        if geometry is None:
            raise Refused("This series cannot be shown in 3D", " ".join(self._images.verdict.reasons))
        return solid_view(geometry, self._images.facts(0).spacing_source, state, width, height)

    def pick(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Vec3 | None:
        """The place that a pixel means: the brightest voxel behind it (MIP), the surface seen (other looks). None: nothing."""
        try:
            source, appearance = self._source(state), self._appearance(state)
            hidden = self._hidden(state)
        except NotYet:
            return None
        return pick(self.view(state, width, height), source, appearance, x, y, hidden)

    def project(self, state: ViewportState, width: int, height: int, point: Vec3) -> tuple[float, float]:
        """View pixels at which an LPS point is drawn."""
        return self.view(state, width, height).project(point)

    def corners(self, crop: CropBox) -> tuple[Vec3, ...]:
        """The eight corners of a box of the volume in LPS mm; corner i is at the `to` end of axis k where bit k of i is set."""
        geometry = self._images.verdict.geometry
        return () if geometry is None else box_corners(geometry, crop)

    # ---- inside ------------------------------------------------------------------------

    def _source(self, state: ViewportState) -> VolumeSource:
        source = self._images.volume(dimension_index(self._images, state))
        if source.partial:
            raise NotYet("3D waits for the whole series")
        return source

    def _appearance(self, state: ViewportState) -> Look:
        preset, window = self._choice(state)
        return look(preset, window, self._source(state), self._scale.factor, state.solid)

    def _choice(self, state: ViewportState) -> tuple[VolumePreset, Window]:
        preset, window = choose(self._images.series.modality, state.window, state.solid)
        own = window or self._scale.window(dimension_of(self._images, state).start, None)
        return preset, replace(own, explanation=preset.name)
