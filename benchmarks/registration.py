"""Rigid registration of two CT of 512 x 512 x 150, start of its process included, against bare SimpleITK.

The floor is what a script would do with the same voxels in this process: both shrunk by 4, mutual information on every
tenth voxel, three levels, gradient descent from the middle of both, no check of what came out. The goal is 10 s, and
the way back to the known shift within a millimetre.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import SimpleITK

from benchmarks.figures import Figure, seconds
from benchmarks.series import write_moved_ct
from rendering.images import SeriesImages
from rendering.registration.registrar import SeriesRegistrar
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.alignment import Alignment

SLICES, SIZE = 150, 512
SHIFT, DEGREES = (9.0, -6.0, 4.0), 3.0
GOAL, NEAR_MM = 10.0, 1.0


def measure() -> Iterator[Figure]:
    """The second CT lies 11.5 mm and 3 degrees away from the first."""
    with TemporaryDirectory(prefix="lyskasse-bench-") as folder, ImageWorker() as worker:
        for number, (shift, degrees) in enumerate((((0.0, 0.0, 0.0), 0.0), (SHIFT, DEGREES)), 1):
            write_moved_ct(Path(folder) / str(number), SLICES, SIZE, number, shift, degrees)
        with studies_in([Path(folder)], worker) as found:
            studies = sorted(found.studies, key=lambda study: study.study_instance_uid)
            images = {s.study_instance_uid: SeriesImages(s, s.series[0], worker) for s in studies}
            for one in images.values():
                one.load()
            yield _figure(images)
            for one in images.values():
                one.close()


def _figure(images: dict[str, SeriesImages]) -> Figure:
    registrar = SeriesRegistrar(lambda study, _series: images[study])
    fixed, moving = ((uid, one.series.series_instance_uid) for uid, one in images.items())
    found: list[Alignment] = []
    task = registrar.rigid(fixed, moving)
    value = seconds(lambda: found.append(task(lambda: False, lambda _: None)))
    floor = seconds(lambda: bare_registration(*images.values()))
    away = distance(found[0])
    words = f"rigid registration of {SIZE} x {SIZE} x {SLICES}, {away:.1f} mm beside the truth"
    return Figure(words, "-", value, floor, "s", "<= 10 s, <= 1 mm", value <= GOAL and away <= NEAR_MM)


def distance(alignment: Alignment) -> float:
    """How far, in mm, the middle of the body lands from where it was put."""
    landed = alignment.apply((0.0, 0.0, SLICES / 2.0))
    return math.dist(landed, SHIFT_OF_MIDDLE)


SHIFT_OF_MIDDLE = (SHIFT[0], SHIFT[1], SLICES / 2.0 + SHIFT[2])
"""The body is turned about its middle, which the shift alone moves."""


def bare_registration(fixed: SeriesImages, moving: SeriesImages) -> None:
    images = [_itk(one) for one in (fixed, moving)]
    method: Any = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.1)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.01, 100)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2.0, 1.0, 0.0])
    rigid = SimpleITK.CenteredTransformInitializer(*images, SimpleITK.Euler3DTransform())
    method.SetInitialTransform(rigid, inPlace=False)
    method.Execute(*images)


def _itk(images: SeriesImages) -> Any:
    source = images.volume()
    image = SimpleITK.GetImageFromArray(source.voxels[:, ::4, ::4].astype(np.float32))
    column, row, gap = source.geometry.spacing
    image.SetSpacing((column * 4, row * 4, gap))
    return image
