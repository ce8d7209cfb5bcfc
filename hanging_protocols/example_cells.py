"""What a viewport shows besides its series, as a cell's template says it: plane, window, slab, mirrors, size, look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hanging_protocols.facts import PROJECTION_MODALITIES, ImageSet
from hanging_protocols.model import Anchor, CellTemplate, Flip, Size
from workstation.domain.viewing import Cell, Plane, PresetTable, ViewportState, Window

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
_FLIPS = {(False, False): Flip.NONE, (True, False): Flip.HORIZONTAL, (False, True): Flip.VERTICAL, (True, True): Flip.BOTH}
ROTATIONS = (0, 90, 180, 270)


def dressed(
    template: CellTemplate, base: CellTemplate | None, cell: Cell, state: ViewportState, target: ImageSet, presets: PresetTable
) -> tuple[CellTemplate, tuple[str, ...]]:
    """`template` with what `state` shows, and in words what of it cannot be kept.

    `base` is the place it was hung by: what nobody changed stays as it was asked for there.
    """
    doubts: list[str] = []
    plane = state.plane
    if plane is Plane.OBLIQUE:
        plane = Plane.AXIAL
        doubts.append("an oblique plane cannot be kept: it hangs axial")
    is_cut = plane not in (Plane.STACK, Plane.THREE_D)
    dressed_one = replace(
        template,
        plane=plane,
        inverted=state.inverted,
        slab_mm=state.slab_mm if is_cut else 0.0,
        slab_mode=state.slab_mode if is_cut and state.slab_mm else "MEAN",
        sizing=_size(state, base),
        anchor=_anchor(state),
        link_group=cell.link_group or template.link_group,
    )
    if plane is Plane.THREE_D:
        return replace(dressed_one, look=state.solid.preset, inverted=False), tuple(doubts)
    dressed_one = replace(dressed_one, **_window(state, target, presets))
    dressed_one = replace(dressed_one, **_turned(state, base, target))
    return dressed_one, tuple(doubts)


def preset_name(window: Window | None, modality: str, presets: PresetTable) -> str:
    """The preset of the modality that is this window; empty for none."""
    if window is None:
        return ""
    wanted = (window.center, window.width, window.function)
    named = (p.name for p in presets.for_modality(modality) if (p.window.center, p.window.width, p.window.function) == wanted)
    return next(named, "")


def _window(state: ViewportState, target: ImageSet, presets: PresetTable) -> dict[str, Any]:
    """By its preset's name; a window that has none in figures; the file's own as the file has it."""
    name = preset_name(state.window, target.series.modality, presets)
    if name or state.window is None:
        return {"window": name}
    return {"center_width": (round(state.window.center, 3), round(state.window.width, 3))}


def _size(state: ViewportState, base: CellTemplate | None) -> Size:
    """By one scale and in true size are wishes of a protocol that a viewport answers as it can."""
    if base is not None and base.sizing in (Size.SAME_SCALE, Size.TRUE_SIZE) and state.sizing.value == "fit":
        return base.sizing
    values = [size.value for size in Size]
    return Size(state.sizing.value) if state.sizing.value in values else Size.FIT


def _anchor(state: ViewportState) -> Anchor:
    return Anchor(state.anchor) if state.anchor in [side.value for side in Anchor] else Anchor.NONE


def _turned(state: ViewportState, base: CellTemplate | None, target: ImageSet) -> dict[str, Any]:
    """A projection by where its rows and columns point, whatever way it comes; others by how they were mirrored."""
    rotation = state.rotation % 360 if state.rotation % 360 in ROTATIONS else 0
    sides = tuple(value[:1].upper() for value in target.elements("PatientOrientation"))
    if target.series.modality in PROJECTION_MODALITIES and len(sides) == 2 and all(side in _OPPOSITE for side in sides):
        row = _OPPOSITE[sides[0]] if state.flipped_horizontally else sides[0]
        column = _OPPOSITE[sides[1]] if state.flipped_vertically else sides[1]
        return {"patient_orientation": (row, column), "rotation": rotation}
    kept = base.patient_orientation if base is not None else ("", "")
    return {
        "flip": _FLIPS[state.flipped_horizontally, state.flipped_vertically],
        "rotation": rotation,
        "patient_orientation": kept,
    }
