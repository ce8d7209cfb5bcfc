"""The question that another program's wish for another patient raises. Until it is answered the window takes nothing else."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from ui.plain import person_name, plain
from ui.report.dictation_desk import DictationDesk
from workstation.session.outside import Asked
from workstation.session.session import Session


class OutsideQuestion(QObject):
    """Shows what `session.outside` asks. Listening stops at once."""

    def __init__(self, session: Session, dictation: DictationDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._outside = session.outside
        self._dictation = dictation
        self.dialog: OutsideDialog | None = None
        self._outside.asked.connect(self._show)

    def _show(self, asked: Asked | None) -> None:
        if self.dialog is not None:
            dialog, self.dialog = self.dialog, None
            dialog.close()
        if asked is None:
            return
        if self._dictation.is_listening:
            self._dictation.toggle()
        self.dialog = OutsideDialog(asked, self._window)
        self.dialog.accepted.connect(self._outside.follow)
        self.dialog.rejected.connect(self._rejected)
        self.dialog.open()

    def _rejected(self) -> None:
        if self.dialog is not None:  # else it was closed for a newer wish
            self._outside.stay()


class OutsideDialog(QDialog):
    """Esc and Return stay."""

    def __init__(self, asked: Asked, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("outsideDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Another program asks for another case"))
        item = asked.item
        facts = (person_name(item.patient.name), plain(item.patient.key.patient_id), plain(item.procedure))
        words = (
            self.tr("{0} asks to show another case:").format(plain(asked.source)),
            "   ".join(fact for fact in facts if fact),
            self.tr("Nothing is written or heard until you choose. Your report is on disk and stays with its own case."),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(10)
        for text in words:
            label = QLabel(text)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            column.addWidget(label)
        buttons = QDialogButtonBox()
        self.stay = buttons.addButton(self.tr("Stay"), QDialogButtonBox.ButtonRole.RejectRole)
        self.follow = buttons.addButton(self.tr("Go to that case"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.follow.setAutoDefault(False)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.stay.setDefault(True)
        self.stay.setFocus()
        self.setMinimumWidth(480)
