"""Finds what may be taken out of a 3D picture of a CT: all that is not the patient's body, and bone.

Plain heuristics on a reduced grid, the same result at every run. They help to look; nobody should trust them unseen:
the picture says that something is hidden, and planes and values never change. Thresholds are in HU.

Body: what is denser than AIR_HU, opened so that a table and its cushions come off, the largest connected part, its air
inside filled in. Bone: grown from what is denser than any vessel with contrast, against markers for vessels (even,
large enough, not wrapped in dense bone) and for soft tissue, on the steepness of the values (watershed).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813  its usual name
from numpy.typing import NDArray

from rendering.reslice import VolumeSource
from rendering.volume_hidden import Hidden
from rendering.volume_reduce import Factors, Level, factors, means
from workstation.errors import Refused

Mask = NDArray[np.bool_]
Progress = Callable[[float], object]
"""Told the share that is done, 0 to 1."""
Cancelled = Callable[[], bool]

# Grids: of the body, and of bone.
BODY_VOXELS, BONE_VOXELS = 2 << 20, 6 << 20
AIR_HU = -300.0
OPENING_MM = 5.0
SOFT_HU = 110.0
SEED_HU, SEED_ML = 600.0, 0.3
VESSEL_HU = (160.0, 560.0)
VESSEL_MM, VESSEL_ML = 2.0, 0.15
# Values in a vessel differ by noise, in spongy bone by its struts.
EVEN_HU = 55.0
# Of what surrounds a vessel no more than this share is dense bone; a vertebra's inside is wrapped in it.
WRAPPED_HU, WRAPPED_SHARE, WRAP_MM = 320.0, 0.30, 4.0
RIM_MM = 2.0
_BONE, _VESSEL, _SOFT = 1, 2, 3


def find(name: str, source: VolumeSource, level: Level, progress: Progress, cancelled: Cancelled) -> Hidden:
    """What is hidden of `level` when `name` ("table" or "bone") is. Raises InterruptedError, or Refused with the reason."""
    limit = BODY_VOXELS if name == "table" else BONE_VOXELS
    grid = means(source.voxels, source.geometry, _joint(source, level, limit), cancelled)
    hu = (grid.voxels.astype(np.float32) * source.slope + source.intercept).astype(np.float32)
    spacing = grid.geometry.spacing
    if name == "table":
        body = body_of(hu, spacing, progress, cancelled)
        loose, tight = ~_grown(body, spacing, max(spacing)), ~_shrunk(body, spacing, 1.5 * max(spacing))
        return Hidden(frozenset({name}), _spread(loose, grid.by, level), level.by, _spread(tight, grid.by, level))
    bone = bone_of(hu, spacing, progress, cancelled)
    mask = _spread(bone, grid.by, level)
    return Hidden(frozenset({name}), mask, level.by, mask)


def body_of(hu: NDArray[np.float32], spacing: Any, progress: Progress, cancelled: Cancelled) -> Mask:
    """True inside the patient, lungs and bowel gas with it. Raises Refused where there is no body."""
    tissue = hu > AIR_HU
    progress(0.1)
    opened = _grown(_shrunk(tissue, spacing, OPENING_MM), spacing, OPENING_MM) & tissue
    _go_on(cancelled, progress, 0.5)
    largest = _largest(opened)
    if not largest.any():
        raise Refused("No body was found here", "Nothing in this series is as dense as a patient", "")
    # What opening took from the body's edge (nose, fingers, folds) comes back where it touches.
    whole = _grown(largest, spacing, OPENING_MM / 2) & tissue
    _go_on(cancelled, progress, 0.8)
    filled = np.stack([_filled(one) for one in whole])
    progress(1.0)
    return filled


def bone_of(hu: NDArray[np.float32], spacing: Any, progress: Progress, cancelled: Cancelled) -> Mask:
    """True in bone, its marrow with it. Raises Refused where nothing is as dense as bone."""
    dense = hu > SEED_HU
    seeds = _large(dense, spacing, SEED_ML)
    if not seeds.any():
        raise Refused("No bone was found here", f"Nothing large in this series is denser than {SEED_HU:.0f} HU", "")
    progress(0.1)
    vessels = _vessel_markers(hu, seeds, spacing)
    _go_on(cancelled, progress, 0.4)
    markers = np.zeros(hu.shape, np.uint8)
    markers[hu < SOFT_HU] = _SOFT
    markers[vessels] = _VESSEL
    markers[seeds] = _BONE
    steep = sitk.GradientMagnitudeRecursiveGaussian(_image(hu, spacing), 0.8 * min(spacing))
    _go_on(cancelled, progress, 0.55)
    shed = sitk.MorphologicalWatershedFromMarkers(steep, _image(markers, spacing), False, False)
    labels = sitk.GetArrayFromImage(shed)
    _go_on(cancelled, progress, 0.85)
    bone = (labels == _BONE) & (hu > SOFT_HU)
    # Marrow is as soft as muscle: what bone wraps belongs to it; the bright rim around bone as well.
    closed = _shrunk(_grown(bone, spacing, RIM_MM + 1.0), spacing, RIM_MM + 1.0)
    rim = _grown(bone, spacing, RIM_MM) & (hu > SOFT_HU)
    progress(1.0)
    hidden: Mask = (bone | closed | rim) & ~_grown(vessels, spacing, RIM_MM / 2)
    return hidden


def _vessel_markers(hu: NDArray[np.float32], seeds: Mask, spacing: Any) -> Mask:
    """Middles of what holds contrast: even, not small, and not wrapped in dense bone."""
    image = _image(hu, spacing)
    even = sitk.GetArrayFromImage(sitk.Noise(image, [1, 1, 1])) < EVEN_HU
    lumen = _shrunk((hu > VESSEL_HU[0]) & (hu < VESSEL_HU[1]), spacing, VESSEL_MM / 2) & even & ~_grown(seeds, spacing, VESSEL_MM)
    labels, count = _parts(_large(lumen, spacing, VESSEL_ML))
    if not count:
        return np.zeros(hu.shape, bool)
    reach = [max(1, round(WRAP_MM / pitch)) for pitch in spacing]
    around = sitk.GetArrayFromImage(sitk.GrayscaleDilate(_image(labels.astype(np.uint32), spacing), reach, sitk.sitkBox))
    ring = (labels == 0) & (around > 0)
    near = np.bincount(around[ring], minlength=count + 1)
    wrapped = np.bincount(around[ring], weights=hu[ring] > WRAPPED_HU, minlength=count + 1)
    # A vessel's own contrast around its middle is no wrapping: only what is denser than it and than WRAPPED_HU counts.
    inside = np.bincount(labels.ravel(), weights=hu.ravel(), minlength=count + 1) / np.maximum(
        np.bincount(labels.ravel(), minlength=count + 1), 1
    )
    denser = np.bincount(around[ring], weights=hu[ring] > inside[around[ring]] + 100.0, minlength=count + 1)
    is_vessel = np.minimum(wrapped, denser) < WRAPPED_SHARE * np.maximum(near, 1)
    is_vessel[0] = False
    found: Mask = is_vessel[labels]
    return found


# ---- grids ---------------------------------------------------------------------------------


def _joint(source: VolumeSource, level: Level, limit: int) -> Factors:
    """Factors that are whole multiples of the level's."""
    by = factors(source.geometry, limit, max(source.geometry.shape))
    return max(by[0], level.by[0]), max(by[1], level.by[1]), max(by[2], level.by[2])


def _spread(mask: Mask, by: Factors, level: Level) -> Mask:
    """The mask on the level's finer grid; what lies beyond its last block is as its last block."""
    for axis in range(3):
        mask = mask.repeat(by[axis] // level.by[axis], axis)
        lacking = level.voxels.shape[axis] - mask.shape[axis]
        if lacking > 0:
            edge = [(0, lacking if one == axis else 0) for one in range(3)]
            mask = np.pad(mask, edge, mode="edge")
    slices, rows, columns = level.voxels.shape
    return np.ascontiguousarray(mask[:slices, :rows, :columns])


# ---- masks ---------------------------------------------------------------------------------


def _image(array: NDArray[Any], spacing: Any) -> Any:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing([float(pitch) for pitch in spacing])
    return image


def _away(mask: Mask, spacing: Any) -> NDArray[np.float32]:
    """Distance in mm of every voxel from the mask's edge, below 0 inside."""
    kept = _image(mask.astype(np.uint8), spacing)
    distance: NDArray[np.float32] = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(kept, False, False, True))
    return distance


def _grown(mask: Mask, spacing: Any, by_mm: float) -> Mask:
    return _away(mask, spacing) <= by_mm if mask.any() else mask


def _shrunk(mask: Mask, spacing: Any, by_mm: float) -> Mask:
    """The world goes on beyond the scan as it ends at its edge: a body that leaves it is not shrunk there."""
    if mask.all() or not mask.any():
        return mask
    return mask & ~(_away(~mask, spacing) <= by_mm)


def _parts(mask: Mask) -> tuple[NDArray[Any], int]:
    """Connected parts (by faces), numbered from the largest."""
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(_image(mask.astype(np.uint8), (1.0, 1.0, 1.0)), False))
    labels = sitk.GetArrayFromImage(parts)
    return labels, int(labels.max())


def _largest(mask: Mask) -> Mask:
    found: Mask = _parts(mask)[0] == 1
    return found


def _large(mask: Mask, spacing: Any, least_ml: float) -> Mask:
    least = max(1, math.ceil(least_ml * 1000.0 / math.prod(spacing)))
    parts = sitk.ConnectedComponent(_image(mask.astype(np.uint8), spacing), False)
    found: Mask = sitk.GetArrayFromImage(sitk.RelabelComponent(parts, least)) > 0
    return found


def _filled(plane: Mask) -> Mask:
    """A slice with its holes filled in."""
    found: Mask = sitk.GetArrayFromImage(sitk.BinaryFillhole(sitk.GetImageFromArray(plane.astype(np.uint8)))) > 0
    return found


def _go_on(cancelled: Cancelled, progress: Progress, share: float) -> None:
    if cancelled():
        raise InterruptedError
    progress(share)
