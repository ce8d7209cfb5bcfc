"""Where one viewport's plane cuts through what another one shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui import theme
from workstation.domain.geometry import Vec3
from workstation.domain.viewing import Plane, ViewportState

if TYPE_CHECKING:
    from rendering.viewport import Viewport

Point = tuple[float, float]
Way = Callable[[Vec3], Vec3 | None]
"""From points (LPS mm) of one series to those of another; None for what lies nowhere there."""

# Told apart by hue and named by the plane's own corner text; amber and red stay for doubt and error.
PLANE_COLOURS = {
    Plane.STACK: theme.ACCENT,
    Plane.AXIAL: "#7fb0ff",
    Plane.CORONAL: "#8fd19e",
    Plane.SAGITTAL: "#e79ac4",
    Plane.OBLIQUE: "#d8d48a",
    Plane.THREE_D: theme.ACCENT,
}


@dataclass(frozen=True, slots=True)
class View:
    """A viewport as it stands on screen; width and height in device pixels."""

    viewport: Viewport
    state: ViewportState
    width: int
    height: int


def _as_it_is(point: Vec3) -> Vec3:
    return point


def cut(target: View, source: View, way: Way = _as_it_is) -> tuple[Point, Point] | None:
    """The line in `target`'s view pixels along which `source` cuts its plane.

    `way` takes points (LPS mm) of the source's series to those of the target's. None without geometry, for
    parallel planes, and when the source does not reach the plane.
    """
    corners = []
    for x, y in _corners(source):
        point = source.viewport.to_patient(source.state, source.width, source.height, x, y)
        there = way(point) if point is not None else None
        seen = there and target.viewport.to_view(target.state, target.width, target.height, there)
        if not seen:
            return None
        corners.append(seen)
    crossings = []
    for (x0, y0, d0), (x1, y1, d1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (d0 < 0) != (d1 < 0):
            share = d0 / (d0 - d1)
            crossings.append((x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
    return (crossings[0], crossings[1]) if len(crossings) == 2 else None


def _corners(source: View) -> list[Point]:
    """The corners of the frame, or of the visible part of a cut, in the source's view pixels."""
    width, height = source.width, source.height
    if source.state.plane is Plane.STACK:
        header = source.viewport.images.header(source.viewport.slice_index(source.state))
        right, bottom = header.columns - 0.5, header.rows - 0.5
        ends = ((-0.5, -0.5), (right, -0.5), (right, bottom), (-0.5, bottom))
        found = [source.viewport.frame_to_view(source.state, width, height, *end) for end in ends]
        return [point for point in found if point is not None]
    return [(0, 0), (width, 0), (width, height), (0, height)]
