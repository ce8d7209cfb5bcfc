"""What a viewport tells of how an image is looked at: its own windows, a magnifier's view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rendering.geometry_screen import ScreenMap
from rendering.header import ImageHeader, LookupTable
from rendering.pixels import voi_choices
from workstation.domain.viewing import Sizing, ViewportState

Screen = Callable[[ViewportState, int, int], ScreenMap]


def own_window_names(header: ImageHeader, frame: int) -> tuple[str, ...]:
    """The explanations of the file's windows and VOI LUTs, in the order of `voi_choices`."""
    names = []
    for number, choice in enumerate(voi_choices(header, frame), 1):
        if isinstance(choice, LookupTable):
            names.append(f"LUT: {choice.explanation}" if choice.explanation else f"LUT {number}")
        else:
            names.append(choice.explanation or f"Window {number}")
    return tuple(names)


def loupe_state(
    screen: Screen,
    state: ViewportState,
    width: int,
    height: int,
    at: tuple[float, float],
    times: float,
    side: int,
    keep: tuple[float, float],
) -> ViewportState:
    """The state that shows, in a square of `side` view pixels, what lies around `at`, `times` as large.

    The place at `at` of the view comes to lie at `keep` of the square. The image is drawn anew at that size.
    """
    shown = screen(state, width, height)
    bare = replace(state, sizing=Sizing.FIT, zoom=1.0, pan=(0.0, 0.0), anchor="")
    fitted = screen(bare, side, side)
    larger = replace(bare, zoom=shown.scale * times / fitted.scale)
    x, y = screen(larger, side, side).to_view(*shown.to_source(*at))
    return replace(larger, pan=((keep[0] - x) / side, (keep[1] - y) / side))
