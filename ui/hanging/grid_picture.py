"""A small picture of a stage: its grid on every screen, with what hangs where in words. A place is chosen by click or arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.plain import plain

EDGE, SPACE = 2, 5
BETWEEN_SCREENS = 18


@dataclass(frozen=True, slots=True)
class PicturedCell:
    """One place: what it asks for, what hangs there now (or why nothing does), and whether it is of a prior."""

    screen: int
    row: int
    column: int
    title: str
    detail: str = ""
    is_prior: bool = False
    is_empty: bool = False


class GridPicture(QWidget):
    """Emits `chosen` with screen, row and column."""

    chosen = Signal(int, int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gridPicture")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Places of the stage"))
        self.setMinimumSize(260, 150)
        self._grids: tuple[tuple[int, int], ...] = ((1, 1),)
        self._cells: dict[tuple[int, int, int], PicturedCell] = {}
        self.place = (0, 0, 0)

    def sizeHint(self) -> QSize:
        return QSize(360, 220)

    def show_stage(self, grids: Sequence[tuple[int, int]], cells: Sequence[PicturedCell]) -> None:
        self._grids = tuple(grids) or ((1, 1),)
        self._cells = {(cell.screen, cell.row, cell.column): cell for cell in cells}
        if self.place not in self.places():
            self.place = self.places()[0]
        self._tell()
        self.update()

    def choose(self, place: tuple[int, int, int]) -> None:
        if place in self.places() and place != self.place:
            self.place = place
            self._tell()
            self.update()
            self.chosen.emit(*place)

    def places(self) -> list[tuple[int, int, int]]:
        return [(s, r, c) for s, (rows, columns) in enumerate(self._grids) for r in range(rows) for c in range(columns)]

    def rect_of(self, place: tuple[int, int, int]) -> QRect:
        screen, row, column = place
        width = (self.width() - BETWEEN_SCREENS * (len(self._grids) - 1)) // len(self._grids)
        left = screen * (width + BETWEEN_SCREENS)
        rows, columns = self._grids[screen]
        wide, high = (width - SPACE * (columns - 1)) // columns, (self.height() - SPACE * (rows - 1)) // rows
        return QRect(left + column * (wide + SPACE), row * (high + SPACE), wide, high)

    def _tell(self) -> None:
        cell = self._cells.get(self.place)
        self.setAccessibleDescription(f"{cell.title}: {cell.detail}" if cell is not None else self.tr("Nothing hangs here"))

    # ---- painting and hands ----------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.text_font())
        for place in self.places():
            self._paint(painter, place)

    def _paint(self, painter: QPainter, place: tuple[int, int, int]) -> None:
        cell, rect = self._cells.get(place), self.rect_of(place)
        is_here = place == self.place
        painter.setPen(QPen(QColor(theme.ACCENT if is_here else theme.LINE), EDGE if is_here else 1))
        painter.setBrush(QColor(theme.IMAGE if cell is not None else theme.PANEL))
        painter.drawRect(rect.adjusted(1, 1, -1, -1))
        inside = rect.adjusted(8, 6, -8, -6)
        flags = Qt.TextFlag.TextWordWrap
        if cell is None:
            painter.setPen(QColor(theme.FAINT))
            painter.drawText(inside, flags | Qt.AlignmentFlag.AlignCenter, "–")
            return
        painter.setPen(QColor(theme.PRIOR if cell.is_prior else theme.TEXT))
        used = painter.boundingRect(inside, flags, plain(cell.title)).intersected(inside)
        painter.drawText(inside, flags, plain(cell.title))
        painter.setPen(QColor(theme.AMBER if cell.is_empty else theme.MUTED))
        painter.drawText(inside.adjusted(0, used.height() + 2, 0, 0), flags, plain(cell.detail))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        point: QPoint = event.position().toPoint()
        self.choose(next((place for place in self.places() if self.rect_of(place).contains(point)), self.place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        screen, row, column = self.place
        there = (screen, row + move[0], column + move[1])
        if there not in self.places() and move[1]:
            there = (screen + move[1], row, 0 if move[1] > 0 else self._grids[max(screen - 1, 0)][1] - 1)
        self.choose(there)
