"""Where the breast, its chest wall and its nipple lie in a mammogram: from its pixels, made small.

Works on values in which tissue is brighter than air. Asked of every mammogram before it is first painted: some ten
milliseconds. It finds, and never decides for pixels: what is not certain is left out, and None is an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.small_images import air_level, dilated, eroded, largest_part, median_of_nine, threshold
from workstation.domain.breast import Box, Breast

Values = NDArray[np.float32]
Mask = NDArray[np.bool_]

# The longer side of the image that is looked at, in pixels.
SIDE = 288
# A border strip (a film's edge) is at most this share of the image.
STRIP = 0.06
# The chest wall may lie this far inside the image, as a share of its width.
MOST_GAP = 0.14
# The straight edge of a chest wall is at least this long, as a share of the breast's height.
LEAST_WALL = 0.45
# A breast fills at least and at most these shares of the image; else nothing is said.
LEAST_AREA, MOST_AREA = 0.01, 0.97
# Above the air's own level by this share of the way to the tissue begins the breast, and its skin and nipple.
SKIN, NIPPLE = 0.12, 0.04
# The foremost part of the contour, in which a nipple is looked for, and the one whose middle counts as the breast's.
FOREMOST, TIP = 0.8, 0.9
# The tip has no certain middle when it is as high as this share of the breast, or an axilla reaches so far.
FLAT, AXILLA = 0.55, 0.3
BANDS = 24


def _as_they_are(stored: NDArray[Any]) -> NDArray[Any]:
    return stored


@dataclass(frozen=True, slots=True)
class _Small:
    """The image made small: `values` of blocks of `block` pixels, `air` and `tissue` two levels of them."""

    values: Values
    block: int
    air: float
    spread: float
    tissue: float

    def above(self, share: float) -> Mask:
        """Brighter than air by a share of the way to tissue, and by more than its noise."""
        return np.asarray(self.values > self.air + max(share * (self.tissue - self.air), 4.0 * self.spread))

    def pixel(self, index: float) -> float:
        """The pixel index of a place in blocks."""
        return (index + 0.5) * self.block - 0.5


def find_breast(
    stored: NDArray[Any],
    expected: str = "",
    bright: bool = True,
    padding: tuple[float, float] | None = None,
    as_values: Callable[[NDArray[Any]], NDArray[Any]] = _as_they_are,
) -> Breast | None:
    """What is found in an image (rows, columns); None where nothing is certain.

    `expected` is the side at which PatientOrientation puts the chest wall ("" when it does not say). `as_values`
    makes values of some stored pixels; `bright` says whether tissue has the higher ones, `padding` is the range of
    those that are no image.
    """
    small = _made_small(stored, bright, padding, as_values)
    if small is None:
        return None
    mask = _without_strips(small)
    breast = largest_part(dilated(eroded(mask, 2), 2) & mask)
    share = float(breast.mean())
    if not LEAST_AREA <= share <= MOST_AREA:
        return None
    found = _wall(breast, expected)
    if found is None:
        return None
    side, contradicts = found
    facing = breast if side == "left" else breast[:, ::-1]
    first = _outermost(facing)
    beside = mask if side == "left" else mask[:, ::-1]
    edge = _edge(stored, small, facing, beside, side)
    nipple, middle = _nipple(small, facing, first, side)
    height, width = stored.shape
    outline, box = _box(breast, small, width, height), _box(mask | breast, small, width, height)
    if nipple is not None:
        outline, box = _with(outline, nipple[0], small), _with(box, nipple[0], small)
    return Breast(side, edge, nipple, middle, box, outline, _bands(breast, small, width, height), contradicts)


def _made_small(
    stored: NDArray[Any],
    bright: bool,
    padding: tuple[float, float] | None,
    as_values: Callable[[NDArray[Any]], NDArray[Any]],
) -> _Small | None:
    block = max(1, -(-max(stored.shape) // SIDE))
    rows, columns = stored.shape[0] // block, stored.shape[1] // block
    if min(rows, columns) < 16:
        return None
    taken = sorted({block // 4, (3 * block) // 4})
    total = np.zeros((rows, columns), np.float32)
    beside = np.zeros((rows, columns), np.bool_)
    for row in taken:
        lines = stored[row::block][:rows]
        for column in taken:
            part = as_values(lines[:, column::block][:, :columns])
            total += part
            beside |= (part >= padding[0]) & (part <= padding[1]) if padding is not None else False
    if beside.all():
        return None
    grey = total if bright else total[~beside].max() - total
    grey[beside] = grey[~beside].min()
    made = median_of_nine(grey)
    tissue = threshold(made)
    return None if tissue is None else _Small(made, block, *air_level(made, tissue), tissue)


def _without_strips(small: _Small) -> Mask:
    """Where it is brighter than air, less a film's bright borders: lines at the image's border that are alike all along."""
    mask = small.above(SKIN)
    scale = max(small.tissue - small.air, 1e-6)
    for turned, lines in ((mask, small.values), (mask.T, small.values.T)):
        most = max(1, int(STRIP * len(lines)))
        for order in (range(most), range(len(lines) - 1, len(lines) - 1 - most, -1)):
            for index in order:
                low, high = np.percentile(lines[index], (15.0, 85.0))
                if low < small.tissue or high - low > 0.2 * scale:
                    break
                turned[index] = False
    return mask


def _outermost(facing: Mask) -> NDArray[np.int64]:
    """The first column of the breast in each row, beyond the last where a row has none."""
    first: NDArray[np.int64] = np.where(facing.any(axis=1), facing.argmax(axis=1), facing.shape[1])
    return first


def _straight(facing: Mask, most: int) -> int:
    """How many rows end within two blocks of the outermost, when that lies no further inside than `most`."""
    first = _outermost(facing)
    there = first[first < facing.shape[1]]
    outer = int(np.percentile(there, 3.0))
    return int(np.count_nonzero(np.abs(there - outer) <= 2)) if outer <= most else 0


def _wall(breast: Mask, expected: str) -> tuple[str, bool] | None:
    """The side of the chest wall, and whether that is not the expected one; None when the image does not tell it."""
    height = int(np.count_nonzero(breast.any(axis=1)))
    most = int(MOST_GAP * breast.shape[1])
    lengths = {"left": _straight(breast, most), "right": _straight(breast[:, ::-1], most)}
    side = max(lengths, key=lambda name: lengths[name])
    other = "right" if side == "left" else "left"
    if lengths[side] < LEAST_WALL * height:
        return None
    if expected and expected != side:
        # A breast that reaches both sides is held where its orientation says.
        return (side, True) if lengths[expected] < 0.5 * lengths[side] else (expected, False)
    return (side, False) if expected or lengths[other] < 0.8 * lengths[side] else None


def _edge(stored: NDArray[Any], small: _Small, facing: Mask, beside: Mask, side: str) -> float:
    """Where the breast ends at the chest wall: the image's border, or what lies inside of an empty strip there.

    A strip with anything in it is none: it must be seen. `beside` is all that is not air.
    """
    first = _outermost(facing)
    columns = stored.shape[1]
    border = -0.5 if side == "left" else columns - 0.5
    rows = np.flatnonzero(first < facing.shape[1])
    outer = int(np.percentile(first[rows], 50.0))
    straight = rows[np.abs(first[rows] - outer) <= 1]
    if outer <= 1 or len(straight) < LEAST_WALL * len(rows) or beside[:, : outer - 1].any():
        return border
    pixel_rows = (straight * small.block + small.block // 2)[:: max(1, len(straight) // 64)]
    low, high = max(0, (outer - 2) * small.block), min(columns, (outer + 3) * small.block)
    lines = stored[pixel_rows]
    lines = lines if side == "left" else lines[:, ::-1]
    profile = np.median(lines[:, low:high].astype(np.float32), axis=0)
    step = low + int(np.abs(np.diff(profile)).argmax()) + 1
    return float(step - 0.5) if side == "left" else float(columns - 0.5 - step)


def _nipple(small: _Small, facing: Mask, first: NDArray[np.int64], side: str) -> tuple[tuple[float, float] | None, float | None]:
    """The nipple where it stands out of the contour, and the row in the middle of the breast's tip."""
    near = dilated(facing, max(2, facing.shape[0] // 20))
    skin = small.above(NIPPLE)
    reach = largest_part(((skin if side == "left" else skin[:, ::-1]) & near) | facing)
    depth = np.where(facing.any(axis=1), reach.shape[1] - reach[:, ::-1].argmax(axis=1) - first.min(), 0).astype(float)
    height = int(np.count_nonzero(depth > 0.25 * depth.max()))
    tip = _around_the_foremost(depth, TIP)
    is_one = len(tip) <= FLAT * height and max(depth[1], depth[-2]) <= AXILLA * depth.max()
    middle = small.pixel(float(tip[0] + tip[-1]) / 2) if is_one else None
    reached = max(3, round(0.05 * height))
    rows = _around_the_foremost(depth, FOREMOST)
    inner = rows[(rows >= reached) & (rows < len(depth) - reached)]
    if len(inner) < 5:
        return None, middle
    bulge = depth[inner] - (depth[inner - reached] + depth[inner + reached]) / 2
    usual = float(np.median(bulge))
    top = int(bulge.argmax())
    if bulge[top] < max(usual + 4.0 * float(np.median(np.abs(bulge - usual))), usual + 1.5, 1.5):
        return None, middle
    highest = inner[bulge >= bulge[top] - 0.5]
    row = float(highest[np.abs(highest - inner[top]) <= reached].mean())
    column = float(depth[inner[top]] + first.min() - 0.5)
    return (small.pixel(column if side == "left" else facing.shape[1] - 1 - column), small.pixel(row)), middle


def _around_the_foremost(depth: NDArray[Any], share: float) -> NDArray[np.int64]:
    """The rows without a gap around the foremost one that reach at least so far: an axilla beyond a gap is none of them."""
    rows = np.flatnonzero(depth >= share * depth.max())
    parts = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    return next(part for part in parts if part[0] <= int(depth.argmax()) <= part[-1])


def _with(box: Box, column: float, small: _Small) -> Box:
    """The box, and a nipple that stands out of it."""
    return min(box[0], column - small.block), box[1], max(box[2], column + small.block), box[3]


def _box(mask: Mask, small: _Small, width: int, height: int) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return _edges(int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1]), small, width, height)


def _edges(left: int, top: int, right: int, bottom: int, small: _Small, width: int, height: int) -> Box:
    """Blocks as outer edges of pixels, a block further out: what lies in part of a block is in it."""
    block, most_right, most_bottom = small.block, small.values.shape[1] - 2, small.values.shape[0] - 2
    return (
        max(-0.5, (left - 1) * block - 0.5),
        max(-0.5, (top - 1) * block - 0.5),
        width - 0.5 if right >= most_right else (right + 2) * block - 0.5,
        height - 0.5 if bottom >= most_bottom else (bottom + 2) * block - 0.5,
    )


def _bands(breast: Mask, small: _Small, width: int, height: int) -> tuple[Box, ...]:
    rows = np.flatnonzero(breast.any(axis=1))
    found = []
    for part in np.array_split(rows, min(BANDS, len(rows))):
        columns = np.flatnonzero(breast[part].any(axis=0))
        found.append(_edges(int(columns[0]), int(part[0]), int(columns[-1]), int(part[-1]), small, width, height))
    return tuple(found)
