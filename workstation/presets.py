"""Window presets on the digit keys: TOML to `PresetTable`, every value checked.

A preset belongs to a digit by what the file says, never by its place in a list or its name.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from workstation.domain.viewing import PresetTable, VoiFunction, Window, WindowPreset
from workstation.errors import Refused
from workstation.site_file import read_site_text

DIGITS = frozenset("123456789")
MAX_NAME = 40

_Layer = dict[str, dict[str, WindowPreset]]


def load_presets(*overlays: Path) -> PresetTable:
    """The built-in presets, single digits replaced by each of `overlays` that exists, in order.

    Raises Refused with the file's name, the modality and the digit of the first mistake.
    """
    built_in = files("resources").joinpath("window_presets.toml")
    layers = [parse_presets(built_in.read_text(encoding="utf-8"), "window_presets.toml")]
    layers += [parse_presets(read_site_text(path, _refused), path.name) for path in overlays if path.is_file()]
    merged: _Layer = {}
    for layer in layers:
        for modality, presets in layer.items():
            merged.setdefault(modality, {}).update(presets)
    return PresetTable({m: tuple(presets[key] for key in sorted(presets)) for m, presets in merged.items()})


def parse_presets(text: str, name: str) -> _Layer:
    """Presets by modality and digit. Raises Refused; `name` is what the file is called."""
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refused(name, f"it is not TOML: {error}") from None
    return {modality: _modality(table, modality, name) for modality, table in tables.items()}


def _modality(table: Any, modality: str, name: str) -> dict[str, WindowPreset]:
    if not (isinstance(table, dict) and modality.isalpha() and modality.isupper()):
        raise _refused(name, f"[{modality}] must be a table named after a modality, such as [CT]")
    for key in table:
        if key not in DIGITS:
            raise _refused(name, f"[{modality}] {key}: presets lie on the digits 1 to 9")
    return {key: _preset(key, value, f"[{modality}] {key}", name) for key, value in table.items()}


def _preset(key: str, value: Any, where: str, name: str) -> WindowPreset:
    if not isinstance(value, dict) or not {"name", "center", "width"} <= value.keys() <= {"name", "center", "width", "function"}:
        raise _refused(name, f"{where}: needs name, center and width, and may have function")
    title = value["name"]
    if not isinstance(title, str) or not title.strip() or len(title) > MAX_NAME:
        raise _refused(name, f"{where}: name must be a text of 1 to {MAX_NAME} characters")
    function = _function(value, where, name)
    center, width = _number(value, "center", where, name), _number(value, "width", where, name)
    # PS3.3 C.11.2.1.2.1: LINEAR needs a width of at least 1.
    if width < 1 and function is VoiFunction.LINEAR:
        raise _refused(name, f"{where}: a width below 1 needs function LINEAR_EXACT or SIGMOID")
    return WindowPreset(key, title, Window(center, width, function, title))


def _function(value: Mapping[str, Any], where: str, name: str) -> VoiFunction:
    try:
        return VoiFunction(value.get("function", VoiFunction.LINEAR))
    except ValueError:
        raise _refused(name, f"{where}: function must be one of {', '.join(VoiFunction)}") from None


def _number(value: Mapping[str, Any], key: str, where: str, name: str) -> float:
    number = value[key]
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise _refused(name, f"{where}: {key} must be a number")
    if key == "width" and number <= 0:
        raise _refused(name, f"{where}: width must be above 0")
    return float(number)


def _refused(name: str, reason: str) -> Refused:
    return Refused(f"The window presets in {name} are not used", reason, "Correct the file and start again")
