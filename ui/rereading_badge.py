"""How far stored results are read again, in the line at the foot; a press stops it, or has it go on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from ui import theme
from ui.plain import tooltip
from workstation.session.rereading import Counts
from workstation.session.session import Session


class RereadingBadge(QPushButton):
    """Hidden while there is nothing to do."""

    def __init__(self, session: Session, run: Callable[[str], None], keys: str) -> None:
        super().__init__()
        self.setObjectName("rereadingBadge")
        self.setFlat(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setStyleSheet(f"QPushButton {{ color: {theme.MUTED}; }}")
        self._keys = keys
        self.clicked.connect(lambda: run("case.read_again"))
        self.hide()
        if session.rereading is not None:
            self._rereading = session.rereading
            session.rereading.changed.connect(self._show)

    def _show(self, counts: Counts) -> None:
        done, total = counts
        is_stopped = self._rereading.is_stopped
        self.setVisible(done < total)
        words = self.tr("Results read again: {0} of {1}, stopped") if is_stopped else self.tr("Results read again: {0} of {1}")
        self.setText(words.format(done, total))
        act = self.tr("Click to go on") if is_stopped else self.tr("Click to stop")
        why = self.tr("An earlier version of the program read less of what AI and other programs state")
        self.setToolTip(tooltip(why, act, self._keys))
