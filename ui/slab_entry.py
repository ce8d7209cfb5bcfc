"""One small field in a viewport in which the thickness of its slab is typed, in mm."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from workstation.errors import WorkstationError
from workstation.session.viewing import Viewing

WIDTH = 240


class SlabEntry(QLineEdit):
    """Return takes the number (0 is a thin cut), Esc or leaving it does not. A comma is a point, `mm` may stand behind."""

    def __init__(self, viewing: Viewing, index: int, parent: QWidget, give_back: Callable[[], object]) -> None:
        """`give_back` gives the keys to the images again."""
        super().__init__(parent)
        self._give_back = give_back
        self.setObjectName("slabEntry")
        self._viewing = viewing
        self._index = index
        words = self.tr("Slab thickness in mm, 0 for none")
        self.setPlaceholderText(words)
        self.setAccessibleName(words)
        self.setMaxLength(12)
        state = viewing.state(index)
        self.setText(f"{state.slab_mm:g}" if state is not None and state.slab_mm else "")
        self.selectAll()
        room = parent.rect()
        self.setFixedWidth(min(WIDTH, max(room.width() - 12, 60)))
        self.move((room.width() - self.width()) // 2, max(room.height() - self.sizeHint().height() - 48, 6))
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        elif event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._close()

    def _take(self) -> None:
        text = self.text().strip().lower().removesuffix("mm").strip().replace(",", ".")
        try:
            mm = float(text or "0")
            self._viewing.planes.set_slab(mm, self._index)
        except (ValueError, WorkstationError) as error:
            self.setProperty("problem", True)
            hint = error.hint if isinstance(error, WorkstationError) else self.tr("A number in mm, please")
            self.setToolTip(str(error) if isinstance(error, WorkstationError) else hint)
            self.setPlaceholderText(hint)
            self.clear()
            return
        self._close()

    def _close(self) -> None:
        if self.isHidden():
            return
        self.hide()
        self._give_back()
        self.deleteLater()
