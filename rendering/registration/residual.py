"""What is left between two aligned volumes, measured at places of the body one by one.

At some 30 places with structure, spread over the body, a block of the fixed volume is looked for in
the aligned moving one, within a few mm. How far off it is found is the residual there. The median and
the 95th percentile of the places that were found again are reported; they hold what a rigid
alignment cannot follow (breathing, another posture) as well as its own error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rendering.registration.grids import Cubes, Floats, Mask, dilated

PLACES = 30
FINEST_MM = 1.5
BLOCK_MM, SEARCH_MM = 10.0, 8.0
"""Half of a block's side, and how far it is looked for."""

# A block counts as found again where it is at least so alike (correlation) ...
ALIKE = 0.6
# ... and what is unlike is at most this share of what is unlike at any place farther than this from it.
UNLIKE, OTHERS_MM = 0.7, 4.0
# The values that one tissue has in another modality are learned from so many steps of its own.
TISSUES = 48
# Of the places, by how much their values change in every direction, the best third is looked at.
STRONGEST = 67


@dataclass(frozen=True, slots=True)
class Residual:
    """Of `places` looked at, `found` were found again; the residuals are of those (mm), NaN where there are none."""

    places: int
    found: int
    median_mm: float
    p95_mm: float

    @property
    def share(self) -> float:
        return self.found / self.places if self.places else 0.0


def residual(fixed: Cubes, moving: Cubes, onto: SimpleITK.Transform, same_kind: bool) -> Residual:
    """`onto` takes fixed points to moving points; `same_kind`: equal tissue has equal values in both.

    Otherwise the fixed values are first brought to what the moving ones are in the mean at the same places: where
    the two are not aligned, that is much the same everywhere, and nothing is found again.
    """
    if fixed.pitch < FINEST_MM:  # a block of smaller cubes costs eight times as much and tells no more
        fixed = fixed.coarser(2)
    there, known = aligned(fixed, moving, onto)
    own = fixed.values if same_kind else _as_the_other(fixed, there, known)
    half, reach = (max(2, round(mm / fixed.pitch)) for mm in (BLOCK_MM, SEARCH_MM))
    places = _places(fixed, known, half, reach)
    apart = OTHERS_MM / fixed.pitch
    lengths = [_off(own, there, place, half, reach, apart) for place in places]
    found = np.array([length for length in lengths if length is not None]) * fixed.pitch
    if not len(found):
        return Residual(len(places), 0, float("nan"), float("nan"))
    return Residual(len(places), len(found), float(np.median(found)), float(np.percentile(found, 95)))


def aligned(fixed: Cubes, moving: Cubes, onto: SimpleITK.Transform) -> tuple[Floats, Mask]:
    """The moving values on the fixed cubes, and where there are any."""
    nowhere = float(moving.values.min()) - 1.0e4
    marked = np.where(moving.known, moving.values, np.float32(nowhere))
    image = SimpleITK.Resample(moving.image(marked), fixed.image(), onto, SimpleITK.sitkLinear, nowhere, SimpleITK.sitkFloat32)
    values = SimpleITK.GetArrayFromImage(image)
    known = values >= moving.values.min() - 1e-3
    return np.where(known, values, moving.values.min()), known


def _places(fixed: Cubes, known: Mask, half: int, reach: int) -> list[tuple[int, int, int]]:
    """Those with the most structure, none near another, all so far inside that a block may be looked for."""
    edge = half + reach
    usable = np.zeros(known.shape, bool)
    inner = tuple(slice(edge, size - edge) for size in known.shape)
    usable[inner] = fixed.body[inner]
    # Nothing of where it is looked for may lie outside the other volume.
    usable &= ~dilated(~known, edge)
    step = max(2, half // 2)
    grid = np.zeros_like(usable)
    grid[::step, ::step, ::step] = True
    candidates = np.argwhere(usable & grid)
    if not len(candidates):
        return []
    strength = _corners(fixed.values, candidates, half)
    is_strong = strength >= np.percentile(strength, STRONGEST)
    candidates, strength = candidates[is_strong], strength[is_strong]
    # The farthest from those taken so far, each time: spread over all of the body.
    chosen = [int(strength.argmax())]
    distance = np.full(len(candidates), np.inf)
    while len(chosen) < PLACES:
        distance = np.minimum(distance, np.linalg.norm(candidates - candidates[chosen[-1]], axis=1))
        farthest = int(distance.argmax())
        if distance[farthest] < half:
            break
        chosen.append(farthest)
    return [(int(z), int(y), int(x)) for z, y, x in candidates[chosen]]


def _corners(values: Floats, places: NDArray[np.intp], half: int) -> NDArray[np.float64]:
    """The least change of the values in any direction around each place: along an edge a block would slide."""
    slopes = np.gradient(values)
    tensor = np.empty((len(places), 3, 3))
    size = [half] * 3
    for one in range(3):
        for other in range(one, 3):
            mean = SimpleITK.BoxMean(SimpleITK.GetImageFromArray(slopes[one] * slopes[other]), size)
            tensor[:, one, other] = tensor[:, other, one] = SimpleITK.GetArrayViewFromImage(mean)[tuple(places.T)]
    return np.asarray(np.linalg.eigvalsh(tensor)[:, 0])


def _as_the_other(fixed: Cubes, there: Floats, known: Mask) -> Floats:
    both = fixed.body & known
    own, other = fixed.values[both], there[both]
    if not own.size:
        return fixed.values
    edges = np.unique(np.quantile(own, np.linspace(0, 1, TISSUES + 1)))
    step = np.clip(np.searchsorted(edges, own, side="right") - 1, 0, max(0, len(edges) - 2))
    counts = np.maximum(np.bincount(step, minlength=len(edges) - 1), 1)
    means = np.bincount(step, weights=other, minlength=len(edges) - 1) / counts
    middles = np.bincount(step, weights=own, minlength=len(edges) - 1) / counts
    return np.interp(fixed.values, middles, means).astype(np.float32)


def _off(fixed: Floats, there: Floats, place: tuple[int, int, int], half: int, reach: int, apart: float) -> float | None:
    """How many cubes away the block at a place is found; None where it is not found again."""
    block = fixed[tuple(slice(p - half, p + half + 1) for p in place)]
    around = there[tuple(slice(p - half - reach, p + half + reach + 1) for p in place)]
    alike = _correlations(block, around)
    peak = np.unravel_index(int(alike.argmax()), alike.shape)
    best = float(alike[peak])
    if best < ALIKE or 1 - best > UNLIKE * (1 - _elsewhere(alike, peak, apart)):
        return None
    offsets = [at + _between(alike, peak, axis) - reach for axis, at in enumerate(peak)]
    return float(np.linalg.norm(offsets))


def _correlations(block: Floats, around: Floats) -> NDArray[np.float64]:
    """Of the block with every place of its size in `around`; 0 where there is nothing to compare."""
    # About a common middle: the sums of squares below would drown small contrasts otherwise.
    middle = float(block.mean())
    own = block.astype(np.float64) - middle
    windows = sliding_window_view(around.astype(np.float64) - middle, block.shape)
    count = block.size
    products = np.einsum("abcijk,ijk->abc", windows, own, optimize=True)
    sums = np.einsum("abcijk->abc", windows)
    squares = np.einsum("abcijk,abcijk->abc", windows, windows)
    spread = np.sqrt(np.maximum(squares - sums**2 / count, 0.0)) * float(np.sqrt((own**2).sum()))
    return np.where(spread > 1e-3, products / np.maximum(spread, 1e-3), 0.0)


def _elsewhere(alike: NDArray[np.float64], peak: tuple[np.intp, ...], apart: float) -> float:
    """The most alike of the places that are not the peak's neighbours."""
    squares = [(np.arange(size) - at) ** 2 for size, at in zip(alike.shape, peak, strict=True)]
    distance = squares[0][:, None, None] + squares[1][None, :, None] + squares[2][None, None, :]
    return float(alike[distance > apart**2].max())


def _between(alike: NDArray[np.float64], peak: tuple[np.intp, ...], axis: int) -> float:
    """The top of the parabola through the peak and its neighbours, as a share of a cube."""
    at = int(peak[axis])
    if not 0 < at < alike.shape[axis] - 1:
        return 0.0
    line = alike[tuple(slice(None) if i == axis else int(p) for i, p in enumerate(peak))]
    before, here, after = float(line[at - 1]), float(line[at]), float(line[at + 1])
    bend = before - 2 * here + after
    return 0.0 if bend >= -1e-9 else float(np.clip((before - after) / (2 * bend), -0.5, 0.5))
