"""A second start brings the window that is open to the front (reliability F08)."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QWidget

from workstation.instance_lock import AlreadyOpen, sole_instance

WAIT_MS = 500


def _name(folder: Path) -> str:
    """One name for each data folder; it says nothing about where that lies."""
    return f"lyskasse-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]}"


@contextlib.contextmanager
def only_window(folder: Path) -> Iterator[None]:
    """Hold the folder; when another process has it, ring there. Raises AlreadyOpen, Unavailable."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(sole_instance(folder))
        except AlreadyOpen:
            ring(folder)
            raise
        yield


def ring(folder: Path) -> bool:
    """Ask the workstation on this folder to come to the front. False when nobody answers."""
    socket = QLocalSocket()
    socket.connectToServer(_name(folder))
    answered = socket.waitForConnected(WAIT_MS)
    socket.disconnectFromServer()
    return answered


class Doorbell(QObject):
    """Listens for this user only, and takes no words: being rung is all there is to it.

    Whoever makes it holds the folder's lock, so a name left by a dead process may be taken over.
    """

    def __init__(self, folder: Path, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(_name(folder))
        self._server.listen(_name(folder))
        self._server.newConnection.connect(self._answer)

    def _answer(self) -> None:
        while self._server.hasPendingConnections():
            visitor = self._server.nextPendingConnection()
            visitor.disconnected.connect(visitor.deleteLater)
            visitor.disconnectFromServer()
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()
