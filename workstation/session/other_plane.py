"""Another plane of the same series, through the same place."""

from __future__ import annotations

from dataclasses import replace

from workstation.domain.viewing import Plane, ViewportState, Window
from workstation.errors import WorkstationError
from workstation.ports import SeriesViewer
from workstation.session.dimensions import in_the_same

KEPT = ("inverted", "sharpening", "slab_mm", "slab_mode", "fusion", "paging", "backwards")


def window_shown(viewer: SeriesViewer, state: ViewportState) -> Window | None:
    """The window that is used, as far as that is known: an automatic one waits for an image to be taken from."""
    try:
        return viewer.window_of(state)
    except WorkstationError:
        return state.window


def turned_to(viewer: SeriesViewer, state: ViewportState, plane: Plane) -> ViewportState:
    """Another plane of the series through the place that `state` shows, windowed as it is."""
    if Plane.THREE_D in (plane, state.plane):
        # A window of opacities makes no greys, nor the other way round.
        fresh = in_the_same(viewer, viewer.default_state(plane), state)
        fresh = replace(fresh, slab_mm=state.slab_mm, slab_mode=state.slab_mode)
        return viewer.at_point(fresh, state.focus) if state.focus is not None else fresh
    kept = {name: getattr(state, name) for name in KEPT}
    fresh = in_the_same(viewer, viewer.default_state(plane), state)
    fresh = replace(fresh, window=window_shown(viewer, state), **kept)
    if plane is state.plane:
        return replace(fresh, position=state.position, focus=state.focus)
    place = state.focus if state.plane is not Plane.STACK else viewer.to_patient(state.whole, 2, 2, 1.0, 1.0)
    return viewer.at_point(fresh, place) if place is not None else fresh
