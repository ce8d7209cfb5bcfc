"""What every page of the editor does: it shows the draft whenever that changes, and reads nothing of what it writes itself."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from hanging_protocols.model import HangingProtocol
from ui.hanging.draft import Draft


class DraftPage(QWidget):
    """Grey while there is no protocol. A page asks `_showing` before it reads its fields."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._showing = False
        draft.changed.connect(self._refresh)

    def _refresh(self) -> None:
        protocol = self._draft.protocol
        self.setEnabled(protocol is not None)
        if protocol is None:
            return
        self._showing = True
        self._show_protocol(protocol)
        self._showing = False

    def _show_protocol(self, protocol: HangingProtocol) -> None:
        raise NotImplementedError
