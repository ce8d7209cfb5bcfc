"""One trial of registration with a known answer, at the size that is read: for benchmarks.

The chest phantom is scanned as it lies, and again moved, on another grid with another coverage and more
noise; as MR its values are brought to greys of no simple order. The way measured is the reader's: block means,
the process, its start and its answer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.phantoms.chest_voxels import Chest, Contrast, Nodule
from rendering.phantoms.scan import Planes, Pose
from rendering.registration.child import RegistrationProcess
from rendering.registration.reduce import reduced
from rendering.reslice import VolumeSource
from workstation.domain.geometry import VolumeGeometry

MOST_DEGREES, MOST_MM = 15.0, 40.0
NODULE = Nodule((-74.0, -6.0, 46.0), 8.0)
# From Hounsfield units to greys as another modality has them.
GREYS = ([-1000, -850, -300, -120, -80, 0, 40, 80, 150, 250, 600], [5, 25, 60, 420, 430, 220, 160, 180, 300, 140, 30])
# The middle of the movement, and where the error is taken: a grid through the chest (LPS mm of the phantom).
MIDDLE = (0.0, 0.0, -30.0)
REACH = ((-120.0, 120.0), (-80.0, 80.0), (-150.0, 90.0))


@dataclass(frozen=True)
class Pair:
    """`matrix` (3 x 4) takes fixed points to moving points."""

    fixed: VolumeSource
    moving: VolumeSource
    matrix: NDArray[np.float64]
    modality: str


@dataclass(frozen=True, slots=True)
class Trial:
    """How far off the known answer (mm in the mean over the chest, degrees), and the seconds from voxels to answer."""

    seconds: float
    off_mm: float
    off_degrees: float
    residual_mm: float | None
    refusal: str


def moved_pair(seed: int, modality: str = "CT", size: int = 512, slices: int = 150) -> Pair:
    """Two scans of `size` x `size` x `slices`: turned by up to 15 degrees about each axis, moved by up to 40 mm along each."""
    rng = np.random.default_rng(seed)
    degrees, shift = rng.uniform(-MOST_DEGREES, MOST_DEGREES, 3), rng.uniform(-MOST_MM, MOST_MM, 3)
    pose = Pose.turned(_three(degrees), _three(shift), MIDDLE)
    still = _planes(size, slices, 369.0, 320.0, np.array([-184.0, -178.0, -190.0]))
    other = _planes(size, slices, 372.0, 290.0, np.array([-184.0, -178.0, -175.0]) + rng.uniform(-10, 10, 3))
    moving = _scanned(other, pose, 20.0)
    if modality != "CT":
        moving = np.interp(moving, *GREYS).astype(np.float32)
    return Pair(_source(_scanned(still, Pose(), 13.0), still), _source(moving, other), pose.matrix()[:3], modality)


def run(pair: Pair) -> Trial:
    begun = time.perf_counter()
    fixed, moving = reduced(pair.fixed, "CT"), reduced(pair.moving, pair.modality)
    answer, _ = RegistrationProcess().ask({"do": "rigid"}, fixed, moving, lambda: False, lambda _: None)
    seconds = time.perf_counter() - begun
    return Trial(seconds, *_off(answer, pair.matrix), answer["median_mm"], answer["refusal"])


def _off(answer: dict[str, Any], true: NDArray[np.float64]) -> tuple[float, float]:
    found = np.array(answer["matrix"], float).reshape(3, 4)
    points = np.stack(np.meshgrid(*(np.linspace(low, high, 5) for low, high in REACH)), -1).reshape(-1, 3)
    apart = points @ (found - true)[:, :3].T + (found - true)[:, 3]
    turn = found[:, :3] @ true[:, :3].T
    degrees = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    return float(np.linalg.norm(apart, axis=1).mean()), float(degrees)


def _planes(size: int, slices: int, wide: float, high: float, origin: NDArray[np.float64]) -> Planes:
    return Planes(size, size, slices, (wide / size, wide / size), high / slices, _three(origin))


def _scanned(planes: Planes, pose: Pose, noise: float) -> NDArray[np.float32]:
    leaves = 150 if planes.rows < 256 else 2600
    chest = Chest(planes, pose, 1, (NODULE,), Contrast(), noise_level=noise, coarse=6.0, leaves=leaves)
    return np.array(list(chest.slices()), np.float32)


def _source(values: NDArray[np.float32], planes: Planes) -> VolumeSource:
    steps = np.stack([
        np.array(planes.along_row) * planes.spacing[1], np.array(planes.down) * planes.spacing[0], planes.normal * planes.step
    ], axis=1)  # fmt: skip
    rows = [(float(r[0]), float(r[1]), float(r[2]), float(o)) for r, o in zip(steps, planes.origin, strict=True)]
    geometry = VolumeGeometry((planes.count, planes.rows, planes.columns), (rows[0], rows[1], rows[2]))
    return VolumeSource(values.astype(np.int16), geometry, 1.0, 0.0, False)


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in values)
    return x, y, z
