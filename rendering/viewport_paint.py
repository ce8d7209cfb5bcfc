"""From frames and volumes to the pixels of a view: resample in modality values, window last.

What costs (shrinking a large frame, reslicing) is kept for the latest few views, so that a
change of window alone costs only the window.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.all_cores import shared
from rendering.filters import filtered
from rendering.geometry_screen import ScreenMap
from rendering.header import ImageHeader
from rendering.images import SeriesImages
from rendering.latest import Latest
from rendering.pixels import Voi, colour, grey, is_inverse, modality_values, overlay_planes, padding_mask, shutter_mask
from rendering.reslice import VolumeSource, sample_frame, shrink_whole
from rendering.sampling import Sampling
from rendering.shrinking import shrunk_values
from rendering.stack_slab import StackSlabs
from rendering.viewport_cut import CutPainter
from rendering.viewport_followed import through_levels, with_shutter
from rendering.viewport_values import Seen, ValueScale, screen_grey
from rendering.viewport_views import CutView, FrameView
from workstation.domain.slab import Slab
from workstation.domain.viewing import Interpolation, ViewportState

# Latest frames (shrunk) and views (resampled) kept by one viewport.
FRAMES_KEPT = 3
VIEWS_KEPT = 2

# Grey tables kept by one viewport: 64 kB each.
TABLES_KEPT = 4

# A view pixel this near to a frame's pixel is that pixel: rounding of lengths in millimetres.
ON_PIXEL = 1e-9

# Where a resampled mask counts as set.
HALF = 0.5


class Painter:
    """Draws views of one `SeriesImages` as uint8 pixels."""

    def __init__(self, images: SeriesImages, scale: ValueScale) -> None:
        self._images = images
        self._scale = scale
        self._shrunk: Latest[NDArray[Any]] = Latest(FRAMES_KEPT)
        self._tables: Latest[NDArray[np.uint8]] = Latest(TABLES_KEPT)
        self._masks: Latest[NDArray[np.bool_] | None] = Latest(2 * FRAMES_KEPT)
        self._views: Latest[Seen] = Latest(VIEWS_KEPT)
        self._cuts = CutPainter(images, scale)
        self.slabs = StackSlabs(images)

    def frame(self, view: FrameView, state: ViewportState, position: int, width: int, height: int) -> NDArray[np.uint8]:
        """Raises Refused or NotYet."""
        header = with_shutter(self._images.header(position), state)
        slab = self.slabs.slab(state, position)
        container = self._container(position, slab)
        # Padding that is black anyway, as air beside a CT most often is, needs no mask.
        padded = False
        if header.samples == 3 or header.palette is not None:
            picture = self._colour_frame(view, state, position, width, height)
        else:
            voi = self._scale.voi(position, state.voi, state.own_window)
            inverse = is_inverse(header) is not state.inverted
            corner = pixel_for_pixel(view.screen, width, height)
            if corner is not None and container.itemsize <= 2 and not state.sharpening:
                table = self._grey_table(header, position, voi, inverse, container.dtype.str)
                picture = shifted(table, container, corner, width, height)
            else:
                filled = filling(view.screen, state)
                seen = self._frame_values(view, position, width, height, state.sharpening, filled, slab)
                picture = seen.grey(voi, inverse)
            padding = self._scale.padding(position)
            padded = padding is not None and bool(screen_grey(np.array(padding, np.float32), voi, inverse, None).any())
            picture = through_levels(picture, state)
        frame, own = self._images.frame(position), self._images.container(position)
        covered = self._masks.get(("covered", position, padded, header.shutter), lambda: _covered(own, header, frame, padded))
        drawn = self._masks.get(("drawn", position), lambda: _drawn(own, header, frame))
        _paint_mask(picture, view, covered, 0)
        _paint_mask(picture, view, drawn, 255)
        return np.ascontiguousarray(picture)

    def cut(
        self, source: VolumeSource, view: CutView, state: ViewportState, width: int, height: int, fast: bool
    ) -> NDArray[np.uint8]:
        """A cut through `source`. `fast` coarsens what is dear: oblique cuts, and slabs even more."""
        return self._cuts.picture(source, view, state, (width, height), filling(view.screen, state), fast)

    def seen_in_frame(self, view: FrameView, state: ViewportState, position: int, width: int, height: int) -> NDArray[np.float32]:
        """The values under the view's pixels, unfiltered, in the shown unit. Raises Refused or NotYet."""
        slab = self.slabs.slab(state, position)
        return self._frame_values(view, position, width, height, 0, Interpolation.LINEAR, slab).values

    def seen_in_cut(
        self, source: VolumeSource, view: CutView, state: ViewportState, width: int, height: int
    ) -> NDArray[np.float32]:
        """The same of a cut."""
        return self._cuts.values(source, view, state, width, height)

    def _grey_table(self, header: ImageHeader, position: int, voi: Voi, inverse: bool, dtype: str) -> NDArray[np.uint8]:
        """The grey of every bit pattern of a frame's container: the same steps as for a resampled frame, once."""
        frame = self._images.frame(position)
        bits = (dtype, header.bits_stored, header.high_bit, header.is_signed)
        key = (*bits, header.frame(frame).transform, self._scale.factor, voi, inverse)

        def make() -> NDArray[np.uint8]:
            size = np.dtype(dtype).itemsize
            patterns = np.arange(1 << (8 * size), dtype=f"u{size}").view(dtype)
            values = modality_values(patterns, header, frame).values.astype(np.float32)
            return screen_grey(self._scale.in_unit(values), voi, inverse, None)

        return self._tables.get(key, make)

    def _frame_values(
        self,
        view: FrameView,
        position: int,
        width: int,
        height: int,
        sharpening: int,
        fill: Interpolation,
        slab: Slab | None,
    ) -> Seen:
        rows, columns = _shrinking(view.screen)

        def make() -> Seen:
            key = (position, rows, columns, sharpening, slab)
            frame = self._shrunk.get(key, lambda: self._shrunk_values(position, rows, columns, sharpening, slab))
            return Seen(self._scale.in_unit(sample_frame(frame, frame_sampling(view.screen, width, height, rows, columns), fill)))

        return self._views.get((position, view.screen, width, height, sharpening, fill, slab), make)

    def _container(self, position: int, slab: Slab | None) -> NDArray[Any]:
        return self._images.container(position) if slab is None else self.slabs.container(position, slab)

    def _shrunk_values(self, position: int, rows: int, columns: int, sharpening: int, slab: Slab | None) -> NDArray[Any]:
        container = self._container(position, slab)
        header, number = self._images.header(position), self._images.frame(position)
        if not sharpening and (rows, columns) != (1, 1):
            return shrunk_values(container, header, number, rows, columns)
        values = modality_values(container, header, number).values
        if sharpening:
            padding = padding_mask(self._images.container(position), header)
            values = filtered(values, sharpening, padding)
        return values if rows == columns == 1 else shrink_whole(values, rows, columns)

    def _colour_frame(self, view: FrameView, state: ViewportState, position: int, width: int, height: int) -> NDArray[np.uint8]:
        header = self._images.header(position)
        rows, columns = _shrinking(view.screen)

        def make() -> NDArray[Any]:
            rgb: NDArray[Any] = self._rgb(state, position)
            if state.sharpening and header.samples == 3:
                rgb = np.clip(filtered(rgb, state.sharpening), 0.0, 255.0)
            return rgb if rows == columns == 1 else shrink_whole(rgb, rows, columns)

        window = state.window if header.samples == 1 else None
        key = (position, rows, columns, window, state.own_window, state.inverted and header.samples == 1, state.sharpening)
        frame = self._shrunk.get(key, make)
        fill = filling(view.screen, state)
        values = sample_frame(frame, frame_sampling(view.screen, width, height, rows, columns), fill)
        if state.inverted and header.samples == 3:
            values = 255.0 - values
        values += np.float32(0.5)
        np.fmax(values, np.float32(0.0), out=values)
        np.fmin(values, np.float32(255.0), out=values)
        return values.astype(np.uint8)

    def _rgb(self, state: ViewportState, position: int) -> NDArray[np.uint8]:
        header, container = self._images.header(position), self._images.container(position)
        if header.samples == 3 or not (header.palette and header.palette.supplemental):
            return colour(container, header)
        values = self._images.values(position).values
        inverse = is_inverse(header) is not state.inverted
        return colour(container, header, grey(values, self._scale.voi(position, state.window, state.own_window), inverse))


def _paint_mask(picture: NDArray[np.uint8], view: FrameView, mask: NDArray[np.bool_] | None, level: int) -> None:
    """Paints `level` where a mask of the frame lies on the screen."""
    if mask is None:
        return
    rows, columns = _shrinking(view.screen)
    thinned = _any_of_blocks(mask, rows, columns)
    sampling = frame_sampling(view.screen, picture.shape[1], picture.shape[0], rows, columns)
    picture[sample_frame(thinned.view(np.uint8), sampling, Interpolation.NEAREST) > HALF] = level


def filling(screen: ScreenMap, state: ViewportState) -> Interpolation:
    """The reader's choice where the image is larger than its pixels; an image that is smaller is always averaged."""
    return state.interpolation if screen.per_pixel > 1.0 + ON_PIXEL else Interpolation.LINEAR


def pixel_for_pixel(screen: ScreenMap, width: int, height: int) -> tuple[int, int] | None:
    """The (column, row) of the frame that the first view pixel shows, when each shows exactly one, unturned."""
    (ru, rv), (du, dv) = screen.source_steps()
    if max(abs(ru - 1.0) * width, abs(rv) * width, abs(du) * height, abs(dv - 1.0) * height) > ON_PIXEL:
        return None
    u, v = screen.to_source(0.5, 0.5)
    column, row = round(u), round(v)
    return (column, row) if max(abs(u - column), abs(v - row)) <= ON_PIXEL else None


def shifted(
    table: NDArray[np.uint8], container: NDArray[Any], corner: tuple[int, int], width: int, height: int
) -> NDArray[np.uint8]:
    """The frame through a table of its bit patterns, with the pixel at `corner` first; black outside."""
    left, top = corner
    inside = container[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    patterns: NDArray[Any] = inside.view(f"u{container.itemsize}")
    levels: NDArray[np.uint8] = np.empty(inside.shape, np.uint8)

    def part(rows: slice) -> None:
        # Every pattern is in the table, so that nothing is ever clipped: it only spares a check.
        np.take(table, patterns[rows], out=levels[rows], mode="clip")

    shared(inside.shape[0], inside.shape[1], part)
    if levels.shape == (height, width):
        return levels
    picture = np.zeros((height, width), np.uint8)
    if levels.size:
        y, x = max(0, -top), max(0, -left)
        picture[y : y + levels.shape[0], x : x + levels.shape[1]] = levels
    return picture


def frame_sampling(screen: ScreenMap, width: int, height: int, shrunk_rows: int = 1, shrunk_columns: int = 1) -> Sampling:
    """Where the view's pixels look in a frame that was shrunk by whole blocks."""
    u, v = screen.to_source(0.5, 0.5)
    (ru, rv), (du, dv) = screen.source_steps()
    first = ((u - (shrunk_columns - 1) / 2) / shrunk_columns, (v - (shrunk_rows - 1) / 2) / shrunk_rows, 0.0)
    right = (ru / shrunk_columns, rv / shrunk_rows, 0.0)
    return Sampling(first, right, (du / shrunk_columns, dv / shrunk_rows, 0.0), width, height)


def _shrinking(screen: ScreenMap) -> tuple[int, int]:
    """By how many whole (rows, columns) of the image one view pixel is larger, at least 1."""
    (ru, rv), (du, dv) = screen.source_steps()
    return max(1, math.floor(max(abs(rv), abs(dv)))), max(1, math.floor(max(abs(ru), abs(du))))


def _covered(container: NDArray[Any], header: ImageHeader, frame: int, padded: bool) -> NDArray[np.bool_] | None:
    """Where nothing of the image is to be seen: behind the shutter, and padding when `padded`."""
    shutter, padding = shutter_mask(header, frame, container), padding_mask(container, header) if padded else None
    if shutter is None or padding is None:
        return padding if shutter is None else shutter
    return shutter | padding


def _drawn(container: NDArray[Any], header: ImageHeader, frame: int) -> NDArray[np.bool_] | None:
    """Where overlays (60xx) draw."""
    planes = [mask for _, mask in overlay_planes(header, frame, container)]
    return np.logical_or.reduce(planes) if planes else None


def _any_of_blocks(mask: NDArray[np.bool_], by_rows: int, by_columns: int) -> NDArray[np.bool_]:
    """Shrinks a mask so that thin lines stay: a block is set when any of its pixels is."""
    rows, columns = -(-mask.shape[0] // by_rows), -(-mask.shape[1] // by_columns)
    whole = np.zeros((rows * by_rows, columns * by_columns), np.bool_)
    whole[: mask.shape[0], : mask.shape[1]] = mask
    blocks = whole.reshape(rows, by_rows, columns, by_columns)
    return np.ascontiguousarray(blocks.any(axis=(1, 3)))
