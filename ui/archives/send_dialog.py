"""Which archive a study's objects are sent to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QListWidget, QPushButton, QVBoxLayout, QWidget

from ui.plain import dicom_date, person_name, plain
from workstation.domain.archive import Archive
from workstation.domain.order import WorklistItem


class SendDialog(QDialog):
    """Return sends to the chosen archive. `chosen` carries its name."""

    chosen = Signal(str)

    def __init__(self, item: WorklistItem, archives: Sequence[Archive], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sendDialog")
        self.setWindowTitle(self.tr("Send to archive"))
        self._archives = archives
        who = _words(person_name(item.patient.name))
        who.setProperty("role", "heading")
        parts = (plain(item.modality), plain(item.procedure), dicom_date(item.study_date))
        what = _words("   ".join(part for part in (*parts, self.tr("{0} images").format(item.image_count)) if part))
        note = _words(self.tr("Every object of the study is sent. It counts as sent when the archive proves that it holds it."))
        note.setProperty("role", "muted")
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Archive"))
        self.list.addItems([plain(archive.title or archive.name) for archive in archives])
        self.list.setCurrentRow(0)
        self.list.itemActivated.connect(lambda _: self.accept())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.send: QPushButton = buttons.addButton(self.tr("Send"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.send.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        for widget in (who, what, self.list, note, buttons):
            column.addWidget(widget)
        self.resize(520, 320)
        self.list.setFocus()

    def accept(self) -> None:
        if self.result():  # Return reaches both the list and the button
            return
        archive = self._archives[self.list.currentRow()]
        super().accept()
        self.chosen.emit(archive.name)


def _words(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
