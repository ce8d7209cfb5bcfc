"""The keys in force on paper: A4, lying or upright, the picture of the keyboard with what is used most, then all others.

One page where they fit, two at most. Names nobody; made for whoever sits at the desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QMarginsF, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
)

from ui.key_words import shown_keys
from ui.keyboard_picture import Inks, bare_words, paint, sized
from ui.mouse_words import mouse_rows
from ui.plain import core_text
from ui.runner import Runner
from workstation.commands.command import Mode

MARGIN_MM: Final = 9.0
RESOLUTION: Final = 300
PREVIEW_DPI: Final = 110
TITLE_POINTS, HEAD_POINTS = 12.5, 8.5
LARGEST, SMALLEST = 8.5, 5.5
PAPER = Inks("#777777", "#000000", "#666666", "#ffffff", "#dfe9ee")
PAPER_GROUND = "#ffffff"

MOST_USED: Final = (
    *("image.next", "image.previous", "image.next10", "image.previous10", "image.first", "image.last"),
    *("series.next", "series.previous", "hanging.next", "hanging.previous", "viewport.next", "viewport.maximise"),
    *(f"window.preset{digit}" for digit in range(1, 10)),
    *("window.auto", "tool.window", "tool.zoom", "tool.pan", "tool.scroll", "tool.crosshair"),
    *("tool.length", "tool.angle", "tool.ellipse", "tool.arrow", "tool.probe", "image.magnifier", "image.invert"),
    *("image.fit", "image.flip_horizontal", "image.rotate_right", "image.overlays", "cine.toggle", "viewport.link"),
    *("key_image.toggle", "drawing.remove", "report.focus", "report.dictate", "report.images", "case.worklist", "case.next"),
    *("help.keys", "drawing.next", "hanging.three_planes", "image.reset", "compare.blink"),
)
"""What stands on the keys of the picture, where it is one key without another held."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list."""

    title: str
    keys: str


@dataclass(frozen=True, slots=True)
class Block:
    """A menu's commands."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is on the paper."""

    title: str
    words: dict[str, str]
    blocks: tuple[Block, ...]
    note: str


def sheet_of(runner: Runner, profile: str) -> Sheet:
    """The keys in force. Commands without a key are left out: Ctrl+K finds them."""
    keymap, commands = runner.keymap, runner.commands
    menus: dict[str, list[Row]] = {}
    for command in commands.values():
        keys = keymap.keys_of[command.id]
        if keys and command.modes != frozenset({Mode.POINTING}):
            rows = menus.setdefault(core_text(command.menu or "Other"), [])
            rows.append(Row(core_text(command.title).rstrip("…"), shown_keys(keys, runner.keyboard)))
    blocks = [Block(title, tuple(rows)) for title, rows in menus.items()]
    mouse = tuple(Row(what, does) for what, does in mouse_rows(runner.context().session.viewing.mouse, commands))
    titles = {i: core_text(commands[i].title).rstrip("…") for i in MOST_USED if i in commands}
    words = bare_words(keymap.keys_of, titles)
    find = shown_keys(keymap.keys_of["help.palette"], runner.keyboard)
    note = _tr("Letters, digits and signs act while the images have the keys. {0} finds every command by its name.").format(find)
    title = _tr("Keys: {0} ({1} keyboard)").format(core_text(profile), core_text(runner.keyboard.title))
    return Sheet(title, words, (*blocks, Block(_tr("Mouse"), mouse)), note)


def pdf_bytes(runner: Runner, profile: str, is_upright: bool = False) -> bytes:
    """As `ui.report.printing`: PDF/A-1b, fonts inside."""
    written = QByteArray()
    buffer = QBuffer(written)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPdfVersion(QPagedPaintDevice.PdfVersion.PdfVersion_A1b)
    writer.setResolution(RESOLUTION)
    writer.setCreator("Lyskasse")
    writer.setTitle(_tr("Keys"))
    writer.setPageLayout(page_layout(is_upright))
    print_sheet(runner, profile, writer)
    buffer.close()
    return bytes(written.data())


def page_layout(is_upright: bool = False) -> QPageLayout:
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    size = QPageSize(QPageSize.PageSizeId.A4)
    way = QPageLayout.Orientation.Portrait if is_upright else QPageLayout.Orientation.Landscape
    return QPageLayout(size, way, margins, QPageLayout.Unit.Millimeter)


def print_sheet(runner: Runner, profile: str, device: QPagedPaintDevice) -> int:
    """All pages on a printer or a PDF. How many."""
    painter = QPainter(device)
    try:
        area = QRectF(QPointF(0, 0), QSizeF(device.pageLayout().paintRectPixels(device.logicalDpiX()).size()))
        pages = Pages(sheet_of(runner, profile), runner, area, painter, device.logicalDpiX(), PAPER)
        for number in range(pages.count):
            if number:
                device.newPage()
            pages.paint_page(number)
        return pages.count
    finally:
        painter.end()


def page_images(
    runner: Runner, profile: str, inks: Inks, ground: str, dpi: int = PREVIEW_DPI, is_upright: bool = False
) -> list[QImage]:
    """The pages as pictures."""
    whole = QSize(page_layout(is_upright).fullRectPixels(dpi).size())
    margin = MARGIN_MM / 25.4 * dpi
    area = QRectF(margin, margin, whole.width() - 2 * margin, whole.height() - 2 * margin)
    sheet, made, number = sheet_of(runner, profile), [], 0
    while True:
        image = QImage(whole, QImage.Format.Format_RGB32)
        image.setDotsPerMeterX(round(dpi / 0.0254))
        image.setDotsPerMeterY(round(dpi / 0.0254))
        image.fill(QColor(ground))
        painter = QPainter(image)
        pages = Pages(sheet, runner, area, painter, dpi, inks)
        pages.paint_page(number)
        painter.end()
        made.append(image)
        number += 1
        if number >= pages.count:
            return made


class Pages:
    """A sheet laid out for an area, in the painter's units."""

    def __init__(self, sheet: Sheet, runner: Runner, area: QRectF, painter: QPainter, dpi: int, inks: Inks) -> None:
        self._sheet, self._runner, self._area = sheet, runner, area
        self._painter, self._point, self._inks = painter, dpi / 72.0, inks
        self._font = QFont(QGuiApplication.font().family())
        self._metrics: dict[tuple[float, bool], QFontMetricsF] = {}
        picture = area.width() / 18.4 * 6.25 if not any(k.startswith("Num+") for k in sheet.words) else area.width() / 22.8 * 6.25
        top = area.top() + 22 * self._point
        first, second = (3, 3) if area.height() > area.width() else (5, 4)
        self._columns = _columns(area, top + picture + 8 * self._point, first), _columns(area, top, second)
        self._size, self._pages = self._fitted()

    @property
    def count(self) -> int:
        return len(self._pages)

    def paint_page(self, number: int) -> None:
        self._head(number)
        if number == 0:
            box = QRectF(self._area.left(), self._area.top() + 22 * self._point, self._area.width(), 0)
            paint(self._painter, box, self._runner.keyboard, self._sheet.words, self._font, self._point, self._inks)
        for column, lines in zip(self._columns[min(number, 1)], self._pages[number], strict=False):
            self._column(column, lines)

    # ---- laying out ----------------------------------------------------------------------

    def _fitted(self) -> tuple[float, list[list[list[Row | str]]]]:
        """The largest letters with which all fits on one page, else on two."""
        for most in (1, 2):
            size = LARGEST
            while size >= (SMALLEST if most == 2 else 7.0):
                pages = self._placed(size)
                if len(pages) <= most:
                    return size, pages
                size -= 0.25
        return SMALLEST, self._placed(SMALLEST)[:2]

    def _placed(self, size: float) -> list[list[list[Row | str]]]:
        """Pages of columns of lines; a heading never stands last in a column."""
        lines: list[Row | str] = []
        for block in self._sheet.blocks:
            lines += [block.title, *block.rows]
        pages: list[list[list[Row | str]]] = []
        while lines:
            columns: list[list[Row | str]] = []
            for box in self._columns[min(len(pages), 1)]:
                taken = self._take(lines, box, size)
                columns.append(lines[:taken])
                lines = lines[taken:]
            pages.append(columns)
            if len(pages) > 6:
                break
        return pages

    def _take(self, lines: Sequence[Row | str], box: QRectF, size: float) -> int:
        """How many of the lines fit into a column."""
        used, taken = 0.0, 0
        for line in lines:
            used += self._height(line, box.width(), size)
            if used > box.height():
                break
            taken += 1
        while taken and taken < len(lines) and isinstance(lines[taken - 1], str):
            taken -= 1
        return taken

    def _height(self, line: Row | str, width: float, size: float) -> float:
        if isinstance(line, str):
            return (HEAD_POINTS + 5.5) * self._point
        row = 1.42 * size * self._point
        return row if self._room(line, width, size) else 2 * row

    def _room(self, row: Row, width: float, size: float) -> bool:
        """Whether title and keys stand on one line."""
        return self._wide(row.title, size) + self._wide(row.keys, size, True) + 5 * self._point <= width

    def _wide(self, words: str, size: float, bold: bool = False) -> float:
        if (size, bold) not in self._metrics:
            self._metrics[size, bold] = QFontMetricsF(sized(self._font, size * self._point, bold), self._painter.device())
        return self._metrics[size, bold].horizontalAdvance(words)

    # ---- painting ------------------------------------------------------------------------

    def _head(self, number: int) -> None:
        half = 0.44 * self._area.width()
        line = QRectF(self._area.left(), self._area.top(), half - 8 * self._point, 17 * self._point)
        self._write(line, self._sheet.title, TITLE_POINTS, Qt.AlignmentFlag.AlignLeft, bold=True)
        page = f"   {number + 1}/{self.count}" if self.count > 1 else ""
        rest = QRectF(self._area.left() + half, line.top(), self._area.width() - half, line.height())
        self._write(rest, self._sheet.note + page, HEAD_POINTS - 0.5, Qt.AlignmentFlag.AlignRight)

    def _column(self, box: QRectF, lines: Sequence[Row | str]) -> None:
        y = box.top()
        for line in lines:
            high = self._height(line, box.width(), self._size)
            place = QRectF(box.left(), y, box.width(), high)
            if isinstance(line, str):
                self._heading(place, line)
            else:
                self._row(place, line)
            y += high

    def _heading(self, place: QRectF, words: str) -> None:
        low = place.adjusted(0, 3 * self._point, 0, -1.5 * self._point)
        self._write(low, words, HEAD_POINTS, Qt.AlignmentFlag.AlignLeft, bold=True)
        self._painter.setPen(QPen(QColor(self._inks.line), 0.5 * self._point))
        self._painter.drawLine(QPointF(place.left(), low.bottom()), QPointF(place.right(), low.bottom()))

    def _row(self, place: QRectF, row: Row) -> None:
        first = QRectF(place.left(), place.top(), place.width(), 1.42 * self._size * self._point)
        self._write(first, row.title, self._size, Qt.AlignmentFlag.AlignLeft)
        last = first if self._room(row, place.width(), self._size) else first.translated(0, first.height())
        self._write(last, row.keys, self._size, Qt.AlignmentFlag.AlignRight, bold=True)

    def _write(self, box: QRectF, words: str, size: float, side: Qt.AlignmentFlag, bold: bool = False) -> None:
        """On one line: in smaller letters where it would not fit, nothing is cut off."""
        font = sized(self._font, size * self._point, bold)
        wide = QFontMetricsF(font, self._painter.device()).horizontalAdvance(words)
        if wide > box.width():
            font = sized(self._font, size * self._point * 0.96 * box.width() / wide, bold)
        self._painter.setFont(font)
        self._painter.setPen(QColor(self._inks.text if bold or size == self._size else self._inks.quiet))
        self._painter.drawText(box, int(side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip), words)


def _columns(area: QRectF, top: float, count: int) -> list[QRectF]:
    gap = area.width() * 0.022
    width = (area.width() - (count - 1) * gap) / count
    return [QRectF(area.left() + i * (width + gap), top, width, area.bottom() - top) for i in range(count)]


def _tr(text: str) -> str:
    return QCoreApplication.translate("keys", text)
