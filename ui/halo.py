"""Text that stays readable on any image: light letters with a dark edge, kept as small pictures.

A viewport repeats most of its lines from frame to frame, so each made line is kept. The edge is the same
letters in black, set down all around: stroking their outlines takes ten times as long, and each image brings new numbers.
"""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from ui import theme

EDGE = 2.0
# Where the black letters are set down, in logical pixels: close enough that the edge has no gaps.
_RADIUS = 1.6
_EDGE_AT = tuple((_RADIUS * math.cos(math.pi * i / 6), _RADIUS * math.sin(math.pi * i / 6)) for i in range(12))
_EDGE_COLOUR = QColor(0, 0, 0, 150)


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
    # On whole device pixels: between them letters would be blurred.
    at = QPointF(round((left - EDGE) * ratio) / ratio, round((top - EDGE) * ratio) / ratio)
    painter.drawImage(at, _image(text, colour, points, bold, ratio))


@lru_cache(maxsize=1024)
def _image(text: str, colour: str, points: float, bold: bool, ratio: float) -> QImage:
    sizes = metrics(points, bold)
    wide = int((sizes.horizontalAdvance(text) + 2 * EDGE + 2) * ratio) + 1
    high = int((sizes.height() + 2 * EDGE) * ratio) + 1
    image = QImage(wide, high, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(_font(points, bold))
    painter.setPen(_EDGE_COLOUR)
    for dx, dy in _EDGE_AT:
        painter.drawText(QPointF(EDGE + dx, EDGE + sizes.ascent() + dy), text)
    painter.setPen(QColor(colour))
    painter.drawText(QPointF(EDGE, EDGE + sizes.ascent()), text)
    painter.end()
    return image
