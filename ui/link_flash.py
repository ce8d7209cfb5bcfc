"""Where the words of a report point to in an image: a ring for a moment, and the pointer for words that are being said."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.viewport_grid import ViewportGrid
from workstation.session.linked_image import Flash
from workstation.session.session import Session

SIZE = 56
SHOWN_MS = 1400


class Ring(QWidget):
    """Two circles, light on dark, round a point; nothing can be clicked on it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.resize(SIZE, SIZE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(SIZE / 2, SIZE / 2)
        for colour, width in ((theme.IMAGE, 5.0), (theme.ACCENT, 2.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(middle, SIZE / 2 - 4, SIZE / 2 - 4)
        painter.end()


class LinkFlash(QObject):
    """Plugs the grid's pointer and ring into the session."""

    def __init__(self, session: Session, grid: ViewportGrid) -> None:
        super().__init__(grid)
        self._session = session
        self._grid = grid
        self.ring: Ring | None = None
        self._end = QTimer(self)
        self._end.setSingleShot(True)
        self._end.setInterval(SHOWN_MS)
        self._end.timeout.connect(self._hide)
        session.linked.images.pointer = self._pointer
        session.linked.images.flashed.connect(self._flash)

    def _pointer(self, index: int) -> tuple[float, float] | None:
        widget = self._grid.widget(index)
        at, ratio = widget.pointer(), widget.devicePixelRatioF()
        return (at[0] * ratio, at[1] * ratio) if at is not None else None

    def _flash(self, flash: Flash) -> None:
        self._hide()
        widget = self._grid.widget(flash.index)
        view = widget.view()
        seen = view.viewport.on_view(flash.at, view.state, view.width, view.height) if view is not None else None
        if not seen:
            return
        ratio = widget.devicePixelRatioF()
        self.ring = Ring(widget)
        self.ring.move(round(seen[0][0] / ratio - SIZE / 2), round(seen[0][1] / ratio - SIZE / 2))
        self.ring.show()
        self._end.start()

    def _hide(self) -> None:
        if self.ring is not None:
            self.ring.hide()
            self.ring.deleteLater()
            self.ring = None
