"""A window of images alone: the whole of a monitor, with one slim line that says whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QVBoxLayout, QWidget

from ui.runner import Runner
from ui.screens.monitors import LEAST, Monitor
from ui.screens.slim_bar import SlimBar
from ui.viewport_grid import ViewportGrid

if TYPE_CHECKING:
    from ui.seat import Seat

LEAST_SIZE = QSize(*LEAST)


class ImageWindow(QWidget):
    """Stands on one monitor, without a frame unless the reader wants one. Its title names no patient."""

    closed = Signal()
    moved = Signal()
    """To another screen, by whatever hand."""

    def __init__(self, core: Seat, runner: Runner, main_grid: ViewportGrid, monitor: Monitor, menus: QMenuBar) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("imageWindow")
        self.setWindowTitle(self.tr("Lyskasse images"))
        self.setMinimumSize(LEAST_SIZE)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)  # a monitor that wakes takes no keys from the report
        self.monitor = monitor
        self._menus = menus
        self.bar = SlimBar(core)
        self.grid = ViewportGrid(core, runner, -1, main_grid.viewports)
        self.setFocusProxy(self.grid)
        self._is_ending = self._is_watched = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.bar)
        self._column.addWidget(self.grid, 1)

    @property
    def has_frame(self) -> bool:
        return not self.windowFlags() & Qt.WindowType.FramelessWindowHint

    def fill(self, monitor: Monitor) -> None:
        """The whole of that monitor, without a frame."""
        self.monitor = monitor
        self._put(monitor.rect, framed=False)

    def stand_at(self, monitor: Monitor, rect: QRect) -> None:
        """A window with a frame, at that place."""
        self.monitor = monitor
        self._put(rect, framed=True)

    def take_bar(self, bar: QWidget | None) -> None:
        """The bar with the tools over these images; None for the slim one."""
        if bar is not None and bar.window() is not self:
            self._column.insertWidget(0, bar)
        self.bar.setVisible(bar is None)

    def end(self) -> None:
        """The program ends: close without asking for another place for these images."""
        self._is_ending = True
        self.close()

    def _put(self, rect: QRect, framed: bool) -> None:
        if framed is not self.has_frame:
            self.setWindowFlag(Qt.WindowType.FramelessWindowHint, not framed)
        screen = self.monitor.screen()
        self.winId()  # a window of the system's, so that it can be given to a screen before it is seen
        handle = self.windowHandle()
        if handle is not None and not self._is_watched:
            self._is_watched = True
            handle.screenChanged.connect(self.moved)
        if screen is not None and handle is not None:
            handle.setScreen(screen)
        if framed:  # it is no full screen any more before it gets a place
            self.setWindowState(Qt.WindowState.WindowNoState)
        self.setGeometry(rect)
        if framed:
            self.showNormal()
        else:
            # Not `showFullScreen`: it takes the keys, and that when the window is seen, after they were given back.
            self.setWindowState(Qt.WindowState.WindowFullScreen)
            self.show()
            self.setGeometry(rect)  # where no window manager makes it so

    # ---- Qt --------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F10, and Alt with a letter, open the main window's menus here, where the reader is."""
        pressed = QKeySequence(event.keyCombination())
        menus = [menu for action in self._menus.actions() if isinstance(menu := action.menu(), QMenu)]
        if event.key() == Qt.Key.Key_F10:
            found: QMenu | None = self._all(menus)
        else:
            found = next((m for m in menus if QKeySequence.mnemonic(m.title()) == pressed), None)
        if found is None:
            super().keyPressEvent(event)
            return
        found.popup(self.mapToGlobal(self.rect().topLeft()))
        found.setActiveAction(next(action for action in found.actions() if not action.isSeparator()))

    def _all(self, menus: list[QMenu]) -> QMenu:
        made = QMenu(self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made.addActions([menu.menuAction() for menu in menus])
        return made

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self.focusWidget() is None:
            self.grid.setFocus()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._is_ending:
            event.ignore()
            self.closed.emit()
            return
        super().closeEvent(event)
