"""What pointing at an image tells: the value there, the place in the patient.

Positions here are view pixels of the viewport (device pixels).
"""

from __future__ import annotations

from collections.abc import Callable

from ui import plain
from ui.reference_lines import View
from workstation.domain.geometry import Vec3
from workstation.domain.viewing import Plane
from workstation.errors import WorkstationError
from workstation.session.tool import Tool

Point = tuple[float, float]


class Pointing:
    """The value beside the pointer of one viewport, and what the crosshair points at."""

    def __init__(
        self,
        view: Callable[[], View | None],
        focus: Callable[[Vec3], object],
    ) -> None:
        self._view = view
        self._focus = focus
        self.value: tuple[float, float, str] | None = None

    def clear(self) -> None:
        self.value = None

    def pointed(self, tool: Tool, kind: str, start: Point, now: Point) -> None:
        if tool is Tool.CROSSHAIR and kind != "release":
            self._cross(now)

    def probe(self, at: Point) -> None:
        """Show the value of the voxel under the pointer."""
        view = self._view()
        if view is None or not (0 <= at[0] < view.width and 0 <= at[1] < view.height):
            self.value = None
            return
        try:
            probe = view.viewport.probe(view.state, view.width, view.height, *at)
        except WorkstationError:
            probe = None  # the tile or the banner says why; there is no value to show
        self.value = (at[0], at[1], plain.number(probe.text)) if probe is not None else None

    def _cross(self, at: Point) -> None:
        view = self._view()
        if view is not None:
            is_solid = view.state.plane is Plane.THREE_D
            place = view.viewport.pick if is_solid else view.viewport.to_patient
            point = place(view.state, view.width, view.height, *at)
            if point is not None:
                self._focus(point)
