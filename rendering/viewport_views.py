"""The two ways a viewport looks at a series: one frame as acquired, or a cut through the volume.

Both map view pixels to places in the patient and back; neither touches pixel values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from rendering.geometry import CutPlane, cut_plane, dominant_axis, reading_direction
from rendering.geometry_screen import ScreenMap, screen_map
from rendering.header import FrameFacts, ImageHeader
from rendering.images import SeriesImages
from rendering.letters import letters_of_orientation, letters_of_plane
from rendering.picture import FrameIdentity, Letters
from rendering.sampling import ALONG_AXIS
from rendering.viewport_dimensions import dimension_of
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import Vec3, VolumeGeometry, dot, length, scale
from workstation.domain.slab import Slab
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused

# A cut shows one acquired slice when it is parallel to it (this much of a voxel over the whole
# slice) and goes through its voxel centres (this share of a slice).
ON_SLICE = 0.01


class View(Protocol):
    """What the viewport needs of either way of looking."""

    @property
    def screen(self) -> ScreenMap: ...

    @property
    def mm_per_pixel(self) -> float | None: ...

    @property
    def spacing_source(self) -> SpacingSource: ...

    @property
    def identity(self) -> FrameIdentity | None: ...

    @property
    def slice_location(self) -> float | None: ...

    @property
    def thickness(self) -> float | None: ...

    def letters(self) -> Letters: ...

    def to_patient(self, x: float, y: float) -> Vec3 | None: ...

    def to_view(self, point: Vec3) -> tuple[float, float, float] | None: ...


@dataclass(frozen=True, slots=True)
class FrameView:
    """One frame as acquired. Source coordinates are its pixel indices."""

    header: ImageHeader
    facts: FrameFacts
    screen: ScreenMap
    identity: FrameIdentity

    @property
    def mm_per_pixel(self) -> float | None:
        return None if self.facts.spacing is None else 1.0 / self.screen.scale

    @property
    def spacing_source(self) -> SpacingSource:
        return self.facts.spacing_source

    @property
    def slice_location(self) -> float | None:
        plane = self.facts.plane
        return None if plane is None else _location(plane.position, plane.normal)

    @property
    def thickness(self) -> float | None:
        return self.facts.slice_thickness

    def letters(self) -> Letters:
        plane = self.facts.plane
        if plane is None:
            return letters_of_orientation(self.screen, self.header.patient_orientation)
        u_step = scale(plane.row_direction, plane.column_spacing)
        return letters_of_plane(self.screen, u_step, scale(plane.column_direction, plane.row_spacing))

    def to_pixel(self, x: float, y: float) -> tuple[int, int] | None:
        """The (column, row) under a view point, None outside the image."""
        u, v = self.screen.to_source(x, y)
        column, row = math.floor(u + 0.5), math.floor(v + 0.5)
        inside = 0 <= column < self.header.columns and 0 <= row < self.header.rows
        return (column, row) if inside else None

    def to_patient(self, x: float, y: float) -> Vec3 | None:
        plane = self.facts.plane
        return None if plane is None else plane.to_patient(*self.screen.to_source(x, y))

    def to_view(self, point: Vec3) -> tuple[float, float, float] | None:
        plane = self.facts.plane
        if plane is None:
            return None
        column, row, distance = plane.to_pixel(point)
        return (*self.screen.to_view(column, row), distance)


@dataclass(frozen=True, slots=True)
class CutView:
    """A cut through a verified volume. Source coordinates are millimetres in the cut."""

    geometry: VolumeGeometry
    cut: CutPlane
    screen: ScreenMap
    samples: int
    identity: FrameIdentity | None
    spacing_source: SpacingSource
    apart: float
    """Between two samples of a slab, in mm."""

    @property
    def mm_per_pixel(self) -> float:
        return 1.0 / self.screen.scale

    @property
    def slice_location(self) -> float:
        return _location(self.cut.origin, self.cut.forward)

    @property
    def thickness(self) -> float:
        return self.samples * self.apart

    def slab(self, state: ViewportState) -> Slab | None:
        """What is projected; None of a thin cut."""
        step = scale(self.cut.forward, self.apart)
        return Slab(state.slab_mode, state.slab_mm, step, self.samples) if self.samples > 1 else None

    def letters(self) -> Letters:
        return letters_of_plane(self.screen, self.cut.right, self.cut.down)

    def to_patient(self, x: float, y: float) -> Vec3:
        return self.cut.to_patient(*self.screen.to_source(x, y))

    def to_view(self, point: Vec3) -> tuple[float, float, float]:
        u, v, distance = self.cut.to_plane(point)
        return (*self.screen.to_view(u, v), distance)


def frame_view(images: SeriesImages, state: ViewportState, position: int, width: int, height: int) -> FrameView:
    header, facts = images.header(position), images.facts(position)
    extent, identity = (-0.5, header.columns - 0.5, -0.5, header.rows - 0.5), images.identity(position)
    held = state.held.place if state.held is not None and state.held.image == identity.sop_instance_uid else None
    pitch, in_mm = pixel_pitch(header, facts), facts.spacing is not None
    place = state.framed.middle if state.framed is not None else None
    middle = facts.plane.to_pixel(place)[:2] if facts.plane is not None and place is not None else None
    if state.framed is not None and state.framed.place is not None:
        middle = state.framed.place
    screen = screen_map(extent, pitch, state, width, height, in_mm=in_mm, held=held, middle=middle)
    return FrameView(header, facts, screen, identity)


def cut_of(images: SeriesImages, state: ViewportState) -> CutPlane:
    """The cut a state asks for. Raises Refused when the series is no volume."""
    geometry = _geometry(images)
    try:
        return cut_plane(geometry, state.plane, state.focus, state.oblique)
    except ValueError as error:
        raise Refused("This cut has no direction", str(error)) from error


def cut_view(images: SeriesImages, state: ViewportState, width: int, height: int) -> CutView:
    """Raises Refused when the series is no volume."""
    geometry, cut = _geometry(images), cut_of(images, state)
    place = state.framed.middle if state.framed is not None else None
    middle = cut.to_plane(place)[:2] if place is not None else None
    finest = _finest(geometry, cut.right, cut.down)
    screen = screen_map(cut.extent, (1.0, 1.0), state, width, height, finest, in_mm=True, middle=middle)
    is_slab = state.slab_mm > cut.step
    samples, apart = slab_samples(state.slab_mm, cut.step, is_along_voxels(geometry, cut)) if is_slab else (1, cut.step)
    on_slice = slice_shown(geometry, cut) if samples == 1 else None
    first = dimension_of(images, state).start
    identity = None if on_slice is None else images.identity(first + on_slice)
    return CutView(geometry, cut, screen, samples, identity, images.facts(first).spacing_source, apart)


def slab_samples(slab_mm: float, step: float, along_voxels: bool) -> tuple[int, float]:
    """How many samples, and how far apart in mm. An odd number: the middle one lies on the cut.

    Along the voxels they are one step apart, so that a slab along the acquired slices takes whole slices and no
    MIP loses half of a single bright voxel. Else they are no further apart, and fill the slab exactly.
    """
    halves = (slab_mm / step - 1.0) / 2.0
    if along_voxels:
        return 2 * round(halves) + 1, step
    samples = 2 * math.ceil(halves - ON_SLICE) + 1
    return samples, slab_mm / samples


def is_along_voxels(geometry: VolumeGeometry, cut: CutPlane) -> bool:
    """Whether the cut's normal is a way from voxel to voxel: then its slices are voxels' own."""
    way = sorted(abs(part) for part in cut.through(geometry))
    return way[1] <= ALONG_AXIS


def slice_shown(geometry: VolumeGeometry, cut: CutPlane) -> int | None:
    """The slice that the cut shows as acquired (perhaps turned), None when it shows several."""
    slices, rows, columns = geometry.shape
    climb = abs(dot(geometry.axis(0), cut.forward)) * columns + abs(dot(geometry.axis(1), cut.forward)) * rows
    height = geometry.to_index(cut.origin)[2]
    nearest = round(height)
    away = abs(height - nearest)
    if climb > ON_SLICE * cut.step * max(rows, columns) or away > ON_SLICE or not 0 <= nearest < slices:
        return None
    return nearest


def is_plane(state: ViewportState) -> bool:
    return state.plane is not Plane.STACK


def _geometry(images: SeriesImages) -> VolumeGeometry:
    if images.verdict.geometry is None:
        raise Refused("This series cannot be cut through", " ".join(images.verdict.reasons))
    return images.verdict.geometry


def pixel_pitch(header: ImageHeader, facts: FrameFacts) -> tuple[float, float]:
    """Length of one step along (columns, rows): mm, or PixelAspectRatio (vertical, horizontal)."""
    if facts.spacing is not None:
        return facts.spacing[1], facts.spacing[0]
    if header.pixel_aspect_ratio is not None and min(header.pixel_aspect_ratio) > 0.0:
        return header.pixel_aspect_ratio[1], header.pixel_aspect_ratio[0]
    return 1.0, 1.0


# Asked for with every cut of a drag; it is the same for all cuts of one direction.
@lru_cache(maxsize=64)
def _finest(geometry: VolumeGeometry, right: Vec3, down: Vec3) -> float:
    """The length of a voxel along the direction of a cut in which voxels are shorter, in mm."""
    axes = [geometry.axis(i) for i in range(3)]
    along = [max(axes, key=lambda axis: abs(dot(axis, direction)) / length(axis)) for direction in (right, down)]
    return min(length(axis) for axis in along)


def _location(point: Vec3, normal: Vec3) -> float:
    """The position along the normal in mm, counted up towards the patient's left, back or head."""
    forward = reading_direction(normal)
    # Adding zero turns -0.0, which would be printed, into 0.0.
    return dot(point, forward) * math.copysign(1.0, forward[dominant_axis(forward)]) + 0.0
