"""How volumes look in 3D: the looks of resources/volume_presets.toml, and which one is taken."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from workstation.domain.viewing import VoiFunction, Window

ANY_MODALITY = "*"

OpacityPoint = tuple[float, float]
ColourPoint = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class VolumePreset:
    """Opacity per millimetre and colour at shares of a window (0: lower end, 1: upper end)."""

    name: str
    modality: str
    window: Window | None
    answers_to: tuple[str, ...]
    is_mip: bool
    shade: bool
    opacity: tuple[OpacityPoint, ...]
    colour: tuple[ColourPoint, ...]


@cache
def built_in() -> tuple[VolumePreset, ...]:
    text = files("resources").joinpath("volume_presets.toml").read_text(encoding="utf-8")
    return tuple(_preset(table) for table in tomllib.loads(text)["preset"])


def presets_for(modality: str) -> tuple[VolumePreset, ...]:
    """The looks that fit a modality, the first one first. Never empty."""
    own = tuple(p for p in built_in() if p.modality == modality)
    blends = {p.is_mip for p in own}
    return own + tuple(p for p in built_in() if p.modality == ANY_MODALITY and p.is_mip not in blends)


def choose(modality: str, window: Window | None) -> tuple[VolumePreset, Window | None]:
    """The look for a chosen window, and the window to draw it with (None: the series' own).

    A window that carries a look's name is that look, dragged. Any other window names or
    resembles a look, which then brings its own window: a window made for grey slices would
    make air or everything opaque.
    """
    looks = presets_for(modality)
    if window is None:
        return looks[0], looks[0].window
    for look in looks:
        if window.explanation == look.name:
            return look, window
    for look in looks:
        if window.explanation in look.answers_to:
            return look, look.window
    nearest = min(looks, key=lambda look: _distance(look.window, window))
    return nearest, nearest.window or window


def after(modality: str, name: str) -> VolumePreset:
    """The look after the one of this name, round and round."""
    looks = presets_for(modality)
    names = [look.name for look in looks]
    return looks[(names.index(name) + 1) % len(looks)] if name in names else looks[0]


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
        table["blend"] == "mip",
        table["shade"],
        tuple((share, alpha) for share, alpha in table["opacity"]),
        tuple((share, red, green, blue) for share, red, green, blue in table["colour"]),
    )
