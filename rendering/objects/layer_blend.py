"""Blends what is inside a layer, and its outline, into a picture: only what the layer reaches is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendering.objects.layers import Layer

Mask = NDArray[np.bool_]
Shares = NDArray[np.uint8]
"""How much of a pixel is inside: 255 is all of it."""
WHOLE = 255
# Rows at a time: what is made on the way stays in the processor's cache, and no fresh pages are asked for.
STRIP = 64
Box = tuple[slice, slice]
"""Rows and columns of a view."""


@dataclass(frozen=True, slots=True)
class Part:
    """How much of each pixel of the box is inside (None for outlines alone), and where the outline runs."""

    box: Box
    shares: Shares | None
    lines: Mask


def rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy with three channels."""
    out = np.empty((*pixels.shape[:2], 3), np.uint8)
    for channel in range(3):  # three times as fast as one broadcast assignment
        out[:, :, channel] = pixels[:, :, channel] if pixels.ndim == 3 else pixels
    return out


def blend(out: NDArray[np.uint8], layer: Layer, part: Part) -> None:
    """Changes `out`, which is RGB."""
    within = out[part.box]
    if part.shares is not None and any(mask.is_fraction for mask in layer.masks):
        opaque = (part.shares * np.float32(layer.opacity / WHOLE))[:, :, np.newaxis]
        mixed = within.astype(np.float32)
        mixed += (np.array(layer.colour, np.float32) - mixed) * opaque
        within[...] = np.rint(mixed, out=mixed)
    elif part.shares is not None:
        tints = _tints(layer.colour, layer.opacity)
        for row in range(0, within.shape[0], STRIP):
            strip, inside = within[row : row + STRIP], part.shares[row : row + STRIP] > 0
            for channel, tint in enumerate(tints):
                np.copyto(strip[:, :, channel], tint.take(strip[:, :, channel]), where=inside)
    within[part.lines] = layer.colour


def premultiplied(layer: Layer, part: Part) -> NDArray[np.uint32]:
    """What `blend` would lay over the part's box, by itself: blue, green, red and opacity of each pixel (0xAARRGGBB), the
    colours already multiplied by the opacity."""
    if part.shares is None:
        out = np.zeros(part.lines.shape, np.uint32)
    elif any(mask.is_fraction for mask in layer.masks):
        out = _veils(layer.colour, layer.opacity).take(part.shares)
    else:
        out = np.multiply(part.shares != 0, np.uint32(_packed(layer.colour, layer.opacity)), dtype=np.uint32)
    np.copyto(out, np.uint32(_packed(layer.colour, 1.0)), where=part.lines)
    return out


def over(below: NDArray[np.uint32], above: NDArray[np.uint32]) -> None:
    """Lay one premultiplied picture over another of the same size, in place."""
    mine = below.view(np.uint8).reshape(*below.shape, 4)
    theirs = above.view(np.uint8).reshape(*above.shape, 4)
    left = np.uint16(WHOLE) - theirs[:, :, 3:].astype(np.uint16)
    mixed = mine.astype(np.uint16) * left
    mixed += WHOLE // 2
    mixed //= WHOLE
    mixed += theirs
    mine[...] = mixed


@lru_cache(maxsize=64)
def _veils(colour: tuple[int, int, int], opacity: float) -> NDArray[np.uint32]:
    """The pixel for each share that is inside: as strong as the share."""
    return np.array([_packed(colour, opacity * share / WHOLE) for share in range(WHOLE + 1)], np.uint32)


def _packed(colour: tuple[int, int, int], alpha: float) -> int:
    red, green, blue = (round(part * alpha) for part in colour)
    return round(WHOLE * alpha) << 24 | red << 16 | green << 8 | blue


@lru_cache(maxsize=64)
def _tints(colour: tuple[int, int, int], opacity: float) -> tuple[NDArray[np.uint8], ...]:
    """For each channel what becomes of its 256 levels under a layer that is wholly there."""
    levels = np.arange(256, dtype=np.float32)
    return tuple(np.rint(levels + (np.float32(c) - levels) * np.float32(opacity)).astype(np.uint8) for c in colour)


def around(boxes: Sequence[Box]) -> Box:
    """The box that holds all of these."""
    rows, columns = zip(*boxes, strict=True)
    return (
        slice(min(r.start for r in rows), max(r.stop for r in rows)),
        slice(min(c.start for c in columns), max(c.stop for c in columns)),
    )


def outline(inside: Mask) -> Mask:
    """The pixels of an area that touch its outside."""
    padded = np.pad(inside, 1)
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    found: Mask = inside & ~core
    return found
