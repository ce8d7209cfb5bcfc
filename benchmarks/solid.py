"""G9's third dimension: the first picture of a volume seen from outside, and pictures a second while it is turned.

The floor of both is bare VTK on the same voxels: vtkFixedPointVolumeRayCastMapper, all threads, 512 x 512, every voxel,
a ramp of opacity without shading, its picture read back once. First picture: everything made anew. Turning: a new
camera at each frame, nothing else. The goals: 1 s, and 20 a second on two cores without a graphics card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

from benchmarks.bench_case import imported_ct
from benchmarks.figures import Figure, percentile, seconds
from rendering import volume_gl
from rendering.images import SeriesImages
from rendering.viewport import Viewport
from workstation.domain.turning import turned
from workstation.domain.viewing import Plane

SLICES, SIDE = 400, 512
FRAMES = 60
FIRST_GOAL, TURN_GOAL = 1.0, 1.0 / 20.0


def measure() -> Iterator[Figure]:
    """512 x 512 x 400 in a viewport of 512 x 512. The machine's graphics are known, as after the first 3D view of a day."""
    volume_gl.graphics()
    with imported_ct(SLICES) as case:
        images = SeriesImages(case.study, case.series, case.worker)
        images.load()
        first_floor = seconds(lambda: _bare_first(images))
        firsts = [seconds(lambda: _first(Viewport(images))) for _ in range(3)]
        first = percentile(firsts, 0.5)
        yield Figure("3D, first picture", "G9", first, first_floor, "s", "<= 1 s", first <= FIRST_GOAL)
        viewport = Viewport(images)
        _first(viewport)
        turning, bare = turn(viewport), bare_volume(images)
        bare()
        times = [seconds(turning) for _ in range(FRAMES)]
        floors = [seconds(bare) for _ in range(3)]
        middle, slow, floor = percentile(times, 0.5), percentile(times, 0.95), percentile(floors, 0.5)
        goal = "<= 50 ms (20/s)"
        yield Figure("3D, one picture while turning, p50", "G9", middle * 1e3, floor * 1e3, "ms", goal, middle <= TURN_GOAL)
        yield Figure("3D, one picture while turning, p95", "G9", slow * 1e3, floor * 1e3, "ms", "(to watch)", True)
        images.close()


def _first(viewport: Viewport) -> None:
    picture = viewport.picture(viewport.default_state(Plane.THREE_D), SIDE, SIDE)
    assert picture.error is None, picture.error
    assert picture.pixels.any()


def _bare_first(images: SeriesImages) -> None:
    bare_volume(images)()


def turn(viewport: Viewport) -> Callable[[], None]:
    """Three degrees a frame, as a hand turns it."""
    state, steps = viewport.default_state(Plane.THREE_D), count()

    def frame() -> None:
        directions = turned(None, 3.0 * next(steps), 10.0)
        viewport.picture(replace(state, oblique=directions), SIDE, SIDE, fast=True)

    return frame


def bare_volume(images: SeriesImages) -> Callable[[], None]:
    """The ray caster that needs no OpenGL, on all voxels; the first call builds what it needs."""
    import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401 - registers what puts the picture into the window
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
    from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkRenderer, vtkVolume
    from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper

    voxels = images.volume().voxels
    slices, rows, columns = voxels.shape
    data = vtkImageData()
    data.SetDimensions(columns, rows, slices)
    data.GetPointData().SetScalars(numpy_to_vtk(voxels.reshape(-1), deep=False))  # type: ignore[no-untyped-call]
    mapper, volume, renderer = vtkFixedPointVolumeRayCastMapper(), vtkVolume(), vtkRenderer()
    window = volume_gl.make_window(volume_gl.graphics().window or "vtkOSOpenGLRenderWindow")
    mapper.SetInputData(data)
    mapper.AutoAdjustSampleDistancesOff()
    opacity, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
    opacity.AddPoint(1000.0, 0.0)
    opacity.AddPoint(1200.0, 0.4)
    colour.AddRGBPoint(1000.0, 0.0, 0.0, 0.0)
    colour.AddRGBPoint(1200.0, 1.0, 1.0, 1.0)
    volume.GetProperty().SetScalarOpacity(opacity)
    volume.GetProperty().SetColor(colour)
    volume.SetMapper(mapper)
    window.SetSize(SIDE, SIDE)
    window.AddRenderer(renderer)
    renderer.AddVolume(volume)
    renderer.ResetCamera()

    def frame() -> None:
        renderer.GetActiveCamera().Azimuth(3.0)
        window.Render()

    return frame
