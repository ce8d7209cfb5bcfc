"""Resampling on the CPU by vtkImageReslice: frames to the screen's grid, and cuts through volumes.

Everything is done in index coordinates (column, row, slice), which VTK takes as its world:
the matrices that come in already hold spacing, direction and shear, so that a tilted gantry
needs no resampled copy. VTK reads numpy's memory; nothing is copied on the way in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import VTK_FLOAT, vtkDataArray
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from workstation.domain.geometry import VolumeGeometry
from workstation.domain.viewing import Interpolation

# What lies outside the voxels: NaN, which no image value is and which every grey mapping
# takes as background.
OUTSIDE = float("nan")

# Index steps below this are rounding: over 10,000 pixels they add up to a millionth of a voxel.
ALONG_AXIS = 1e-10

SLAB_MODES = {"MEAN": "SetSlabModeToMean", "MIP": "SetSlabModeToMax", "MIN": "SetSlabModeToMin"}

FILLINGS = {
    Interpolation.NEAREST: "SetInterpolationModeToNearestNeighbor",
    Interpolation.LINEAR: "SetInterpolationModeToLinear",
    Interpolation.CUBIC: "SetInterpolationModeToCubic",
}

Column = Sequence[float]


@dataclass(frozen=True)
class VolumeSource:
    """Voxels (slices, rows, columns), where they lie, and voxel * `slope` + `intercept` = value.

    `partial` says that this is a coarser stand-in for a volume that is still loading.
    """

    voxels: NDArray[Any]
    geometry: VolumeGeometry
    slope: float
    intercept: float
    partial: bool
    scalars: vtkDataArray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scalars", _as_vtk(self.voxels, 1))


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where view pixel (i, j) looks, in index coordinates (column, row, slice).

    The centre of pixel (0, 0) is at `first`; one pixel to the right adds `right`, one down
    `down`. `through` is the step between the `samples` of a slab, which is centred on the cut.
    """

    first: Column
    right: Column
    down: Column
    width: int
    height: int
    through: Column = (0.0, 0.0, 1.0)
    samples: int = 1
    mode: str = "MEAN"

    @property
    def runs_along_axes(self) -> bool:
        """Whether the view's axes run along the volume's: the case VTK permutes instead of resampling."""
        steps = (self.right, self.down, self.through)
        return all(sum(abs(part) > ALONG_AXIS for part in step) <= 1 for step in steps)

    def regridded(self, times: float) -> Sampling:
        """The same view with pixels `times` as large (below 1: finer)."""
        if times == 1.0:
            return self
        shift = (times - 1.0) / 2.0
        first = [f + shift * (r + d) for f, r, d in zip(self.first, self.right, self.down, strict=True)]
        right, down = tuple(r * times for r in self.right), tuple(d * times for d in self.down)
        width, height = math.ceil(self.width / times), math.ceil(self.height / times)
        return replace(self, first=tuple(first), right=right, down=down, width=width, height=height)

    def thinned(self, times: int) -> Sampling:
        """Every `times`-th pixel of the view from the first on, and enough of them to reach past the last."""
        right, down = tuple(r * times for r in self.right), tuple(d * times for d in self.down)
        width, height = 1 + math.ceil((self.width - 1) / times), 1 + math.ceil((self.height - 1) / times)
        return replace(self, right=right, down=down, width=width, height=height)


def sample_volume(source: VolumeSource, sampling: Sampling, filling: Interpolation = Interpolation.LINEAR) -> NDArray[np.float32]:
    """Values (height, width) float32 in the volume's unit, linear (or as `filling` says) between voxels, NaN outside."""
    slices, rows, columns = source.voxels.shape
    dimensions = (columns, rows, slices)
    if sampling.samples > 1 and sampling.runs_along_axes:
        values = _aligned_slab(source.scalars, dimensions, sampling)
        if source.slope != 1.0:
            values *= np.float32(source.slope)
        if source.intercept != 0.0:
            values += np.float32(source.intercept)
        return values
    return _reslice(source.scalars, dimensions, sampling, filling, source.slope, source.intercept)


def sample_frame(frame: NDArray[Any], sampling: Sampling, filling: Interpolation = Interpolation.LINEAR) -> NDArray[np.float32]:
    """One frame (rows, columns[, 3]) on the screen's grid, float32, NaN outside."""
    samples = 1 if frame.ndim == 2 else frame.shape[2]
    contiguous = np.ascontiguousarray(frame)
    return _reslice(_as_vtk(contiguous, samples), (frame.shape[1], frame.shape[0], 1), sampling, filling)


def shrink(frame: NDArray[Any], by_rows: int, by_columns: int) -> NDArray[np.float32]:
    """The means of blocks of `by_rows` x `by_columns` pixels, float32.

    Rows and columns beyond the last whole block (less than one pixel of the result) are left out.
    """
    rows, columns = frame.shape[0] // by_rows, frame.shape[1] // by_columns
    whole = frame[: rows * by_rows, : columns * by_columns]
    kind = np.float32 if frame.dtype.kind == "f" else np.int32 if frame.dtype.itemsize <= 2 else np.int64
    lines = np.zeros((rows, *whole.shape[1:]), kind)
    for row in range(by_rows):
        lines += whole[row::by_rows]
    blocks = np.zeros((rows, columns, *whole.shape[2:]), kind)
    for column in range(by_columns):
        blocks += lines[:, column::by_columns]
    means = blocks.astype(np.float32)
    means *= np.float32(1.0 / (by_rows * by_columns))
    return means


def _aligned_slab(scalars: vtkDataArray, dimensions: tuple[int, int, int], sampling: Sampling) -> NDArray[np.float32]:
    """A slab as thin cuts put together: VTK 9.7's own slab is up to half a sample off when it permutes."""
    middle = (sampling.samples - 1) / 2
    mean = sampling.mode == "MEAN"
    total = np.full((sampling.height, sampling.width), 0.0 if mean else np.nan, np.float32)
    counts = np.zeros(total.shape, np.float32)
    for sample in range(sampling.samples):
        first = [f + (sample - middle) * t for f, t in zip(sampling.first, sampling.through, strict=True)]
        values = _reslice(scalars, dimensions, replace(sampling, first=first, samples=1), Interpolation.LINEAR)
        if mean:
            inside = ~np.isnan(values)
            counts += inside
            np.add(total, values, out=total, where=inside)
        else:
            (np.fmax if sampling.mode == "MIP" else np.fmin)(total, values, out=total)
    if mean:
        counts[counts == 0.0] = np.nan
        total /= counts
    return total


def _as_vtk(array: NDArray[Any], samples: int) -> vtkDataArray:
    """A VTK array that looks into `array` (and keeps it alive)."""
    flat = array.reshape(-1) if samples == 1 else array.reshape(-1, samples)
    if not flat.flags.c_contiguous or not np.shares_memory(flat, array):
        raise ValueError("only contiguous arrays go to VTK without a copy")
    scalars: vtkDataArray = numpy_to_vtk(flat, deep=0)  # type: ignore[no-untyped-call]
    return scalars


def _reslice(
    scalars: vtkDataArray,
    dimensions: tuple[int, int, int],
    sampling: Sampling,
    filling: Interpolation,
    slope: float = 1.0,
    intercept: float = 0.0,
) -> NDArray[np.float32]:
    image = vtkImageData()
    image.SetDimensions(*dimensions)
    image.GetPointData().SetScalars(scalars)
    matrix = vtkMatrix4x4()
    for row in range(3):
        for column, vector in enumerate((sampling.right, sampling.down, sampling.through, sampling.first)):
            matrix.SetElement(row, column, vector[row])
    reslice = vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetResliceAxes(matrix)
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputExtent(0, sampling.width - 1, 0, sampling.height - 1, 0, 0)
    reslice.SetOutputScalarType(VTK_FLOAT)
    reslice.SetBackgroundColor(OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE)
    if (slope, intercept) != (1.0, 0.0):
        reslice.SetScalarShift(intercept / slope)
        reslice.SetScalarScale(slope)
    # The outermost voxels reach half a voxel further than their centres.
    reslice.BorderOn()
    getattr(reslice, FILLINGS[filling])()
    if sampling.samples > 1:
        # Without the short cut for permuted axes, whose slabs are not centred (see _aligned_slab).
        reslice.OptimizationOff()
        reslice.SetSlabNumberOfSlices(sampling.samples)
        getattr(reslice, SLAB_MODES[sampling.mode])()
    reslice.Update()
    output = reslice.GetOutput().GetPointData().GetScalars()
    values: NDArray[np.float32] = vtk_to_numpy(output)  # type: ignore[no-untyped-call]
    shape = (sampling.height, sampling.width)
    return values.reshape(shape if values.ndim == 1 else (*shape, values.shape[1]))
