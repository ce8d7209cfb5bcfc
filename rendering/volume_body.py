"""One level of a volume as VTK draws it: voxels, look, crop box, and the eye that looks at it.

VTK looks into numpy's memory. Spacing goes into the image and only directions into the matrix, for mappers measure
their steps in the image's own millimetres. The crop box is cut in the image too, along its rows, columns and
slices, so that it is right for oblique and sheared volumes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.viewport_solid import Camera
from rendering.volume_gl import Graphics
from rendering.volume_pace import Rung
from rendering.volume_presets import Blend, VolumePreset
from rendering.volume_reduce import LIGHT_BYTES, Level
from workstation.domain.geometry import VolumeGeometry
from workstation.domain.viewing import WHOLE_BOX, CropBox

# Steps along a ray for one voxel.
STEPS_PER_VOXEL = 1.0
AMBIENT, DIFFUSE, SPECULAR = 0.15, 0.85, 0.15


@dataclass(frozen=True, slots=True)
class Look:
    """A preset on a window, in the values the voxels hold; `opacity` multiplies what a ray loses in a millimetre."""

    preset: VolumePreset
    low: float
    width: float
    opacity: float = 1.0
    crop: CropBox = WHOLE_BOX

    def at(self, share: float) -> float:
        return self.low + share * self.width

    def alpha_of(self, share: float) -> float:
        """The opacity of one millimetre at a share of the window."""
        return thickened(self.preset.alpha_at(share), self.opacity)


def thickened(alpha: float, times: float) -> float:
    """The opacity of a millimetre `times` as dense. Never above 1, and 0 stays 0."""
    return 1.0 - math.exp(times * math.log(1.0 - alpha)) if alpha < 1.0 else 1.0


class Body:
    """One `Level` in a renderer of its own. Belongs to one thread at a time."""

    def __init__(self, level: Level, whole: VolumeGeometry, graphics: Graphics) -> None:
        """`whole` is the grid whose shares the crop box counts in."""
        import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401  without it VTK makes renderers that draw nothing
        from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer, vtkVolume

        self.level = level
        self._whole = whole
        self.renderer = vtkRenderer()
        self.renderer.SetBackground(0.0, 0.0, 0.0)
        self.renderer.AutomaticLightCreationOff()
        light = vtkLight()
        light.SetLightTypeToHeadlight()
        self.renderer.AddLight(light)
        self.volume = vtkVolume()
        self._flat = np.ascontiguousarray(level.voxels).reshape(-1)
        self._image, matrix = _image_of(level, self._flat)
        self._step = min(level.geometry.spacing) / STEPS_PER_VOXEL
        self.volume.SetUserMatrix(matrix)
        self.mapper = _mapper(graphics)
        self.mapper.SetInputData(self._image)
        self.mapper.SetAutoAdjustSampleDistances(0)
        self.volume.SetMapper(self.mapper)
        self.renderer.AddVolume(self.volume)
        self.is_lit = not graphics.is_software
        """Whether drawing it with light needs no more preparation."""
        self._casts = graphics.is_software
        self._look: Look | None = None

    @property
    def bytes(self) -> int:
        """What it takes besides the series' own voxels."""
        light = self.level.voxels.size * LIGHT_BYTES if self._casts and self.is_lit else 0
        return self.level.copied_bytes + light

    def dress(self, look: Look) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
        from vtkmodules.vtkRenderingCore import vtkColorTransferFunction

        if look == self._look:
            return
        opacity, colour, preset = vtkPiecewiseFunction(), vtkColorTransferFunction(), look.preset
        for share, alpha in preset.opacity:
            opacity.AddPoint(look.at(share), alpha if preset.is_projection else thickened(alpha, look.opacity))
        for share, red, green, blue in preset.colour:
            colour.AddRGBPoint(look.at(share), red, green, blue)
        properties = self.volume.GetProperty()
        properties.SetScalarOpacity(opacity)
        properties.SetColor(colour)
        properties.SetScalarOpacityUnitDistance(1.0)
        properties.SetInterpolationTypeToLinear()
        properties.SetShade(int(preset.shade))
        properties.SetAmbient(AMBIENT)
        properties.SetDiffuse(DIFFUSE)
        properties.SetSpecular(SPECULAR)
        self._blend(preset.blend)
        self._cut(look.crop)
        self._look = look

    def _blend(self, blend: Blend) -> None:
        if blend is Blend.MIP:
            self.mapper.SetBlendModeToMaximumIntensity()
        elif blend is Blend.MINIP:
            self.mapper.SetBlendModeToMinimumIntensity()
        else:
            self.mapper.SetBlendModeToComposite()

    def _cut(self, crop: CropBox) -> None:
        self.mapper.SetCropping(int(crop != WHOLE_BOX))
        if crop != WHOLE_BOX:
            self.mapper.SetCroppingRegionPlanes(*crop_planes(crop, self.level, self._whole))
            self.mapper.SetCroppingRegionFlagsToSubVolume()

    def aim(self, camera: Camera, rung: Rung) -> None:
        eye = self.renderer.GetActiveCamera()
        eye.ParallelProjectionOn()
        eye.SetParallelScale(camera.half_height)
        eye.SetFocalPoint(*camera.centre)
        distance = 2 * camera.reach
        eye.SetPosition(*(c - f * distance for c, f in zip(camera.centre, camera.forward, strict=True)))
        eye.SetViewUp(*camera.up)
        eye.SetClippingRange(distance - camera.reach, distance + camera.reach)
        self.mapper.SetImageSampleDistance(rung.pixels)
        self.mapper.SetSampleDistance(self._step * rung.steps)


def crop_planes(crop: CropBox, level: Level, whole: VolumeGeometry) -> tuple[float, ...]:
    """The box in the image's millimetres: from and to along columns, rows and slices."""
    planes = []
    for axis in range(3):
        count, by, offset = whole.shape[2 - axis], level.by[2 - axis], level.offset[2 - axis]
        pitch = level.geometry.spacing[axis]
        planes += [((share * count - 0.5) - offset) / by * pitch for share in crop[axis]]
    return tuple(planes)


def _mapper(graphics: Graphics) -> Any:
    from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper, vtkGPUVolumeRayCastMapper

    if not graphics.is_software:
        mapper = vtkGPUVolumeRayCastMapper()
        if graphics.card_bytes is not None:
            mapper.SetMaxMemoryInBytes(graphics.card_bytes)
        return mapper
    caster = vtkFixedPointVolumeRayCastMapper()
    caster.SetIntermixIntersectingGeometry(0)
    return caster


def _image_of(level: Level, flat: NDArray[Any]) -> tuple[Any, Any]:
    """The level's voxels (`flat`) as VTK's image in mm, and the matrix that takes it to LPS."""
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    from rendering.vtk_view import vtk_view

    geometry = level.geometry
    slices, rows, columns = level.voxels.shape
    axes = [geometry.axis(i) for i in range(3)]
    spacing = geometry.spacing
    image = vtkImageData()
    image.SetDimensions(columns, rows, slices)
    image.SetSpacing(*spacing)
    image.GetPointData().SetScalars(vtk_view(flat))
    matrix = vtkMatrix4x4()
    for row in range(3):
        for column in range(3):
            matrix.SetElement(row, column, axes[column][row] / spacing[column])
        matrix.SetElement(row, 3, geometry.origin[row])
    return image, matrix
