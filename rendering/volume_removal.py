"""Finds what may be taken out of a 3D picture of a CT: all that is not the patient's body, and bone.

Plain heuristics on a reduced grid, the same result at every run. They help to look; nobody should trust them unseen:
the picture says that something is hidden, and planes and values never change. Thresholds are in HU.

Body: what is denser than AIR_HU, opened so that a table and its cushions come off, the largest connected part, its air
inside filled in. Bone: all that is bright, but for vessels with contrast (even, large enough, nothing denser around), which are
told from it by flooding both from what is certain up to where the values are steepest (watershed), and what goes
on from them.
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
WALL_MM, ENCLOSED_SHARE = 12.0, 0.5
SOFT_HU, SOFT_ML = 110.0, 2.0
BRIGHT_HU, LEAST_ML = 160.0, 0.05
# Bone for certain is denser than what is in the vessels.
LEAST_SEED_HU, OVER_VESSELS_HU = 300.0, 100.0
VESSEL_HU = (180.0, 600.0)
VESSEL_MM, VESSEL_ML = 2.0, 0.5
# Values in a vessel differ by noise, in spongy bone by its struts.
EVEN_HU = 35.0
# Around a vessel values fall; spongy bone is wrapped in what is denser. So much denser, in such a share around, is bone.
DENSER_HU, WRAPPED_SHARE, WRAP_MM = 30.0, 0.10, 3.0
RIM_MM = 2.0
_BONE, _VESSEL, _SOFT = 1, 2, 3


def find(name: str, source: VolumeSource, level: Level, progress: Progress, cancelled: Cancelled) -> Hidden:
    """What is hidden of `level` when `name` ("table" or "bone") is. Raises InterruptedError, or Refused with the reason."""
    limit = BODY_VOXELS if name == "table" else BONE_VOXELS
    try:
        grid = means(source.voxels, source.geometry, _joint(source, level, limit), cancelled)
        return _found_in(name, source, grid, level, progress, cancelled)
    except (RuntimeError, MemoryError) as error:  # SimpleITK raises RuntimeError, where memory lacks as well
        raise Refused("What is to be hidden could not be found", "It takes more memory than is free", "Use the box") from error


def _found_in(name: str, source: VolumeSource, grid: Level, level: Level, progress: Progress, cancelled: Cancelled) -> Hidden:
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
    _go_on(cancelled, progress, 0.6)
    air = _enclosed_by(whole, _all_filled(tissue) & ~tissue)
    _go_on(cancelled, progress, 0.8)
    if air.any():  # with the wall before it, however thin
        whole |= air | (_grown(air, spacing, WALL_MM) & tissue)
    filled = _all_filled(whole)
    progress(1.0)
    return filled


def _enclosed_by(body: Mask, air: Mask) -> Mask:
    """Parts of the air that the body wraps, lungs through a thin wall too; not what is inside a hollow table."""
    labels, count = _parts(air)
    around = sitk.GetArrayFromImage(
        sitk.GrayscaleDilate(_image(labels.astype(np.uint32), (1.0, 1.0, 1.0)), [1, 1, 1], sitk.sitkBox)
    )
    ring = (labels == 0) & (around > 0)
    share = np.bincount(around[ring], weights=body[ring], minlength=count + 1) / np.maximum(
        np.bincount(around[ring], minlength=count + 1), 1
    )
    is_inside = share > ENCLOSED_SHARE
    is_inside[0] = False
    found: Mask = is_inside[labels]
    return found


def bone_of(hu: NDArray[np.float32], spacing: Any, progress: Progress, cancelled: Cancelled) -> Mask:
    """True in bone, its marrow with it. Raises Refused where nothing is as dense as bone."""
    smooth = _smooth(hu, spacing)
    bright = smooth > BRIGHT_HU
    vessels = _vessel_markers(smooth, spacing)
    _go_on(cancelled, progress, 0.3)
    if vessels.any():
        bone, flooded = _told_apart(hu, smooth, vessels, spacing, lambda share: _go_on(cancelled, progress, 0.3 + 0.5 * share))
        # What is bright and neither: kept where it goes on from a vessel (its branches), else bone that is not dense enough.
        rest = bright & ~bone & ~flooded
        bone |= rest & ~_touching(rest, flooded, spacing)
        protected = _grown(flooded, spacing, RIM_MM / 2)
    else:
        bone, protected = bright, np.zeros(hu.shape, bool)
    bone = _large(bone, spacing, LEAST_ML)
    if not bone.any():
        raise Refused("No bone was found here", f"Nothing large in this series is denser than {BRIGHT_HU:.0f} HU", "")
    _go_on(cancelled, progress, 0.85)
    # Marrow is as soft as muscle: what bone wraps belongs to it; the bright rim around bone as well.
    closed = _shrunk(_grown(bone, spacing, RIM_MM + 1.0), spacing, RIM_MM + 1.0)
    rim = _grown(bone, spacing, RIM_MM) & (hu > SOFT_HU)
    hidden: Mask = (bone | closed | rim) & ~protected
    progress(1.0)
    return hidden


def _told_apart(
    hu: NDArray[np.float32], smooth: NDArray[np.float32], vessels: Mask, spacing: Any, go_on: Progress
) -> tuple[Mask, Mask]:
    """Bone and vessels, flooded from their markers up to where the values are steepest."""
    level = float(np.percentile(smooth[vessels], 95))
    seeds = _large(hu > max(LEAST_SEED_HU, level + OVER_VESSELS_HU), spacing, LEAST_ML) & ~_grown(vessels, spacing, VESSEL_MM / 2)
    markers = np.zeros(hu.shape, np.uint8)
    markers[_large(smooth < SOFT_HU, spacing, SOFT_ML)] = _SOFT
    markers[vessels] = _VESSEL
    markers[seeds] = _BONE
    steep = sitk.GradientMagnitudeRecursiveGaussian(_image(hu, spacing), 0.8 * min(spacing))
    go_on(0.3)
    shed = sitk.MorphologicalWatershedFromMarkers(steep, _image(markers, spacing), False, False)
    labels = sitk.GetArrayFromImage(shed)
    go_on(1.0)
    return (labels == _BONE) & (hu > SOFT_HU), (labels == _VESSEL) & (hu > SOFT_HU)


def _touching(mask: Mask, other: Mask, spacing: Any) -> Mask:
    """Connected parts of the mask that reach the other one."""
    labels, count = _parts(mask)
    meets = np.bincount(labels[_grown(other, spacing, max(spacing))], minlength=count + 1) > 0
    meets[0] = False
    found: Mask = meets[labels]
    return found


def _vessel_markers(smooth: NDArray[np.float32], spacing: Any) -> Mask:
    """Middles of what holds contrast: even, not small, and with nothing denser close around."""
    uneven = sitk.GetArrayFromImage(sitk.Noise(_image(smooth, spacing), [1, 1, 1]))
    lumen = (smooth > VESSEL_HU[0]) & (smooth < VESSEL_HU[1]) & (uneven < EVEN_HU)
    middles = _large(_shrunk(lumen, spacing, VESSEL_MM), spacing, VESSEL_ML)
    labels, count = _parts(middles)
    if not count:
        return np.zeros(smooth.shape, bool)
    reach = [max(1, round(WRAP_MM / pitch)) for pitch in spacing]
    around = sitk.GetArrayFromImage(sitk.GrayscaleDilate(_image(labels.astype(np.uint32), spacing), reach, sitk.sitkBall))
    ring = (labels == 0) & (around > 0)
    sizes = np.maximum(np.bincount(labels.ravel(), minlength=count + 1), 1)
    inside = np.bincount(labels.ravel(), weights=smooth.ravel(), minlength=count + 1) / sizes
    denser = smooth[ring] > inside[around[ring]] + DENSER_HU
    share = np.bincount(around[ring], weights=denser, minlength=count + 1) / np.maximum(
        np.bincount(around[ring], minlength=count + 1), 1
    )
    is_vessel = share < WRAPPED_SHARE
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


def _smooth(hu: NDArray[np.float32], spacing: Any) -> NDArray[np.float32]:
    found: NDArray[np.float32] = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(_image(hu, spacing), 0.8 * min(spacing)))
    return found


def _all_filled(mask: Mask) -> Mask:
    return np.stack([_filled(one) for one in mask])


def _filled(plane: Mask) -> Mask:
    """A slice with its holes filled in."""
    found: Mask = sitk.GetArrayFromImage(sitk.BinaryFillhole(sitk.GetImageFromArray(plane.astype(np.uint8)))) > 0
    return found


def _go_on(cancelled: Cancelled, progress: Progress, share: float) -> None:
    if cancelled():
        raise InterruptedError
    progress(share)
