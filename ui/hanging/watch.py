"""Looks at the arrangement when the hands rest, so that what was done three times can be offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from workstation.session.hangings_habits import OFFER

if TYPE_CHECKING:
    from ui.seat import Seat

# The hands rest for so long before it is looked at what they did.
REST_MS = 2500


class HangingWatch(QObject):
    """Never while something moves: a look costs more than a frame."""

    def __init__(self, core: Seat, parent: QObject) -> None:
        super().__init__(parent)
        self._core = core
        habits, viewing = core.session.hangings.habits, core.session.viewing
        habits.say, habits.kept, habits.mark = core.session.notice.emit, core.remembered, self.mark
        self.rest = QTimer(self)
        self.rest.setSingleShot(True)
        self.rest.setInterval(REST_MS)
        self.rest.timeout.connect(habits.look)
        viewing.arrangement_changed.connect(lambda _: self._touched())
        viewing.viewport_changed.connect(lambda _: self._touched())

    def declined(self, command_id: str) -> None:
        """The line that offered it was taken away by hand: not this arrangement again."""
        if command_id == OFFER:
            self._core.session.hangings.habits.decline()

    def mark(self) -> str:
        # Protocols are read with the first case, not with the window.
        from ui.hanging.hand import mark_now

        return mark_now(self._core)

    def _touched(self) -> None:
        if self._core.session.case is not None:
            self.rest.start()
