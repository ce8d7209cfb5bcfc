"""What was found of breasts, as it is written beside the decoded frames: a later start need not look for it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from workstation.domain.breast import Box, Breast

# Raise it when the finder finds other places: what was noted before is then found anew.
FINDER_VERSION = 1


def note_of(breast: Breast | None) -> list[Any]:
    """One JSON value; what it says of an image without a certain breast is also worth keeping."""
    return [FINDER_VERSION, None if breast is None else astuple(breast)]


def noted(notes: Mapping[str, Any], position: int) -> tuple[Breast | None] | None:
    """What was found in the frame at `position`, None where nobody looked (with this finder)."""
    version, told = notes.get(str(position)) or (0, None)
    if version != FINDER_VERSION:
        return None
    if told is None:
        return (None,)
    wall, edge, nipple, middle, box, outline, bands, contradicts = told
    place = None if nipple is None else (nipple[0], nipple[1])
    return (Breast(wall, edge, place, middle, _box(box), _box(outline), tuple(_box(band) for band in bands), contradicts),)


def _box(told: list[float]) -> Box:
    left, top, right, bottom = told
    return left, top, right, bottom
