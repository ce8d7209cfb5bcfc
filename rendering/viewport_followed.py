"""What a followed presentation state adds to the painting of a frame: its shutter, its greys or colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rendering.header import ImageHeader
from workstation.domain.viewing import ViewportState

GREYS = 256


def with_shutter(header: ImageHeader, state: ViewportState) -> ImageHeader:
    """The header with the state's shutter in place of its own (PS3.4 N.2.1: what a state does not say is not there)."""
    if state.followed is None or state.followed.shutter == header.shutter:
        return header
    return replace(header, shutter=state.followed.shutter)


def through_levels(picture: NDArray[np.uint8], state: ViewportState) -> NDArray[np.uint8]:
    """Greys through a presentation LUT or a palette of 256 entries."""
    levels = state.followed.levels if state.followed is not None else b""
    if len(levels) not in (GREYS, 3 * GREYS):
        return picture
    table = np.frombuffer(levels, np.uint8)
    made: NDArray[np.uint8] = (table if len(levels) == GREYS else table.reshape(GREYS, 3))[picture]
    return made
