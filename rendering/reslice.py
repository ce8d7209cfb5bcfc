"""Resampling on the CPU by vtkImageReslice: frames to the screen's grid, and cuts through volumes.

Everything is done in index coordinates (column, row, slice), which VTK takes as its world:
the matrices that come in already hold spacing, direction and shear, so that a tilted gantry
needs no resampled copy. VTK reads numpy's memory (see rendering.vtk_view); nothing is copied on the way in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import VTK_FLOAT, VTK_UNSIGNED_CHAR, vtkDataArray
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingCore import vtkImageReslice

from rendering.sampling import ALONG_AXIS, Column, Sampling
from rendering.slab import projected, slab_axis
from rendering.vtk_view import vtk_view
from workstation.domain.geometry import VolumeGeometry
from workstation.domain.viewing import Interpolation

__all__ = ["ALONG_AXIS", "OUTSIDE", "Column", "Cutters", "Levels", "Sampling", "VolumeSource"]

# What lies outside the voxels: NaN, which no image value is and which every grey mapping
# takes as background.
OUTSIDE = float("nan")

SLAB_MODES = {"MEAN": "SetSlabModeToMean", "MIP": "SetSlabModeToMax", "MIN": "SetSlabModeToMin"}

FILLINGS = {
    Interpolation.NEAREST: "SetInterpolationModeToNearestNeighbor",
    Interpolation.LINEAR: "SetInterpolationModeToLinear",
    Interpolation.CUBIC: "SetInterpolationModeToCubic",
}

Dimensions = tuple[int, int, int]


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

    @property
    def key(self) -> tuple[int, Dimensions]:
        """Which voxels these are, as long as anything holds them: where they lie, and how many."""
        return self.voxels.__array_interface__["data"][0], self.dimensions

    @property
    def dimensions(self) -> Dimensions:
        slices, rows, columns = self.voxels.shape
        return columns, rows, slices


@dataclass(frozen=True, slots=True)
class Levels:
    """Grey level = value * `gain` + `offset`, held between 0 and 255, rounded to nearest."""

    gain: float
    offset: float


class Cutter:
    """One vtkImageReslice over one array, set up once. For one thread at a time; its output is its own until the next cut."""

    def __init__(self, scalars: vtkDataArray, dimensions: Dimensions, looked_into: NDArray[Any]) -> None:
        image = vtkImageData()
        image.SetDimensions(*dimensions)
        image.GetPointData().SetScalars(scalars)
        reslice = self._reslice = vtkImageReslice()
        self._threads = reslice.GetNumberOfThreads()
        reslice.SetInputData(image)
        reslice.SetOutputDimensionality(2)
        reslice.SetOutputSpacing(1.0, 1.0, 1.0)
        # The outermost voxels reach half a voxel further than their centres.
        reslice.BorderOn()
        self._looked_into = looked_into  # last: what VTK looks into goes after what looks

    def share(self, cuts: int) -> None:
        """One of `cuts` that are made at once: only the first takes every core, more threads would wait for each other."""
        threads = self._threads if cuts == 1 else 1
        if threads != self._reslice.GetNumberOfThreads():
            self._reslice.SetNumberOfThreads(threads)

    def values(
        self, sampling: Sampling, filling: Interpolation, slope: float = 1.0, intercept: float = 0.0
    ) -> NDArray[np.float32]:
        """float32, NaN outside."""
        reslice = self._reslice
        reslice.SetOutputScalarType(VTK_FLOAT)
        reslice.SetBackgroundColor(OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE)
        reslice.SetScalarShift(intercept / slope)
        reslice.SetScalarScale(slope)
        if sampling.samples > 1:
            # Without the short cut for permuted axes, whose slabs are not centred (see rendering.slab).
            reslice.OptimizationOff()
            reslice.SetSlabNumberOfSlices(sampling.samples)
            getattr(reslice, SLAB_MODES[sampling.mode])()
        else:
            reslice.OptimizationOn()
            reslice.SetSlabNumberOfSlices(1)
        return self._cut(sampling, filling)

    def levels(self, sampling: Sampling, filling: Interpolation, levels: Levels) -> NDArray[Any]:
        """uint8 grey levels of a thin cut, 0 outside: the window in the same pass as the interpolation."""
        reslice = self._reslice
        reslice.SetOutputScalarType(VTK_UNSIGNED_CHAR)
        reslice.SetBackgroundColor(0.0, 0.0, 0.0, 0.0)
        reslice.SetScalarShift(levels.offset / levels.gain)
        reslice.SetScalarScale(levels.gain)
        reslice.OptimizationOn()
        reslice.SetSlabNumberOfSlices(1)
        return self._cut(sampling, filling)

    def _cut(self, sampling: Sampling, filling: Interpolation) -> NDArray[Any]:
        reslice, first = self._reslice, sampling.first
        reslice.SetResliceAxesDirectionCosines(*sampling.right, *sampling.down, *sampling.through)
        reslice.SetResliceAxesOrigin(first[0], first[1], first[2])
        reslice.SetOutputOrigin(0.0, 0.0, 0.0)
        reslice.SetOutputExtent(0, sampling.width - 1, 0, sampling.height - 1, 0, 0)
        getattr(reslice, FILLINGS[filling])()
        reslice.Update()
        output = reslice.GetOutput().GetPointData().GetScalars()
        values: NDArray[Any] = vtk_to_numpy(output)  # type: ignore[no-untyped-call]
        shape = (sampling.height, sampling.width)
        return values.reshape(shape if values.ndim == 1 else (*shape, values.shape[1]))


class Cutters:
    """Set-up cutters of the volume cut last, one for each thread that cuts it at the same time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: tuple[int, Dimensions] | None = None
        self._idle: list[Cutter] = []

    def values(self, source: VolumeSource, sampling: Sampling, filling: Interpolation) -> NDArray[np.float32]:
        """As `sample_volume`."""
        if _projects(sampling) is not None:
            return sample_volume(source, sampling, filling)
        sampling = _of_stored(source, sampling)
        cutter = self._take(source)
        try:
            return cutter.values(sampling, filling, source.slope, source.intercept).copy()
        finally:
            self._give(source, cutter)

    def levels(
        self,
        source: VolumeSource,
        sampling: Sampling,
        filling: Interpolation,
        levels: Levels,
        use: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    ) -> NDArray[np.uint8]:
        """What `use` makes of the grey levels of a thin cut through whole numbers; it may keep no part of what it is given.

        `levels` are of values, not of voxels.
        """
        of_voxels = Levels(levels.gain * source.slope, levels.gain * source.intercept + levels.offset)
        cutter = self._take(source)
        try:
            return use(cutter.levels(sampling, filling, of_voxels))
        finally:
            self._give(source, cutter)

    def _take(self, source: VolumeSource) -> Cutter:
        with self._lock:
            if self._key != source.key:
                self._key, self._idle = source.key, []
            cutter = self._idle.pop() if self._idle else Cutter(source.scalars, source.dimensions, source.voxels)
        cutter.share(_UNDER_WAY.begin())
        return cutter

    def _give(self, source: VolumeSource, cutter: Cutter) -> None:
        _UNDER_WAY.end()
        with self._lock:
            if self._key == source.key:
                self._idle.append(cutter)


class _UnderWay:
    """How many cuts are being made at this moment, in all viewports."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def begin(self) -> int:
        with self._lock:
            self._count += 1
            return self._count

    def end(self) -> None:
        with self._lock:
            self._count -= 1


_UNDER_WAY = _UnderWay()


def sample_volume(source: VolumeSource, sampling: Sampling, filling: Interpolation = Interpolation.LINEAR) -> NDArray[np.float32]:
    """Values (height, width) float32 in the volume's unit, linear (or as `filling` says) between voxels, NaN outside."""
    axis, sampling = _projects(sampling), _of_stored(source, sampling)
    if axis is None:
        values: NDArray[np.float32] = Cutter(source.scalars, source.dimensions, source.voxels).values(
            sampling, filling, source.slope, source.intercept
        )
        return values
    frame, on_frame = projected(source.voxels, sampling, axis)
    cutter = Cutter(_as_vtk(frame, 1), (frame.shape[1], frame.shape[0], 1), frame)
    return cutter.values(on_frame, filling, source.slope, source.intercept)


def sample_frame(frame: NDArray[Any], sampling: Sampling, filling: Interpolation = Interpolation.LINEAR) -> NDArray[np.float32]:
    """One frame (rows, columns[, 3]) on the screen's grid, float32, NaN outside."""
    samples = 1 if frame.ndim == 2 else frame.shape[2]
    contiguous = np.ascontiguousarray(frame)
    values: NDArray[np.float32] = Cutter(_as_vtk(contiguous, samples), (frame.shape[1], frame.shape[0], 1), contiguous).values(
        sampling, filling
    )
    return values


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


def shrink_whole(frame: NDArray[Any], by_rows: int, by_columns: int) -> NDArray[np.float32]:
    """As `shrink`, but what is left beyond the last whole block makes blocks of its own.

    An image that lies flush with a viewport's side is seen to its last column.
    """
    rest_of_rows, rest_of_columns = frame.shape[0] % by_rows, frame.shape[1] % by_columns
    bottom, right = frame.shape[0] - rest_of_rows, frame.shape[1] - rest_of_columns
    inner = shrink(frame[:bottom], by_rows, by_columns)
    if not rest_of_rows and not rest_of_columns:
        return inner
    rows, columns = inner.shape[:2]
    means = np.empty((rows + (rest_of_rows > 0), columns + (rest_of_columns > 0), *frame.shape[2:]), np.float32)
    means[:rows, :columns] = inner
    if rest_of_rows:
        means[rows:, :columns] = shrink(frame[bottom:], rest_of_rows, by_columns)
    if rest_of_columns:
        means[:, columns:] = shrink_whole(frame[:, right:], by_rows, rest_of_columns)
    return means


def _of_stored(source: VolumeSource, sampling: Sampling) -> Sampling:
    """A falling line from stored values to values turns the largest of one into the smallest of the other."""
    if source.slope >= 0.0 or sampling.samples == 1:
        return sampling
    return replace(sampling, mode={"MIP": "MIN", "MIN": "MIP"}.get(sampling.mode, sampling.mode))


def _projects(sampling: Sampling) -> int | None:
    """The axis along which a slab is projected by whole slices, None for thin cuts and oblique slabs."""
    return slab_axis(sampling) if sampling.samples > 1 else None


def _as_vtk(array: NDArray[Any], samples: int) -> vtkDataArray:
    """A VTK array that looks into `array`, which the caller keeps."""
    flat = array.reshape(-1) if samples == 1 else array.reshape(-1, samples)
    if not flat.flags.c_contiguous or not np.shares_memory(flat, array):
        raise ValueError("only contiguous arrays go to VTK without a copy")
    return vtk_view(flat)
