"""A signature that can still be taken back, for as long as it waits: seen from the next case as well."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QPushButton

from ui import theme
from ui.plain import plain, tooltip
from workstation.session.session import Session

TICK_MS = 250


class UndoBadge(QPushButton):
    """Hidden while there is none. A press takes the signature back."""

    def __init__(self, session: Session, run: Callable[[str], None], keys: str) -> None:
        super().__init__()
        self.setObjectName("undoBadge")
        self.setFlat(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setStyleSheet(f"QPushButton {{ color: {theme.ACCENT}; }}")
        self.setToolTip(tooltip(self.tr("Take the signature back"), keys))
        self._life, self._desk = session.life, session.desk
        self.clicked.connect(lambda: run("report.withdraw"))
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.show_now)
        session.desk.signed.connect(lambda _: self.show_now())
        session.life.changed.connect(lambda _: self.show_now())
        session.desk.report_changed.connect(lambda _: self.show_now())
        self.hide()

    def show_now(self) -> None:
        waiting = None if self._is_offered else self._life.waiting()
        self.setVisible(waiting is not None)
        if waiting is None:
            self._tick.stop()
            return
        delivery, left = waiting
        words = self.tr("{0} goes to the RIS in {1} s: take back")
        self.setText(words.format(plain(delivery.accession_number), int(left) + 1))
        if not self._tick.isActive():
            self._tick.start()

    @property
    def _is_offered(self) -> bool:
        """The report on the desk offers it itself."""
        waiting, report = self._life.waiting(), self._desk.report
        is_own = report is not None and waiting is not None and waiting[0].report_uuid == report.report_uuid
        return is_own and not self._desk.is_open_for_writing
