"""Slabs of a breast tomosynthesis as it was acquired: several of its planes as one image, by MIP, MinIP or mean.

Such an object is no volume to be cut (its planes are too coarse in depth), but its planes are parallel and evenly
apart: that is checked. A slab is a projection of whole frames around the one that is shown; at the ends what is left of it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.images import SeriesImages
from rendering.latest import Latest
from rendering.viewport_places import BREAST_TOMOSYNTHESIS
from rendering.viewport_views import slab_samples
from workstation.domain.geometry import Vec3, cross, dot, length, sub
from workstation.domain.slab import Slab
from workstation.domain.viewing import Plane, ViewportState

KEPT, STEPS_KEPT = 2, 16
# Planes lie over each other, as far apart from one to the next to this share.
EVEN = 0.02
ON_AXIS = 1e-6
_WAYS = {"MIP": np.maximum, "MIN": np.minimum}


class StackSlabs:
    """Of one `SeriesImages`. Thread-safe."""

    def __init__(self, images: SeriesImages) -> None:
        self._images = images
        self._kept: Latest[NDArray[Any]] = Latest(KEPT)
        self._steps: Latest[Vec3] = Latest(STEPS_KEPT)

    def step_mm(self, position: int) -> float:
        """From one plane to the next; 0 where planes make no slab: other objects, and stored values that cannot be compared."""
        if not self._images.frame_count:
            return 0.0
        header, transform = self._images.header(position), self._images.facts(position).transform
        is_plain = transform.table is None and transform.slope > 0.0 and header.bits_stored == header.high_bit + 1
        # Padding that is brighter than the breast would be all that a MIP shows.
        is_plain = is_plain and header.samples == 1 and (header.padding is None or max(header.padding) <= 0)
        if header.sop_class_uid != BREAST_TOMOSYNTHESIS or not is_plain:
            return 0.0
        step = self._steps.get(header.sop_instance_uid, lambda: _step(self._images, position))
        return length(step)

    def slab(self, state: ViewportState, position: int) -> Slab | None:
        """What a stack view projects; None of a single plane."""
        apart = self.step_mm(position) if state.plane is Plane.STACK and state.slab_mm > 0.0 else 0.0
        if not apart or state.slab_mm <= apart:
            return None
        samples, _ = slab_samples(state.slab_mm, apart, along_voxels=True)
        step = self._steps.get(self._images.header(position).sop_instance_uid, lambda: _step(self._images, position))
        return Slab(state.slab_mode, state.slab_mm, step, samples) if samples > 1 else None

    def container(self, position: int, slab: Slab) -> NDArray[Any]:
        """The projected frame, in stored values. Raises NotYet until all of its planes are there, or Refused."""
        return self._kept.get((position, slab.mode, slab.samples), lambda: self._projected(position, slab))

    def _projected(self, position: int, slab: Slab) -> NDArray[Any]:
        half = slab.samples // 2
        own = self._images.header(position).sop_instance_uid
        around = range(max(0, position - half), min(self._images.frame_count, position + half + 1))
        frames = [self._images.container(one) for one in around if self._images.header(one).sop_instance_uid == own]
        if slab.mode in _WAYS:
            made = frames[0].copy()
            for frame in frames[1:]:
                _WAYS[slab.mode](made, frame, out=made)
            return made
        total = np.zeros(frames[0].shape, np.int64 if frames[0].dtype.itemsize > 2 else np.int32)
        for frame in frames:
            total += frame
        return ((2 * total + len(frames)) // (2 * len(frames))).astype(frames[0].dtype)


def _step(images: SeriesImages, position: int) -> Vec3:
    """From one plane of an object to the next (LPS mm); zero where they are not parallel, over each other and evenly apart."""
    own = images.header(position).sop_instance_uid
    planes = [images.facts(one).plane for one in range(images.frame_count) if images.header(one).sop_instance_uid == own]
    known = [plane for plane in planes if plane is not None]
    if len(known) < 2 or len(known) < len(planes):
        return 0.0, 0.0, 0.0
    steps = [sub(after.position, before.position) for before, after in pairwise(known)]
    usual, normal = steps[len(steps) // 2], known[0].normal
    apart = length(usual)
    even = all(length(sub(step, usual)) <= EVEN * apart for step in steps)
    parallel = all(dot(plane.normal, normal) > 1.0 - ON_AXIS for plane in known)
    over = apart > 0.0 and length(cross(usual, normal)) <= EVEN * apart
    return usual if even and parallel and over else (0.0, 0.0, 0.0)
