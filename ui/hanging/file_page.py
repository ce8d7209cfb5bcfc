"""The protocol as its file: what is typed is read at once, and a mistake is named by line and key."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from hanging_protocols import schema
from hanging_protocols.model import HangingProtocol
from hanging_protocols.write import write
from ui import theme
from ui.hanging.draft import Draft
from ui.hanging.draft_page import DraftPage
from workstation.errors import Refused


class FilePage(DraftPage):
    """`problem` is what is wrong with the text; the draft keeps what it last meant."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(draft, parent)
        self.problem = ""
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(self.tr("The file"))
        self.text.setTabChangesFocus(True)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(theme.POINT_SIZE)
        self.text.setFont(font)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.text)
        self.text.textChanged.connect(self._read)

    def _show_protocol(self, protocol: HangingProtocol) -> None:
        if self.text.hasFocus():
            return
        text = write(protocol)
        if text != self.text.toPlainText():
            self.text.setPlainText(text)
        self.problem = ""

    def _read(self) -> None:
        protocol = self._draft.protocol
        if self._showing or protocol is None:
            return
        try:
            made = schema.parse(self.text.toPlainText(), protocol.source or "this protocol", protocol.level)
        except Refused as refused:
            self.problem = refused.detail
            self._draft.judged.emit()
            return
        self.problem = ""
        if made == protocol:
            self._draft.judged.emit()
        self._draft.set(made)
