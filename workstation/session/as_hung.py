"""What a protocol decides about a viewport, and where the rest of its state comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workstation.domain.viewing import Arrangement, Cell, Paging, Plane, ViewportState
from workstation.ports import SeriesViewer

# What a protocol decides about a viewport besides the place it shows.
HUNG_FIELDS = (
    "window",
    "inverted",
    "zoom",
    "pan",
    "rotation",
    "flipped_horizontally",
    "flipped_vertically",
    "slab_mm",
    "slab_mode",
    "own_window",
    "sizing",
    "pixel_mm",
    "anchor",
    "framed",
    "sharpening",
    "solid",
    "fusion",
    "paging",
    "backwards",
)


def completed(cell: Cell, viewer_of: Callable[[str, str], SeriesViewer | None]) -> Cell:
    """A protocol names the plane; the series knows where its middle lies."""
    if cell.state is None:
        return cell
    viewer = viewer_of(cell.state.study_uid, cell.state.series_uid)
    if viewer is None:
        return cell
    plane = cell.state.plane if viewer.can_show(cell.state.plane) else Plane.STACK
    fresh = viewer.default_state(plane)
    if cell.state.focus is not None or cell.state.position:
        focus, oblique = cell.state.focus or fresh.focus, cell.state.oblique
        fresh = replace(fresh, focus=focus, position=cell.state.position, oblique=oblique, dimension=cell.state.dimension)
    kept = {name: getattr(cell.state, name) for name in HUNG_FIELDS}
    state = replace(fresh, **kept)
    is_ordered = state.paging is not Paging.AS_READ or state.backwards
    if is_ordered and plane is Plane.STACK and not state.position:
        state = viewer.at_index(state, 0)
    return replace(cell, state=state)


def hung_in(arrangement: Arrangement | None, cell: Cell) -> ViewportState | None:
    """What the protocol hung in this place, if it is still the same series."""
    for hung in arrangement.cells if arrangement is not None and cell.state is not None else ():
        at_place = (hung.screen, hung.row, hung.column) == (cell.screen, cell.row, cell.column)
        if at_place and hung.state and cell.state and hung.state.series_uid == cell.state.series_uid:
            return hung.state
    return None
