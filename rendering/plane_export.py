"""Planes through a volume as frames of a new series: values, places, and the images that they were made from.

A plane is exported whole, however much of it is in view, on square pixels as fine as the finest voxels in it. Values
are interpolated as on the screen and kept in the volume's own stored scale, rounded to it; where nothing is known
(outside the volume, in its padding) stands PixelPaddingValue. Millimetres in LPS.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rendering.header import ImageHeader
from rendering.images import SeriesImages
from rendering.pixels import padding_values
from rendering.reslice import VolumeSource, sample_volume
from rendering.sampling import Sampling
from rendering.viewport_dimensions import dimension_index, dimension_of
from rendering.viewport_views import CutView, cut_view
from workstation.domain.geometry import Vec3, add, length, scale, sub
from workstation.domain.plane_series import PlaneBatch
from workstation.domain.slab import Slab
from workstation.domain.viewing import Interpolation
from workstation.errors import Refused

# More pixels than this along one side are no finer than what a screen or a reader resolves.
LARGEST_SIDE = 2048
PADDING = -32768
HIGHEST = 32767
# A scale of our own, for values that the source's stored numbers cannot hold: all of the 16 bits.
OWN_STEPS = 65000.0


@dataclass(frozen=True, slots=True)
class ExportedFrame:
    """`stored` int16 (rows, columns); `position` is the centre of its first pixel; `sources` are SOP Instance UIDs."""

    stored: NDArray[np.int16]
    position: Vec3
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExportedPlanes:
    """stored * `slope` + `intercept` = modality value. `has_padding`: some stored values are PADDING."""

    header: ImageHeader
    source_headers: dict[str, ImageHeader]
    right: Vec3
    down: Vec3
    pixel_mm: float
    thickness_mm: float
    step_mm: float | None
    slab: Slab | None
    slope: float
    intercept: float
    unit: str
    is_oblique: bool
    frames: tuple[ExportedFrame, ...]

    @property
    def has_padding(self) -> bool:
        return any(bool((frame.stored == PADDING).any()) for frame in self.frames)


def exported(images: SeriesImages, batch: PlaneBatch, cancelled: Callable[[], bool] = lambda: False) -> ExportedPlanes:
    """Raises Refused for what is no volume, is not loaded whole, or has no plane to export."""
    state = batch.state
    view = cut_view(images, replace(state, pan=(0.0, 0.0), zoom=1.0), 512, 512)
    source = images.volume(dimension_index(images, state))
    if source.partial:
        raise Refused("The planes cannot be exported yet", "The series is still being loaded", "Wait until all of it is here")
    first = dimension_of(images, state).start
    header, facts = images.header(first), images.facts(first)
    if header.is_colour:
        raise Refused("The planes cannot be exported", "These images are in colour")
    grid = _grid(view)
    padding = padding_values(header, images.frame(first))
    slope, intercept = _stored_scale(source, padding)
    frames = []
    for away in batch.offsets:
        if cancelled():
            raise Refused("The export was stopped")
        sampling, position = grid.at(source, view, away, state.slab_mode)
        values = sample_volume(source, sampling, Interpolation.LINEAR)
        reached = _slices(sampling, source.geometry.shape[0])
        sources = tuple(dict.fromkeys(images.identity(first + at).sop_instance_uid for at in reached))
        frames.append(ExportedFrame(_stored(values, slope, intercept, padding), position, sources))
    if all((frame.stored == PADDING).all() for frame in frames):
        raise Refused("The planes cannot be exported", "None of them goes through the volume", "Choose a smaller range")
    headers = {images.identity(at).sop_instance_uid: images.header(at) for at in range(images.frame_count)}
    used = dict.fromkeys(uid for frame in frames for uid in frame.sources)
    return ExportedPlanes(
        header=header,
        source_headers={uid: headers[uid] for uid in used},
        right=view.cut.right,
        down=view.cut.down,
        pixel_mm=grid.pixel_mm,
        thickness_mm=view.thickness,
        step_mm=batch.step_mm if batch.number > 1 else None,
        slab=view.slab(state),
        slope=slope,
        intercept=intercept,
        unit=facts.transform.unit,
        is_oblique=state.oblique is not None,
        frames=tuple(frames),
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """Square pixels over the whole plane: the in-plane mm of the first centre, and their number."""

    first: tuple[float, float]
    pixel_mm: float
    columns: int
    rows: int

    def at(self, source: VolumeSource, view: CutView, away: float, mode: str) -> tuple[Sampling, Vec3]:
        """Where the pixels of the plane `away` mm further look, and where its first pixel lies."""
        geometry, cut = source.geometry, view.cut
        position = add(cut.to_patient(*self.first), scale(cut.forward, away))
        first = geometry.to_index(position)
        right = sub(geometry.to_index(add(position, scale(cut.right, self.pixel_mm))), first)
        down = sub(geometry.to_index(add(position, scale(cut.down, self.pixel_mm))), first)
        through = cut.through(geometry, view.apart)
        return Sampling(first, right, down, self.columns, self.rows, through, view.samples, mode), position


def _grid(view: CutView) -> _Grid:
    left, right, top, bottom = view.cut.extent
    longest = max(right - left, bottom - top)
    pixel = max(_finest(view), longest / LARGEST_SIDE)
    # Half a pixel from the volume's edge: along the voxels' own axes every centre is a voxel's.
    columns, rows = (max(1, math.ceil((high - low) / pixel - 1e-6)) for low, high in ((left, right), (top, bottom)))
    return _Grid((left + pixel / 2.0, top + pixel / 2.0), pixel, columns, rows)


def _finest(view: CutView) -> float:
    """The shortest voxel edge that lies more in the plane than across it, in mm."""
    found = []
    for axis in range(3):
        step = view.geometry.axis(axis)
        across = abs(sum(a * b for a, b in zip(step, view.cut.forward, strict=True))) / length(step)
        if across < math.sqrt(0.5) + 1e-9:
            found.append(length(step))
    return min(found or [min(view.geometry.spacing)])


def _stored_scale(source: VolumeSource, padding: tuple[float, float] | None) -> tuple[float, float]:
    """The source's own scale where 16 bits hold its values, else one that spans them."""
    low, high = _value_range(source, padding)
    if source.voxels.dtype.kind in "iu" and source.slope > 0.0:
        ends = [(value - source.intercept) / source.slope for value in (low, high)]
        if min(ends) > PADDING and max(ends) <= HIGHEST:
            return source.slope, source.intercept
    slope = max(high - low, 1e-6) / OWN_STEPS
    return slope, low + slope * OWN_STEPS / 2.0


def _value_range(source: VolumeSource, padding: tuple[float, float] | None) -> tuple[float, float]:
    """The least and the largest value, a slice at a time; padding and what is no number left out."""
    lows, highs = [], []
    for layer in source.voxels:
        values = layer[np.isfinite(layer)] if layer.dtype.kind == "f" else layer
        if padding is not None:
            shown = values * source.slope + source.intercept
            values = values[(shown < padding[0]) | (shown > padding[1])]
        if values.size:
            lows.append(float(values.min()))
            highs.append(float(values.max()))
    if not lows:
        return 0.0, 1.0
    ends = [end * source.slope + source.intercept for end in (min(lows), max(highs))]
    return min(ends), max(ends)


def _stored(
    values: NDArray[np.float32], slope: float, intercept: float, padding: tuple[float, float] | None
) -> NDArray[np.int16]:
    unknown = ~np.isfinite(values)
    if padding is not None:
        unknown |= (values >= padding[0]) & (values <= padding[1])
    steps = np.rint((np.where(unknown, intercept, values).astype(np.float64) - intercept) / slope)
    stored = np.clip(steps, PADDING + 1, HIGHEST).astype(np.int16)
    stored[unknown] = PADDING
    return stored


def _slices(sampling: Sampling, count: int) -> Iterator[int]:
    """The slices that the plane, as thick as its slab, takes values from; of one beside the volume the nearest."""
    half = (sampling.samples - 1) / 2.0 * sampling.through[2]
    ends = [
        sampling.first[2] + i * sampling.right[2] + j * sampling.down[2] + side * half
        for i in (0, sampling.width - 1)
        for j in (0, sampling.height - 1)
        for side in (-1.0, 1.0)
    ]
    first = min(max(math.floor(min(ends) + 1e-6), 0), count - 1)
    last = min(max(math.ceil(max(ends) - 1e-6), first), count - 1)
    yield from range(first, last + 1)
