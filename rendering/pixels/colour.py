"""Colour frames to 8-bit RGB: palettes, deep RGB, YBR (PS3.3 C.7.6.3.1.2, C.7.9)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.header import ImageHeader, LookupTable, Palette
from rendering.pixels.modality import stored_values
from rendering.pixels.profile import in_srgb


def colour(container: NDArray[Any], header: ImageHeader, grey: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """A decoded frame as (rows, columns, 3) RGB, C-contiguous: sRGB where the image brings a profile of its own."""
    stored = stored_colour(container, header, grey)
    return stored if header.colour_profile is None else in_srgb(stored, header.colour_profile)


def stored_colour(container: NDArray[Any], header: ImageHeader, grey: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """As `colour`, without the image's colour profile.

    `grey` gives the levels of the pixels a supplemental palette leaves grey; without it they
    are black. A grey image without a palette comes out as its `grey` three times.
    """
    if header.samples == 3:
        return np.ascontiguousarray(_to_8_bits(stored_values(container, header), header.bits_stored))
    base = grey if grey is not None else np.zeros(container.shape, np.uint8)
    if header.palette is None:
        return np.repeat(base[..., np.newaxis], 3, axis=-1)
    return _through_palette(stored_values(container, header), header.palette, base)


def _to_8_bits(stored: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    if bits == 8 and stored.dtype == np.uint8:
        return stored
    scaled = np.rint(stored.astype(np.float32) * np.float32(255.0 / ((1 << bits) - 1)))
    levels: NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    return levels


def _through_palette(stored: NDArray[Any], palette: Palette, base: NDArray[np.uint8]) -> NDArray[np.uint8]:
    index = np.clip(stored.astype(np.int64) - palette.red.first, 0, palette.red.count - 1)
    picture = np.empty((*stored.shape, 3), np.uint8)
    for channel, table in enumerate((palette.red, palette.green, palette.blue)):
        picture[..., channel] = _palette_entries(table)[index]
    if palette.supplemental:
        below = stored < palette.red.first
        picture[below] = base[below][:, np.newaxis]
    return picture


def _palette_entries(table: LookupTable) -> NDArray[np.uint8]:
    """Entries as 8 bits. Tables that claim 16 bits and use 8 are common, and would be black."""
    entries = np.frombuffer(table.data, "<u2")
    bits = 8 if int(entries.max(initial=0)) < 256 and table.count > 1 else table.bits
    return _to_8_bits(entries, bits)


def rgb_from_ybr_full(ybr: NDArray[Any], bits: int) -> NDArray[Any]:
    """YBR_FULL to RGB of the same type, full range (PS3.3 C.7.6.3.1.2, ITU-R BT.601)."""
    return _rgb_from(ybr, bits, 1.0, 0.0, (1.402, 0.344136, 0.714136, 1.772))


def rgb_from_ybr_partial(ybr: NDArray[Any], bits: int) -> NDArray[Any]:
    """YBR_PARTIAL (luma 16..235, chroma 16..240 of 8 bits) to RGB of the same type."""
    return _rgb_from(ybr, bits, 255.0 / 219.0, 16.0 * (1 << bits) / 256.0, (1.596027, 0.391762, 0.812968, 2.017232))


def _rgb_from(ybr: NDArray[Any], bits: int, gain: float, foot: float, weights: tuple[float, ...]) -> NDArray[Any]:
    half, top = float(1 << (bits - 1)), float((1 << bits) - 1)
    y, cb, cr = (ybr[..., i].astype(np.float32) for i in range(3))
    y -= np.float32(foot)
    y *= np.float32(gain)
    cb -= np.float32(half)
    cr -= np.float32(half)
    red_cr, green_cb, green_cr, blue_cb = (np.float32(w) for w in weights)
    rgb = np.stack((y + red_cr * cr, y - green_cb * cb - green_cr * cr, y + blue_cb * cb), axis=-1)
    rounded: NDArray[Any] = np.clip(np.rint(rgb), 0, top).astype(ybr.dtype)
    return rounded
