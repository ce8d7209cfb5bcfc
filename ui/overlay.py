"""Paints everything that stands over the pixels of a viewport, and the tiles that stand in their place.

All positions here are logical pixels of the viewport. The same painting serves the window and
the snapshot door, so that what a file shows is what the screen showed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from rendering.picture import Letters
from ui import halo, icons, plain, theme
from ui.annotation_paint import paint_cursor, paint_drawings
from ui.annotation_shapes import Shape
from ui.colour_bar import ColourBar, paint_colour_bar
from ui.corner_fit import fitted, line_height
from ui.corner_layout import BADGE_PAD, Placed
from ui.corner_line import Corners, Tone
from ui.scale_bar import ScaleBar
from workstation.errors import WorkstationError

LETTER_POINTS = 13.0
VALUE_POINTS = 12.0
FRAME = 2.0
CROSS_GAP = 18.0
KNOB = 4.0

Point = tuple[float, float]
_COLOURS = {
    Tone.TEXT: theme.TEXT,
    Tone.MUTED: theme.MUTED,
    Tone.KEY: theme.DRAWN,
    Tone.DOUBT: theme.AMBER,
    Tone.PRIOR: theme.PRIOR,
    Tone.ALARM: theme.RED,
}
_GROUNDS = {Tone.DOUBT: theme.AMBER_GROUND, Tone.PRIOR: theme.PRIOR_GROUND, Tone.ALARM: theme.RED_GROUND}


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """Where another plane cuts through the image."""

    start: Point
    end: Point
    colour: str = theme.ACCENT
    dashed: bool = False
    knobs: tuple[Point, ...] = ()
    """Where it is taken hold of to be turned."""


@dataclass(frozen=True, slots=True)
class OverlayFacts:
    """What to paint. `loaded` is (frames in memory, frames); `value` is (x, y, words) beside the pointer."""

    corners: Corners = field(default_factory=Corners)
    letters: Letters = field(default_factory=Letters)
    scale: ScaleBar | None = None
    lines: tuple[DrawnLine, ...] = ()
    cross: Point | None = None
    value: tuple[float, float, str] | None = None
    loaded: tuple[int, int] = (0, 0)
    is_prior: bool = False
    active: bool = False
    drawings: tuple[Shape, ...] = ()
    cursor: Point | None = None
    not_the_reports: bool = False
    colours: ColourBar | None = None
    anchor: str = ""


def paint(painter: QPainter, width: float, height: float, facts: OverlayFacts, text: bool = True) -> None:
    """Everything over the pixels; `text` False leaves only badges, load bar and frame (reader's choice)."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for line in facts.lines if text else ():
        for part in around(line, facts.cross):
            _line(painter, part)
    if facts.cross is not None and text:
        _cross(painter, facts.cross)
    if text:
        _letters(painter, facts.letters, width, height, facts.scale, facts.colours)
        if facts.colours is not None:
            paint_colour_bar(painter, facts.colours, height)
        if facts.scale is not None:
            _scale(painter, facts.scale, width, height)
    _corners(painter, facts.corners, width, height, text)
    if text:
        paint_drawings(painter, facts.drawings)
    if facts.cursor is not None:
        paint_cursor(painter, facts.cursor)
    if facts.value is not None:
        _value(painter, facts.value, width, height)
    _load_bar(painter, facts.loaded, width, height)
    paint_frame(painter, width, height, facts.is_prior, facts.active, facts.not_the_reports, facts.anchor)


def paint_frame(
    painter: QPainter,
    width: float,
    height: float,
    is_prior: bool,
    active: bool,
    not_the_reports: bool = False,
    anchor: str = "",
) -> None:
    """The border: red around a study that is not the report's, lilac around priors, the accent around what keys act on.

    Of several the accent is outside. It is open at the anchored side ("left", "right"): there the image itself ends.
    """
    open_left, open_right = (2 * FRAME * 3 if anchor == side else 0.0 for side in ("left", "right"))
    painter.save()
    painter.setClipRect(QRectF(open_left, 0, width - open_left - open_right, height))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = 0.0
    for shown, colour in ((active, theme.ACCENT), (not_the_reports, theme.RED), (is_prior, theme.PRIOR)):
        if shown:
            for step in range(int(FRAME)):
                painter.setPen(QPen(QColor(colour), 1))
                edge = inset + step
                painter.drawRect(QRectF(edge, edge, width - 1 - 2 * edge, height - 1 - 2 * edge))
            inset += FRAME
    painter.restore()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def paint_message(painter: QPainter, width: float, height: float, text: str) -> None:
    """A quiet line in an empty viewport."""
    painter.setFont(theme.text_font())
    painter.setPen(QColor(theme.MUTED))
    room = QRectF(16, 16, max(width - 32, 10), max(height - 32, 10))
    painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), plain.plain(text))


def paint_refusal(painter: QPainter, width: float, height: float, error: WorkstationError) -> None:
    """The tile in place of a picture that cannot be trusted: the reason in words, never pixels."""
    painter.fillRect(QRectF(0, 0, width, height), QColor(theme.IMAGE))
    side = 28 if height > 190 and width > 190 else 0
    parts = [(plain.core_text(error.title), theme.RED, True)]
    parts += [(plain.core_text(t), theme.TEXT, False) for t in (error.detail, error.hint) if t]
    wide = min(width - 36, 460.0)
    flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
    boxes = []
    for text, colour, bold in parts:
        painter.setFont(theme.text_font(bold=bold))
        box = painter.boundingRect(QRectF(0, 0, wide, 10000), flags, plain.plain(text))
        boxes.append((plain.plain(text), colour, bold, box.height()))
    while len(boxes) > 1 and sum(b[3] + 6 for b in boxes) + side > height * 0.62:
        boxes.pop()
    top = (height - sum(b[3] + 6 for b in boxes) - side) / 2
    if side:
        painter.drawPixmap(QPointF((width - side) / 2, top - 6), icons.pixmap("refused", theme.RED, side))
    top += side
    for text, colour, bold, high in boxes:
        painter.setFont(theme.text_font(bold=bold))
        painter.setPen(QColor(colour))
        painter.drawText(QRectF((width - wide) / 2, top, wide, min(high, height - top - 4)), flags, text)
        top += high + 6


def _corners(painter: QPainter, corners: Corners, width: float, height: float, text: bool) -> None:
    for placed in fitted(corners, width, height):
        if placed.is_badge:
            _badge(painter, placed, line_height())
        elif text:
            halo.draw(painter, placed.left, placed.top, placed.text, _COLOURS[placed.tone])


def _badge(painter: QPainter, placed: Placed, line_height: float) -> None:
    box = QRectF(placed.left - BADGE_PAD, placed.top, placed.width + 2 * BADGE_PAD, line_height - 1)
    painter.setPen(QPen(QColor(_COLOURS[placed.tone]), 1))
    painter.setBrush(QColor(_GROUNDS[placed.tone]))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setFont(theme.text_font())
    painter.drawText(QPointF(placed.left, placed.top + halo.metrics().ascent()), placed.text)


def _letters(
    painter: QPainter, letters: Letters, width: float, height: float, scale: ScaleBar | None, colours: ColourBar | None = None
) -> None:
    high = halo.metrics(LETTER_POINTS, True).height()
    ruler = scale.thickness if scale is not None else 0.0
    right = width - 8 - (ruler if scale is not None and not scale.on_left else 0.0)
    first = 8.0 + (ruler if scale is not None and scale.on_left else 0.0)
    for text, x, y, align in (
        (letters.top, width / 2, 5.0, 0.5),
        (letters.bottom, width / 2, height - high - 5, 0.5),
        (letters.left, (colours.room(height) if colours is not None else 0.0) or first, (height - high) / 2, 0.0),
        (letters.right, right, (height - high) / 2, 1.0),
    ):
        if text:
            left = x - align * halo.width(text, LETTER_POINTS, True)
            halo.draw(painter, left, y, text, theme.TEXT, LETTER_POINTS, True)


def _scale(painter: QPainter, scale: ScaleBar, width: float, height: float) -> None:
    top = (height - scale.length) / 2
    ratio = painter.device().devicePixelRatioF()
    painter.drawImage(QPointF(4.0 if scale.on_left else width - 20, top - 4), _ruler(scale.length, scale.parts, ratio))
    left = 9.0 if scale.on_left else width - 9 - halo.width(scale.text)
    halo.draw(painter, left, top + scale.length + 4, scale.text, theme.TEXT)


@lru_cache(maxsize=64)
def _ruler(length: float, parts: int, ratio: float) -> QImage:
    """The ruler with its dark edge, 4 pixels of margin above; drawn once for each length."""
    image = QImage(round(16 * ratio), math.ceil((length + 8) * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    x, top = 9.5, 4.0
    lines = [QLineF(x, top, x, top + length)]
    for tick in range(parts + 1):
        y = top + length * tick / parts
        lines.append(QLineF(x - (6 if tick in (0, parts) else 3.5), y, x, y))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, thick in ((QColor(0, 0, 0, 200), 3.4), (QColor(theme.TEXT), 1.3)):
        painter.setPen(QPen(colour, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
        painter.drawLines(lines)
    painter.end()
    return image


def _line(painter: QPainter, line: DrawnLine) -> None:
    drawn = QLineF(QPointF(*line.start), QPointF(*line.end))
    style = Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine
    for colour, thick in ((QColor(0, 0, 0, 190), 3.6), (QColor(line.colour), 1.0 if line.dashed else 1.5)):
        if not (line.dashed and thick > 3.0):
            painter.setPen(QPen(colour, thick, style, Qt.PenCapStyle.RoundCap))
            painter.drawLine(drawn)
    painter.setBrush(QColor(0, 0, 0, 190))
    for knob in line.knobs:
        painter.drawEllipse(QPointF(*knob), KNOB, KNOB)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def around(line: DrawnLine, cross: Point | None) -> list[DrawnLine]:
    """The line without the part next to the crosshair, so that what it points at can be seen."""
    drawn = QLineF(QPointF(*line.start), QPointF(*line.end))
    if cross is None or drawn.length() == 0:
        return [line]
    dx, dy = drawn.dx() / drawn.length(), drawn.dy() / drawn.length()
    px, py = cross[0] - line.start[0], cross[1] - line.start[1]
    along, aside = px * dx + py * dy, abs(px * dy - py * dx)
    if aside >= CROSS_GAP:
        return [line]
    parts = []
    for first, last in ((0.0, along - CROSS_GAP), (along + CROSS_GAP, drawn.length())):
        if last > first:
            start, end = drawn.pointAt(first / drawn.length()), drawn.pointAt(last / drawn.length())
            parts.append(DrawnLine((start.x(), start.y()), (end.x(), end.y()), line.colour))
    return parts


def _cross(painter: QPainter, at: Point) -> None:
    x, y = at
    arms = [QLineF(x - 14, y, x - 4, y), QLineF(x + 4, y, x + 14, y), QLineF(x, y - 14, x, y - 4), QLineF(x, y + 4, x, y + 14)]
    for colour, thick in ((QColor(0, 0, 0, 190), 3.6), (QColor(theme.ACCENT), 1.6)):
        painter.setPen(QPen(colour, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLines(arms)


def _value(painter: QPainter, value: tuple[float, float, str], width: float, height: float, colour: str = theme.DRAWN) -> None:
    """Words beside a point, kept inside the viewport."""
    x, y, text = value
    wide, high = halo.width(text, VALUE_POINTS), halo.metrics(VALUE_POINTS).height()
    left = x + 12 if x + 12 + wide <= width - 4 else x - 12 - wide
    left = min(max(left, 4.0), max(width - wide - 4, 4.0))
    top = min(max(y - high - 4, 4.0), max(height - high - 4, 4.0))
    halo.draw(painter, left, top, text, colour, VALUE_POINTS)


def _load_bar(painter: QPainter, loaded: tuple[int, int], width: float, height: float) -> None:
    done, total = loaded
    if 0 <= done < total:
        painter.fillRect(QRectF(0, height - 3, width, 3), QColor(theme.LINE))
        painter.fillRect(QRectF(0, height - 3, width * done / total, 3), QColor(theme.ACCENT))
