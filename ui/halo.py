"""Text that stays readable on any image: light letters with a dark edge, kept as small pictures.

Stroking outlines is slow and a viewport repeats most of its lines from frame to frame, so
each made line is kept.
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from ui import theme

EDGE = 2.0


@lru_cache(maxsize=64)
def _font(points: float, bold: bool) -> QFont:
    return theme.text_font(points, bold)


@lru_cache(maxsize=64)
def metrics(points: float = theme.POINT_SIZE, bold: bool = False) -> QFontMetricsF:
    return QFontMetricsF(_font(points, bold))


@lru_cache(maxsize=4096)
def width(text: str, points: float = theme.POINT_SIZE, bold: bool = False) -> float:
    return metrics(points, bold).horizontalAdvance(text)


def elided(text: str, room: float, points: float = theme.POINT_SIZE, bold: bool = False) -> str:
    """The text cut to `room` logical pixels with an ellipsis."""
    if width(text, points, bold) <= room:
        return text
    return metrics(points, bold).elidedText(text, Qt.TextElideMode.ElideRight, room)


def draw(
    painter: QPainter, left: float, top: float, text: str, colour: str, points: float = theme.POINT_SIZE, bold: bool = False
) -> None:
    """Draw one line with its upper left corner at (left, top), in logical pixels."""
    ratio = painter.device().devicePixelRatioF()
    painter.drawImage(QPointF(left - EDGE, top - EDGE), _image(text, colour, points, bold, ratio))


@lru_cache(maxsize=1024)
def _image(text: str, colour: str, points: float, bold: bool, ratio: float) -> QImage:
    sizes = metrics(points, bold)
    wide = int((sizes.horizontalAdvance(text) + 2 * EDGE + 2) * ratio) + 1
    high = int((sizes.height() + 2 * EDGE) * ratio) + 1
    image = QImage(wide, high, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    path = QPainterPath()
    path.addText(QPointF(EDGE, EDGE + sizes.ascent()), _font(points, bold), text)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    edge = QPen(QColor(0, 0, 0, 215), 2 * EDGE - 0.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, edge)
    painter.setFont(_font(points, bold))
    painter.setPen(QColor(colour))
    painter.drawText(QPointF(EDGE, EDGE + sizes.ascent()), text)
    painter.end()
    return image
