"""Rigid registration in two levels by SimpleITK: Mattes mutual information, Euler angles, fixed seeds and samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from rendering.registration.coarse import SEED, Pose
from rendering.registration.grids import Cubes, dilated


@dataclass(frozen=True, slots=True)
class Level:
    """`samples` of the fixed body are compared in at most `iterations` steps, from `step` mm down to `least` mm."""

    samples: int
    iterations: int
    step: float
    least: float


MIDDLE = Level(15_000, 60, 3.0, 0.05)
FINE = Level(40_000, 40, 0.8, 0.01)
BINS = 40


def refined(fixed: Cubes, moving: Cubes, pose: Pose, middle: NDArray[np.float64], level: Level) -> tuple[Pose, float]:
    """The pose after one level, and its mutual information (nats)."""
    near = dilated(fixed.body, 6.0 / fixed.pitch) & fixed.known
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricFixedMask(fixed.image(near.astype(np.uint8)))
    method.SetMetricMovingMask(moving.image(moving.known.astype(np.uint8)))
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(min(1.0, level.samples / max(1, int(near.sum()))), SEED)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=level.step,
        minStep=level.least,
        numberOfIterations=level.iterations,
        relaxationFactor=0.6,
        gradientMagnitudeTolerance=1e-6,
    )
    method.SetOptimizerScalesFromPhysicalShift()
    transform = SimpleITK.Euler3DTransform()
    transform.SetComputeZYX(True)
    transform.SetCenter(middle.tolist())
    transform.SetRotation(*(float(a) for a in pose[:3]))
    transform.SetTranslation([float(v) for v in pose[3:]])
    method.SetInitialTransform(transform, inPlace=True)
    method.Execute(fixed.image(), moving.image())
    return np.array(transform.GetParameters()), -float(method.GetMetricValue())
