"""Hanging protocols as DICOM objects (PS3.3 A.44): one of ours is written, one of another program shown, then taken over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui.list_table import ListTable
from ui.plain import plain
from ui.while_there import while_there
from workstation.domain.hanging import ReceivedProtocol
from workstation.errors import Unavailable
from workstation.jobs import FILES, Cancel
from workstation.ports import ProtocolExchange
from workstation.session.case import Notice

if TYPE_CHECKING:
    from ui.seat import Seat

KINDS = "DICOM (*.dcm);;(*)"
Found = TypeVar("Found")


class ProtocolExchangeDialog(QDialog):
    """Nothing is saved before what it will be was shown."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("protocolExchangeDialog")
        self.setWindowTitle(self.tr("Hanging protocols as DICOM"))
        self._core = core
        self._is_open = True
        self._ids: list[str] = []
        self.received: ReceivedProtocol | None = None
        self.table = ListTable([self.tr("Protocol"), self.tr("Id")], self.tr("Hanging protocols in force"), 0)
        self.table.itemActivated.connect(lambda _: self._write())
        self.words = QPlainTextEdit()
        self.words.setReadOnly(True)
        self.words.setTabChangesFocus(True)
        self.words.setAccessibleName(self.tr("What an object would become here"))
        self.words.setPlaceholderText(self.tr("Open an object of another program: what it would become here stands here first."))
        self.write = self._button(self.tr("Write the chosen one"), "Ctrl+Shift+S", self._write)
        self.opens = self._button(self.tr("Open an object"), "Ctrl+O", self._open)
        self.take = self._button(self.tr("Take it over"), "Ctrl+Return", self._take)
        self._lay_out()
        self.resize(820, 640)
        self._say_received()
        self._run(lambda exchange: exchange.titles(), self._show_titles)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        giving, taking = QHBoxLayout(), QHBoxLayout()
        giving.addWidget(self.write)
        giving.addStretch(1)
        for button in (self.opens, self.take):
            taking.addWidget(button)
        taking.addStretch(1)
        taking.addWidget(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(8)
        column.addWidget(self._heading(self.tr("Give one to another program")))
        column.addWidget(self.table, 1)
        column.addLayout(giving)
        column.addSpacing(8)
        column.addWidget(self._heading(self.tr("Take one from another program")))
        column.addWidget(self.words, 1)
        column.addLayout(taking)

    @staticmethod
    def _heading(text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "heading")
        return label

    def _button(self, text: str, keys: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(f"{text} ({keys})")
        button.setAutoDefault(False)
        button.clicked.connect(lambda _: act())
        QShortcut(QKeySequence(keys), self).activated.connect(act)
        return button

    def done(self, result: int) -> None:
        self._is_open = False
        super().done(result)

    # ---- giving ----------------------------------------------------------------------

    def _show_titles(self, pairs: tuple[tuple[str, str], ...]) -> None:
        if not self._is_open:
            return
        self._ids = [protocol_id for protocol_id, _ in pairs]
        self.table.setRowCount(len(pairs))
        for row, (protocol_id, title) in enumerate(pairs):
            for column, text in enumerate((title, protocol_id)):
                self.table.setItem(row, column, QTableWidgetItem(plain(text)))
        if pairs:
            self.table.selectRow(0)

    def _write(self) -> None:
        row = self.table.currentRow()
        if not 0 <= row < len(self._ids):
            self._say(self.tr("No protocol is chosen"))
            return
        proposed = f"{self._ids[row]}.dcm"
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Write a hanging protocol as DICOM"), proposed, KINDS)
        if chosen:
            self.write_to(self._ids[row], Path(chosen))

    def write_to(self, protocol_id: str, path: Path) -> None:
        def work(exchange: ProtocolExchange) -> str:
            content = exchange.export(protocol_id)
            try:
                path.write_bytes(content)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise Unavailable("The hanging protocol is not written", reason, "Choose another place") from error
            return path.name

        self._run(work, lambda name: self._say(self.tr("The hanging protocol is written: {0}").format(plain(name))))

    # ---- taking ----------------------------------------------------------------------

    def _open(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Open a DICOM hanging protocol"), "", KINDS)
        if chosen:
            self.look_at(Path(chosen))

    def look_at(self, path: Path) -> None:
        self._run(lambda exchange: exchange.look(path), self._show)

    def _show(self, received: ReceivedProtocol) -> None:
        if self._is_open:
            self.received = received
            self._say_received()

    def _say_received(self) -> None:
        self.take.setEnabled(self.received is not None)
        self.words.setPlainText(self._in_words(self.received) if self.received is not None else "")

    def _in_words(self, received: ReceivedProtocol) -> str:
        lines = [received.title, received.description]
        if received.creator:
            lines.append(self.tr("Made by {0}").format(received.creator))
        lines += ["", self.tr("Stages:"), *(f"  {number}. {title}" for number, title in enumerate(received.stages, 1))]
        if received.is_ours:
            lines += ["", self.tr("This program wrote it and nobody changed it: it is taken over whole.")]
        if received.replaces:
            lines += ["", self.tr("It will stand before “{0}”, which has the same id.").format(received.replaces)]
        if received.words:
            lines += ["", self.tr("Not taken over:"), *(f"  – {words}" for words in received.words)]
        return "\n".join(plain(line) for index, line in enumerate(lines) if line or index > 1)

    def _take(self) -> None:
        received = self.received
        if received is None:
            self._say(self.tr("No object is open"))
            return
        self._run(lambda exchange: exchange.take_over(received), lambda _: self._taken(received))

    def _taken(self, received: ReceivedProtocol) -> None:
        self._say(self.tr("Taken over as your own: {0}").format(plain(received.title)))
        if self._is_open:
            self.received = None
            self._say_received()
            self._run(lambda exchange: exchange.titles(), self._show_titles)

    # ---- within ----------------------------------------------------------------------

    def _run(self, work: Callable[[ProtocolExchange], Found], done: Callable[[Found], object]) -> None:
        """In the background; an expected error is told. Nothing is exchanged where no room can."""
        make = self._core.make_exchange

        def asked(_: Cancel) -> Found:
            if make is None:
                raise Unavailable("Hanging protocols cannot be exchanged here", "No room reads or writes them")
            return work(make())

        self._core.jobs.run(FILES, asked, while_there(self, done), self._core.session.report_problem)

    def _say(self, words: str) -> None:
        self._core.session.notice.emit(Notice(words))
