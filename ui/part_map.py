"""A small map of the image that is read part by part: the breast, and the part that is seen."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ui import halo, theme
from workstation.domain.breast import Box
from workstation.session.quadrants import Shown

HIGH, WIDE = 84.0, 110.0
TOP = 8.0
# Its middle, as a share of the width: beside the words of an anchored image, and beside the letter of any other.
MIDDLE = {"left": 0.34, "right": 0.66}


def paint(painter: QPainter, width: float, height: float, shown: Shown, anchor: str = "") -> None:
    """At the upper edge, with the number of the part; not where it would take too much room."""
    if height < 4 * HIGH or width < 3 * WIDE:
        return
    high = min(HIGH, WIDE / shown.aspect)
    wide = high * shown.aspect
    middle = width * MIDDLE.get(anchor, 0.6)
    whole = QRectF(middle - wide / 2, TOP, wide, high)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.MUTED), 1))
    painter.setBrush(QColor(theme.IMAGE))
    painter.drawRect(whole)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.LINE))
    for band in shown.breast:
        painter.drawRect(_inside(band, whole))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.ACCENT), 2))
    painter.drawRect(_inside(shown.part, whole))
    words = f"{shown.number}/{shown.count}"
    halo.draw(painter, middle - halo.width(words) / 2, TOP + high + 3, words, theme.TEXT)


def _inside(box: Box, whole: QRectF) -> QRectF:
    left, top, right, bottom = (min(max(part, 0.0), 1.0) for part in box)
    x, y = whole.left() + left * whole.width(), whole.top() + top * whole.height()
    return QRectF(x, y, (right - left) * whole.width(), (bottom - top) * whole.height())
