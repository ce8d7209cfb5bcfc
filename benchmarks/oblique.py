"""G8: a frame of oblique MPR, dragged (half resolution) and still, against bare vtkImageReslice."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from benchmarks.bench_case import imported_ct
from benchmarks.figures import Figure, median
from rendering.images import SeriesImages
from rendering.viewport import Viewport
from workstation.domain.viewing import Plane, Window

SLICES, SIDE = 400, 512


def measure() -> Iterator[Figure]:
    """512 x 512 x 400, a plane turned 30 degrees about two axes, shown at 512 x 512."""
    with imported_ct(SLICES) as case:
        images = SeriesImages(case.study, case.series, case.worker)
        images.load()
        viewport = Viewport(images)
        c, s = math.cos(0.5), math.sin(0.5)
        state = replace(viewport.default_state(Plane.OBLIQUE), window=Window(40, 400), oblique=((c, s, 0.0), (-s * s, c * s, -c)))
        floors = {side: median(bare_reslice(images, side, c, s), 15) for side in (SIDE // 2, SIDE)}
        focus = state.focus or (0.0, 0.0, 0.0)
        step = 0

        def frame(fast: bool) -> None:
            nonlocal step
            step += 1
            moved = replace(state, focus=(focus[0], focus[1], focus[2] + step % 40 * 0.5))
            viewport.picture(moved, SIDE, SIDE, fast=fast)

        drag, still = median(lambda: frame(True), 15), median(lambda: frame(False), 15)
        half, full = floors[SIDE // 2], floors[SIDE]
        yield Figure(
            "oblique frame while dragging",
            "G8",
            drag * 1e3,
            half * 1e3,
            "ms",
            "<= 1.15 x, <= 20 ms",
            drag <= 1.15 * half and drag <= 0.02,
        )
        yield Figure("oblique frame when still", "G8", still * 1e3, full * 1e3, "ms", "<= 1.15 x", still <= 1.15 * full)
        images.close()


def bare_reslice(images: SeriesImages, side: int, c: float, s: float) -> Callable[[], None]:
    """vtkImageReslice alone: 16-bit in, 16-bit out, linear, all threads."""
    voxels = images.volume().voxels
    slices, rows, columns = voxels.shape
    data = vtkImageData()
    data.SetDimensions(columns, rows, slices)
    data.SetSpacing(0.5, 0.5, 1.0)
    data.GetPointData().SetScalars(numpy_to_vtk(voxels.reshape(-1), deep=False))
    matrix = vtkMatrix4x4()
    for axis, column in enumerate(((c, s, 0.0), (-s * s, c * s, -c), (-s * c, c * c, s))):
        for row, value in enumerate(column):
            matrix.SetElement(row, axis, value)
    reslice = vtkImageReslice()
    reslice.SetInputData(data)
    reslice.SetOutputDimensionality(2)
    reslice.SetInterpolationModeToLinear()
    reslice.SetOutputSpacing(256.0 / side, 256.0 / side, 1.0)
    reslice.SetOutputExtent(0, side - 1, 0, side - 1, 0, 0)
    reslice.SetOutputOrigin(-128.0, -128.0, 0.0)
    turn = 0

    def frame() -> None:
        nonlocal turn
        turn += 1
        for row, value in enumerate((columns * 0.25, rows * 0.25, slices / 2 + turn % 40 * 0.5)):
            matrix.SetElement(row, 3, value)
        reslice.SetResliceAxes(matrix)
        reslice.Modified()
        reslice.Update()

    return frame
