"""Where the magnifier stands in the viewports that are paired with one: at the mirrored place of the other breast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ui.reference_lines import View
from workstation.errors import WorkstationError
from workstation.session.anchoring import Anchoring, Part

if TYPE_CHECKING:
    from ui.viewport_widget import ViewportWidget
    from workstation.domain.viewing import Cell
    from workstation.session.viewing import Viewing

Point = tuple[float, float]


def start(cell: Cell | None) -> float:
    """Where the keyboard's magnifier begins, as a share of the width: in the middle, of an anchored image on the breast."""
    anchor = cell.state.anchor if cell is not None and cell.state is not None else ""
    return {"left": 0.25, "right": 0.75}.get(anchor, 0.5)


def seen(viewing: Viewing, widgets: Sequence[ViewportWidget], index: int, at: Point) -> dict[int, Point]:
    """Of the viewports on the screens, in logical pixels; none while the magnifier is put away."""
    if not viewing.magnifier.is_on:
        return {}
    ratios = {widget.index: widget.devicePixelRatioF() for widget in widgets}
    views = {widget.index: view for widget in widgets if (view := widget.view()) is not None}
    ratio = ratios.get(index, 1.0)
    found = places(viewing.anchoring, views, index, (at[0] * ratio, at[1] * ratio))
    return {other: (x / ratios[other], y / ratios[other]) for other, (x, y) in found.items()}


def places(anchoring: Anchoring, views: Mapping[int, View], index: int, at: Point) -> dict[int, Point]:
    """Device pixels of the other viewports, as far from chest wall and aligned row as `at` is in viewport `index`.

    Only those that are aligned with it; one whose viewport that lies outside of is left out.
    """
    group = anchoring.beside(index)
    mine = next((part for part in group if part.index == index), None)
    view = views.get(index)
    if mine is None or view is None:
        return {}
    try:
        place = view.viewport.to_frame(view.state, view.width, view.height, *at)
    except WorkstationError:
        return {}
    if place is None:
        return {}
    away = mine.from_wall(place)
    found = {}
    for part in group:
        there = _in_view(part, views.get(part.index), away) if part.index != index else None
        if there is not None:
            found[part.index] = there
    return found


def _in_view(part: Part, view: View | None, away: Point) -> Point | None:
    if view is None:
        return None
    try:
        found = view.viewport.frame_to_view(view.state, view.width, view.height, *part.at_wall(away))
    except WorkstationError:
        return None
    inside = found is not None and 0.0 <= found[0] < view.width and 0.0 <= found[1] < view.height
    return found if inside else None
