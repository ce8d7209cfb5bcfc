"""Where the reader works: notices, questions and lists come up there, and never where nobody can see them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from ui.banner import Banner

BROUGHT = "broughtToReader"


class ReaderPlace(QObject):
    """Knows the window that had the keys last."""

    def __init__(self, main: QWidget, banner: Banner, page: QWidget) -> None:
        super().__init__(main)
        self._main = main
        self._banner = banner
        self._pages: dict[QWidget, QWidget] = {main: page}
        self._here = main
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusWindowChanged.connect(self._keys_moved)

    @property
    def here(self) -> QWidget:
        return self._here if self._here.isVisible() else self._main

    def add(self, window: QWidget, page: QWidget) -> None:
        """A window of ours; notices float over its `page`."""
        self._pages[window] = page

    def look(self) -> None:
        """The banner to the window where the reader is now."""
        page = self._pages[self.here]
        if self.here.isVisible():
            self._banner.move_to(page)

    def bring(self, dialog: QWidget) -> None:
        """Before it is shown: into the middle of the window where the reader works, if that is not the main one."""
        dialog.setProperty(BROUGHT, True)
        if self.here is not self._main:
            dialog.adjustSize()
            _move_into(dialog, self.here.frameGeometry())

    def rescue(self) -> None:
        """Windows of ours whose middle lies on no screen come to where the reader is."""
        screens = [screen.geometry() for screen in QGuiApplication.screens()]
        for window in QApplication.topLevelWidgets():
            is_dialog = isinstance(window, QDialog) and window.isVisible() and window not in self._pages
            if is_dialog and not any(rect.contains(window.frameGeometry().center()) for rect in screens):
                _move_into(window, self.here.frameGeometry())

    def _keys_moved(self, _: QWindow | None) -> None:
        active = QApplication.activeWindow()
        if active in self._pages:
            assert active is not None
            self._here = active
            self.look()
        elif isinstance(active, QDialog) and not active.property(BROUGHT):
            active.setProperty(BROUGHT, True)
            here = self.here.frameGeometry()
            if self.here is not self._main and not here.intersects(active.frameGeometry()):
                _move_into(active, here)


def _move_into(window: QWidget, where: QRect) -> None:
    """Into the middle, and in whole where there is room."""
    frame = window.frameGeometry()
    frame.moveCenter(where.center())
    frame.moveLeft(max(min(frame.left(), where.right() - frame.width()), where.left()))
    frame.moveTop(max(min(frame.top(), where.bottom() - frame.height()), where.top()))
    window.move(frame.topLeft())
