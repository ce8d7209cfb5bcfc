"""Colour tables for what is laid over an image: resources/colour_maps.toml as 256 colours each.

Own tables. Which of them only ever get brighter (or darker) with the value is written beside them
and tested by their lightness (CIE 1976 L*).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

STEPS = 256

OVERLAY, DIFFERENCE = "overlay", "difference"


@dataclass(frozen=True, eq=False)
class ColourMap:
    """`table` is (256, 3) uint8 from the lower to the upper end of a window. One that `is_even` lies over all levels alike."""

    name: str
    title: str
    use: str
    is_ordered: bool
    table: NDArray[np.uint8]
    is_even: bool = False


@cache
def colour_maps() -> tuple[ColourMap, ...]:
    text = files("resources").joinpath("colour_maps.toml").read_text(encoding="utf-8")
    return tuple(
        ColourMap(one["name"], one["title"], one["use"], one["is_ordered"], _table(one["stops"]))
        for one in tomllib.loads(text)["map"]
    )


def colour_map(name: str, use: str = OVERLAY) -> ColourMap:
    """The map of this name, the first one of its use when there is none."""
    fitting = [one for one in colour_maps() if one.use == use]
    return next((one for one in fitting if one.name == name), fitting[0])


@lru_cache(maxsize=16)
def palette_map(palette: bytes) -> ColourMap:
    """The colours of a presentation state: 256 times red, green and blue."""
    table = np.frombuffer(palette, np.uint8).reshape(STEPS, 3)
    return ColourMap("", "Colours of the presentation state", OVERLAY, False, table, True)


def _table(stops: list[list[float]]) -> NDArray[np.uint8]:
    points = np.array(stops, np.float64)
    shares = np.linspace(0.0, 1.0, STEPS)
    table = np.stack([np.interp(shares, points[:, 0], points[:, channel]) for channel in (1, 2, 3)], axis=1)
    colours: NDArray[np.uint8] = np.rint(table).astype(np.uint8)
    colours.setflags(write=False)
    return colours
