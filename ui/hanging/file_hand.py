"""What the editor does with files: in, out, to other programs, and what of one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog

from hanging_protocols.model import Level
from ui.hanging import exchange

if TYPE_CHECKING:
    from ui.hanging.editor import ProtocolEditor
    from ui.seat import Seat


class FileHand(QObject):
    """Raises WorkstationError in words; the editor shows them."""

    def __init__(self, core: Seat, editor: ProtocolEditor) -> None:
        super().__init__(editor)
        self._core, self._editor = core, editor

    def ask_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._editor, self.tr("Import a hanging protocol"), "", exchange.KINDS)
        if name and self._editor.may_leave():
            self.take_in(Path(name))

    def take_in(self, path: Path) -> None:
        """A protocol of my own from a file."""
        self._editor.begin(exchange.read_in(path))

    def ask_export(self) -> None:
        protocol = self._editor.draft.protocol
        if protocol is None:
            return
        proposed = f"{protocol.protocol_id}{exchange.SUFFIX}"
        title = self.tr("Export the hanging protocol")
        name, _ = QFileDialog.getSaveFileName(self._editor, title, proposed, exchange.KINDS)
        if name:
            exchange.write_out(protocol, Path(name))

    def ask_dicom(self) -> None:
        """Objects of other programs; what was taken over stands in the list then."""
        from ui.protocol_exchange import ProtocolExchangeDialog

        asked = ProtocolExchangeDialog(self._core, self._editor)
        asked.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asked.finished.connect(lambda _: self._editor.fill_again())
        asked.show()

    def copy_reason(self) -> None:
        """What is wrong, with the file it is wrong in: for whoever mends it."""
        problem, path = self._editor.whats_wrong(), self._editor.refused_path
        QGuiApplication.clipboard().setText(f"{path}\n{problem}" if path is not None else problem)

    def open_folder(self) -> None:
        path = self._editor.refused_path
        folder = path.parent if path is not None else self._editor.hanger.folders[Level.USER]
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
