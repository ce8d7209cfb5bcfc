"""Layers on a view: segments as translucent fill with an outline, structures as outlines.

A layer is painted over a finished picture, on request; the picture without it stays as it was. A
segment's frame covers its images, and in space half the distance to the next one on either side:
nothing is shown between frames that are further apart than their thickness.
"""

from __future__ import annotations

import math
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rendering.images import SeriesImages
from rendering.objects.facts import SegmentMask
from rendering.objects.layer_blend import WHOLE, Box, Part, Shares, around, blend, outline, over, premultiplied, rgb
from rendering.objects.layer_contours import SAME_PLANE_MM, contour_lines, contour_masks
from rendering.objects.layers import Layer
from rendering.picture import Picture
from rendering.viewport_views import CutView, FrameView, cut_view, frame_view, is_plane
from workstation.domain.geometry import FramePlane, dot
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused

PARALLEL = 1.0 - 1e-4
HALF = WHOLE / 2
ROUNDING = 1e-6
# Layers of which the place in the latest view is kept, for a window that is dragged.
PARTS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Painted:
    """`drawn` are the uids of the layers that are to be seen in this picture: they must be listed beside it."""

    picture: Picture
    drawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Veil:
    """What layers lay over a view, by itself: it does not depend on the greys beneath. `box` are rows and columns of the view,
    `pixels` are 0xAARRGGBB, premultiplied."""

    box: Box
    pixels: NDArray[np.uint32]
    drawn: tuple[str, ...]


class LayerPainter:
    """Lays layers over pictures of one `SeriesImages`. Keeps what is dear to make; call it from any thread."""

    def __init__(self, images: SeriesImages) -> None:
        self._images = images
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        # With the parts it was made of: a number of an object is its own only while that lives.
        self._veil: tuple[tuple[tuple[str, float, int], ...], list[Part], Veil | None] | None = None
        self._parts: dict[str, tuple[Layer, tuple[ViewportState, int, int], tuple[Part, ...]]] = {}

    def paint(self, picture: Picture, state: ViewportState, layers: Sequence[Layer]) -> Painted:
        """The picture with these layers over it; unchanged where none of them is in the view.

        Nothing is laid over an error, a wait, a picture of a 3D view, or images that a layer does
        not name. Raises Refused for a state of another series.
        """
        if picture.error is not None or picture.partial or state.plane is Plane.THREE_D or not layers:
            return Painted(picture)
        height, width = picture.pixels.shape[:2]
        view = self._view(state, width, height)
        out: NDArray[np.uint8] | None = None
        drawn = []
        for layer in layers:
            if not _may_be_shown(layer, view, self._images):
                continue
            for part in self._kept(layer, view, state, width, height):
                if out is None:
                    out = rgb(picture.pixels)
                drawn.append(layer.uid)
                blend(out, layer, part)
        return Painted(picture) if out is None else Painted(replace(picture, pixels=out), tuple(drawn))

    def veil(self, picture: Picture, state: ViewportState, layers: Sequence[Layer]) -> Veil | None:
        """As `paint`, for whoever lays it over the picture himself; the same object while only the greys change.

        None where no layer is in the view. Raises Refused for a state of another series.
        """
        if picture.error is not None or picture.partial or state.plane is Plane.THREE_D or not layers:
            return None
        height, width = picture.pixels.shape[:2]
        view = self._view(state, width, height)
        found = [
            (layer, part)
            for layer in layers
            if _may_be_shown(layer, view, self._images)
            for part in self._kept(layer, view, state, width, height)
        ]
        key = tuple((layer.uid, layer.opacity, id(part)) for layer, part in found)
        if self._veil is None or self._veil[0] != key:
            self._veil = key, [part for _, part in found], _veil_of(found)
        return self._veil[2]

    def _view(self, state: ViewportState, width: int, height: int) -> FrameView | CutView:
        images = self._images
        if (state.study_uid, state.series_uid) != (images.study.study_instance_uid, images.series.series_instance_uid):
            raise Refused("These images are not of the series that is to be shown")
        if is_plane(state):
            return cut_view(images, state, width, height)
        position = min(max(state.position, 0), images.frame_count - 1)
        return frame_view(images, state, position, width, height)

    def _kept(self, layer: Layer, view: FrameView | CutView, state: ViewportState, width: int, height: int) -> tuple[Part, ...]:
        """Where the layer lies, the same as last time while only the greys beneath it change."""
        place = replace(state, window=None, own_window=0, inverted=False, sharpening=0), width, height
        with self._lock:
            before = self._parts.get(layer.uid)
        if before is not None and before[0] is layer and before[1] == place:
            return before[2]
        parts = tuple(self._on_view(layer, view, width, height))
        with self._lock:
            self._parts[layer.uid] = (layer, place, parts)
            while len(self._parts) > PARTS_KEPT:
                del self._parts[next(iter(self._parts))]
        return parts

    def _on_view(self, layer: Layer, view: FrameView | CutView, width: int, height: int) -> Iterator[Part]:
        """What of the layer is in the view: one part or none."""
        if layer.contours and isinstance(view, FrameView):
            lines = contour_lines(layer.contours, view, width, height)
            if lines.any():
                yield Part((slice(0, height), slice(0, width)), None, lines)
            return
        held = self._masks(layer)
        shares = np.zeros((height, width), np.uint8)
        wanted = _wanted(held, layer, view, self._images)
        boxes = [box for mask in wanted if (box := _sample(mask, view, held.reach, shares))]
        if not boxes:
            return
        box = around(boxes)
        found = shares[box]
        lines = outline(found > HALF)
        if found.any():
            yield Part(box, None if layer.contours else found, lines)

    def _masks(self, layer: Layer) -> _Held:
        with self._lock:
            held = self._held.get(layer.uid)
            if held is None or not held.is_of(layer):
                held = _Held(layer, tuple(contour_masks(layer.contours)) if layer.contours else layer.masks)
                self._held[layer.uid] = held
            return held


class _Held:
    """The masks of one layer and what is asked of them for every view, found once."""

    def __init__(self, layer: Layer, masks: tuple[SegmentMask, ...]) -> None:
        self.layer, self.masks = layer, masks

    def is_of(self, layer: Layer) -> bool:
        """Whether the layer lies where that one lay, whatever its colour."""
        return self.layer.masks is layer.masks and self.layer.contours is layer.contours

    @cached_property
    def reach(self) -> float:
        return _reach(self.masks, self.layer)

    @cached_property
    def by_image(self) -> Mapping[str, Sequence[SegmentMask]]:
        """Those that name an image, by its SOP Instance UID."""
        found: dict[str, list[SegmentMask]] = {}
        for mask in self.masks:
            for uid in dict.fromkeys(image.sop_instance_uid for image in mask.images):
                found.setdefault(uid, []).append(mask)
        return found


def _veil_of(found: Sequence[tuple[Layer, Part]]) -> Veil | None:
    if not found:
        return None
    box = around([part.box for _, part in found])
    drawn = tuple(layer.uid for layer, _ in found)
    if len(found) == 1:
        return Veil(box, premultiplied(*found[0]), drawn)
    whole = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.uint32)
    for layer, part in found:
        rows, columns = part.box
        top, left = rows.start - box[0].start, columns.start - box[1].start
        place = np.ascontiguousarray(whole[top : top + part.lines.shape[0], left : left + part.lines.shape[1]])
        over(place, premultiplied(layer, part))
        whole[top : top + part.lines.shape[0], left : left + part.lines.shape[1]] = place
    return Veil(box, whole, drawn)


def _may_be_shown(layer: Layer, view: FrameView | CutView, images: SeriesImages) -> bool:
    """Of the very study, on an image or (a cut) in a series that the object names."""
    if layer.study_uid != images.study.study_instance_uid:
        return False
    if isinstance(view, FrameView):
        return view.identity.sop_instance_uid in layer.images
    return images.series.series_instance_uid in layer.series_uids and _is_in_space(layer, images)


def _is_in_space(layer: Layer, images: SeriesImages) -> bool:
    """A segmentation without a frame of reference of its own shares that of the images that it names."""
    return layer.frame_of_reference_uid in ("", images.header(0).frame_of_reference_uid)


# Segments


def _wanted(held: _Held, layer: Layer, view: FrameView | CutView, images: SeriesImages) -> Iterator[SegmentMask]:
    if isinstance(view, FrameView):
        named = held.by_image.get(view.identity.sop_instance_uid, ())
        own = [mask for mask in named if _is_of_frame(mask, layer, view)]
        if own or not _is_in_space(layer, images):
            yield from own
            return
    yield from (mask for mask in held.masks if mask.plane is not None)


def _is_of_frame(mask: SegmentMask, layer: Layer, view: FrameView) -> bool:
    """Whether the mask is of this very frame, pixel for pixel."""
    uid, number = view.identity.sop_instance_uid, view.identity.frame_number
    named = any(one.sop_instance_uid == uid and (not one.frames or number in one.frames) for one in mask.images)
    if not named or (layer.rows, layer.columns) != (view.header.rows, view.header.columns):
        return False
    own = view.facts.plane
    return mask.plane is None or own is None or _is_same_plane(mask.plane, own)


def _is_same_plane(a: FramePlane, b: FramePlane) -> bool:
    return (
        math.dist(a.position, b.position) <= SAME_PLANE_MM
        and dot(a.row_direction, b.row_direction) >= PARALLEL
        and dot(a.column_direction, b.column_direction) >= PARALLEL
        and math.isclose(a.row_spacing, b.row_spacing, rel_tol=1e-3)
        and math.isclose(a.column_spacing, b.column_spacing, rel_tol=1e-3)
    )


def _reach(masks: Sequence[SegmentMask], layer: Layer) -> float:
    """Half the distance of neighbouring planes in mm; half the thickness where there is one plane only."""
    planes = [mask.plane for mask in masks if mask.plane is not None]
    if not planes:
        return 0.0
    normal = planes[0].normal
    depths = np.unique(np.round([dot(plane.position, normal) for plane in planes], 3))
    steps = np.diff(depths)
    return float(steps.min()) / 2.0 if steps.size else (layer.thickness or SAME_PLANE_MM) / 2.0


def _sample(mask: SegmentMask, view: FrameView | CutView, reach: float, shares: Shares) -> Box | None:
    """Adds the mask (nearest pixel) where the view goes through it. Returns the box it was added in."""
    height, width = shares.shape
    place = _to_mask(mask, view)
    if place is None:
        return None
    origin = np.array(place(0.5, 0.5))
    right, down = np.array(place(1.5, 0.5)) - origin, np.array(place(0.5, 1.5)) - origin
    wide, high = _crossed(origin, right, down, width, height, mask, reach)
    if wide.stop <= wide.start or high.stop <= high.start:
        return None
    x, y = np.arange(wide.start, wide.stop, dtype=float), np.arange(high.start, high.stop, dtype=float)
    if np.abs([right[1], down[0], *right[2:], *down[2:]]).max() * max(width, height) < ROUNDING:
        columns = _nearest(origin[0] + right[0] * x) - mask.column
        rows = _nearest(origin[1] + down[1] * y) - mask.row
        return _sample_upright(mask, rows, columns, (high, wide), shares)
    y = y[:, np.newaxis]
    column = _nearest(origin[0] + right[0] * x + down[0] * y) - mask.column
    row = _nearest(origin[1] + right[1] * x + down[1] * y) - mask.row
    hit = (column >= 0) & (column < mask.columns) & (row >= 0) & (row < mask.rows)
    if len(origin) == 3:
        hit &= np.abs(origin[2] + right[2] * x + down[2] * y) <= reach + ROUNDING
    if not hit.any():
        return None
    found = unpacked_mask(mask)[row[hit], column[hit]]
    part = shares[high, wide]
    part[hit] = np.maximum(part[hit], found)
    return high, wide


def _nearest(places: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.floor(places + 0.5).astype(np.intp)


def _sample_upright(mask: SegmentMask, rows: NDArray[np.intp], columns: NDArray[np.intp], box: Box, shares: Shares) -> Box | None:
    """The view's rows run along the mask's: whole rows and columns of it are taken."""
    high = _inside(rows, mask.rows, box[0].start)
    wide = _inside(columns, mask.columns, box[1].start)
    if high is None or wide is None:
        return None
    rows = rows[high.start - box[0].start : high.stop - box[0].start]
    columns = columns[wide.start - box[1].start : wide.stop - box[1].start]
    part = shares[high, wide]
    found = _taken(_taken(unpacked_mask(mask), rows, 0), columns, 1)
    np.maximum(part, found, out=part)
    return high, wide


def _taken(pixels: Shares, places: NDArray[np.intp], axis: int) -> Shares:
    """Rows or columns; where one follows the other they are not picked one by one."""
    first, last = int(places[0]), int(places[-1]) + 1
    if (np.diff(places) == 1).all():
        return pixels[first:last] if axis == 0 else pixels[:, first:last]
    return pixels.take(places, axis=axis)


def _inside(places: NDArray[np.intp], count: int, first: int) -> slice | None:
    """The run of places from 0 to below `count`; they only grow or only fall."""
    found = np.flatnonzero((places >= 0) & (places < count))
    return slice(first + int(found[0]), first + int(found[-1]) + 1) if found.size else None


def _crossed(
    origin: NDArray[np.float64],
    right: NDArray[np.float64],
    down: NDArray[np.float64],
    width: int,
    height: int,
    mask: SegmentMask,
    reach: float,
) -> tuple[slice, slice]:
    """The columns and rows of the view outside of which the mask cannot be."""
    low = np.array([mask.column - 0.5, mask.row - 0.5, -reach - ROUNDING])[: len(origin)]
    high = np.array([mask.column + mask.columns - 0.5, mask.row + mask.rows - 0.5, reach + ROUNDING])[: len(origin)]
    return _within(origin, right, down, width, height, low, high), _within(origin, down, right, height, width, low, high)


def _within(
    origin: NDArray[np.float64],
    along: NDArray[np.float64],
    across: NDArray[np.float64],
    count: int,
    other: int,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> slice:
    """The steps `along` at which a line `across` the view can meet the box from `low` to `high`."""
    start = origin + np.arange(count, dtype=float)[:, np.newaxis] * along
    end = start + (other - 1) * across
    meets = ((np.minimum(start, end) <= high) & (np.maximum(start, end) >= low)).all(axis=1)
    found = np.flatnonzero(meets)
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)


def _to_mask(mask: SegmentMask, view: FrameView | CutView) -> Callable[[float, float], tuple[float, ...]] | None:
    """From a view point to (column, row[, mm from the plane]) of the mask's frame."""
    if isinstance(view, FrameView):
        own = view.facts.plane
        if mask.plane is None or own is None or _is_same_plane(mask.plane, own):
            return view.screen.to_source
    plane = mask.plane
    if plane is None or view.to_patient(0.0, 0.0) is None:
        return None
    return lambda x, y: plane.to_pixel(view.to_patient(x, y) or plane.position)


def unpacked_mask(mask: SegmentMask) -> Shares:
    """The part of the frame that the mask holds."""
    shape = (mask.rows, mask.columns)
    data = np.frombuffer(zlib.decompress(mask.mask), np.uint8)
    if mask.is_fraction:
        return data.reshape(shape)
    # Ones become 255 as they wrap round below nought.
    return np.negative(np.unpackbits(data, count=mask.rows * mask.columns)).reshape(shape)
