"""How volumes look in 3D: the looks of resources/volume_presets.toml, and which one is taken."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from workstation.domain.viewing import SolidLook, VoiFunction, Window

ANY_MODALITY = "*"

OpacityPoint = tuple[float, float]
ColourPoint = tuple[float, float, float, float]


class Blend(StrEnum):
    """What becomes of the values along a line of sight."""

    COMPOSITE = "composite"
    MIP = "mip"
    MINIP = "minip"


@dataclass(frozen=True, slots=True)
class VolumePreset:
    """Opacity per millimetre and colour at shares of a window (0: lower end, 1: upper end).

    `fades`: the opacity falls again above what is shown. `hides` names what is taken away with the look.
    """

    name: str
    modality: str
    window: Window | None
    answers_to: tuple[str, ...]
    blend: Blend
    shade: bool
    opacity: tuple[OpacityPoint, ...]
    colour: tuple[ColourPoint, ...]
    fades: bool = False
    inverted: bool = False
    hides: tuple[str, ...] = ()

    @property
    def is_projection(self) -> bool:
        """Whether it shows one value of each line of sight, in greys."""
        return self.blend is not Blend.COMPOSITE

    @property
    def hidden_is_high(self) -> bool:
        """Whether what is hidden must be taken for the highest value (looks of air), not for the lowest."""
        if self.blend is Blend.COMPOSITE:
            first, last = self.opacity[0][1], self.opacity[-1][1]
            return last == 0.0 and (first > 0.0 or bool(self.hides))
        return self.blend is Blend.MINIP

    def alpha_at(self, share: float) -> float:
        """The opacity of one millimetre at a share of the window; outside the points that of the nearest."""
        points = self.opacity
        if share <= points[0][0]:
            return points[0][1]
        for (low, first), (high, second) in pairwise(points):
            if share <= high:
                return first + (second - first) * (share - low) / (high - low)
        return points[-1][1]


@cache
def built_in() -> tuple[VolumePreset, ...]:
    text = files("resources").joinpath("volume_presets.toml").read_text(encoding="utf-8")
    return tuple(_preset(table) for table in tomllib.loads(text)["preset"])


def presets_for(modality: str) -> tuple[VolumePreset, ...]:
    """The looks that fit a modality, the first one first. Never empty."""
    own = tuple(p for p in built_in() if p.modality == modality)
    blends = {p.blend for p in own}
    return own + tuple(p for p in built_in() if p.modality == ANY_MODALITY and p.blend not in blends)


def named(modality: str, name: str) -> VolumePreset | None:
    """The look of this name, if it fits the modality."""
    return next((look for look in presets_for(modality) if look.name == name), None)


def choose(modality: str, window: Window | None, solid: SolidLook | None = None) -> tuple[VolumePreset, Window | None]:
    """The look for a chosen window, and the window to draw it with (None: the series' own).

    A window that carries a look's name is that look, dragged; one that names a window preset is the look
    made for it. Else the look that `solid` names; else the one that the window resembles. All of these bring
    their own window: one made for grey slices would make air or everything opaque.
    """
    looks = presets_for(modality)
    if window is not None:
        for look in looks:
            if window.explanation == look.name:
                return look, window
        for look in looks:
            if window.explanation in look.answers_to:
                return look, look.window
    asked = named(modality, solid.preset) if solid is not None else None
    if asked is not None or window is None:
        return asked or looks[0], (asked or looks[0]).window
    nearest = min(looks, key=lambda look: _distance(look.window, window))
    return nearest, nearest.window or window


def _distance(own: Window | None, window: Window) -> float:
    if own is None:
        return math.inf
    return abs(window.center - own.center) / own.width + abs(math.log(max(window.width, 1e-6) / own.width))


def _preset(table: dict[str, Any]) -> VolumePreset:
    window = table.get("window")
    return VolumePreset(
        table["name"],
        table["modality"],
        None if window is None else Window(window["center"], window["width"], VoiFunction.LINEAR_EXACT, table["name"]),
        tuple(table.get("answers_to", ())),
        Blend(table["blend"]),
        table["shade"],
        tuple((share, alpha) for share, alpha in table["opacity"]),
        tuple((share, red, green, blue) for share, red, green, blue in table["colour"]),
        table.get("fades", False),
        table.get("inverted", False),
        tuple(table.get("hides", ())),
    )
