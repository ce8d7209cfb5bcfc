"""The scale bar: a round length in the patient, or nothing where lengths are unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workstation.domain.doubt import SpacingSource

LARGEST_SHARE = 0.3
LEAST_HEIGHT = 200
ROUND = (5, 2, 1)
UNIT_OF = {
    SpacingSource.DETECTOR: "mm at detector",
    SpacingSource.ERMF: "mm (ERMF)",
    SpacingSource.NOMINAL: "mm (nominal)",
}


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """`length` in logical pixels, `parts` divisions, `text` with the unit; `thickness` is the room it takes.

    It stands at the right edge, or `on_left`.
    """

    length: float
    parts: int
    text: str
    thickness: float = 12.0
    on_left: bool = False


def scale_bar(mm_per_pixel: float | None, source: SpacingSource, height: float) -> ScaleBar | None:
    """The largest 1, 2 or 5 x 10^n mm within 30 % of the height (logical pixels); None without mm."""
    if mm_per_pixel is None or source is SpacingSource.NONE or not mm_per_pixel > 0 or height < LEAST_HEIGHT:
        return None
    most = height * LARGEST_SHARE * mm_per_pixel
    power = 10.0 ** math.floor(math.log10(most))
    size = next(n * power for n in ROUND if n * power <= most * (1 + 1e-9))
    parts = 5 if round(size / power) != 2 else 4
    return ScaleBar(size / mm_per_pixel, parts, _text(size, source))


def _text(size: float, source: SpacingSource) -> str:
    unit = UNIT_OF.get(source)
    if unit is None and size >= 10:
        return f"{size / 10:g} cm"
    return f"{size:g} {unit or 'mm'}"
