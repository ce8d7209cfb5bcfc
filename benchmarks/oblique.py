"""G8: a frame of oblique MPR, dragged and settled, against bare vtkImageReslice at half and at full resolution.

Bare means: the same voxels on the same grid by the same filter, set up once, its 16-bit result
left where it is: no window, no grey, no picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from benchmarks.bench_case import imported_ct
from benchmarks.figures import Figure, compared
from rendering.images import SeriesImages
from rendering.viewport import Viewport
from rendering.viewport_cut import cut_sampling
from rendering.viewport_views import cut_view
from workstation.domain.viewing import Plane, ViewportState, Window

SLICES, SIDE = 400, 512
# VTK's numbers of the modes, which its Python module does not name.
_SLABS = {"MINIP": 0, "MIP": 1, "MEAN": 2}


def measure() -> Iterator[Figure]:
    """512 x 512 x 400, a plane turned 30 degrees about two axes, shown at 512 x 512."""
    with imported_ct(SLICES) as case:
        images = SeriesImages(case.study, case.series, case.worker)
        images.load()
        viewport = Viewport(images)
        c, s = math.cos(0.5), math.sin(0.5)
        oblique = ((c, s, 0.0), (-s * s, c * s, -c))
        state = replace(viewport.default_state(Plane.OBLIQUE), window=Window(40, 400), oblique=oblique)
        drag, half = compared(frames(viewport, state, fast=True), bare_reslice(images, state, SIDE // 2), 60)
        yield Figure(
            "oblique frame while dragging",
            "G8",
            drag * 1e3,
            half * 1e3,
            "ms",
            "<= 1.15 x, <= 20 ms",
            drag <= 1.15 * half and drag <= 0.02,
        )
        still, full = compared(frames(viewport, state, fast=False), bare_reslice(images, state, SIDE), 60)
        yield Figure("oblique frame when still", "G8", still * 1e3, full * 1e3, "ms", "<= 1.15 x", still <= 1.15 * full)
        images.close()


def moved(state: ViewportState, step: int) -> ViewportState:
    """The cut `step` half millimetres further along each axis of the patient, forty times and over again."""
    x, y, z = state.focus or (0.0, 0.0, 0.0)
    way = step % 40 * 0.5
    return replace(state, focus=(x + way, y + way, z + way))


def frames(viewport: Viewport, state: ViewportState, fast: bool) -> Callable[[], None]:
    steps = count()

    def frame() -> None:
        viewport.picture(moved(state, next(steps)), SIDE, SIDE, fast=fast)

    return frame


def bare_reslice(images: SeriesImages, state: ViewportState, side: int) -> Callable[[], None]:
    """vtkImageReslice alone, `side` x `side`: 16-bit in, 16-bit out, linear, all threads; a slab where the state has one."""
    voxels = images.volume().voxels
    slices, rows, columns = voxels.shape
    data = vtkImageData()
    data.SetDimensions(columns, rows, slices)
    data.GetPointData().SetScalars(numpy_to_vtk(voxels.reshape(-1), deep=False))  # type: ignore[no-untyped-call]
    matrix = vtkMatrix4x4()
    reslice = vtkImageReslice()
    reslice.SetInputData(data)
    reslice.SetOutputDimensionality(2)
    reslice.SetInterpolationModeToLinear()
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputExtent(0, side - 1, 0, side - 1, 0, 0)
    geometry = images.volume().geometry
    views = (cut_view(images, moved(state, step), SIDE, SIDE) for step in range(40))
    grids = [cut_sampling(geometry, view, SIDE, SIDE).regridded(SIDE / side) for view in views]
    steps = count()

    def frame() -> None:
        grid = grids[next(steps) % 40]
        for row in range(3):
            for column, vector in enumerate((grid.right, grid.down, grid.through, grid.first)):
                matrix.SetElement(row, column, vector[row])
        reslice.SetResliceAxes(matrix)
        reslice.SetSlabNumberOfSlices(grid.samples)
        reslice.SetSlabMode(_SLABS[state.slab_mode])
        reslice.Modified()
        reslice.Update()

    return frame
