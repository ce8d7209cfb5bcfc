"""A body of ellipsoids, scanned as it lies: any grid, any pose, noise, and another modality's greys. Quick and exact.

Anatomy points are LPS mm about the middle of the chest; scanner point = rotation @ anatomy point + shift.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rendering.phantoms.scan import Pose
from rendering.registration.reduce import Reduced

# (centre, radii, HU); later ones lie over earlier ones.
ORGANS = [
    ((0, 0, 0), (165, 105, 190), -100),
    ((0, 0, 0), (152, 94, 180), 50),
    ((-72, -8, 25), (58, 68, 105), -860),
    ((74, -4, 30), (52, 66, 100), -860),
    ((18, -30, 5), (52, 45, 55), 45),
    ((-55, -8, -120), (85, 70, 62), 110),
    ((70, 20, -115), (45, 40, 50), 120),
    ((25, -20, -110), (40, 30, 38), 20),
    ((0, -8, 80), (9, 9, 60), -950),
    ((22, 22, 0), (14, 14, 170), 180),
    ((-60, 40, -105), (24, 20, 45), 200),
    ((62, 42, -100), (23, 20, 45), 200),
]
# From CT numbers to greys of no simple order, as another modality shows tissue.
GREYS = ([-1000, -860, -300, -100, -60, 0, 50, 110, 200, 500], [4, 20, 60, 430, 420, 210, 160, 230, 320, 30])


def body() -> list[tuple[tuple[float, float, float], tuple[float, float, float], float]]:
    """The organs, a spine and ribs of bone, and vessels in the lungs: always the same."""
    parts: list = list(ORGANS)
    for level in range(-7, 7):
        parts.append(((0, 62, level * 25.0), (17, 15, 10.5), 320))
        parts.append(((0, 88, level * 25.0 - 6), (5, 14, 7), 420))
        for side in (-1, 1):
            parts += [((side * (60 + 20 * j), 72 - 26 * j, level * 25.0 + 6 - 9 * j), (13, 9, 5), 380) for j in range(4)]
    rng = np.random.default_rng(4)
    for side in (-72, 74):
        for _ in range(45):
            away = rng.uniform(-0.75, 0.75, 3) * (50, 58, 92)
            parts.append(((side + away[0], away[1] - 6, away[2] + 27), tuple(rng.uniform(3, 9, 3)), 40))
    return parts


@dataclass(frozen=True)
class Scanner:
    """An upright grid: `shape` (slices, rows, columns), `step` (x, y, z) in mm, the first voxel's centre at `origin`."""

    shape: tuple[int, int, int] = (76, 60, 88)
    step: tuple[float, float, float] = (4.0, 4.0, 5.0)
    origin: tuple[float, float, float] = field(default=(-174.0, -118.0, -187.0))

    @property
    def affine(self) -> NDArray[np.float64]:
        return np.hstack([np.diag(self.step), np.array(self.origin, float)[:, None]])


def scanned(scanner: Scanner, pose: Pose | None = None, noise: float = 15.0, seed: int = 0, modality: str = "CT") -> Reduced:
    """What the registration process would be given of it."""
    pose = pose or Pose()
    values = np.full(scanner.shape, -1000.0, np.float32)
    axes = [scanner.origin[i] + np.arange(scanner.shape[2 - i]) * scanner.step[i] for i in range(3)]
    for centre, radii, hounsfield in body():
        middle = pose.to_scanner(np.array([centre]))[0]
        reach = max(radii) + 6.0
        cut = [slice(*np.searchsorted(axis, (at - reach, at + reach))) for axis, at in zip(axes, middle, strict=True)]
        x, y, z = axes[0][cut[0]], axes[1][cut[1]], axes[2][cut[2]]
        if not (len(x) and len(y) and len(z)):
            continue
        away = np.stack(np.broadcast_arrays(*np.meshgrid(x - middle[0], y - middle[1], z - middle[2], indexing="ij")), -1)
        own = away @ pose.rotation  # back into the anatomy
        distance = (np.sqrt(((own / radii) ** 2).sum(-1)) - 1.0) * min(radii)
        share = np.clip(0.5 - distance / max(scanner.step), 0.0, 1.0).transpose(2, 1, 0).astype(np.float32)
        place = values[cut[2], cut[1], cut[0]]
        place += share * (np.float32(hounsfield) - place)
    values += np.random.default_rng(seed).normal(0, noise, values.shape).astype(np.float32)
    if modality != "CT":
        values = np.interp(values, *GREYS).astype(np.float32)
    return Reduced(values, scanner.affine, modality)


def off(matrix: NDArray[np.float64], pose: Pose) -> tuple[float, float]:
    """How far a found alignment (3 x 4) is off the true pose: mm in the mean over the chest, and degrees."""
    true = pose.matrix()[:3]
    grid = np.meshgrid(np.linspace(-120, 120, 5), np.linspace(-80, 80, 5), np.linspace(-150, 150, 5))
    points = np.stack(grid, -1).reshape(-1, 3)
    there = points @ matrix[:, :3].T + matrix[:, 3], points @ true[:, :3].T + true[:, 3]
    turn = matrix[:, :3] @ true[:, :3].T
    degrees = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    return float(np.linalg.norm(there[0] - there[1], axis=1).mean()), float(degrees)
