"""Where the reader works: notices, questions and lists come up there, and never where nobody can see them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QRect
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
        self._left: dict[QWidget, tuple[QPoint, QPoint]] = {}
        """Windows that were fetched from a monitor that went: where they stood, and where they were put."""
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
        """Dialogs whose middle lies on no screen come to where the reader is, and go back when their screen is there again."""
        open_now = [
            w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible() and w not in self._pages
        ]
        self._left = {window: places for window, places in self._left.items() if window in open_now}
        for window in open_now:
            stood = window.frameGeometry()
            if not _is_seen(stood):
                _move_into(window, self.here.frameGeometry())
                self._left[window] = stood.topLeft(), window.frameGeometry().topLeft()
            elif window in self._left:
                self._take_back(window)

    def _take_back(self, window: QWidget) -> None:
        """To where it stood, once that is seen again, unless somebody moved it meanwhile."""
        stood, put = self._left[window]
        frame = window.frameGeometry()
        if frame.topLeft() != put:
            del self._left[window]
        elif _is_seen(QRect(stood, frame.size())):
            del self._left[window]
            window.move(stood)

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


def _is_seen(frame: QRect) -> bool:
    return any(screen.geometry().contains(frame.center()) for screen in QGuiApplication.screens())


def _move_into(window: QWidget, where: QRect) -> None:
    """Into the middle, and in whole where there is room."""
    frame = window.frameGeometry()
    frame.moveCenter(where.center())
    frame.moveLeft(max(min(frame.left(), where.right() - frame.width()), where.left()))
    frame.moveTop(max(min(frame.top(), where.bottom() - frame.height()), where.top()))
    window.move(frame.topLeft())
