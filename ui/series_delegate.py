"""Paints the rows of the series strip: thumbnail, what it is, how much is loaded, where it hangs."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import icons, plain, theme
from ui.key_image_words import SIGN
from ui.series_model import ROW, SeriesRow, StudyRow, heading_title
from ui.text_page import is_report
from workstation.domain.doubt import Verdict
from workstation.domain.viewing import Layout
from workstation.domain.without_images import kinds

THUMBNAIL = 76
PAD = 6
WHERE_WIDTH, WHERE_HEIGHT = 23, 15
SLICED = {"CT", "MR", "PT", "NM"}
ROW_HEIGHT = THUMBNAIL + 2 * PAD
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class SeriesDelegate(QStyledItemDelegate):
    """`layouts` are the grids of the screens: a small picture of them shows where a series hangs."""

    def __init__(self) -> None:
        super().__init__()
        self.layouts: tuple[Layout, ...] = (Layout(1, 1),)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        line = option.fontMetrics.lineSpacing()
        row = index.data(ROW)
        if isinstance(row, StudyRow):
            return QSize(10, 2 * line + 14 if row.study.study_description else line + 14)
        if isinstance(row, SeriesRow) and not row.series.image_count:
            return QSize(10, line + 8)
        return QSize(10, max(ROW_HEIGHT, 4 * line + 2 * PAD))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        row = index.data(ROW)
        painter.save()
        if isinstance(row, StudyRow):
            self._heading(painter, option.rect, row, option)
        elif isinstance(row, SeriesRow) and not row.series.image_count:
            self._document(painter, option.rect, row)
        elif isinstance(row, SeriesRow):
            self._series(painter, option.rect, row, option)
        painter.restore()

    def _heading(self, painter: QPainter, rect: QRect, row: StudyRow, option: QStyleOptionViewItem) -> None:
        line = option.fontMetrics.lineSpacing()
        painter.fillRect(rect, QColor(theme.PRIOR_GROUND if row.is_prior else theme.PANEL))
        inner = rect.adjusted(10, 7, -6, -7)
        painter.setFont(theme.text_font(bold=True))
        painter.setPen(QColor(theme.PRIOR if row.is_prior else theme.TEXT))
        title = heading_title(row)
        if painter.fontMetrics().horizontalAdvance(title) > inner.width():
            title = heading_title(row, short=True)
        _text(painter, QRect(inner.left(), inner.top(), inner.width(), line), title)
        if row.study.study_description:
            painter.setFont(theme.text_font())
            painter.setPen(QColor(theme.TEXT if row.is_prior else theme.MUTED))
            place = QRect(inner.left(), inner.top() + line, inner.width(), line)
            _text(painter, place, plain.plain(row.study.study_description))

    def _document(self, painter: QPainter, rect: QRect, row: SeriesRow) -> None:
        """A series without images: there, but nothing to hang."""
        painter.fillRect(rect, QColor(theme.GROUND))
        painter.setFont(theme.text_font())
        painter.setPen(QColor(theme.TEXT if is_report(row.series) else theme.FAINT))
        kept = ", ".join(plain.core_text(kind) for kind in kinds([row.series]))
        named = row.series.series_description or (plain.core_text("{0}, not shown here").format(kept) if kept else "")
        words = f"{row.series.modality}  {named or plain.core_text('no images')}"
        _text(painter, rect.adjusted(PAD + 4, 0, -6, 0), plain.plain(words))

    def _series(self, painter: QPainter, rect: QRect, row: SeriesRow, option: QStyleOptionViewItem) -> None:
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        ground = theme.ACCENT_GROUND if selected else theme.RAISED if hovered else theme.GROUND
        painter.fillRect(rect, QColor(ground))
        if row.places:
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(theme.ACCENT))
        if focused and selected:
            painter.setPen(QPen(QColor(theme.ACCENT), 1))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        thumb = QRect(rect.left() + PAD + 3, rect.top() + (rect.height() - THUMBNAIL) // 2, THUMBNAIL, THUMBNAIL)
        self._thumbnail(painter, thumb, row)
        words = QRect(thumb.right() + 9, rect.top() + PAD, rect.right() - thumb.right() - 14, rect.height() - 2 * PAD)
        self._words(painter, words, row, option.fontMetrics.lineSpacing())

    def _thumbnail(self, painter: QPainter, place: QRect, row: SeriesRow) -> None:
        painter.fillRect(place, QColor(theme.IMAGE))
        if row.thumbnail is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, row.thumbnail)
        else:
            painter.setPen(QColor(theme.FAINT))
            painter.setFont(theme.text_font(13))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), plain.plain(row.series.modality))
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.drawRect(place.adjusted(0, 0, -1, -1))
        done, total = row.loaded
        if 0 <= done < total:
            bar = QRect(place.left(), place.bottom() - 3, place.width(), 4)
            painter.fillRect(bar, QColor(theme.LINE))
            painter.fillRect(QRect(bar.left(), bar.top(), bar.width() * done // total, 4), QColor(theme.ACCENT))

    def _words(self, painter: QPainter, place: QRect, row: SeriesRow, line: int) -> None:
        series = row.series
        number = f" {series.series_number}" if series.series_number is not None else ""
        painter.setFont(theme.text_font(bold=True))
        painter.setPen(QColor(theme.TEXT))
        title = QRect(place.left(), place.top(), place.width() - (WHERE_WIDTH + 5 if row.places else 0), line)
        _text(painter, title, f"{plain.plain(series.modality)}{number}")
        if row.places:
            self._where(painter, QPoint(place.right() - WHERE_WIDTH, place.top() + (line - WHERE_HEIGHT) // 2), row)
        painter.setFont(theme.text_font())
        painter.setPen(QColor(theme.TEXT))
        rest = place.adjusted(0, line, 0, 0)
        lines = max(rest.height() // line - 1, 1)
        description = _wrapped(painter, plain.plain(series.series_description), rest.width(), lines)
        for i, text in enumerate(description):
            painter.drawText(QRect(rest.left(), rest.top() + i * line, rest.width(), line), _LEFT, text)
        self._last_line(painter, QRect(place.left(), place.bottom() - line + 1, place.width(), line), row)

    def _last_line(self, painter: QPainter, place: QRect, row: SeriesRow) -> None:
        text = str(row.series.image_count)
        painter.setPen(QColor(theme.MUTED))
        painter.drawText(place, _LEFT, text)
        if row.keys:
            before, text = f"{text}   ", f"{text}   {SIGN} {row.keys}"
            painter.setPen(QColor(theme.DRAWN))
            indent = painter.fontMetrics().horizontalAdvance(before)
            painter.drawText(place.adjusted(indent, 0, 0, 0), _LEFT, f"{SIGN} {row.keys}")
        mark = row_mark(row)
        if mark is not None:
            name, colour, words = mark
            side = 16
            left = place.left() + painter.fontMetrics().horizontalAdvance(text) + 8
            painter.drawPixmap(left, place.top() + (place.height() - side) // 2, icons.pixmap(name, colour, side))
            painter.setPen(QColor(colour))
            _text(painter, place.adjusted(left - place.left() + side + 4, 0, 0, 0), plain.core_text(words))

    def _where(self, painter: QPainter, at: QPoint, row: SeriesRow) -> None:
        """The screens in small, one beside the other, with the places of this series filled."""
        room, before = WHERE_WIDTH / len(self.layouts), 0
        for screen, layout in enumerate(self.layouts):
            gap = 2 if screen else 0
            width, height = (room - gap) / layout.columns, WHERE_HEIGHT / layout.rows
            for index in range(layout.count):
                down, right = divmod(index, layout.columns)
                left, top = at.x() + screen * room + gap + right * width, at.y() + down * height
                cell = QRect(round(left), round(top), max(round(width) - 1, 2), max(round(height) - 1, 2))
                painter.fillRect(cell, QColor(theme.ACCENT if before + index in row.places else theme.EDGE))
            before += layout.count


def row_mark(row: SeriesRow) -> tuple[str, str, str] | None:
    """(icon, colour, words) when something must be known of a series before it is trusted.

    That single images and cines are no volume is no news; that slices do not make one is.
    """
    if row.verdict is Verdict.REFUSED:
        return "refused", theme.RED, "Refused"
    if row.doubts:
        return "warning", theme.AMBER, row.doubts[0]
    sliced = row.series.modality in SLICED and row.series.image_count > 2
    return ("warning", theme.AMBER, "Stack only") if row.verdict is Verdict.STACK and sliced else None


def _text(painter: QPainter, place: QRect, text: str) -> None:
    painter.drawText(place, _LEFT, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width()))


def _wrapped(painter: QPainter, text: str, width: int, lines: int) -> list[str]:
    """The text in at most `lines` lines, broken at spaces, the last one cut with an ellipsis."""
    metrics = painter.fontMetrics()
    found: list[str] = []
    words = text.split()
    while words and len(found) < lines:
        line = words.pop(0)
        while words and metrics.horizontalAdvance(f"{line} {words[0]}") <= width:
            line = f"{line} {words.pop(0)}"
        if words and len(found) == lines - 1:
            line = " ".join([line, *words])
        found.append(metrics.elidedText(line, Qt.TextElideMode.ElideRight, width))
    return found
