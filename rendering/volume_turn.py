"""The pictures of a 3D view that turns about the patient's length, made once and shown in a loop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from workstation.domain.turning import Directions
from workstation.domain.viewing import ViewportState

# What the pictures of one loop may take; larger ones are made coarser and filled in.
MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Loop:
    """Pictures of `state` seen from every direction, for a view of `size` (width, height); kept smaller where they must be."""

    state: ViewportState
    size: tuple[int, int]
    pictures: dict[Directions, NDArray[np.uint8]] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def picture(self, state: ViewportState, width: int, height: int) -> NDArray[np.uint8] | None:
        """The picture of exactly this state, if the loop has it."""
        if state.oblique is None or (width, height) != self.size or replace(state, oblique=None) != self.state:
            return None
        return self.pictures.get(state.oblique)

    @property
    def bytes(self) -> int:
        return sum(picture.nbytes for picture in self.pictures.values())


def drawn_size(width: int, height: int, count: int) -> tuple[int, int]:
    """The size that so many pictures are made in, so that they fit `MOST_BYTES`."""
    share = math.sqrt(min(1.0, MOST_BYTES / (3 * width * height * count)))
    return max(1, int(width * share)), max(1, int(height * share))
