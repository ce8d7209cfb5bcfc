"""Sharpening and smoothing, in modality values before the window. Never seen by a measurement.

Gaussians are in pixels of what is given; padding and what lies outside (NaN) neither bleeds into
the image nor is changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingGeneral import vtkImageGaussianSmooth

from rendering.vtk_view import vtk_view

SMOOTHING: tuple[float, ...] = (0.7, 1.1, 1.7)
"""Standard deviations in image pixels, weakest first."""
SHARPENING: tuple[float, ...] = (0.6, 1.2, 2.4)
"""How much of what a Gaussian of `UNSHARP` takes away is added, weakest first."""
UNSHARP = 1.0
# A Gaussian is cut off here, in standard deviations.
REACH = 3.0
# Weights below this are the rounding of an empty neighbourhood.
NOTHING = 1e-6


def steps_of(percent: float) -> int:
    """The steps of sharpening that are so many percent of the strongest (DisplayFilterPercentage, PS3.3 C.11.21)."""
    return round(percent * len(SHARPENING) / 100.0)


def percent_of(steps: int) -> float:
    """The inverse of `steps_of`; of smoothing 0."""
    return 100.0 * max(0, steps) / len(SHARPENING)


def filtered(
    values: NDArray[Any], steps: int, without: NDArray[np.bool_] | None = None, pixel: float = 1.0
) -> NDArray[np.float32]:
    """`values` (rows, columns[, 3]) sharpened (`steps` 1 to 3) or smoothed (-1 to -3), float32.

    Pixels in `without` and those that are no number keep their value and count for nothing.
    `pixel` is how many of the given pixels an image pixel covers.
    """
    original = np.array(values, np.float32)
    if steps == 0:
        return original
    sigma = (UNSHARP if steps > 0 else SMOOTHING[-steps - 1]) * pixel
    smooth = _smoothed(original, sigma, without)
    return original + np.float32(SHARPENING[steps - 1]) * (original - smooth) if steps > 0 else smooth


def _smoothed(values: NDArray[np.float32], sigma: float, without: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    left_out = np.isnan(values) if without is None else np.isnan(values) | without
    if not left_out.any():
        return gaussian(values, sigma)
    weights = np.where(left_out, np.float32(0.0), np.float32(1.0))
    sums, shares = gaussian(np.where(left_out, np.float32(0.0), values), sigma), gaussian(weights, sigma)
    alone = left_out | (shares < NOTHING)
    smooth: NDArray[np.float32] = np.where(alone, values, sums / np.where(alone, np.float32(1.0), shares))
    return smooth


def gaussian(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Float32 (rows, columns[, 3]), smoothed; at the edges the part of the Gaussian inside counts alone."""
    contiguous = np.ascontiguousarray(values, np.float32)
    rows, columns = contiguous.shape[:2]
    flat = contiguous.reshape(-1) if contiguous.ndim == 2 else contiguous.reshape(-1, contiguous.shape[2])
    image = vtkImageData()
    image.SetDimensions(columns, rows, 1)
    image.GetPointData().SetScalars(vtk_view(flat))
    smooth = vtkImageGaussianSmooth()
    smooth.SetInputData(image)
    smooth.SetDimensionality(2)
    smooth.SetStandardDeviations(sigma, sigma, 0.0)
    smooth.SetRadiusFactors(REACH, REACH, 0.0)
    smooth.Update()
    result: NDArray[np.float32] = vtk_to_numpy(smooth.GetOutput().GetPointData().GetScalars())  # type: ignore[no-untyped-call]
    return result.reshape(contiguous.shape)


def words(steps: int) -> str:
    """The lasting badge of a filtered image; an English source string."""
    if steps == 0:
        return ""
    return f"{'Sharpened' if steps > 0 else 'Smoothed'} {abs(steps)}"
