"""The buttons below the report: what can be done with it as it stands, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from ui.plain import tooltip
from workstation.domain.report import Report, ReportAction
from workstation.session.session import Session

TICK_MS = 250


class SignRow(QWidget):
    """Draft: sign. Just signed: take it back, while that can be done. Signed: add or correct. Begun: sign or put away."""

    def __init__(self, session: Session, run: Callable[[str], None], keys: Callable[[str], str]) -> None:
        super().__init__()
        self._session = session
        self._run = run
        self._keys = keys
        self._writable = self._unsaved = False
        self.preliminary = self._button(self.tr("Sign preliminary"), "report.sign_preliminary")
        self.put_away = self._button(self.tr("Put away"), "report.put_away")
        self.final = self._button(self.tr("Sign final"), "report.sign_final")
        self.final.setObjectName("primary")
        self.addendum = self._button(self.tr("Addendum"), "report.addendum")
        self.correct = self._button(self.tr("Correct…"), "report.correct")
        self.withdraw = self._button(self.tr("Take the signature back"), "report.withdraw")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.preliminary, self.put_away, self.final, self.withdraw, self.addendum, self.correct):
            row.addWidget(button, 1)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._show)
        session.life.changed.connect(lambda _: self._show())
        self._show()

    def show_state(self, writable: bool, unsaved: bool) -> None:
        self._writable, self._unsaved = writable, unsaved
        self._show()

    def _show(self) -> None:
        report = self._session.desk.report
        revision = report.revision if report else None
        is_signed = report is not None and not self._writable and not self._session.desk.locked
        left = self._seconds_left(report)
        self.preliminary.setVisible(not is_signed and revision is None)
        self.put_away.setVisible(revision is not None)
        self.final.setVisible(not is_signed)
        self.final.setText(self._final_words(revision.action if revision else None))
        self.withdraw.setVisible(left > 0)
        self.addendum.setVisible(is_signed and left <= 0)
        self.correct.setVisible(is_signed and left <= 0)
        for button in (self.preliminary, self.final):
            button.setEnabled(self._writable and not self._unsaved)
        if left > 0:
            self.withdraw.setText(self.tr("Take the signature back ({0} s)").format(int(left) + 1))
        if (left > 0) != self._tick.isActive():
            self._tick.start() if left > 0 else self._tick.stop()

    def _seconds_left(self, report: Report | None) -> float:
        """Of the signature on the desk's report, unless it is being written on again."""
        waiting = self._session.life.waiting()
        if report is None or waiting is None or waiting[0].report_uuid != report.report_uuid or self._writable:
            return 0.0
        return waiting[1]

    def _final_words(self, action: ReportAction | None) -> str:
        words = {
            ReportAction.APPEND: self.tr("Sign addendum"),
            ReportAction.CORRECT: self.tr("Sign correction"),
            ReportAction.AMEND: self.tr("Sign amendment"),
        }
        return words[action] if action in words else self.tr("Sign final")

    def _button(self, text: str, command: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip(text, self._keys(command)))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # Held down, Return on a focused button signs once: Qt repeats the click only for mouse buttons.
        button.setAutoRepeat(False)
        button.clicked.connect(lambda: self._run(command))
        return button
