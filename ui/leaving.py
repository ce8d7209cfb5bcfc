"""Closing the window: nothing that is typed, said or signed is left behind without a word (reliability F27)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from ui.plain import core_text
from ui.worklist_times import span
from workstation.domain.delivery import Delivery, is_at_end
from workstation.errors import WorkstationError

if TYPE_CHECKING:
    from ui.seat import Seat


class Leaving(QObject):
    """Asked by the window before it closes. The question stands beside the work, never in its way."""

    def __init__(self, window: QWidget, core: Seat) -> None:
        super().__init__(window)
        self._window = window
        self._core = core
        self._agreed = False
        self._waiting = False
        self._question: LeaveDialog | None = None
        core.session.desk.saving_changed.connect(self._saved)

    @property
    def question(self) -> LeaveDialog | None:
        """The question that stands open, if any."""
        return self._question

    def agree(self) -> None:
        """Ask nothing any more: the reader said yes, or there is no reader."""
        self._agreed = True

    def may_close(self) -> bool:
        """Whether the window may close now. If not, it closes by itself once all is saved, or asks."""
        app = QGuiApplication.instance()
        if self._agreed or (isinstance(app, QGuiApplication) and app.isSavingSession()):
            return True
        desk = self._core.session.desk
        desk.leaving.emit(None)
        if desk.is_saving and not self._waiting:
            self._waiting = True
            return False
        reasons = self._reasons()
        if not reasons:
            return True
        self._ask(reasons)
        return False

    def _saved(self, under_way: int) -> None:
        if self._waiting and not under_way:
            self._waiting = False
            self._window.close()

    def _reasons(self) -> list[str]:
        desk = self._core.session.desk
        reasons = []
        if desk.unsaved or desk.is_saving:
            reasons.append(self.tr("The disk has not taken everything you wrote. What it has not taken is lost when you close."))
        try:
            waiting = [d for d in self._core.reports.deliveries(open_only=True) if not is_at_end(d)]
        except WorkstationError as error:
            return [*reasons, core_text(str(error))]
        return [*reasons, self._waiting_words(waiting)] if waiting else reasons

    def _waiting_words(self, waiting: list[Delivery]) -> str:
        age = span(datetime.now(UTC) - min(delivery.created for delivery in waiting))
        if len(waiting) == 1:
            words = self.tr("1 signed report is not yet confirmed by the RIS. It was signed {0} ago.").format(age)
        else:
            words = self.tr("{0} signed reports are not yet confirmed by the RIS. The oldest was signed {1} ago.")
            words = words.format(len(waiting), age)
        return f"{words} {self.tr('Nothing is lost: sending goes on when Lyskasse is opened again.')}"

    def _ask(self, reasons: list[str]) -> None:
        if self._question is not None:
            self._question.raise_()
            self._question.activateWindow()
            return
        question = LeaveDialog(reasons, self._window)
        question.accepted.connect(self._leave)
        question.finished.connect(self._answered)
        self._question = question
        question.show()

    def _answered(self, _: int) -> None:
        self._question = None

    def _leave(self) -> None:
        self.agree()
        self._window.close()


class LeaveDialog(QDialog):
    """Not modal. Esc and Return stay; leaving takes the other button."""

    def __init__(self, reasons: list[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("leaveDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Close Lyskasse?"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(10)
        for reason in reasons:
            label = QLabel(reason)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            column.addWidget(label)
        buttons = QDialogButtonBox()
        self.stay = buttons.addButton(self.tr("Stay"), QDialogButtonBox.ButtonRole.RejectRole)
        self.leave = buttons.addButton(self.tr("Close anyway"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.leave.setAutoDefault(False)
        self.stay.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.setMinimumWidth(460)
        self.stay.setFocus()
