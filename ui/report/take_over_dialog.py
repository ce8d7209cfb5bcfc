"""Why an examination is taken over from another reader: asked first, and told to who loses it."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from ui.plain import plain
from workstation.domain.claim import ClaimState
from workstation.errors import WorkstationError
from workstation.session.session import Session

LONGEST = 200


class TakeOverDialog(QDialog):
    """Return takes over, once there are words; Esc leaves the other reader to it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("takeOverDialog")
        self.setWindowTitle(self.tr("Take over"))
        self._session = session
        claim = session.claiming.claim
        name = plain(claim.owner) if claim is not None else ""
        label = QLabel(self.tr("{0} reads this examination. Why do you take it over?").format(name or self.tr("Another reader")))
        label.setWordWrap(True)
        note = QLabel(self.tr("The other reader sees the reason at once, and can sign no more until it is claimed again."))
        note.setWordWrap(True)
        note.setProperty("role", "muted")
        self.reason = QLineEdit()
        self.reason.setMaxLength(LONGEST)
        self.reason.setAccessibleName(self.tr("Reason"))
        label.setBuddy(self.reason)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.take = self._buttons.addButton(self.tr("Take over"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.take.setDefault(True)
        self.take.setEnabled(False)
        self.reason.textChanged.connect(lambda text: self.take.setEnabled(bool(text.strip())))
        self._buttons.accepted.connect(self._accepted)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(10)
        for widget in (label, self.reason, note, self._buttons):
            column.addWidget(widget)
        self.setMinimumWidth(480)
        self.reason.setFocus()
        session.claiming.changed.connect(self._follow)

    def done(self, result: int) -> None:
        # Deleted when closed: nothing may tell it of claims any more.
        self._session.claiming.changed.disconnect(self._follow)
        super().done(result)

    def _follow(self, claim: object) -> None:
        """The reason is for that claim: free or ours by now, there is nothing to ask."""
        if getattr(claim, "state", None) is not ClaimState.OTHERS:
            self.reject()

    def _accepted(self) -> None:
        reason = self.reason.text()
        self.accept()
        try:
            self._session.claiming.take_over(reason)
        except WorkstationError as error:
            self._session.report_problem(error)
