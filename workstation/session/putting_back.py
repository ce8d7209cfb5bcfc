"""What the viewports showed before a spoken command, so that it can be taken back with a word."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.viewing import Arrangement, Cell
from workstation.session.places import Layouts
from workstation.session.tool import Tool
from workstation.session.viewing import Viewing


@dataclass(frozen=True, slots=True)
class Shown:
    """Taken before, put back after. Drawings and texts have an undo of their own."""

    arrangement: Arrangement | None
    layouts: Layouts
    cells: tuple[Cell, ...]
    active: int
    is_maximised: bool
    has_overlays: bool
    tool: Tool

    @classmethod
    def now(cls, viewing: Viewing) -> Shown:
        return cls(
            viewing.arrangement,
            viewing.layouts,
            tuple(viewing.cells),
            viewing.active,
            viewing.maximised,
            viewing.overlays,
            viewing.tool,
        )

    def put_back(self, viewing: Viewing) -> None:
        if self.layouts != viewing.layouts or _series(self.cells) != _series(viewing.cells):
            viewing.arrangement = self.arrangement
            viewing.place_all(self.layouts, self.cells)
        for index, cell in enumerate(self.cells):
            if cell.state is not None:
                viewing.put(index, cell.state)
        viewing.activate(self.active)
        if self.is_maximised is not viewing.maximised:
            viewing.toggle_maximised()
        if self.has_overlays is not viewing.overlays:
            viewing.toggle_overlays()
        if self.tool is not viewing.tool:
            viewing.set_tool(self.tool)


def _series(cells: tuple[Cell, ...] | list[Cell]) -> list[tuple[str, str] | None]:
    return [(cell.state.study_uid, cell.state.series_uid) if cell.state is not None else None for cell in cells]
