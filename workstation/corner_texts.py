"""What stands in the corners of an image: TOML to `CornerTexts`, every name checked.

Safety rule: at the level `basic` something must tell the patient or the patient's sides. A file
that takes the name, the ID and the letters of the sides away together is refused. Badges are not
here: they always stand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from workstation.errors import Refused
from workstation.site_file import read_site_text

CORNERS = ("top_left", "top_right", "bottom_left", "bottom_right")
LEVELS = ("basic", "full")
PATIENT = frozenset({"patient_name", "patient_id"})
FACTS = PATIENT | {
    "patient_birth", "study_date", "study_description", "institution", "accession", "image", "slice", "plane", "series", "view",
    "derived", "window", "zoom", "inverted", "technique", "presets",
}  # fmt: skip
DEFAULT = "default"

_Layer = dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CornerText:
    """The facts of one level: from the top edge down, or from the bottom edge up."""

    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()
    letters: bool = True


@dataclass(frozen=True, slots=True)
class CornerTexts:
    """By (modality, level)."""

    by_modality: Mapping[tuple[str, str], CornerText] = field(default_factory=dict)

    def of(self, modality: str, level: str) -> CornerText:
        return self.by_modality.get((modality, level)) or self.by_modality[DEFAULT, level]


def load_corner_texts(*overlays: Path) -> CornerTexts:
    """The built-in corners, single ones replaced by each of `overlays` that exists, in order.

    Raises Refused with the file's name, the place and the reason of the first mistake.
    """
    built_in = files("resources").joinpath("corner_text.toml")
    layers = [("corner_text.toml", parse_corner_texts(built_in.read_text(encoding="utf-8"), "corner_text.toml"))]
    layers += [(path.name, parse_corner_texts(read_site_text(path, _refused), path.name)) for path in overlays if path.is_file()]
    merged: _Layer = {}
    found = CornerTexts()
    for name, layer in layers:
        for key, corners in layer.items():
            merged.setdefault(key, {}).update(corners)
        found = _whole(merged, name)
    return found


def parse_corner_texts(text: str, name: str) -> _Layer:
    """What one file says. Raises Refused; `name` is what the file is called."""
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refused(name, f"it is not TOML: {error}") from None
    found: _Layer = {}
    for modality, levels in tables.items():
        if not isinstance(levels, dict) or not (modality == DEFAULT or (modality.isalpha() and modality.isupper())):
            raise _refused(name, f"[{modality}] must be a table named after a modality, such as [CT.full], or [default.full]")
        for level, table in levels.items():
            where = f"[{modality}.{level}]"
            if level not in LEVELS or not isinstance(table, dict):
                raise _refused(name, f"{where}: the levels are {' and '.join(LEVELS)}")
            found[modality, level] = {key: _value(key, value, where, name) for key, value in table.items()}
    return found


def _value(key: str, value: Any, where: str, name: str) -> Any:
    if key == "letters":
        if not isinstance(value, bool):
            raise _refused(name, f"{where} letters: must be true or false")
        return value
    if key not in CORNERS:
        raise _refused(name, f"{where} {key}: the corners are {', '.join(CORNERS)}")
    if not isinstance(value, list) or not all(isinstance(fact, str) for fact in value):
        raise _refused(name, f"{where} {key}: must be a list of facts")
    for fact in value:
        if fact not in FACTS:
            raise _refused(name, f"{where} {key}: there is no fact {fact!r}")
    if len(set(value)) != len(value):
        raise _refused(name, f"{where} {key}: a fact stands twice")
    return tuple(value)


def _whole(merged: _Layer, name: str) -> CornerTexts:
    made = {}
    for modality in dict.fromkeys(key[0] for key in merged):
        for level in LEVELS:
            text = CornerText(**{**merged.get((DEFAULT, level), {}), **merged.get((modality, level), {})})
            _check_rule(text, f"[{modality}.{level}]", level, name)
            made[modality, level] = text
    return CornerTexts(made)


def _check_rule(text: CornerText, where: str, level: str, name: str) -> None:
    shown = {fact for corner in CORNERS for fact in getattr(text, corner)}
    if level == "basic" and not text.letters and not shown & PATIENT:
        raise _refused(
            name, f"{where}: the patient's name and ID and the letters of the sides cannot all be taken away at the basic level"
        )


def _refused(name: str, reason: str) -> Refused:
    return Refused(f"The corner text in {name} is not used", reason, "Correct the file and start again")
