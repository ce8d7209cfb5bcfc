"""What a protocol is known by and what people wrote of it: id, description, who made it, when, for which group."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from hanging_protocols.model import HangingProtocol
from hanging_protocols.schema import MAX_DESCRIPTION
from ui.hanging.draft import Draft
from ui.hanging.draft_page import DraftPage


class AboutPage(DraftPage):
    """Every field is read as it is typed; what is wrong with one is said by its key below the pages."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(draft, parent)
        self.lines = {name: QLineEdit() for name in ("protocol_id", "creator", "created", "group")}
        self.description = QPlainTextEdit()
        self.description.setTabChangesFocus(True)
        self.description.setFixedHeight(self.description.fontMetrics().lineSpacing() * 6)
        words = {
            "protocol_id": (
                self.tr("I&d"),
                self.tr("Small letters, digits and hyphens. A file of the same id above it replaces it."),
            ),
            "creator": (self.tr("Made &by"), self.tr("A name for people")),
            "created": (self.tr("Made &on"), self.tr("Date, or date and time, as DICOM writes it: 20261123, 20261123120000")),
            "group": (self.tr("For the &group"), self.tr("Whose protocol it is where it lies in the folder of a group")),
        }
        form = QFormLayout()
        form.setVerticalSpacing(8)
        for name, line in self.lines.items():
            label, hint = words[name]
            line.setMaxLength(100)
            line.setToolTip(hint)
            line.setAccessibleName(label.replace("&", ""))
            line.textEdited.connect(lambda _: self._read())
            form.addRow(label, line)
            if name == "protocol_id":
                self.description.setAccessibleName(self.tr("Description"))
                form.addRow(self.tr("D&escription"), self.description)
        note = QLabel(self.tr("Another id makes another protocol: it is saved beside the one that it was."))
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.addLayout(form)
        column.addWidget(note)
        column.addStretch(1)
        self.description.textChanged.connect(self._read)

    def _show_protocol(self, protocol: HangingProtocol) -> None:
        for name, line in self.lines.items():
            if line.text() != getattr(protocol, name):
                line.setText(getattr(protocol, name))
        if self.description.toPlainText() != protocol.description:
            self.description.setPlainText(protocol.description)

    def _read(self) -> None:
        protocol = self._draft.protocol
        if self._showing or protocol is None:
            return
        texts: dict[str, Any] = {name: line.text() for name, line in self.lines.items()}
        description = self.description.toPlainText()[: MAX_DESCRIPTION + 1]
        self._draft.set(replace(protocol, description=description, **texts))
