"""What pressing in an image means for the pointing tools: distance, value, crosshair.

Positions here are view pixels of the viewport (device pixels).
"""

from __future__ import annotations

from collections.abc import Callable

from ui import plain, theme
from ui.overlay import DrawnLine
from ui.reference_lines import View
from workstation.domain.geometry import Vec3
from workstation.errors import WorkstationError
from workstation.session.viewing import Tool, Viewing

Point = tuple[float, float]
# A distance shorter than this on screen is a click, not a measurement.
LEAST_LENGTH = 3.0


class Pointing:
    """The unfinished line and the value beside the pointer of one viewport."""

    def __init__(
        self,
        viewing: Viewing,
        view: Callable[[], View | None],
        focus: Callable[[Vec3], object],
        refused: Callable[[WorkstationError], object],
    ) -> None:
        self._viewing = viewing
        self._view = view
        self._focus = focus
        self._refused = refused
        self.draft: DrawnLine | None = None
        self.value: tuple[float, float, str] | None = None

    def clear(self) -> None:
        self.draft = None
        self.value = None

    def pointed(self, tool: Tool, kind: str, start: Point, now: Point) -> None:
        if tool is Tool.LENGTH:
            self._length(kind, start, now)
        elif tool is Tool.PROBE:
            self.probe(now)
        elif kind != "release":
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
        self.value = (at[0], at[1], plain.plain(probe.text)) if probe is not None else None

    def _length(self, kind: str, start: Point, now: Point) -> None:
        view = self._view()
        self.draft = None
        if view is None or max(abs(now[0] - start[0]), abs(now[1] - start[1])) < LEAST_LENGTH:
            return
        try:
            taken = view.viewport.measure_line(view.state, view.width, view.height, start, now)
        except WorkstationError as refusal:
            if kind == "release":
                self._refused(refusal)
            else:
                self.draft = DrawnLine(start, now, "", theme.RED, ends=True)
            return
        if kind == "release":
            self._viewing.add_measurement(taken)
        else:
            self.draft = DrawnLine(start, now, plain.plain(taken.text), theme.AMBER, ends=True)

    def _cross(self, at: Point) -> None:
        view = self._view()
        if view is not None:
            point = view.viewport.to_patient(view.state, view.width, view.height, *at)
            if point is not None:
                self._focus(point)
