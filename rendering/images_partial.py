"""A volume that is still loading: every 8th or 4th slice of it, copied, to be cut through until the rest has come."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.images_order import COARSEST
from rendering.reslice import VolumeSource
from workstation.domain.geometry import VolumeGeometry, add, scale

# A finer copy would take as much memory again as half the volume, for the last moments of the load.
FINEST = 4

MakeSource = Callable[[NDArray[Any], VolumeGeometry, bool], VolumeSource]


class PartialVolume:
    """Keeps the latest copy. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copy: VolumeSource | None = None

    def source(
        self,
        voxels: NDArray[Any],
        geometry: VolumeGeometry,
        has_every: Callable[[int], bool],
        make: MakeSource,
        every: Callable[[int], NDArray[Any] | None],
    ) -> VolumeSource | None:
        """The finest that there is; None when not even every 8th slice has come.

        `every` gives these slices where they lie side by side already, or None.
        """
        stride = COARSEST
        if not has_every(stride):
            return None
        while stride > FINEST and has_every(stride // 2):
            stride //= 2
        with self._lock:
            copy = self._copy
            if copy is None or copy.geometry.shape[0] < len(range(0, geometry.shape[0], stride)):
                self._copy = None
                slices = every(stride)
                slices = np.ascontiguousarray(voxels[::stride]) if slices is None else slices
                copy = self._copy = make(slices, _every(geometry, stride), True)
            return copy

    def clear(self) -> None:
        self._copy = None


def _every(geometry: VolumeGeometry, stride: int) -> VolumeGeometry:
    """The grid of every `stride`-th slice."""
    slices, rows, columns = geometry.shape
    columns_of = (geometry.axis(0), geometry.axis(1), scale(geometry.axis(2), stride), add(geometry.origin, (0.0, 0.0, 0.0)))
    first, second, third = zip(*columns_of, strict=True)
    return VolumeGeometry((len(range(0, slices, stride)), rows, columns), (first, second, third))
