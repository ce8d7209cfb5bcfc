"""What the reader changed of what was hung, and a mark by which the same change is known again on another patient.

Scrolling, zooming and windowing are reading; other series, planes, grids, slabs and mirrors are rearranging.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hanging_protocols.example import Learned
from hanging_protocols.model import HangingProtocol, Rule, StageTemplate
from hanging_protocols.write import write
from workstation.domain.viewing import Arrangement, Cell, ViewportState

_REARRANGED = (
    "series_uid",
    "plane",
    "slab_mm",
    "slab_mode",
    "inverted",
    "flipped_horizontally",
    "flipped_vertically",
    "rotation",
)


def is_rearranged(hung: Arrangement, cells: tuple[Cell, ...], grids: tuple[tuple[int, int], ...]) -> bool:
    """Whether what is shown differs from what was hung in more than a reader changes while reading."""
    layouts = (hung.layout, *hung.more_screens)
    if tuple((layout.rows, layout.columns) for layout in layouts) != grids:
        return True
    there = {(cell.screen, cell.row, cell.column): cell.state for cell in hung.cells if cell.state is not None}
    here = {(cell.screen, cell.row, cell.column): cell.state for cell in cells if cell.state is not None}
    return there.keys() != here.keys() or any(_differs(there[place], here[place]) for place in here)


def mark_of(learned: Learned, protocol_id: str, stage_id: str) -> str:
    """Alike for the same arrangement made from the same stage; of nothing that is the patient's."""
    cells = tuple(replace(cell, window="", center_width=None, fusion_window="", label="") for cell in learned.stage.cells)
    names = {name: f"s{number}" for number, name in enumerate(dict.fromkeys(cell.selector for cell in cells))}
    names |= {cell.fusion: f"f{number}" for number, cell in enumerate(cells) if cell.fusion and cell.fusion not in names}
    cells = tuple(replace(cell, selector=names[cell.selector], fusion=names.get(cell.fusion, "")) for cell in cells)
    selectors = {
        short: replace(learned.selectors[name], name=short, title="")
        for name, short in names.items()
        if name in learned.selectors
    }
    stage: StageTemplate = replace(learned.stage, title="", cells=cells)
    rules: tuple[Rule, ...] = ()
    text = write(HangingProtocol(protocol_id, stage_id, rules, selectors, (stage,)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _differs(hung: ViewportState, shown: ViewportState) -> bool:
    if any(getattr(hung, name) != getattr(shown, name) for name in _REARRANGED):
        return True
    return (hung.fusion is None) != (shown.fusion is None)
