"""Displacement fields of the open case, by name: what is added to a rigidly moved point. Read from any thread.

A field is a function of the point in the fixed series, in LPS mm: moving point = matrix(point) +
field(point). `Fusion.warp` and `Alignment.warp` name them; `INVERSE_WARP` before a name is the way back.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.domain.alignment import INVERSE_WARP

Points = NDArray[np.float64]

# The way back is looked for in so many steps; each is a small share of what the one before left.
STEPS_BACK = 8


@dataclass(frozen=True)
class Displacement:
    """`field` (z, y, x, 3) in mm on cubes of `pitch` mm from `origin` (LPS); none outside, linear between."""

    field: NDArray[np.float32]
    origin: NDArray[np.float64]
    pitch: float

    def at(self, points: Points) -> Points:
        """What is added for points (..., 3)."""
        flat = np.asarray(points, float).reshape(-1, 3)
        place = (flat - self.origin) / self.pitch
        size = np.array(self.field.shape[2::-1])
        inside = ((place >= 0) & (place <= size - 1)).all(axis=1)
        found = np.zeros_like(flat)
        found[inside] = self._between(place[inside], size)
        return found.reshape(np.shape(points))

    def _between(self, place: Points, size: NDArray[np.intp]) -> Points:
        low = np.clip(np.floor(place).astype(np.intp), 0, np.maximum(size - 2, 0))
        share = place - low
        total = np.zeros_like(place)
        for corner in np.ndindex(2, 2, 2):
            at = np.minimum(low + np.array(corner), size - 1)
            weight = np.prod(np.where(np.array(corner) == 1, share, 1 - share), axis=1)
            total += weight[:, None] * self.field[at[:, 2], at[:, 1], at[:, 0]]
        return total


@dataclass(frozen=True)
class DisplacementBack:
    """The way back of a field and its matrix: fixed point = inverse matrix(point) + at(point)."""

    forward: Displacement
    matrix: NDArray[np.float64]

    def at(self, points: Points) -> Points:
        flat = np.asarray(points, float).reshape(-1, 3)
        back = np.linalg.inv(self.matrix[:, :3])
        straight = (flat - self.matrix[:, 3]) @ back.T
        found = straight.copy()
        for _ in range(STEPS_BACK):
            found = straight - self.forward.at(found) @ back.T
        return (found - straight).reshape(np.shape(points))


class Displacements:
    """Those of the open case."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Displacement, DisplacementBack]] = {}

    def keep(self, name: str, field: Displacement, matrix: tuple[float, ...]) -> None:
        with self._lock:
            self._kept[name] = field, DisplacementBack(field, np.array(matrix, float).reshape(3, 4))

    def find(self, name: str) -> Displacement | DisplacementBack | None:
        """None where there is none of that name (any more)."""
        with self._lock:
            both = self._kept.get(name.removeprefix(INVERSE_WARP))
        return None if both is None else both[name.startswith(INVERSE_WARP)]

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()


displacements = Displacements()
"""Of this process: painters look fields up here by the name that a `Fusion` carries."""
