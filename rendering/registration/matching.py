"""Rigid registration from start to judgement: coarse poses, two finer levels, what is left, and whether to believe it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from rendering.registration.coarse import CoarseMatch, Pose, distance, matrix_of, moved, pose_of, starts
from rendering.registration.fine import FINE, MIDDLE, refined
from rendering.registration.grids import Cubes, cubes_of, fine_pitch
from rendering.registration.reduce import Reduced
from rendering.registration.residual import Residual, residual

COARSE_MM = 8.0
# A volume that is shorter in any direction shows too little.
SHORTEST_MM = 24.0
# So many of the coarse poses go on to the middle level.
FOLLOWED = 3
# From here the way back is looked for: away from what it should find.
NUDGE = np.array([0.05, -0.05, 0.05, 6.0, -6.0, 6.0])

# What is not believed: less of the smaller body shared than this ...
LEAST_SHARED = 0.2
# ... ways there and back that differ by more ...
MOST_INVERSE_MM = 10.0
# ... another alignment that lies this far off and fits this nearly as well (of wrong pairs 0.16 to 0.19 were seen) ...
OTHER_MM, LEAST_MARGIN = 12.0, 0.05
LEAST_MARGIN_OTHER = 0.25
# ... of CT too few places found again, or of any too large residuals.
LEAST_FOUND, LEAST_SHARE = 5, 0.3
MOST_RESIDUAL_MM = 5.0

Tell = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class RigidMatch:
    """`matrix` (3 x 4) takes fixed LPS points to moving ones. `refusal` says in words why it is not to be believed.

    `shared` is the share of the smaller body that both show, `inverse_mm` how far the ways there and back differ
    on the coarse level, `margin` by how much of its mutual information it is better than the next alignment.
    """

    matrix: NDArray[np.float64]
    residual: Residual
    shared: float
    inverse_mm: float
    margin: float
    refusal: str


TOO_LITTLE = "too little of the same anatomy is shown"
NOTHING = RigidMatch(np.eye(3, 4), Residual(0, 0, math.nan, math.nan), 0.0, math.nan, 0.0, TOO_LITTLE)


def match_rigid(fixed: Reduced, moving: Reduced, tell: Tell, pitch: float = 0.0) -> RigidMatch:
    """The best rigid alignment; equal volumes give equal results, but for rounding. `pitch` of the finest cubes 0: as fits."""
    if min(fixed.shortest_mm, moving.shortest_mm) < SHORTEST_MM:
        return NOTHING
    pitch = pitch or fine_pitch(fixed, moving)
    fine = cubes_of(fixed, pitch), cubes_of(moving, pitch)
    tell(0.2)
    times = max(2, round(COARSE_MM / pitch))
    coarse = fine[0].coarser(times), fine[1].coarser(times)
    match = CoarseMatch(*coarse) if all(one.body.any() for one in coarse) else None
    found = starts(match, coarse[1]) if match is not None else []
    if match is None or not found:
        return NOTHING
    tell(0.4)
    middle = fine[0].coarser(2), fine[1].coarser(2)
    levelled = [refined(*middle, start.pose, match.middle, MIDDLE) for start in found[:FOLLOWED]]
    levelled.sort(key=lambda one: -one[1])
    tell(0.6)
    pose, _ = refined(*fine, levelled[0][0], match.middle, FINE)
    tell(0.8)
    matrix = matrix_of(pose, match.middle)
    left = residual(*fine, as_transform(matrix), same_kind(fixed, moving))
    shared = _shared(*coarse, matrix)
    inverse = _inverse_mm(coarse[1], coarse[0], matrix, match)
    margin = _margin(levelled, match)
    found_match = RigidMatch(matrix, left, shared, inverse, margin, "")
    return replace(found_match, refusal=_refusal(found_match, same_kind(fixed, moving)))


def same_kind(fixed: Reduced, moving: Reduced) -> bool:
    """Whether equal tissue has equal values in both: CT numbers do, what a magnet shows depends on its sequence."""
    return fixed.modality == moving.modality == "CT"


def as_transform(matrix: NDArray[np.float64]) -> SimpleITK.AffineTransform:
    transform = SimpleITK.AffineTransform(3)
    transform.SetMatrix(matrix[:, :3].ravel().tolist())
    transform.SetTranslation(matrix[:, 3].tolist())
    return transform


def _shared(fixed: Cubes, moving: Cubes, matrix: NDArray[np.float64]) -> float:
    places = fixed.points(fixed.body) @ matrix[:, :3].T + matrix[:, 3]
    at = np.rint((places - moving.origin) / moving.pitch).astype(np.intp)
    inside = ((at >= 0) & (at < np.array(moving.values.shape[::-1]))).all(axis=1)
    x, y, z = at[inside].T
    return float(moving.body[z, y, x].sum()) / max(1, min(int(fixed.body.sum()), int(moving.body.sum())))


def _inverse_mm(fixed: Cubes, moving: Cubes, there: NDArray[np.float64], match: CoarseMatch) -> float:
    """How far the samples come back from where they began, the way back being looked for by itself."""
    back = CoarseMatch(fixed, moving)
    inverse = np.linalg.inv(np.vstack([there, [0.0, 0.0, 0.0, 1.0]]))[:3]
    climbed = back.climb(pose_of(inverse, back.middle) + NUDGE)
    points = match.points[::10]
    returned = moved(points @ there[:, :3].T + there[:, 3], climbed.pose, back.middle)
    return float(np.median(np.linalg.norm(returned - points, axis=1)))


def _margin(levelled: list[tuple[Pose, float]], match: CoarseMatch) -> float:
    best, mutual = levelled[0]
    others = [other for pose, other in levelled[1:] if distance(pose, best, match) > OTHER_MM]
    return 1.0 - max(others) / mutual if others and mutual > 0 else 1.0


def _refusal(match: RigidMatch, is_alike: bool) -> str:
    """Why the alignment is not to be believed, as the end of a sentence; empty when it is.

    But for CT the places may be too unlike to be found again: how far it stands out from all others then decides,
    and no residual is told.
    """
    left = match.residual
    if match.shared < LEAST_SHARED:
        return TOO_LITTLE
    if is_alike and (left.found < LEAST_FOUND or left.share < LEAST_SHARE):
        return f"only {left.found} of {left.places} places were found again"
    if left.found >= LEAST_FOUND and left.median_mm > MOST_RESIDUAL_MM:
        return f"places lie {left.median_mm:.0f} mm apart"
    if match.inverse_mm > MOST_INVERSE_MM:
        return f"the ways there and back differ by {match.inverse_mm:.0f} mm"
    if match.margin < (LEAST_MARGIN if is_alike else LEAST_MARGIN_OTHER):
        return "two places fit nearly equally well"
    return ""
