"""No window of ours is larger than its screen: what stands at its foot, the buttons, must be seen and reached.

Sizes are logical pixels.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

# What window managers put around a window.
FRAME = QSize(16, 44)


def fit(window: QWidget, screen: QScreen) -> None:
    """Before it is shown: not larger than what is free of this screen. One that nobody gave a size has its own."""
    room = screen.availableSize() - FRAME
    size = window.size()
    if size.width() > room.width() or size.height() > room.height():
        window.resize(size.boundedTo(room))


def place_at(popup: QWidget, line: QRect, screen: QScreen) -> None:
    """Below a line (global), above it where there is no room below; never over the edge of the screen."""
    room = screen.availableGeometry()
    left = max(min(line.left(), room.right() + 1 - popup.width()), room.left())
    below, above = line.bottom() + 1, line.top() - popup.height()
    top = below if below + popup.height() <= room.bottom() + 1 or above < room.top() else above
    popup.move(left, top)


def scrolled(page: QWidget) -> QScrollArea:
    """The page as it is where there is room for it, and to be scrolled where there is not; its focus is always in sight."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes to what is in it
    area.setWidget(page)
    page.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area
