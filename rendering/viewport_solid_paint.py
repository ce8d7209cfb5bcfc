"""Draws the 3D view of one `SeriesImages`: which look, which window, which voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rendering.images import NotYet, SeriesImages
from rendering.viewport_dimensions import dimension_index, dimension_of
from rendering.viewport_solid import SolidView
from rendering.viewport_values import ValueScale
from rendering.volume_presets import VolumePreset, after, choose
from rendering.volume_render import SolidRenderer, look
from workstation.domain.viewing import ViewportState, Window


class SolidPainter:
    """Holds no state but the scene, which `SolidRenderer` keeps."""

    def __init__(self, images: SeriesImages, scale: ValueScale) -> None:
        self._images = images
        self._scale = scale
        self._renderer = SolidRenderer()

    def pixels(self, view: SolidView, state: ViewportState, width: int, height: int, fast: bool) -> NDArray[np.uint8]:
        """RGB. Raises Refused, and NotYet until the whole volume is there."""
        source = self._images.volume(dimension_index(self._images, state))
        if source.partial:
            raise NotYet("3D waits for the whole series")
        preset, window = self._choice(state)
        appearance = look(preset, window, source, self._scale.factor)
        return self._renderer.pixels(source, appearance, view.camera(width, height), width, height, fast)

    def window(self, state: ViewportState) -> Window:
        """The window really used; its explanation is the name of the look. Raises NotYet."""
        return self._choice(state)[1]

    def next_preset(self, state: ViewportState) -> ViewportState:
        """The state with the next look for the modality."""
        preset = after(self._images.series.modality, self._choice(state)[0].name)
        own = preset.window or replace(self._own(state), explanation=preset.name)
        return replace(state, window=own)

    def _choice(self, state: ViewportState) -> tuple[VolumePreset, Window]:
        preset, window = choose(self._images.series.modality, state.window)
        return preset, replace(window or self._own(state), explanation=preset.name)

    def _own(self, state: ViewportState) -> Window:
        return self._scale.window(dimension_of(self._images, state).start, None)
