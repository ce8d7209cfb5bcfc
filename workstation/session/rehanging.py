"""A case that is open comes to more or fewer screens: hung anew on those, each image as the reader left it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.domain.viewing import ViewportState
from workstation.session.viewing import Viewing

if TYPE_CHECKING:
    from workstation.session.hangings import Hangings


def hang_on(viewing: Viewing, hangings: Hangings) -> None:
    """By the protocol where the reader left its arrangement alone; else what hangs stays, spread where there are more screens."""
    before = [cell.state for cell in viewing.cells if cell.state is not None]
    active, arrangement = viewing.state(), viewing.arrangement
    if arrangement is None:
        return
    if _is_as_hung(viewing):
        hangings.again()
    if viewing.arrangement is not None and len(viewing.layouts) < len(viewing.screens):
        viewing.show(viewing.as_it_stands(viewing.arrangement))
    _give_back(viewing, before, active)


def _is_as_hung(viewing: Viewing) -> bool:
    """Whether in every place there is what the protocol hung there."""
    arrangement = viewing.arrangement
    if arrangement is None or viewing.layouts != (arrangement.layout, *arrangement.more_screens):
        return False
    hung = {(c.screen, c.row, c.column): _series(c.state) for c in arrangement.cells}
    return all(_series(c.state) == hung.get((c.screen, c.row, c.column)) for c in viewing.cells)


def _give_back(viewing: Viewing, before: list[ViewportState], active: ViewportState | None) -> None:
    """Window, zoom, place and all else of what hung before, to the viewport that shows the same plane of it now."""
    left = list(before)
    for index, cell in enumerate(viewing.cells):
        shown = cell.state
        same = next((s for s in left if shown is not None and (*_series(s), s.plane) == (*_series(shown), shown.plane)), None)
        if same is not None and shown is not None:
            left.remove(same)
            viewing.put(index, replace(same, pixel_mm=shown.pixel_mm or same.pixel_mm))
            if same is active:
                viewing.activate(index)


def _series(state: ViewportState | None) -> tuple[str, str]:
    return (state.study_uid, state.series_uid) if state is not None else ("", "")
