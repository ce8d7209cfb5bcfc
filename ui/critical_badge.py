"""A critical result that nobody was told of, and how long there is left: in the window whatever is on screen (F76)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QPushButton

from ui import theme
from ui.plain import plain, tooltip
from ui.worklist_times import span
from workstation.domain.critical import CriticalResult
from workstation.session.session import Session

TICK_MS = 5000
SOON = timedelta(minutes=15)


def utc_now() -> datetime:
    return datetime.now(UTC)


class CriticalBadge(QPushButton):
    """Hidden while none is open. A press goes to the most pressing one."""

    def __init__(self, session: Session, run: Callable[[str], None], keys: str, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__()
        self.setObjectName("criticalBadge")
        self.setFlat(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._session = session
        self._keys = keys
        self._now = now
        self._colour = ""
        self.clicked.connect(lambda: run("report.critical"))
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.show_now)
        session.criticals.changed.connect(lambda _: self.show_now())
        self.hide()
        session.criticals.load()

    def show_now(self) -> None:
        waiting = self._session.criticals.open
        self.setVisible(bool(waiting))
        if not waiting:
            self._tick.stop()
            return
        left = waiting[0].due - self._now()
        self.setText(self._words(waiting, left))
        self.setAccessibleName(self.text())
        facts = [f"{plain(c.accession_number)}: {plain(c.finding)}" for c in waiting]
        self.setToolTip(tooltip(self.tr("Critical results that nobody was told of"), *facts, self._keys))
        colour = theme.RED if left < SOON else theme.AMBER
        if colour != self._colour:
            self._colour = colour
            self.setStyleSheet(f"QPushButton {{ color: {colour}; }}")
        if not self._tick.isActive():
            self._tick.start()

    def _words(self, waiting: tuple[CriticalResult, ...], left: timedelta) -> str:
        late = left < timedelta(0)
        when = (self.tr("overdue {0}") if late else self.tr("{0} left")).format(span(abs(left)))
        if len(waiting) == 1:
            return self.tr("Critical result not told: {0}").format(when)
        return self.tr("{0} critical results not told: {1}").format(len(waiting), when)
