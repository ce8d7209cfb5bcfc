"""Draws a `ViewportState` of one `SeriesImages`: stack frames and cuts through a verified volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rendering.picture import Picture, Probe
from workstation.domain.geometry import Vec3
from workstation.domain.measurement import Measurement
from workstation.domain.viewing import Plane, ViewportState, Window

if TYPE_CHECKING:
    from rendering.images import SeriesImages

Point = tuple[float, float]


class Viewport:
    """Stateless but for caches: every call may come from any thread.

    View coordinates: see `rendering.picture` (edges on whole numbers). All methods raise
    `Refused` when the state is of another study or series than the images (reliability I9).
    """

    def __init__(self, images: SeriesImages) -> None:
        self.images = images

    def picture(self, state: ViewportState, width: int, height: int, fast: bool = False) -> Picture:
        raise NotImplementedError

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        raise NotImplementedError

    def scrolled(self, state: ViewportState, steps: int) -> ViewportState:
        """The state `steps` slices further in reading order, stopping at the ends."""
        raise NotImplementedError

    def slice_count(self, state: ViewportState) -> int:
        raise NotImplementedError

    def slice_index(self, state: ViewportState) -> int:
        raise NotImplementedError

    def at_index(self, state: ViewportState, index: int) -> ViewportState:
        """The state at slice `index` of `slice_count`, held within the ends."""
        raise NotImplementedError

    def at_point(self, state: ViewportState, point: Vec3) -> ViewportState:
        """The state whose slice goes through (STACK: lies nearest to) an LPS point."""
        raise NotImplementedError

    def window_of(self, state: ViewportState) -> Window:
        raise NotImplementedError

    def probe(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Probe | None:
        raise NotImplementedError

    def to_patient(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Vec3 | None:
        raise NotImplementedError

    def to_view(self, state: ViewportState, width: int, height: int, point: Vec3) -> tuple[float, float, float] | None:
        """(x, y, distance in mm from the shown plane), or None without geometry."""
        raise NotImplementedError

    def measure(self, state: ViewportState, width: int, height: int, a: Point, b: Point) -> Measurement:
        raise NotImplementedError
