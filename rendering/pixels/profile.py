"""Colours of an image's own ICC profile as those of sRGB: its curves to light, a matrix, and the curve of sRGB back."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendering.header import ColourProfile

# Levels of light for which sRGB's curve is known: the nearest one is right to less than half a level of 8 bits.
LIGHT = 1 << 14
# Pixels that stay in the processor's cache.
PART = 1 << 15


def in_srgb(rgb: NDArray[np.uint8], profile: ColourProfile) -> NDArray[np.uint8]:
    """(…, 3) 8 bits to the same shape. What sRGB cannot hold is held at its edge, channel by channel."""
    to_light, matrix = _tables(profile)
    levels = _levels()
    flat = np.ascontiguousarray(rgb).reshape(-1, 3)
    made = np.empty_like(flat)
    for start in range(0, len(flat), PART):
        part = flat[start : start + PART]
        light = np.stack([to_light[channel][part[:, channel]] for channel in range(3)], axis=1) @ matrix
        np.clip(light, 0.0, LIGHT - 1.0, out=light)
        made[start : start + PART] = levels[(light + np.float32(0.5)).astype(np.int32)]
    return made.reshape(rgb.shape)


@lru_cache(maxsize=8)
def _tables(profile: ColourProfile) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    light = np.frombuffer(profile.curves, "<u2").reshape(3, 256).astype(np.float32) / np.float32(65535.0)
    matrix = np.array(profile.matrix, np.float64).reshape(3, 3).T * (LIGHT - 1.0)
    return light, matrix.astype(np.float32)


@lru_cache(maxsize=1)
def _levels() -> NDArray[np.uint8]:
    share = np.arange(LIGHT) / (LIGHT - 1.0)
    curve = np.where(share <= 0.0031308, 12.92 * share, 1.055 * np.power(share, 1.0 / 2.4) - 0.055)
    levels: NDArray[np.uint8] = np.rint(curve * 255.0).astype(np.uint8)
    return levels
