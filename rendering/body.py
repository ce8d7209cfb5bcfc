"""Where the body lies in the images of a series: the box of all that is not air, from pixels made small.

Nothing of the body may be cut off. So every image of the series counts, what is thin beside the body (a table, a
blanket) is left out only where images are slices, and what is not certain gives no box at all. Works on values in
which tissue is brighter than air.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.small_images import air_level, dilated, eroded, threshold

Values = NDArray[np.float32]
Mask = NDArray[np.bool_]
Size = tuple[float, float]

# The longer side of the images that are looked at, in pixels, and around the box as much air, as a share of that side.
SIDE = 128
MARGIN = 0.04
# What is thinner than about twice so many small pixels lies beside the body.
THIN = 2
# What is thin but grows out of the body (an ear, a finger's tip) belongs to it, as far as this.
REACH = 10
# Between air (-1000 HU) and fat (-100 HU).
CT_BODY = -400.0
# Above the air's own level by this share of the way to the tissue begins the body, and by so many times its noise.
SKIN, NOISE = 0.06, 5.0
# A body fills at least this share of the images together; else nothing is said.
LEAST_AREA = 0.02
# A box that saves less than this of both sides is the whole image.
WORTH = 0.08


@dataclass(frozen=True, slots=True)
class BodyBox:
    """Outer edges in pixels (columns, then rows; -0.5 is the edge of the first)."""

    left: float
    top: float
    right: float
    bottom: float


def is_whole(part: Size, whole: Size) -> bool:
    """Whether fitting a part would show hardly more than fitting the whole; both (width, height) in one unit."""
    return part[0] > (1.0 - WORTH) * whole[0] and part[1] > (1.0 - WORTH) * whole[1]


def step_of(rows: int, columns: int) -> int:
    """Each so-many-th pixel of an image of this size is looked at."""
    return max(1, -(-max(rows, columns) // SIDE))


def find_body(small: Sequence[NDArray[Any]], step: int, size: tuple[int, int], modality: str) -> BodyBox | None:
    """The box of the body in images of `size` (rows, columns), of which `small` are each `step`-th pixel. None: not certain.

    `modality` says what values are (HU of a CT) and whether images are slices or projections.
    """
    if not small or min(small[0].shape) < 8:
        return None
    values = _smooth(np.stack([np.asarray(one, np.float32) for one in small]))
    level = CT_BODY if modality == "CT" else _level(values)
    if level is None:
        return None
    mask = values > level
    is_sliced = modality in ("CT", "MR", "PT")
    found = _without_the_thin(mask) if is_sliced else mask
    together: Mask = np.any(found, axis=0)
    if together.mean() < LEAST_AREA:
        return None
    rows, columns = _span(np.any(together, axis=1)), _span(np.any(together, axis=0))
    margin = max(step, round(MARGIN * max(size)))
    return BodyBox(
        max(-0.5, columns[0] * step - step / 2 - margin),
        max(-0.5, rows[0] * step - step / 2 - margin),
        min(size[1] - 0.5, columns[1] * step + step / 2 + margin),
        min(size[0] - 0.5, rows[1] * step + step / 2 + margin),
    )


def _span(there: NDArray[Any]) -> tuple[int, int]:
    found = np.flatnonzero(there)
    return int(found[0]), int(found[-1])


def _smooth(values: Values) -> Values:
    """Each value by the mean of its neighbourhood of nine, image by image: noise goes, edges stay where they are."""
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows, columns = values.shape[1:]
    total = np.zeros_like(values)
    for row in range(3):
        for column in range(3):
            total += padded[:, row : row + rows, column : column + columns]
    return total / 9.0


def _level(values: Values) -> float | None:
    """Above it begins the body: a little above air, as air is in these images. None where they have but one level."""
    sample = values.ravel()[:: max(1, values.size // 200_000)]
    tissue = threshold(sample)
    if tissue is None or not (sample < tissue).any():
        return None
    level, spread = air_level(sample, tissue)
    return level + max(SKIN * (tissue - level), NOISE * spread)


def _without_the_thin(mask: Mask) -> Mask:
    """What is as thick as a body, with its own rim: a table's shell and noise go, fingers and ears stay.

    A body that reaches the border of the images stays as it is there.
    """
    kept = eroded(mask, THIN)
    for _ in range(THIN + REACH):
        kept = dilated(kept, 1) & mask
    return kept
