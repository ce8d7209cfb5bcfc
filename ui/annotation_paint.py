"""Paints drawings over the image: thin lines with a dark edge, handles, labels, what is being drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from ui import halo, theme
from ui.annotation_shapes import LABEL_POINTS, Mark, Shape

Point = tuple[float, float]
EDGE_COLOUR = QColor(0, 0, 0, 190)
LINE, EDGE = 1.3, 3.3
# A side of a handle: what is seen; what is hit is larger (ui.annotation_layer).
HANDLE = 9.0
LEAST_HANDLE = 4.0
MOST_COMPARED = 24
CURSOR, CURSOR_GAP = 18.0, 5.0
DASHES = (5.0, 4.0)
_LOUD = (Mark.SELECTED, Mark.CHOSEN, Mark.HOVERED)
# Device pixels of a drawing that is kept as a picture, and what all pictures may take.
LARGEST_KEPT, MOST_BYTES = 300_000, 48 << 20
_SHOWS_HANDLES = (Mark.HOVERED, Mark.SELECTED, Mark.CHOSEN, Mark.DRAFT)


def paint_drawings(painter: QPainter, shapes: Sequence[Shape]) -> None:
    """All lines first, then handles, then words: no line goes through a label."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shape in shapes:
        _lines(painter, shape)
    for shape in shapes:
        if shape.mark in _SHOWS_HANDLES:
            _handles(painter, shape)
    for shape in shapes:
        _label(painter, shape)


def paint_cursor(painter: QPainter, at: Point) -> None:
    """The cross that arrow keys move; its middle is free."""
    x, y = at
    arms = [
        QLineF(x - CURSOR, y, x - CURSOR_GAP, y),
        QLineF(x + CURSOR_GAP, y, x + CURSOR, y),
        QLineF(x, y - CURSOR, x, y - CURSOR_GAP),
        QLineF(x, y + CURSOR_GAP, x, y + CURSOR),
    ]
    for colour, thick in ((EDGE_COLOUR, 4.0), (QColor(theme.ACCENT), 1.8)):
        painter.setPen(QPen(colour, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLines(arms)
    painter.drawPoint(QPointF(x, y))


def _lines(painter: QPainter, shape: Shape) -> None:
    """Stroking is slow and a drawing looks the same from image to image: small ones are kept as pictures."""
    if shape.path.isEmpty():
        return
    box = shape.path.controlPointRect().adjusted(-EDGE, -EDGE, EDGE, EDGE)
    ratio = painter.device().devicePixelRatioF()
    if box.width() * box.height() * ratio * ratio > LARGEST_KEPT:
        _stroke(painter, shape)
        return
    left, top = math.floor(box.left() * ratio), math.floor(box.top() * ratio)
    key = id(shape.path), shape.mark in _LOUD, shape.colour, shape.is_dashed or shape.mark is Mark.UNSAVED, ratio
    kept = _kept.get(key)
    if kept is None:
        size = QSize(math.ceil(box.width() * ratio) + 2, math.ceil(box.height() * ratio) + 2)
        kept = _kept.put(key, shape.path, _picture(shape, left, top, size, ratio))
    painter.drawImage(QPointF(left / ratio, top / ratio), kept)


def _picture(shape: Shape, left: int, top: int, size: QSize, ratio: float) -> QImage:
    """The lines alone; (left, top) are the device pixels of its corner."""
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-left, -top)
    painter.scale(ratio, ratio)
    _stroke(painter, shape)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def _stroke(painter: QPainter, shape: Shape) -> None:
    is_loud = shape.mark in _LOUD
    thick = LINE + (0.7 if is_loud else 0.0)
    painter.strokePath(shape.path, _pen(EDGE_COLOUR, EDGE + (0.7 if is_loud else 0.0)))
    pen = _pen(QColor(shape.colour), thick)
    if shape.is_dashed or shape.mark is Mark.UNSAVED:
        pen.setDashPattern([d / thick for d in DASHES])
    painter.strokePath(shape.path, pen)


class _Pictures:
    """Lines as pictures, those used longest ago let go of first. The path is kept too: a key names it by its id."""

    def __init__(self) -> None:
        self._held: dict[tuple[object, ...], tuple[QPainterPath, QImage]] = {}
        self._bytes = 0

    def get(self, key: tuple[object, ...]) -> QImage | None:
        held = self._held.pop(key, None)
        if held is None:
            return None
        self._held[key] = held
        return held[1]

    def put(self, key: tuple[object, ...], path: QPainterPath, image: QImage) -> QImage:
        self._held[key] = path, image
        self._bytes += image.sizeInBytes()
        while self._bytes > MOST_BYTES:
            _, oldest = self._held.pop(next(iter(self._held)))
            self._bytes -= oldest.sizeInBytes()
        return image


_kept = _Pictures()


def _handles(painter: QPainter, shape: Shape) -> None:
    """Open squares, so that what they mark stays seen; heavy ones can be moved by the arrow keys."""
    heavy = shape.mark is Mark.CHOSEN
    side = handle_side(shape.handles)
    for x, y in shape.handles:
        box = QRectF(x - side / 2, y - side / 2, side, side)
        painter.setPen(_pen(EDGE_COLOUR, 4.4 if heavy else 3.0))
        painter.drawRect(box)
        painter.setPen(_pen(QColor(shape.colour), 2.4 if heavy else 1.3))
        painter.drawRect(box)


def handle_side(handles: Sequence[Point]) -> float:
    """Smaller where they stand close: an 8 mm nodule must not lie under the marks of its own ends."""
    nearest = min((math.dist(a, b) for a, b in combinations(handles[:MOST_COMPARED], 2)), default=math.inf)
    return max(LEAST_HANDLE, min(HANDLE, nearest / 4))


def _label(painter: QPainter, shape: Shape) -> None:
    if shape.box is None:
        return
    if shape.leader is not None:
        path = QPainterPath(QPointF(*shape.leader[0]))
        path.lineTo(QPointF(*shape.leader[1]))
        painter.strokePath(path, _pen(EDGE_COLOUR, 2.4))
        pen = _pen(QColor(shape.colour), 0.9)
        pen.setDashPattern([2.0, 3.0])
        painter.strokePath(path, pen)
    high = halo.metrics(LABEL_POINTS).height()
    for row, line in enumerate(shape.label):
        halo.draw(painter, shape.box.left, shape.box.top + row * high, line, shape.colour, LABEL_POINTS)


def _pen(colour: QColor, thick: float) -> QPen:
    return QPen(colour, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin)
