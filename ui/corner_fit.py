"""The corner lines of a viewport in their places, in this program's letters; kept, as painter and labels both ask."""

from __future__ import annotations

from functools import lru_cache

from ui import halo
from ui.corner_layout import Placed, fit
from ui.corner_line import Corners


def line_height() -> float:
    return halo.metrics().height() + 1


@lru_cache(maxsize=64)
def fitted(corners: Corners, width: float, height: float) -> tuple[Placed, ...]:
    """Lengths in logical pixels."""
    return tuple(fit(corners, width, height, line_height(), halo.width, halo.elided))
