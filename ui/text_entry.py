"""A line to type on the image: the words of a text or an arrow, the true length of a calibration line."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from workstation.domain.annotation import AnnotationKind
from workstation.errors import WorkstationError
from workstation.session.annotating import Annotating, TextWanted

WIDTH = 240


class TextEntry(QLineEdit):
    """Return keeps, Esc gives up (the window takes the key), leaving it keeps what was typed."""

    def __init__(self, wanted: TextWanted, annotating: Annotating, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("textEntry")
        self._wanted = wanted
        self._viewport = parent
        self._annotating = annotating
        self.is_open = True
        is_length = wanted.drawn.kind is AnnotationKind.CALIBRATION
        words = self.tr("True length in mm") if is_length else self.tr("Text")
        self.setPlaceholderText(words)
        self.setAccessibleName(words)
        self.setMaxLength(200)
        known = wanted.drawn.known_mm
        self.setText(f"{known:g}" if is_length and known is not None else wanted.drawn.text)
        self.selectAll()

    def open_at(self, at: QPoint) -> None:
        """Show beside a place in the viewport, all of it inside."""
        room = self._viewport.rect()
        self.setFixedWidth(min(WIDTH, max(room.width() - 12, 60)))
        left = min(max(at.x() + 8, 6), max(room.width() - self.width() - 6, 6))
        top = min(max(at.y() + 8, 6), max(room.height() - self.sizeHint().height() - 6, 6))
        self.move(left, top)
        self.show()
        self.setFocus()

    def keep(self) -> None:
        """Take what was typed. What is no length is told, and can be typed again."""
        if not self.is_open:
            return
        try:
            self._annotating.give_text(self._wanted, self.text())
        except WorkstationError as error:
            self.setToolTip(error.detail)
            self.setProperty("problem", True)
            self.setPlaceholderText(error.hint)
            self.clear()
            return
        self.close_entry()

    def close_entry(self) -> None:
        """Away without keeping."""
        if not self.is_open:
            return
        self.is_open = False
        self.hide()
        grid = self._viewport.parentWidget()
        if grid is not None:
            grid.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.keep()
            event.accept()  # or the images, which have the keys again, would hear it too
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.is_open and self.text().strip():
            self.keep()
        if self.is_open:
            self.close_entry()


class Words:
    """The one open line of a viewport."""

    def __init__(self, annotating: Annotating, viewport: QWidget) -> None:
        self._annotating = annotating
        self._viewport = viewport
        self.entry: TextEntry | None = None
        self._old: TextEntry | None = None

    def ask(self, wanted: TextWanted) -> None:
        """Ask for words beside the drawing."""
        self.close()
        if self._old is not None:
            self._old.deleteLater()  # not while it is told of the key that closed it
        seen = self._annotating.drawing.seen(wanted.drawn, wanted.index)
        ratio = self._viewport.devicePixelRatioF()
        place = QPoint(round(seen[-1][0] / ratio), round(seen[-1][1] / ratio)) if seen else self._viewport.rect().center()
        self.entry = TextEntry(wanted, self._annotating, self._viewport)
        self.entry.open_at(place)

    def close(self) -> bool:
        """Away with it, nothing kept. False when there was none."""
        entry, self.entry = self.entry, None
        self._old = entry or self._old
        if entry is None or not entry.is_open:
            return False
        entry.close_entry()
        return True
