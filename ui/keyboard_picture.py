"""A picture of the reader's keyboard with the commands of its keys: painted in any size, on paper or on screen.

Places are in key widths from the upper left corner, rows in key heights; those of a PC keyboard with the key left of Z.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from workstation.commands.keyboards import ROWS, Keyboard

_STARTS = {"digits": 0.0, "upper": 1.5, "home": 1.75, "lower": 1.25}
_TOPS = {"digits": 1.25, "upper": 2.25, "home": 3.25, "lower": 4.25}
_MAIN, _BLOCK, _PAD = 15.0, 15.4, 18.8
HEIGHT = 6.25
NARROWEST = 33.0
"""Points: a key of this width has room for letters in full size."""
# (key, legend, x, y, width) of the keys that every keyboard has.
_NAMED = (
    ("Esc", "Esc", 0.0, 0.0, 1.0),
    *((f"F{n}", f"F{n}", 1.5 + n - 1 + 0.5 * ((n - 1) // 4), 0.0, 1.0) for n in range(1, 13)),
    ("Backspace", "⌫", 13.0, 1.25, 2.0),
    ("Tab", "Tab ⇥", 0.0, 2.25, 1.5),
    ("Return", "↵", 13.75, 2.25, 1.25),
    ("", "Caps", 0.0, 3.25, 1.75),
    ("Return", "", 13.75, 3.25, 1.25),
    ("", "Shift", 0.0, 4.25, 1.25),
    ("", "Shift", 12.25, 4.25, 2.75),
    ("", "Ctrl", 0.0, 5.25, 1.5),
    ("", "Alt", 2.5, 5.25, 1.5),
    ("Space", "", 4.0, 5.25, 6.5),
    ("", "AltGr", 10.5, 5.25, 1.5),
    ("", "Ctrl", 13.5, 5.25, 1.5),
    ("Ins", "Ins", _BLOCK, 1.25, 1.0),
    ("Home", "Home", _BLOCK + 1, 1.25, 1.0),
    ("PgUp", "PgUp", _BLOCK + 2, 1.25, 1.0),
    ("Del", "Del", _BLOCK, 2.25, 1.0),
    ("End", "End", _BLOCK + 1, 2.25, 1.0),
    ("PgDown", "PgDn", _BLOCK + 2, 2.25, 1.0),
    ("Up", "↑", _BLOCK + 1, 4.25, 1.0),
    ("Left", "←", _BLOCK, 5.25, 1.0),
    ("Down", "↓", _BLOCK + 1, 5.25, 1.0),
    ("Right", "→", _BLOCK + 2, 5.25, 1.0),
)
_NUMBER_BLOCK = (
    ("Num+/", "/", _PAD + 1, 1.25, 1.0),
    ("Num+*", "*", _PAD + 2, 1.25, 1.0),
    ("Num+-", "-", _PAD + 3, 1.25, 1.0),
    ("Num++", "+", _PAD + 3, 2.25, 1.0),
    *((f"Num+{n}", str(n), _PAD + (n - 1) % 3, 4.25 - (n - 1) // 3, 1.0) for n in range(1, 10)),
    ("Num+0", "0", _PAD, 5.25, 2.0),
    ("Num+.", ".", _PAD + 2, 5.25, 1.0),
    ("Return", "↵", _PAD + 3, 4.25, 1.0),
)


@dataclass(frozen=True, slots=True)
class Cap:
    """One key: its name in the key map ("" for one that is only held), what is printed on it, its place."""

    key: str
    legend: str
    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Inks:
    """Colours of the picture; `lit` is the ground of a key that does something."""

    line: str
    text: str
    quiet: str
    ground: str
    lit: str


def caps(keyboard: Keyboard, with_numbers: bool = False) -> Iterator[Cap]:
    """All keys of a keyboard; those of the number block only when asked for."""
    for row in ROWS:
        alone = keyboard.rows[row][0]
        for place, character in enumerate(alone):
            if character != " ":
                yield Cap(character.upper(), character.upper(), _STARTS[row] + place, _TOPS[row], 1.0)
    for key, legend, x, y, width in _NAMED:
        yield Cap(key, legend, x, y, width)
    for key, legend, x, y, width in _NUMBER_BLOCK if with_numbers else ():
        yield Cap(key, keyboard.decimal if legend == "." else legend, x, y, width)


def widths(with_numbers: bool) -> float:
    """How many key widths the picture is wide."""
    return _PAD + 4 if with_numbers else _BLOCK + 3


def paint(
    painter: QPainter, area: QRectF, keyboard: Keyboard, words: Mapping[str, str], font: QFont, points: float, inks: Inks
) -> float:
    """In the whole width of `area`; `points` is the size of a point in the painter's units. Returns the height used.

    On keys that are narrower than on a lying A4 page the letters are smaller in proportion.
    """
    with_numbers = any(key.startswith("Num+") for key in words)
    unit = area.width() / widths(with_numbers)
    points = min(points, unit / NARROWEST)
    for cap in caps(keyboard, with_numbers):
        box = QRectF(area.left() + cap.x * unit, area.top() + cap.y * unit, cap.width * unit, unit)
        _cap(painter, box.adjusted(0.03 * unit, 0.03 * unit, -0.03 * unit, -0.03 * unit), cap, words, font, points, inks)
    return HEIGHT * unit


def _cap(painter: QPainter, box: QRectF, cap: Cap, words: Mapping[str, str], font: QFont, points: float, inks: Inks) -> None:
    key = cap.key if cap.key in words else cap.key.removeprefix("Num+")  # a digit of the number block does what digits do
    does = words.get(key, "") if cap.legend or key == "Space" else ""
    painter.setPen(QPen(QColor(inks.line), 0.6 * points))
    painter.setBrush(QColor(inks.lit if does else inks.ground))
    painter.drawRoundedRect(box, 2 * points, 2 * points)
    inner = box.adjusted(1.6 * points, 1.2 * points, -1.6 * points, -1.2 * points)
    painter.setFont(sized(font, 7.5 * points, bold=bool(does)))
    painter.setPen(QColor(inks.text if does else inks.quiet))
    painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), cap.legend)
    if does:
        below = inner.adjusted(0, 8.8 * points if cap.legend else 0, 0, 0)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextWordWrap)
        painter.setFont(fitting(font, does, below, points, flags, painter))
        painter.setPen(QColor(inks.text))
        painter.drawText(below, flags, does)


def fitting(font: QFont, words: str, box: QRectF, points: float, flags: int, painter: QPainter) -> QFont:
    """The largest size, from 7 points down to 4, in which the words fit; no word of them is broken."""
    longest = max(words.split(), key=len, default="")
    for size in (7.0, 6.5, 6.0, 5.5, 5.0, 4.5, 4.0):
        tried = sized(font, size * points)
        metrics = QFontMetricsF(tried, painter.device())
        needed = metrics.boundingRect(box, flags, words)
        if needed.height() <= box.height() + 0.5 and metrics.horizontalAdvance(longest) <= box.width():
            return tried
    return sized(font, 4.0 * points)


def sized(font: QFont, pixels: float, bold: bool = False) -> QFont:
    made = QFont(font)
    made.setPixelSize(max(1, round(pixels)))
    made.setBold(bold)
    return made


def bare_words(keys_of: Mapping[str, tuple[str, ...]], titles: Mapping[str, str]) -> dict[str, str]:
    """What is written on each key: the command that the key runs without another one held."""
    return {key: titles[i] for i in titles for key in keys_of.get(i, ()) if "+" not in key[:-1] or key.startswith("Num+")}
