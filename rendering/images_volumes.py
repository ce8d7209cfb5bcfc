"""The volumes that one series' frames make, seen where the frames lie: no dimension is a copy of its own.

Only where the values of a dimension are no one line of what is stored (PET whose slices differ in slope,
tables) all frames are kept as float32 beside it.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.frame_memory import zeros
from rendering.images_memory import WholeMemory
from rendering.images_partial import PartialVolume
from rendering.pixels import modality_values
from rendering.reslice import VolumeSource
from rendering.series_frames import SeriesFrames
from workstation.domain.dimension import Dimension
from workstation.domain.geometry import VolumeGeometry
from workstation.errors import Refused

# What is known of a frame's pixels: one byte each, asked for very often.
WAITING, LOADED, REFUSED = range(3)


class Volumes:
    """Thread-safe."""

    def __init__(self, frames: SeriesFrames, has_one_line: bool) -> None:
        self._frames = frames
        self._one_line = has_one_line
        self._lock = threading.Lock()
        self._partial: dict[int, PartialVolume] = {}
        self._whole: dict[int, tuple[NDArray[Any], VolumeSource]] = {}
        self._floats: NDArray[np.float32] | None = None

    @property
    def bytes(self) -> int:
        return 0 if self._floats is None else self._floats.nbytes

    def begin(self) -> None:
        """Takes the memory that is needed beside the frames' own. Raises Refused when there is none."""
        verdict = self._frames.verdict
        if verdict.geometry is not None and not self._one_line and self._floats is None:
            count = max(one.end for one in verdict.dimensions if not one.is_aside)
            self._floats = zeros((count, *verdict.geometry.shape[1:]), "f4")

    def take(self, position: int, frame: NDArray[Any]) -> None:
        """A frame is whole and proved."""
        floats, frames = self._floats, self._frames
        if floats is not None and frames.dimension_at(position).geometry is not None:
            floats[position] = modality_values(frame, frames.header(position), frames.frame(position)).values

    def dimension(self, index: int) -> Dimension:
        """Raises Refused when there is no such dimension or it is no volume, saying why."""
        verdict = self._frames.verdict
        if verdict.geometry is None:
            raise Refused("This series cannot be cut through", " ".join(verdict.reasons))
        if not 0 <= index < len(verdict.dimensions):
            raise Refused("This volume of the series is not here", "It may not have arrived yet")
        found = verdict.dimensions[index]
        if found.geometry is None:
            raise Refused("These images cannot be cut through", found.reason, "The other volumes of the series can be")
        return found

    def source(self, index: int, memory: WholeMemory, states: bytearray) -> VolumeSource | None:
        """The whole volume, or while it loads every 8th or 4th slice of it; None before that. Raises as `dimension`."""
        one = self.dimension(index)
        assert one.geometry is not None, "`dimension` refuses it"
        voxels = self._voxels(one, memory)
        own = states[one.start : one.end]
        if own.count(LOADED) == one.count:
            memory.move()
            self._partial.pop(index, None)
            return self._kept(index, voxels, one, one.geometry)

        def has_every(stride: int) -> bool:
            some = own[::stride]
            return some.count(LOADED) == len(some)

        def make(slices: NDArray[Any], geometry: VolumeGeometry, partial: bool) -> VolumeSource:
            return self._made(slices, geometry, partial, one.start)

        with self._lock:
            partial = self._partial.setdefault(index, PartialVolume())
        return partial.source(voxels, one.geometry, has_every, make, memory.every)

    def clear(self) -> None:
        with self._lock:
            self._partial.clear()
            self._whole.clear()
            self._floats = None

    def _voxels(self, one: Dimension, memory: WholeMemory) -> NDArray[Any]:
        floats = self._floats  # once: whoever closes the series clears it
        if floats is not None:
            block: NDArray[Any] = floats
            first = one.start
        else:
            slot = self._frames.layout.slots[one.start]
            block, first = memory.blocks[slot.block], slot.index
        return block if one.count == len(block) else block[first : first + one.count]

    def _kept(self, index: int, voxels: NDArray[Any], one: Dimension, geometry: VolumeGeometry) -> VolumeSource:
        """The same array each time: what was made of it (a 3D scene) is found again by it."""
        with self._lock:
            found = self._whole.get(index)
            base = voxels if voxels.base is None else voxels.base
            if found is None or found[0] is not base:
                found = self._whole[index] = (base, self._made(voxels, geometry, False, one.start))
            return found[1]

    def _made(self, voxels: NDArray[Any], geometry: VolumeGeometry, partial: bool, start: int) -> VolumeSource:
        transform = self._frames.facts(start).transform
        if self._floats is not None:
            return VolumeSource(voxels, geometry, 1.0, 0.0, partial)
        return VolumeSource(voxels, geometry, transform.slope, transform.intercept, partial)
