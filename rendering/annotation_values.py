"""The values inside an area: of a frame's own pixels, or of a cut's samples. Statistics and histogram.

A pixel counts when its centre is inside (see rendering.annotation_shapes). Left out, and said so:
padding (PS3.3 C.7.5.1.1.2), pixels that a supplemental palette colours, numbers that are none, and
what of the area lies beyond the image. SD is that of the pixels themselves (divided by N).

A cut is sampled at the voxels' own grid where it runs along it, so that a cut through acquired
slices gives the acquired values; else on a square grid of the volume's smallest spacing. Values
between voxels are linear in all three directions; a sample that touches padding is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.annotation_shapes import box, inside
from rendering.header import ImageHeader
from rendering.images import NotYet, SeriesImages
from rendering.pixels import modality_values, padding_mask, padding_values, stored_values
from rendering.reslice import VolumeSource
from rendering.viewport_values import ValueScale
from workstation.domain.annotation import AnnotationKind, MeasuredValue
from workstation.domain.geometry import Vec3, VolumeGeometry, add, dot, sub, unit
from workstation.domain.slab import Slab

Point = tuple[float, float]

HISTOGRAM_BINS = 64

# Samples of a cut taken at most: past that the grid is made coarser by a whole number.
MOST_SAMPLES = 1 << 20

# A direction runs along the volume's when the cosine is this near to 1, a voxel counts as touched by this weight.
ALONG = 1.0 - 1e-9
TOUCHED = 1e-6


@dataclass(frozen=True, slots=True)
class Sampled:
    """`values` are in the shown unit; `left_out` pixels were inside but have none; `beyond`: the area leaves the image."""

    values: NDArray[np.float64]
    left_out: int
    beyond: bool


@dataclass(frozen=True, slots=True)
class CutBasis:
    """In-plane mm (u, v) of a drawing on a cut: point = origin + u right + v down."""

    origin: Vec3
    right: Vec3
    down: Vec3

    def to_plane(self, point: Vec3) -> Point:
        offset = sub(point, self.origin)
        return dot(offset, self.right), dot(offset, self.down)


def frame_sampled(
    images: SeriesImages, values: ValueScale, position: int, kind: AnnotationKind, spanned: Sequence[Point]
) -> Sampled:
    """The pixels of a grey frame inside. Raises Refused or NotYet."""
    header = images.header(position)
    container = images.container(position)
    u0, u1, v0, v1 = box(kind, spanned)
    left, right = max(0, math.floor(u0)), min(header.columns, math.ceil(u1) + 1)
    top, bottom = max(0, math.floor(v0)), min(header.rows, math.ceil(v1) + 1)
    beyond = min(u0, v0) < -0.5 or u1 > header.columns - 0.5 or v1 > header.rows - 0.5
    if left >= right or top >= bottom:
        return Sampled(np.empty(0), 0, True)
    part = container[top:bottom, left:right]
    mask = inside(kind, spanned, np.arange(left, right, dtype=np.float64), np.arange(top, bottom, dtype=np.float64))
    found = modality_values(part, header, images.frame(position)).values[mask].astype(np.float64)
    kept = np.isfinite(found)
    for foreign in (padding_mask(part, header), _coloured(part, header)):
        if foreign is not None:
            kept &= ~foreign[mask]
    return Sampled(found[kept] * values.factor, int(found.size - kept.sum()), beyond)


def _coloured(part: NDArray[Any], header: ImageHeader) -> NDArray[np.bool_] | None:
    if header.palette is None or not header.palette.supplemental:
        return None
    above: NDArray[np.bool_] = stored_values(part, header) >= header.palette.red.first
    return above


def cut_sampled(
    images: SeriesImages,
    values: ValueScale,
    basis: CutBasis,
    kind: AnnotationKind,
    spanned: Sequence[Point],
    dimension: int = 0,
    slab: Slab | None = None,
) -> Sampled:
    """The samples of a cut (or of the projection of `slab`) through `dimension` inside; `spanned` in the basis' mm.

    Raises Refused or NotYet.
    """
    source = images.volume(dimension)
    if source.partial:
        raise NotYet("This series is still being loaded")
    us, vs = _grid(source.geometry, basis, box(kind, spanned), MOST_SAMPLES // (slab.samples if slab else 1))
    mask = inside(kind, spanned, us, vs)
    rows, columns = np.nonzero(mask)
    places = [_index_line(source.geometry, basis, i) for i in range(3)]
    indices = [start + us[columns] * along + vs[rows] * down for start, along, down in places]
    # Voxels are stored values freed of foreign bits, or modality values where those are no one line.
    first = images.verdict.dimensions[dimension].start
    header = images.header(first)
    padding = padding_values(header, images.frame(first)) if source.voxels.dtype.kind == "f" else header.padding
    found, is_within, is_clean = _between_voxels(source.voxels, padding, indices)
    if slab is not None:
        found, is_within, is_clean = _projected(source, padding, indices, slab)
    kept = is_within & is_clean
    shown = (found[kept] * source.slope + source.intercept) * values.factor
    return Sampled(shown, int((is_within & ~is_clean).sum()), not is_within.all())


def _projected(
    source: VolumeSource, padding: tuple[float, float] | None, indices: Sequence[NDArray[np.float64]], slab: Slab
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """As `_between_voxels`, of a slab's samples put together in its way; padding and what lies outside count for nothing."""
    # A falling line turns the largest stored value into the smallest.
    is_largest = (slab.mode == "MIP") == (source.slope > 0.0)
    start = {"MEAN": 0.0}.get(slab.mode, -math.inf if is_largest else math.inf)
    total, count = np.full(indices[0].shape, start), np.zeros(indices[0].shape)
    is_within = np.zeros(total.shape, bool)
    step = source.geometry.to_index(add(source.geometry.origin, slab.step))
    for sample in range(slab.samples):
        away = sample - (slab.samples - 1) / 2.0
        shifted = [index + away * part for index, part in zip(indices, step, strict=True)]
        found, inside_volume, is_clean = _between_voxels(source.voxels, padding, shifted)
        known = inside_volume & is_clean
        is_within |= inside_volume
        count += known
        if slab.mode == "MEAN":
            total += np.where(known, found, 0.0)
        else:
            total = np.where(known, (np.maximum if is_largest else np.minimum)(total, found), total)
    if slab.mode == "MEAN":
        total /= np.maximum(count, 1.0)
    return np.where(count > 0.0, total, 0.0), is_within, count > 0.0


def _index_line(geometry: VolumeGeometry, basis: CutBasis, axis: int) -> tuple[float, float, float]:
    """Index `axis` (column, row, slice) of the basis' origin, and its change for each mm right and down."""
    start = geometry.to_index(basis.origin)[axis]
    right, down = (geometry.to_index(add(basis.origin, way))[axis] - start for way in (basis.right, basis.down))
    return start, right, down


def _grid(
    geometry: VolumeGeometry, basis: CutBasis, around: tuple[float, float, float, float], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of the samples across and down that cover (u0, u1, v0, v1), ascending."""
    lines = [_along(geometry, basis, way) for way in (basis.right, basis.down)]
    if any(line is None for line in lines):
        step = min(geometry.spacing)
        lines = [(around[0] + step / 2, step), (around[2] + step / 2, step)]
    found = []
    for line, low, high in zip(lines, around[0::2], around[1::2], strict=True):
        start, step = line or (0.0, 1.0)
        first = math.floor((low - start) / step)
        found.append(start + step * np.arange(first, math.ceil((high - start) / step) + 1, dtype=np.float64))
    thinner = math.ceil(math.sqrt(found[0].size * found[1].size / most))
    return found[0][::thinner], found[1][::thinner]


def _along(geometry: VolumeGeometry, basis: CutBasis, way: Vec3) -> tuple[float, float] | None:
    """(first, step) in mm of the voxel centres along `way` where it runs along an axis of a straight grid."""
    for axis in range(3):
        step = geometry.axis(axis)
        others = [unit(geometry.axis(other)) for other in range(3) if other != axis]
        if abs(dot(unit(step), way)) >= ALONG and all(abs(dot(other, way)) <= 1e-6 for other in others):
            return dot(sub(geometry.origin, basis.origin), way), abs(dot(step, way))
    return None


def _between_voxels(
    voxels: NDArray[Any], padding: tuple[float, float] | None, indices: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """(value, inside the volume, free of padding) at (column, row, slice) places, linear between voxels."""
    sizes = voxels.shape[::-1]
    is_within = np.ones(indices[0].shape, bool)
    lows, shares = [], []
    for place, size in zip(indices, sizes, strict=True):
        # The outermost voxels reach half a voxel further than their centres.
        is_within &= (place >= -0.5 - TOUCHED) & (place <= size - 0.5 + TOUCHED)
        held = np.clip(place, 0.0, size - 1.0)
        low = np.minimum(np.floor(held + TOUCHED).astype(np.intp), size - 1)
        lows.append(low)
        shares.append(np.clip(held - low, 0.0, 1.0))
    total = np.zeros(indices[0].shape)
    is_clean = np.ones(total.shape, bool)
    for corner in range(8):
        steps = [(corner >> axis) & 1 for axis in range(3)]
        weight = np.ones(total.shape)
        at = []
        for step, low, share, size in zip(steps, lows, shares, sizes, strict=True):
            weight *= share if step else 1.0 - share
            at.append(np.minimum(low + step, size - 1))
        found = voxels[at[2], at[1], at[0]]
        is_touched = weight > TOUCHED
        bad = ~np.isfinite(found) if found.dtype.kind == "f" else np.zeros(found.shape, bool)
        if padding is not None:
            bad |= (found >= padding[0]) & (found <= padding[1])
        is_clean &= ~(bad & is_touched)
        total += np.where(bad, 0.0, weight * found)
    return total, is_within, is_clean


def statistics(values: NDArray[np.float64], unit_name: str) -> tuple[MeasuredValue, ...]:
    """Mean, SD, minimum, maximum, median and the number of pixels; of none only their number."""
    count = MeasuredValue("Pixels", float(values.size), "")
    if not values.size:
        return (count,)
    found = {
        "Mean": values.mean(), "SD": values.std(), "Min": values.min(), "Max": values.max(), "Median": np.median(values),
    }  # fmt: skip
    return (*(MeasuredValue(name, float(value), unit_name) for name, value in found.items()), count)


def histogram(values: NDArray[np.float64]) -> tuple[float, float, tuple[int, ...]] | None:
    """(lower edge, width of a bin, counts): whole numbers get bins of whole width around them."""
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if bool((values == np.rint(values)).all()):
        width = float(math.ceil((high - low + 1.0) / HISTOGRAM_BINS))
        low -= 0.5
    else:
        width = (high - low) / HISTOGRAM_BINS or 1.0
    bins = np.minimum(((values - low) / width).astype(np.intp), HISTOGRAM_BINS - 1)
    counts = np.bincount(bins)
    return low, width, tuple(int(count) for count in counts)
