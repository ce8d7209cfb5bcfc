"""The thin bar at the lower edge of a viewport whose series holds several volumes at the same places.

One mark for each volume, the shown one lit; a click or a drag goes to another, the wheel over the bar steps.
It is there only for such series, lies over the outermost pixels, and takes no focus from the images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from ui import plain, theme
from workstation.domain.dimension import Dimension

if TYPE_CHECKING:
    from ui.seat import Seat
    from ui.viewport_widget import ViewportWidget

# Logical pixels: what the mouse can hit, what is painted, and what is painted under the mouse.
HIGH, THIN, THICK = 12, 3, 5
INSET = 2
# Marks nearer to each other than this run into one line.
LEAST_MARK = 5.0
# The words of the volume under the mouse stand this far above the bar.
ABOVE = 4
WHEEL_STEP = 120


class DimensionSlider(QWidget):
    """Of viewport `host`; what it shows is read from the session."""

    def __init__(self, host: ViewportWidget, core: Seat) -> None:
        super().__init__(host)
        self.setObjectName(f"dimensions{host.index}")
        self.setAccessibleName(self.tr("Phases, b-values or times"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._host = host
        self._viewing = core.session.viewing
        self._words = _Words(host)
        self._under: int | None = None
        self._wheel = 0
        host.installEventFilter(self)
        self._viewing.viewport_changed.connect(self._follow)
        self._viewing.arrangement_changed.connect(self._follow)
        core.library.changed.connect(self._follow)
        self._follow(None)

    @property
    def dimensions(self) -> Sequence[Dimension]:
        return self._viewing.dimensions.of(self._host.index)

    @property
    def shown(self) -> int:
        return self._viewing.dimensions.shown(self._host.index)

    def place_of(self, dimension: int) -> QRectF:
        """Where its mark is, in this widget."""
        count = max(len(self.dimensions), 1)
        wide = (self.width() - 2 * INSET) / count
        high = THICK if self._under is not None else THIN
        gap = 1.0 if wide >= LEAST_MARK else 0.0
        return QRectF(INSET + dimension * wide, self.height() - high - INSET, wide - gap, high)

    def words_of(self, dimension: int) -> str:
        """`b 1000 (3/4)`; what cannot be cut through says why."""
        found = self.dimensions
        words = f"{plain.plain(found[dimension].label)} ({dimension + 1}/{len(found)})"
        reason = plain.core_text(found[dimension].reason)
        return f"{words}: {reason}" if reason else words

    # ---- events ----------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def enterEvent(self, event: QEnterEvent) -> None:
        self._point(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._under = None
        self._words.hide()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._viewing.activate(self._host.index)
            self._go(self._at(event.position()))
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(event.position())
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(self._at(event.position()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y() or event.angleDelta().x()
        steps, self._wheel = int(self._wheel / WHEEL_STEP), self._wheel - int(self._wheel / WHEEL_STEP) * WHEEL_STEP
        if steps and self.dimensions:
            self._go(self.shown - steps)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        found, shown = self.dimensions, self.shown
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = self.place_of(0).united(self.place_of(max(len(found) - 1, 0)))
        painter.fillRect(ground.adjusted(-1, -1, 1, 1), QColor(theme.IMAGE))
        for index, one in enumerate(found):
            painter.fillRect(self.place_of(index), QColor(_colour(one, index == shown, index == self._under)))
        if found:  # the lit mark of many is too narrow to be seen
            lit = self.place_of(shown)
            lit.setWidth(max(lit.width(), LEAST_MARK))
            painter.fillRect(lit, QColor(theme.ACCENT))
        painter.end()

    # ---- inside ----------------------------------------------------------------------

    def _follow(self, _: object) -> None:
        is_there = bool(self.dimensions)
        if is_there is self.isHidden():
            self.setVisible(is_there)
            self._place()
        if not is_there:
            self._under = None
            self._words.hide()
        elif self._under is not None:
            self._say(self.shown)
        self.update()

    def _place(self) -> None:
        self.setGeometry(0, self._host.height() - HIGH, self._host.width(), HIGH)
        self.raise_()

    def _at(self, where: QPointF) -> int:
        count = len(self.dimensions)
        return min(max(int((where.x() - INSET) / max(1.0, self.width() - 2 * INSET) * count), 0), max(count - 1, 0))

    def _point(self, where: QPointF) -> None:
        if self.dimensions:
            self._under = self._at(where)
            self._say(self._under)
            self.update()

    def _say(self, dimension: int) -> None:
        self._words.say(self.words_of(dimension), self.place_of(dimension).center().x(), self.y())

    def _go(self, dimension: int) -> None:
        self._viewing.dimensions.go(self._host.index, dimension)


def _colour(one: Dimension, is_shown: bool, is_under: bool) -> str:
    """Amber is a volume that cannot be cut through, among others that can."""
    if is_shown:
        return theme.ACCENT
    if one.reason and not one.is_aside:
        return theme.AMBER
    return theme.TEXT if is_under else theme.EDGE


class _Words(QWidget):
    """What the mark under the mouse stands for: a line just above the bar, inside the viewport."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self.text = ""

    def say(self, text: str, x: float, bottom: int) -> None:
        self.text = text
        metrics = QFontMetricsF(theme.text_font())
        most = self._host.width()
        size = QSize(min(most, round(metrics.horizontalAdvance(text)) + 2 * theme.GAP), round(metrics.height()) + theme.GAP)
        left = min(max(round(x) - size.width() // 2, 0), most - size.width())
        self.setGeometry(left, bottom - size.height() - ABOVE, size.width(), size.height())
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.RAISED))
        painter.setFont(theme.text_font())
        painter.setPen(QColor(theme.TEXT))
        room = self.rect().adjusted(theme.GAP, 0, -theme.GAP, 0)
        text = QFontMetricsF(painter.font()).elidedText(self.text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()
