"""The scale of what is laid over an image: its colours with numbers and unit, and the lines that say what it is."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from rendering.fusion_facts import Fused
from ui import halo, plain, theme
from ui.corner_line import Line, Tone
from workstation.domain.viewing import FusionMode

LEAST_HEIGHT = 240.0
SHARE, LONGEST = 0.32, 240.0
LEFT, WIDTH = 8.0, 10.0
SPOKEN = {"BQML": "Bq/ml", "GML": "g/ml", "CNTS": "counts", "stored": ""}


@dataclass(frozen=True, eq=False)
class ColourBar:
    """`image` is one pixel wide, the highest value on top; `low`, `middle` and `high` are numbers in `unit`."""

    image: QImage
    low: str
    middle: str
    high: str
    unit: str

    def room(self, height: float) -> float:
        """How far the bar and its numbers reach in from the left edge; 0 where there is no room for it."""
        if height < LEAST_HEIGHT:
            return 0.0
        texts = (self.low, self.middle, self.high)
        return LEFT + WIDTH + 18 + max(halo.width(text) for text in texts)


def colour_bar(fused: Fused | None) -> ColourBar | None:
    if fused is None:
        return None
    table = fused.colours[::-1].copy()
    image = QImage(table.data, 1, len(table), 3, QImage.Format.Format_RGB888).copy()
    low, high = fused.window.center - fused.window.width / 2, fused.window.center + fused.window.width / 2
    return ColourBar(image, number(low), number((low + high) / 2), number(high), unit_words(fused.unit))


def fused_lines(fused: Fused | None) -> tuple[Line, ...]:
    """Which series lies over the image, of when, how the two were brought together, and its scale."""
    if fused is None:
        return ()
    named = " ".join(part for part in (fused.modality, "" if fused.series_number is None else str(fused.series_number)) if part)
    day = plain.dicom_date(fused.study_date)
    full = " ".join(part for part in (plain.plain(named), plain.plain(fused.series_description), day) if part)
    is_difference = fused.mode is FusionMode.DIFFERENCE
    how = plain.core_text(fused.words)
    if is_difference:
        how = _tr("Difference: this series less {0}").format(plain.plain(named)) + f" ({how})"
    low, high = fused.window.center - fused.window.width / 2, fused.window.center + fused.window.width / 2
    scale = f"{number(low)} … {number(high)} {unit_words(fused.unit)}".strip()
    share = "" if is_difference else f"  {plain.core_text(fused.map_title)} {round(fused.opacity * 100)} %"
    return (
        Line(full, 0, short=(f"{plain.plain(named)} {day}".strip(), plain.plain(named))),
        Line(how, 0, Tone.DOUBT if is_difference else Tone.TEXT),
        Line(f"{scale}{share}", 1, short=(scale,), whole=True),
    )


def paint_colour_bar(painter: QPainter, bar: ColourBar, height: float) -> None:
    """At the left edge, in the middle, where the letter of the side makes room for it."""
    if not bar.room(height):
        return
    long = min(height * SHARE, LONGEST)
    top = (height - long) / 2
    box = QRectF(LEFT, top, WIDTH, long)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(box, bar.image)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.MUTED), 1))
    painter.drawRect(box)
    high = halo.metrics().height()
    x = LEFT + WIDTH + 5
    for text, y in ((bar.high, top), (bar.middle, top + long / 2), (bar.low, top + long)):
        painter.setPen(QPen(QColor(theme.TEXT), 1))
        painter.drawLine(QPointF(LEFT + WIDTH, y), QPointF(LEFT + WIDTH + 3, y))
        halo.draw(painter, x, y - high / 2, text, theme.TEXT)
    halo.draw(painter, LEFT, top + long + high / 2 + 2, bar.unit, theme.TEXT)


def unit_words(unit: str) -> str:
    return SPOKEN.get(unit, plain.plain(unit))


def number(value: float) -> str:
    """Three figures, no trailing zeros, a real minus sign."""
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return "0" if text in ("-0", "0") else text.replace("-", "−")


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
