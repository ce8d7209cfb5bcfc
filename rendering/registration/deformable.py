"""Deformable registration after a rigid one, on cubes of 4 mm: a displacement field that never folds, or a refusal.

CT to CT: diffeomorphic demons in two levels. Others: a cubic B-spline on mutual information.
The field is a function of the fixed point; moving point = rigid(point) + displacement(point).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from rendering.registration.coarse import SEED
from rendering.registration.grids import Cubes, cubes_of, dilated
from rendering.registration.matching import LEAST_FOUND, Tell, as_transform, same_kind
from rendering.registration.reduce import Reduced
from rendering.registration.residual import Residual, aligned, residual

PITCH_MM = 4.0
DEMONS_STEPS = (40, 40)
DEMONS_SMOOTHING = 1.5
"""Standard deviation of the field's smoothing, in cubes."""
SPLINE_MM = 40.0
SPLINE_STEPS = 25
SPLINE_SAMPLES = 25_000

# A field that squeezes anything to less than this share of its volume, or beyond the other bound, is not anatomy.
LEAST_JACOBIAN, MOST_JACOBIAN = 0.1, 8.0
MOST_MM = 60.0
# Of the body's cubes, so many may lie beyond the bounds above (noise at the rim).
BEYOND_SHARE = 0.001
# A residual counts as smaller below this share of the one before.
BETTER = 0.95


@dataclass(frozen=True)
class DeformableMatch:
    """`field` (z, y, x, 3) in mm on cubes of `pitch` mm from `origin` (LPS); `refusal` as in `RigidMatch`."""

    field: NDArray[np.float32]
    origin: NDArray[np.float64]
    pitch: float
    residual: Residual
    least_jacobian: float
    refusal: str


def match_deformable(fixed: Reduced, moving: Reduced, rigid: NDArray[np.float64], tell: Tell) -> DeformableMatch:
    still, other = cubes_of(fixed, PITCH_MM), cubes_of(moving, PITCH_MM)
    onto = as_transform(rigid)
    tell(0.1)
    same = same_kind(fixed, moving)
    field = _demons(still, other, onto, tell) if same else _spline(still, other, onto, tell)
    tell(0.85)
    displacement = SimpleITK.GetArrayFromImage(field).astype(np.float32)
    # The demons move a fixed point before the rigid matrix; the field here is what is added after it.
    displacement = displacement @ rigid[:, :3].T.astype(np.float32)
    jacobian = SimpleITK.GetArrayFromImage(SimpleITK.DisplacementFieldJacobianDeterminant(field))[still.body]
    finer = cubes_of(fixed, PITCH_MM / 2), cubes_of(moving, PITCH_MM / 2)
    both = SimpleITK.CompositeTransform(
        [onto, SimpleITK.DisplacementFieldTransform(SimpleITK.Cast(field, SimpleITK.sitkVectorFloat64))]
    )
    before, left = residual(*finer, onto, same), residual(*finer, both, same)
    refusal = _refusal(jacobian, np.linalg.norm(displacement, axis=-1)[still.body]) or _no_better(before, left)
    least = float(jacobian.min()) if jacobian.size else 1.0
    return DeformableMatch(displacement, still.origin, PITCH_MM, left, least, refusal)


def _demons(fixed: Cubes, moving: Cubes, onto: SimpleITK.Transform, tell: Tell) -> SimpleITK.Image:
    """Two levels; voxels without a counterpart pull nowhere, for both are alike there."""
    there, known = aligned(fixed, moving, onto)
    there = np.where(known, there, fixed.values)
    still, moved = fixed.image(), fixed.image(there.astype(np.float32))
    field: SimpleITK.Image | None = None
    for level, (times, steps) in enumerate(zip((2, 1), DEMONS_STEPS, strict=True)):
        small = [
            SimpleITK.Shrink(SimpleITK.SmoothingRecursiveGaussian(i, times * fixed.pitch / 2), [times] * 3)
            for i in (still, moved)
        ]
        images = small if times > 1 else [still, moved]
        demons = SimpleITK.DiffeomorphicDemonsRegistrationFilter()
        demons.SetNumberOfIterations(steps)
        demons.SetStandardDeviations(DEMONS_SMOOTHING)
        demons.SetSmoothDisplacementField(True)
        demons.AddCommand(SimpleITK.sitkIterationEvent, _progress(tell, 0.1 + 0.35 * level, 0.35 / steps))
        begun = None if field is None else SimpleITK.Resample(field, images[0], SimpleITK.Transform(), SimpleITK.sitkLinear)
        field = demons.Execute(*images) if begun is None else demons.Execute(*images, begun)
    assert field is not None
    whole: SimpleITK.Image = SimpleITK.Cast(field, SimpleITK.sitkVectorFloat64)
    return whole


def _spline(fixed: Cubes, moving: Cubes, onto: SimpleITK.Transform, tell: Tell) -> SimpleITK.Image:
    there, _ = aligned(fixed, moving, onto)
    mesh = [max(2, round(size * fixed.pitch / SPLINE_MM)) for size in fixed.values.shape[::-1]]
    still = fixed.image()
    spline = SimpleITK.BSplineTransformInitializer(still, mesh)
    near = dilated(fixed.body, 2) & fixed.known
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricFixedMask(fixed.image(near.astype(np.uint8)))
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(min(1.0, SPLINE_SAMPLES / max(1, int(near.sum()))), SEED)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsLBFGSB(gradientConvergenceTolerance=1e-5, numberOfIterations=SPLINE_STEPS)
    method.SetInitialTransform(spline, inPlace=True)
    method.AddCommand(SimpleITK.sitkIterationEvent, _progress(tell, 0.1, 0.7 / SPLINE_STEPS))
    method.Execute(still, fixed.image(there.astype(np.float32)))
    field: SimpleITK.Image = SimpleITK.TransformToDisplacementField(
        spline, SimpleITK.sitkVectorFloat64, still.GetSize(), still.GetOrigin(), still.GetSpacing(), still.GetDirection()
    )
    return field


def _progress(tell: Tell, begun: float, step: float) -> Callable[[], None]:
    count = 0

    def told() -> None:
        nonlocal count
        count += 1
        tell(begun + min(0.7, count * step))

    return told


def _no_better(before: Residual, after: Residual) -> str:
    """A field that finds fewer places again, or makes neither the usual nor the largest residuals smaller, is noise."""
    if after.found < max(LEAST_FOUND, 0.8 * before.found):
        return f"only {after.found} of {after.places} places were found again"
    if after.median_mm >= BETTER * before.median_mm and after.p95_mm >= BETTER * before.p95_mm:
        return f"it fits no better than the rigid alignment ({after.median_mm:.1f} mm, {before.median_mm:.1f} mm before)"
    return ""


def _refusal(jacobian: NDArray[np.float64], lengths: NDArray[np.float32]) -> str:
    if not jacobian.size:
        return "there is no body to deform"
    if float((jacobian <= 0.0).mean()) > 0.0:
        return "the deformation folds"
    beyond = (jacobian < LEAST_JACOBIAN) | (jacobian > MOST_JACOBIAN)
    if float(beyond.mean()) > BEYOND_SHARE:
        return "the deformation squeezes tissue more than tissue can be"
    if float(np.percentile(lengths, 99)) > MOST_MM:
        return f"the deformation moves tissue by more than {MOST_MM:.0f} mm"
    return ""
