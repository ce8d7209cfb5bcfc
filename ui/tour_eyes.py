"""What a reader on tour sees: whether everything is painted, and where in the active viewport something lies."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from ui.viewport_widget import ViewportWidget
from workstation.domain.geometry import Vec3

if TYPE_CHECKING:
    from ui.main_window import MainWindow
    from ui.seat import Seat

# A line over the middle of the image where nothing is known to lie, in pixels.
PLAIN_LINE = QPoint(60, 40)


class Eyes:
    """Looks only; nothing is changed here."""

    def __init__(self, window: MainWindow, core: Seat) -> None:
        self._window = window
        self._core = core
        self._viewing = core.session.viewing

    @property
    def active(self) -> ViewportWidget:
        return self._window.grid.widget(self._viewing.active)

    @property
    def place(self) -> int:
        """The slice that the active viewport shows, from 0."""
        view = self.active.view()
        return view.viewport.slice_index(view.state) if view is not None else 0

    @property
    def letters(self) -> dict[str, str]:
        """The orientation letters painted at the edges of the active viewport."""
        painted = self.active.painted
        return asdict(painted.picture.letters) if painted is not None else {}

    def all_painted(self) -> bool:
        """Every hung viewport shows what its state asks for now, in full."""
        hung = [self._window.grid.widget(i) for i, cell in enumerate(self._viewing.cells) if cell.state]
        visible = [widget for widget in hung if widget.isVisible()]
        return bool(visible) and all(self._is_painted(widget) for widget in visible)

    def all_loaded(self) -> bool:
        progress = [self._core.library.progress(cell.state.series_uid) for cell in self._viewing.cells if cell.state]
        return bool(progress) and all(done == total for done, total in progress)

    def place_of(self, point: Vec3 | None) -> int:
        """The slice of the active viewport nearest to an LPS point; the middle one without a point."""
        view = self.active.view()
        if view is None:
            return 0
        if point is None:
            return view.viewport.slice_count(view.state) // 2
        return view.viewport.slice_index(view.viewport.at_point(view.state, point))

    def spot(self, point: Vec3) -> QPoint:
        """Where an LPS point lies in the active viewport, in the widget's coordinates."""
        view = self.active.view()
        found = view.viewport.to_view(view.state, view.width, view.height, point) if view is not None else None
        if found is None:
            return self.active.rect().center()
        ratio = self.active.devicePixelRatioF()
        return QPoint(round(found[0] / ratio), round(found[1] / ratio))

    def across(self, point: Vec3 | None, reach_mm: float) -> tuple[QPoint, QPoint]:
        """The ends of a line over `point`, from right to left of the patient; over the middle without one."""
        if point is None:
            middle = self.active.rect().center()
            return middle - PLAIN_LINE, middle + PLAIN_LINE
        x, y, z = point
        return self.spot((x - reach_mm, y, z)), self.spot((x + reach_mm, y, z))

    @staticmethod
    def _is_painted(widget: ViewportWidget) -> bool:
        painted, cell = widget.painted, widget.cell
        return painted is not None and cell is not None and painted.request.state == cell.state and not painted.request.fast
