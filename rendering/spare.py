"""Memory of pictures that nobody looks at any more, used again.

Fresh memory is given by the system a page at a time, which takes longer than to write a picture of 512 x 512 into it.
"""

from __future__ import annotations

import sys
import threading

import numpy as np
from numpy.typing import NDArray

# Kept by one viewport's series: three planes, each with the picture shown and the one in the making, and two to spare.
MOST, MOST_BYTES = 8, 32 << 20
# Who refers to an array that nobody else uses: our list, the loop's name, and the call that counts.
ONLY_OURS = 3


class SparePictures:
    """uint8 arrays, used again once nothing refers to them: no picture, no view into one, no image on screen. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[NDArray[np.uint8]] = []

    def take(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """An array of this shape with anything in it."""
        with self._lock:
            for array in self._kept:
                if array.shape == shape and sys.getrefcount(array) == ONLY_OURS:
                    return array
            fresh = np.empty(shape, np.uint8)
            self._kept.append(fresh)
            while len(self._kept) > MOST or sum(array.nbytes for array in self._kept) > MOST_BYTES:
                self._kept.pop(0)
            return fresh
