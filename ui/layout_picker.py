"""Chooses a layout by sweeping over a small grid, from 1 x 1 to 4 x 4."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from ui import icons, theme
from ui.plain import tooltip
from workstation.domain.viewing import Layout

LARGEST = 4
PLACE = 34
SPACE = 4


class GridChooser(QWidget):
    """Sixteen places; those from the corner to the pointer are the layout."""

    chosen = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Layout"))
        self.rows, self.columns = 1, 1

    def sizeHint(self) -> QSize:
        side = LARGEST * PLACE + (LARGEST - 1) * SPACE
        return QSize(side, side)

    def show_layout(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.hovered.emit(rows, columns)
        self.update()

    def place(self, row: int, column: int) -> QRect:
        """The place at 0-based row and column."""
        step = PLACE + SPACE
        return QRect(column * step, row * step, PLACE, PLACE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for row in range(LARGEST):
            for column in range(LARGEST):
                inside = row < self.rows and column < self.columns
                painter.setPen(QPen(QColor(theme.ACCENT if inside else theme.EDGE), 1))
                painter.setBrush(QColor(theme.ACCENT_GROUND if inside else theme.GROUND))
                painter.drawRect(self.place(row, column).adjusted(0, 0, -1, -1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.show_layout(*self._at(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.show_layout(*self._at(event.position().toPoint()))
        self.chosen.emit(self.rows, self.columns)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        key = Qt.Key(event.key())
        if key in moves:
            down, right = moves[key]
            self.show_layout(_held(self.rows + down), _held(self.columns + right))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.rows, self.columns)
        else:
            super().keyPressEvent(event)

    @staticmethod
    def _at(point: QPoint) -> tuple[int, int]:
        step = PLACE + SPACE
        return _held(point.y() // step + 1), _held(point.x() // step + 1)


class LayoutPicker(QToolButton):
    """A button that opens the grid below itself."""

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layoutPicker")
        self.setIcon(icons.icon("layout"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip(tooltip(self.tr("Layout of the viewports")))
        self.setAccessibleName(self.tr("Layout"))
        self._popup = QFrame(self, Qt.WindowType.Popup)
        self._popup.setProperty("role", "popup")
        self._grid = GridChooser()
        self._label = QLabel()
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self._popup)
        column.setContentsMargins(10, 10, 10, 8)
        column.addWidget(self._grid)
        column.addWidget(self._label)
        self._grid.hovered.connect(lambda rows, columns: self._label.setText(f"{rows} × {columns}"))
        self._grid.chosen.connect(self._choose)
        self.clicked.connect(self.open_grid)
        self.show_layout(Layout(1, 1))

    def show_layout(self, layout: Layout) -> None:
        self.setText(f"{layout.rows} × {layout.columns}")
        self._layout = layout

    def open_grid(self) -> None:
        self._grid.show_layout(self._layout.rows, self._layout.columns)
        self._popup.adjustSize()
        self._popup.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        self._popup.show()
        self._grid.setFocus()

    def _choose(self, rows: int, columns: int) -> None:
        self._popup.hide()
        self.chosen.emit(rows, columns)


def _held(value: int) -> int:
    return min(max(value, 1), LARGEST)
