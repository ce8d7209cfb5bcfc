"""Draws volumes from outside: one offscreen OpenGL window, one thread, a scene for each series.

An OpenGL context belongs to a thread, so that everything here happens on one thread of its own.
Without a graphics card the rays are cast by the processor: on llvmpipe VTK's GPU mapper takes
15 times as long for the same picture. vtkSmartVolumeMapper does not know that and is not used.
"""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering import volume_gl
from rendering.reslice import VolumeSource
from rendering.viewport_solid import Camera
from rendering.volume_gl import Graphics
from rendering.volume_presets import VolumePreset
from rendering.volume_reduce import reduced
from workstation.domain.geometry import VolumeGeometry
from workstation.domain.viewing import Window
from workstation.errors import Refused

# Scenes kept: a current and a prior side by side. Each may hold a copy of its volume.
KEPT_SCENES = 2
# While the hand moves: every third pixel, and steps along the ray that are twice as long.
MOVING_PIXELS = 3.0
MOVING_STEPS = 2.0
# Steps along a ray for one voxel.
STEPS_PER_VOXEL = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """A preset on a window, in the values the voxels hold."""

    preset: VolumePreset
    low: float
    width: float

    def at(self, share: float) -> float:
        return self.low + share * self.width


def look(preset: VolumePreset, window: Window, source: VolumeSource, factor: float) -> Look:
    """`window` is in the unit shown: voxel * slope + intercept, times `factor`."""
    gain = source.slope * factor
    low = (window.center - window.width / 2 - source.intercept * factor) / gain
    return Look(preset, low, window.width / gain)


class SolidRenderer:
    """One series' 3D pictures. May be called from any thread; its scene goes when it goes."""

    _numbers = itertools.count()

    def __init__(self) -> None:
        self._number = next(self._numbers)
        weakref.finalize(self, _forget, self._number).atexit = False

    def pixels(
        self, source: VolumeSource, appearance: Look, camera: Camera, width: int, height: int, fast: bool
    ) -> NDArray[np.uint8]:
        """RGB (height, width, 3). Raises Refused, in words, when this cannot be drawn here."""
        graphics = volume_gl.graphics()
        drawing = _thread().submit(_draw, graphics, self._number, source, appearance, camera, (width, height), fast)
        return drawing.result()


class _Scene:
    """One volume in a renderer of its own."""

    def __init__(self, source: VolumeSource, graphics: Graphics, window: Any) -> None:
        from vtkmodules.vtkRenderingCore import vtkRenderer, vtkVolume

        self.voxels = source.voxels
        small, geometry = reduced(source.voxels, source.geometry, graphics.is_software)
        self.renderer = vtkRenderer()
        self.renderer.SetBackground(0.0, 0.0, 0.0)
        self._volume = vtkVolume()
        self._image, matrix, self._step = _image_of(small, geometry)
        self._volume.SetUserMatrix(matrix)
        self._mapper = _mapper(graphics, window, self._volume)
        self._mapper.SetInputData(self._image)
        self._mapper.SetAutoAdjustSampleDistances(0)
        self._volume.SetMapper(self._mapper)
        self.renderer.AddVolume(self._volume)
        self._look: Look | None = None

    def dress(self, appearance: Look) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
        from vtkmodules.vtkRenderingCore import vtkColorTransferFunction

        if appearance == self._look:
            return
        opacity, colour, preset = vtkPiecewiseFunction(), vtkColorTransferFunction(), appearance.preset
        for share, alpha in preset.opacity:
            opacity.AddPoint(appearance.at(share), alpha)
        for share, red, green, blue in preset.colour:
            colour.AddRGBPoint(appearance.at(share), red, green, blue)
        properties = self._volume.GetProperty()
        properties.SetScalarOpacity(opacity)
        properties.SetColor(colour)
        properties.SetScalarOpacityUnitDistance(1.0)
        properties.SetInterpolationTypeToLinear()
        properties.SetShade(int(preset.shade))
        properties.SetAmbient(0.15)
        properties.SetDiffuse(0.85)
        properties.SetSpecular(0.15)
        if preset.is_mip:
            self._mapper.SetBlendModeToMaximumIntensity()
        else:
            self._mapper.SetBlendModeToComposite()
        self._look = appearance

    def aim(self, camera: Camera, fast: bool) -> None:
        eye = self.renderer.GetActiveCamera()
        eye.ParallelProjectionOn()
        eye.SetParallelScale(camera.half_height)
        eye.SetFocalPoint(*camera.centre)
        distance = 2 * camera.reach
        eye.SetPosition(*(c - f * distance for c, f in zip(camera.centre, camera.forward, strict=True)))
        eye.SetViewUp(*camera.up)
        eye.SetClippingRange(distance - camera.reach, distance + camera.reach)
        self._mapper.SetImageSampleDistance(MOVING_PIXELS if fast else 1.0)
        self._mapper.SetSampleDistance(self._step * (MOVING_STEPS if fast else 1.0))


class _Stage:
    """The window and its scenes. Only ever used on its own thread."""

    def __init__(self, graphics: Graphics) -> None:
        self._graphics = graphics
        self._window = volume_gl.make_window(graphics.window)
        self._scenes: OrderedDict[int, _Scene] = OrderedDict()

    def draw(
        self, number: int, source: VolumeSource, appearance: Look, camera: Camera, size: tuple[int, int], fast: bool
    ) -> NDArray[np.uint8]:
        if tuple(self._window.GetSize()) != size:
            self._window.SetSize(*size)
        scene = self._scene(number, source)
        for other in self._scenes.values():
            other.renderer.SetDraw(int(other is scene))
        scene.dress(appearance)
        scene.aim(camera, fast)
        self._window.Render()
        picture = self._read(*size)
        return np.ascontiguousarray(picture[:, ::-1] if camera.mirrored else picture)

    def forget(self, number: int) -> None:
        scene = self._scenes.pop(number, None)
        if scene is not None:
            self._window.RemoveRenderer(scene.renderer)

    def _scene(self, number: int, source: VolumeSource) -> _Scene:
        kept = self._scenes.get(number)
        if kept is not None and kept.voxels is source.voxels:
            self._scenes.move_to_end(number)
            return kept
        self.forget(number)
        while len(self._scenes) >= KEPT_SCENES:
            self.forget(next(iter(self._scenes)))
        scene = self._scenes[number] = _Scene(source, self._graphics, self._window)
        self._window.AddRenderer(scene.renderer)
        return scene

    def _read(self, width: int, height: int) -> NDArray[np.uint8]:
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

        data = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, data)
        if data.GetNumberOfTuples() != width * height:
            raise Refused("3D could not be drawn", "The graphics driver gave no picture", "All other views work without it")
        rgba: NDArray[np.uint8] = vtk_to_numpy(data).reshape(height, width, 4)  # type: ignore[no-untyped-call]
        return rgba[::-1, :, :3]


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "volume rendering")


@cache
def _stage(graphics: Graphics) -> _Stage:
    return _Stage(graphics)


def _draw(
    graphics: Graphics, number: int, source: VolumeSource, appearance: Look, camera: Camera, size: tuple[int, int], fast: bool
) -> NDArray[np.uint8]:
    try:
        return _stage(graphics).draw(number, source, appearance, camera, size, fast)
    except MemoryError:
        raise Refused("3D needs more memory than is free", "", "Close other cases or programs and try again") from None


def _forget(number: int) -> None:
    """Let a scene go, on the thread it lives on; too late for that when the program is ending."""
    if not volume_gl.is_known():
        return
    try:
        _thread().submit(_forget_here, volume_gl.graphics(), number)
    except (RuntimeError, Refused):
        return


def _forget_here(graphics: Graphics, number: int) -> None:
    _stage(graphics).forget(number)


def _mapper(graphics: Graphics, window: Any, volume: Any) -> Any:
    import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401  it brings what both mappers draw with
    from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper, vtkGPUVolumeRayCastMapper

    if not graphics.is_software:
        mapper = vtkGPUVolumeRayCastMapper()
        if mapper.IsRenderSupported(window, volume.GetProperty()):
            return mapper
    return vtkFixedPointVolumeRayCastMapper()


def _image_of(voxels: NDArray[Any], geometry: VolumeGeometry) -> tuple[Any, Any, float]:
    """The voxels as VTK's image in mm, the matrix that takes it to LPS, and the step along a ray.

    VTK looks into numpy's memory. The spacing goes into the image and only directions into the
    matrix: mappers measure their steps in the image's own millimetres.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    slices, rows, columns = voxels.shape
    axes = [geometry.axis(i) for i in range(3)]
    spacing = geometry.spacing
    image = vtkImageData()
    image.SetDimensions(columns, rows, slices)
    image.SetSpacing(*spacing)
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.reshape(-1), deep=0))  # type: ignore[no-untyped-call]
    matrix = vtkMatrix4x4()
    for row in range(3):
        for column in range(3):
            matrix.SetElement(row, column, axes[column][row] / spacing[column])
        matrix.SetElement(row, 3, geometry.origin[row])
    return image, matrix, min(spacing) / STEPS_PER_VOXEL
