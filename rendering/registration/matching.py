"""Rigid registration from start to judgement: coarse poses, two finer levels, what is left, and whether to believe it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from rendering.registration.coarse import CoarseMatch, Pose, distance, matrix_of, moved, pose_of, starts
from rendering.registration.fine import FINE, MIDDLE, refined
from rendering.registration.grids import Cubes, cubes_of, fine_pitch
from rendering.registration.reduce import Reduced
from rendering.registration.residual import Residual, residual

COARSE_MM = 8.0
# So many of the coarse poses go on to the middle level.
FOLLOWED = 3
# From here the way back is looked for: away from what it should find.
NUDGE = np.array([0.05, -0.05, 0.05, 6.0, -6.0, 6.0])

# What is not believed: less of the smaller body shared than this ...
LEAST_SHARED = 0.2
# ... ways there and back that differ by more, or too few or too large residuals ...
MOST_INVERSE_MM = 8.0
LEAST_FOUND, LEAST_SHARE, LEAST_SHARE_OTHER = 5, 0.3, 0.2
MOST_RESIDUAL_MM = 5.0
# ... or another alignment that lies this far off and fits this nearly as well.
OTHER_MM, LEAST_MARGIN = 12.0, 0.04

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


def match_rigid(fixed: Reduced, moving: Reduced, tell: Tell) -> RigidMatch:
    """The best rigid alignment. Deterministic: equal volumes give equal results."""
    pitch = fine_pitch(fixed, moving)
    fine = cubes_of(fixed, pitch), cubes_of(moving, pitch)
    tell(0.2)
    times = max(2, round(COARSE_MM / pitch))
    coarse = fine[0].coarser(times), fine[1].coarser(times)
    match = CoarseMatch(*coarse)
    found = starts(match, coarse[1])
    if not found:
        nothing = Residual(0, 0, float("nan"), float("nan"))
        return RigidMatch(np.eye(3, 4), nothing, 0.0, float("nan"), 0.0, "too little of the same anatomy is shown")
    tell(0.4)
    middle = fine[0].coarser(2), fine[1].coarser(2)
    levelled = [refined(*middle, start.pose, match.middle, MIDDLE) for start in found[:FOLLOWED]]
    levelled.sort(key=lambda one: -one[1])
    tell(0.6)
    pose, _ = refined(*fine, levelled[0][0], match.middle, FINE)
    tell(0.8)
    matrix = matrix_of(pose, match.middle)
    left = residual(*fine, as_transform(matrix), fixed.modality == moving.modality)
    shared = _shared(*coarse, matrix)
    inverse = _inverse_mm(coarse[1], coarse[0], matrix, match)
    margin = _margin(levelled, match)
    return RigidMatch(
        matrix, left, shared, inverse, margin, _refusal(left, shared, inverse, margin, fixed.modality == moving.modality)
    )


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


def _refusal(left: Residual, shared: float, inverse_mm: float, margin: float, same_kind: bool) -> str:
    """Why the alignment is not to be believed, as the end of a sentence; empty when it is."""
    if shared < LEAST_SHARED:
        return "too little of the same anatomy is shown"
    if left.found < LEAST_FOUND or left.share < (LEAST_SHARE if same_kind else LEAST_SHARE_OTHER):
        return f"only {left.found} of {left.places} places were found again"
    if left.median_mm > MOST_RESIDUAL_MM:
        return f"places lie {left.median_mm:.0f} mm apart"
    if inverse_mm > MOST_INVERSE_MM:
        return f"the ways there and back differ by {inverse_mm:.0f} mm"
    if margin < LEAST_MARGIN:
        return "two places fit equally well"
    return ""
