"""The pages of the main window: one at a time, or on a side screen the list of cases beside the open case."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QSplitter, QStackedWidget, QVBoxLayout, QWidget

SHARE = 0.56
"""How much of a side screen the list of cases has."""
LEAST_BESIDE = 1200
"""A window that is narrower and lower than this shows one page at a time."""


class Pages(QWidget):
    """Called as a `QStackedWidget` is; a page that stands beside the others is always seen."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = QStackedWidget()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(4)
        self._splitter.addWidget(self._stack)
        self._beside: QWidget | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._splitter)

    def addWidget(self, page: QWidget) -> None:
        self._stack.addWidget(page)

    def currentWidget(self) -> QWidget | None:
        """The page that is seen; of two, the one that has the keys, and for keys in another window the open case."""
        focus = QApplication.focusWidget()
        if self._beside is not None and (focus is None or not self._stack.isAncestorOf(focus)):
            return self._beside
        return self._stack.currentWidget()

    def setCurrentWidget(self, page: QWidget) -> None:
        if page is not self._beside:
            self._stack.setCurrentWidget(page)

    @property
    def beside(self) -> QWidget | None:
        return self._beside

    def put_beside(self, page: QWidget, width: int, height: int) -> None:
        """Show this page beside the others (below them on an upright screen) in a window that is about so large."""
        if max(width, height) < LEAST_BESIDE:
            self.put_back()
            return
        upright = height > width
        self._splitter.setOrientation(Qt.Orientation.Vertical if upright else Qt.Orientation.Horizontal)
        if self._beside is page:
            return
        self._stack.removeWidget(page)
        self._beside = page
        self._splitter.addWidget(page)
        page.show()
        room = height if upright else width
        self._splitter.setSizes([round(room * SHARE), round(room * (1 - SHARE))])
        self._splitter.setCollapsible(1, False)

    def put_back(self) -> None:
        """One page at a time again; the one that stood beside is seen, if a case is open there."""
        page, self._beside = self._beside, None
        if page is not None:
            self._stack.addWidget(page)
