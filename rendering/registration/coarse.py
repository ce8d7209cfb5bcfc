"""Where to begin: many poses compared by mutual information on coarse cubes, the best ones climbed.

A pose is (three angles in radians about x, y, z; shift in mm) about the fixed body's middle:
moving point = R (point - middle) + middle + shift, R = Rz Ry Rx.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rendering.registration.grids import Cubes, dilated

Pose = NDArray[np.float64]

SEED = 20261123
SAMPLES = 5000
BINS = 24
OUTSIDE = 255

# Poses that leave less of the fixed body inside the moving volume than this are not looked at.
LEAST_OVERLAP = 0.25
ALONG_MM, ACROSS_MM = 16.0, 24.0
CLIMBED = 6
# Two climbs that end closer than this found the same.
SAME_MM = 12.0
STEPS = ((16.0, np.radians(8.0)), (8.0, np.radians(4.0)), (4.0, np.radians(2.0)), (2.0, np.radians(1.0)))


@dataclass(frozen=True, slots=True)
class Climbed:
    pose: Pose
    score: float


class CoarseMatch:
    """Mutual information between two volumes on cubes of some 8 mm, by the same samples for every pose."""

    def __init__(self, fixed: Cubes, moving: Cubes) -> None:
        near = dilated(fixed.body, 1) & fixed.known
        points, values = fixed.points(near), fixed.values[near]
        if len(points) > SAMPLES:
            chosen = np.sort(np.random.default_rng(SEED).choice(len(points), SAMPLES, replace=False))
            points, values = points[chosen], values[chosen]
        self.middle = fixed.points(fixed.body).mean(axis=0)
        self.points = points
        self._fixed = _binned(values, fixed.values) * BINS
        self._moving = np.where(moving.known, _binned(moving.values, moving.values), OUTSIDE).astype(np.uint8)
        self._origin, self._pitch = moving.origin, moving.pitch
        self._size = np.array(moving.values.shape[::-1])

    def score(self, pose: Pose) -> float:
        """Mutual information in nats over the samples that fall into the moving volume, less where few do."""
        at = np.rint((moved(self.points, pose, self.middle) - self._origin) / self._pitch).astype(np.intp)
        inside = ((at >= 0) & (at < self._size)).all(axis=1)
        at, fixed = at[inside], self._fixed[inside]
        found = self._moving[at[:, 2], at[:, 1], at[:, 0]]
        known = found != OUTSIDE
        share = known.sum() / len(self.points)
        if share < LEAST_OVERLAP:
            return -1.0
        joint = np.bincount(fixed[known] + found[known], minlength=BINS * BINS).reshape(BINS, BINS) / known.sum()
        return float((_entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1)) - _entropy(joint)) * share**0.35)

    def climb(self, pose: Pose, steps: Sequence[tuple[float, float]] = STEPS) -> Climbed:
        """Uphill from a pose, one parameter at a time, with ever smaller steps."""
        best = Climbed(pose, self.score(pose))
        for mm, radians in steps:
            step = np.array([radians] * 3 + [mm] * 3)
            for _ in range(12):
                before = best
                for axis in range(6):
                    for sign in (-1.0, 1.0):
                        tried = best.pose.copy()
                        tried[axis] += sign * step[axis]
                        score = self.score(tried)
                        if score > best.score:
                            best = Climbed(tried, score)
                if best is before:
                    break
        return best


def starts(match: CoarseMatch, moving: Cubes) -> list[Climbed]:
    """The poses that are worth going on from, the best first; each lies `SAME_MM` from the others."""
    candidates = sorted((Climbed(p, match.score(p)) for p in _poses(match, moving)), key=lambda c: -c.score)
    ends = [match.climb(candidate.pose) for candidate in _apart(candidates, match, CLIMBED)]
    return _apart(sorted(ends, key=lambda c: -c.score), match, CLIMBED)


def _poses(match: CoarseMatch, moving: Cubes) -> list[Pose]:
    """The same coordinates; the bodies' middles over each other at all heights; both also turned round (prone)."""
    fixed_low, fixed_high = match.points[:, 2].min(), match.points[:, 2].max()
    places = moving.points(moving.body)
    low, high = places[:, 2].min(), places[:, 2].max()
    poses = []
    for turn in (0.0, np.pi):
        poses.append(np.array([0.0, 0.0, turn, 0.0, 0.0, 0.0]))
        for z in np.arange(low - fixed_high, high - fixed_low + ALONG_MM, ALONG_MM):
            shared = places[(places[:, 2] >= fixed_low + z) & (places[:, 2] <= fixed_high + z)]
            mine = match.points[(match.points[:, 2] + z >= low) & (match.points[:, 2] + z <= high)]
            if len(shared) < 20 or len(mine) < LEAST_OVERLAP * len(match.points):
                continue
            sign = 1.0 if turn == 0.0 else -1.0
            across = shared[:, :2].mean(axis=0) - match.middle[:2] - sign * (mine[:, :2].mean(axis=0) - match.middle[:2])
            for dx, dy in product((-ACROSS_MM, 0.0, ACROSS_MM), repeat=2):
                poses.append(np.array([0.0, 0.0, turn, across[0] + dx, across[1] + dy, z]))
    return poses


def _apart(climbed: Sequence[Climbed], match: CoarseMatch, most: int) -> list[Climbed]:
    kept: list[Climbed] = []
    for one in climbed:
        if one.score >= 0.0 and all(distance(one.pose, other.pose, match) > SAME_MM for other in kept):
            kept.append(one)
        if len(kept) == most:
            break
    return kept


def distance(one: Pose, other: Pose, match: CoarseMatch) -> float:
    """How far apart, in the mean, two poses bring the samples (mm)."""
    some = match.points[::50]
    return float(np.linalg.norm(moved(some, one, match.middle) - moved(some, other, match.middle), axis=1).mean())


def moved(points: NDArray[np.float64], pose: Pose, middle: NDArray[np.float64]) -> NDArray[np.float64]:
    return (points - middle) @ rotation(pose[:3]).T + (middle + pose[3:])


def rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """About x, then y, then z."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles), np.cos(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def matrix_of(pose: Pose, middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pose as 3 x 4, fixed points to moving points."""
    turn = rotation(pose[:3])
    return np.hstack([turn, (middle + pose[3:] - turn @ middle)[:, None]])


def pose_of(matrix: NDArray[np.float64], middle: NDArray[np.float64]) -> Pose:
    """The pose of a rigid 3 x 4 matrix about another middle."""
    r = matrix[:, :3]
    angles = np.arctan2(r[2, 1], r[2, 2]), -np.arcsin(np.clip(r[2, 0], -1, 1)), np.arctan2(r[1, 0], r[0, 0])
    return np.concatenate([angles, r @ middle + matrix[:, 3] - middle])


def _binned(values: NDArray[np.float32], of: NDArray[np.float32]) -> NDArray[np.intp]:
    low, high = float(of.min()), float(of.max())
    return np.asarray(np.clip((values - low) * (BINS / max(high - low, 1e-6)), 0, BINS - 1), dtype=np.intp)


def _entropy(shares: NDArray[np.float64]) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())
