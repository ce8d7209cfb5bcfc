"""Overlay planes and display shutters as masks of the image's own size (PS3.3 C.9.2, C.7.6.11)."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.header import ImageHeader, Overlay


def overlay_planes(
    header: ImageHeader, frame: int = 0, container: NDArray[Any] | None = None
) -> tuple[tuple[Overlay, NDArray[np.bool_]], ...]:
    """The overlays of `frame`, each with a (rows, columns) mask of the image that is True where drawn.

    Overlays embedded in unused bits of the pixel data need the decoded `container` of the
    frame; without it they are left out. One that is a shutter is not drawn (C.7.6.15).
    """
    shutter = header.shutter.overlay_group if header.shutter is not None else 0
    planes = ((overlay, _of_image(overlay, header, frame, container)) for overlay in header.overlays if overlay.group != shutter)
    return tuple((overlay, plane) for overlay, plane in planes if plane is not None)


def _of_image(overlay: Overlay, header: ImageHeader, frame: int, container: NDArray[Any] | None) -> NDArray[np.bool_] | None:
    plane = _plane(overlay, frame, container)
    return None if plane is None else _placed(plane, overlay, header.rows, header.columns)


def _plane(overlay: Overlay, frame: int, container: NDArray[Any] | None) -> NDArray[np.bool_] | None:
    if overlay.embedded_bit is not None:
        if container is None:
            return None
        unsigned = container.view(f"u{container.dtype.itemsize}")
        embedded: NDArray[np.bool_] = (unsigned >> overlay.embedded_bit) & 1 != 0
        return embedded
    index = frame - overlay.first_frame
    if not 0 <= index < overlay.frames:
        return None
    size = overlay.rows * overlay.columns
    packed = np.frombuffer(zlib.decompress(overlay.data), np.uint8)
    bits = np.unpackbits(packed, count=(index + 1) * size, bitorder="little")[index * size :]
    return bits.reshape(overlay.rows, overlay.columns).astype(bool)


def _placed(plane: NDArray[np.bool_], overlay: Overlay, rows: int, columns: int) -> NDArray[np.bool_]:
    """`plane` in the image's grid: OverlayOrigin 1\\1 is the first pixel, it may lie outside."""
    top, left = (0, 0) if overlay.embedded_bit is not None else (overlay.row - 1, overlay.column - 1)
    if (top, left) == (0, 0) and plane.shape == (rows, columns):
        return plane
    placed = np.zeros((rows, columns), bool)
    height, width = plane.shape
    r0, r1 = max(0, top), min(rows, top + height)
    c0, c1 = max(0, left), min(columns, left + width)
    if r0 < r1 and c0 < c1:
        placed[r0:r1, c0:c1] = plane[r0 - top : r1 - top, c0 - left : c1 - left]
    return placed


def shutter_mask(header: ImageHeader, frame: int = 0, container: NDArray[Any] | None = None) -> NDArray[np.bool_] | None:
    """True where the shutter covers the image; None without one. Edges of the shapes stay visible.

    `container` is needed for a shutter that is an overlay in unused bits of the pixels.
    """
    shutter = header.shutter
    if shutter is None:
        return None
    row, column = np.ogrid[1 : header.rows + 1, 1 : header.columns + 1]
    seen = np.ones((header.rows, header.columns), bool)
    if shutter.rectangle is not None:
        left, right, upper, lower = shutter.rectangle
        seen &= (column >= left) & (column <= right) & (row >= upper) & (row <= lower)
    if shutter.circle is not None:
        centre_row, centre_column, radius = shutter.circle
        seen &= (row - centre_row) ** 2 + (column - centre_column) ** 2 <= radius**2
    if shutter.polygon:
        seen &= _inside_polygon(shutter.polygon, row, column)
    for overlay in header.overlays:
        covers = _of_image(overlay, header, frame, container) if overlay.group == shutter.overlay_group else None
        if covers is not None:
            seen &= ~covers
    return ~seen


def _inside_polygon(polygon: tuple[tuple[int, int], ...], row: NDArray[Any], column: NDArray[Any]) -> NDArray[np.bool_]:
    """Even-odd rule, pixel centres on an edge count as inside."""
    inside = np.zeros((row.shape[0], column.shape[1]), bool)
    on_edge = np.zeros_like(inside)
    for (r0, c0), (r1, c1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        between = (row >= min(r0, r1)) & (row <= max(r0, r1)) & (column >= min(c0, c1)) & (column <= max(c0, c1))
        on_edge |= between & ((row - r0) * (c1 - c0) == (column - c0) * (r1 - r0))
        if r0 == r1:
            continue
        crosses = (row >= min(r0, r1)) & (row < max(r0, r1))
        edge = c0 + (row - r0) * (c1 - c0) / (r1 - r0)
        inside ^= crosses & (column < edge)
    return inside | on_edge
