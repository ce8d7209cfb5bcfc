"""Gives back what 3D takes beside the voxels (80 MB of 800 slices) a while after the last view of it left the screen."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from workstation.domain.viewing import Plane
from workstation.session.viewing import Viewing

if TYPE_CHECKING:
    from rendering.viewport import Viewport
    from ui.reference_lines import View

# A reader goes from 3D to a plane and back again.
AFTER_MS = 30_000


class SolidRest(QObject):
    """One viewport's. Asks now and then, as long as there is something to give back."""

    def __init__(self, host: QObject, viewing: Viewing) -> None:
        super().__init__(host)
        self._viewing = viewing
        self._seen: tuple[str, weakref.ref[Viewport]] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(AFTER_MS)
        self._timer.timeout.connect(self.look)

    def saw(self, view: View) -> None:
        """This is painted in 3D."""
        self._seen = view.state.series_uid, weakref.ref(view.viewport)
        self._timer.start()

    def look(self) -> None:
        if self._seen is None:
            return
        series, seen = self._seen
        states = [cell.state for cell in self._viewing.cells if cell.state is not None]
        if any(state.series_uid == series and state.plane is Plane.THREE_D for state in states):
            return
        self._seen = None
        self._timer.stop()
        viewport = seen()
        if viewport is not None:
            viewport.solid.rest()
