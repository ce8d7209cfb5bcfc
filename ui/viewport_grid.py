"""The viewports of one screen, placed by the session's layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QWidget

from ui import theme
from ui.plane_desk import PlaneDesk
from ui.runner import Runner, mark_mode
from ui.viewport_widget import ViewportWidget
from ui.viewports import Viewports
from workstation.commands.command import Mode

if TYPE_CHECKING:
    from ui.seat import Seat

SPACE = 1


class ViewportGrid(QWidget):
    """Holds the keys when images have focus. The first grid makes the viewports, those of further screens share them.

    `screens` are the session's screens that are shown here, `shown` the one that is up: several, one after the
    other, where a monitor is missing.
    """

    def __init__(self, core: Seat, runner: Runner, screen: int = 0, viewports: Viewports | None = None) -> None:
        super().__init__()
        self.setObjectName("viewportGrid")
        self.setAccessibleName(self.tr("Images"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAutoFillBackground(True)
        mark_mode(self, Mode.IMAGES)
        self._viewing = core.session.viewing
        self.screens: tuple[int, ...] = (screen,) if screen >= 0 else ()
        self.shown = screen
        self.viewports = viewports if viewports is not None else Viewports(core, runner, self)
        if viewports is None:
            self.plane_desk = PlaneDesk(self, core)
        self.viewports.add(self)

    @property
    def widgets(self) -> list[ViewportWidget]:
        """Those of all screens."""
        return self.viewports.widgets

    def widget(self, index: int) -> ViewportWidget:
        """The viewport of an index, on whatever screen it stands."""
        return self.viewports.widget(index)

    def place(self) -> Iterator[int]:
        """Put the viewports of the screen that is up into their places. Gives their indices."""
        self.shown = self._up()
        layouts, places = self._viewing.layouts, self._viewing.places(self.shown)
        filling = self._viewing.filling(self.shown)
        self._tint(theme.LINE if places else theme.IMAGE)
        for index in places if filling is None else (filling,):
            layout = layouts[self.shown]
            row, column = divmod(index - places.start, layout.columns)
            widget = self.viewports.widgets[index]
            if widget.parentWidget() is not self:
                widget.setParent(self)
            alone = filling is not None
            widget.setGeometry(self.rect() if alone else _part(self.rect(), layout.rows, layout.columns, row, column))
            yield index

    def take_keys(self) -> None:
        """The keys act here, also where that is another window than the one they acted in."""
        active = QApplication.activeWindow()
        if active is not None and active is not self.window():
            self.window().activateWindow()
        self.setFocus()

    def _up(self) -> int:
        """The screen with the active viewport, else the one that was up, else the first that there is."""
        there = [screen for screen in self.screens if screen < len(self._viewing.layouts)]
        wanted = (self._viewing.screen, self.shown)
        return next((screen for screen in (*wanted, *there) if screen in there), self.screens[0] if self.screens else -1)

    def _tint(self, colour: str) -> None:
        """What is seen between viewports, or where there is none."""
        palette = self.palette()
        if palette.color(QPalette.ColorRole.Window) != QColor(colour):
            palette.setColor(QPalette.ColorRole.Window, colour)
            self.setPalette(palette)

    # ---- Qt --------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.viewports.place()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self.viewports.key_released(event)
        super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.viewports.repaint()


def _part(whole: QRect, rows: int, columns: int, row: int, column: int) -> QRect:
    """One place of the grid; the places fill the whole to the pixel, with `SPACE` between them."""
    left, right = _edges(whole.width(), columns, column)
    top, bottom = _edges(whole.height(), rows, row)
    return QRect(left, top, right - left, bottom - top)


def _edges(size: int, count: int, place: int) -> tuple[int, int]:
    step = (size + SPACE) / count
    return round(place * step), round((place + 1) * step) - SPACE
