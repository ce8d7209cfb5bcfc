"""Where an interface engine's messages come in: MLLP, off unless a site asks for it.

Strict on purpose: few connections, small messages, a bounded time for each, and an end for whoever does not
keep to it. With `mllps` only peers whom the site's authority vouches for get in.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from workstation.domain.hl7 import control_id_of
from workstation.errors import Unavailable
from workstation.ris.hl7.mllp import Frames, Overflow, framed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """`message` seconds may pass from a message's first byte to its last, `idle` seconds between messages."""

    connections: int = 8
    size: int = 1024 * 1024
    message: float = 30.0
    idle: float = 600.0


class Listener:
    """`answer` makes the acknowledgement of a message; it is called from one thread at a time.

    Raises `Unavailable` when the address cannot be listened at.
    """

    def __init__(
        self,
        host: str,
        port: int,
        answer: Callable[[bytes], bytes],
        refuse: Callable[[str], bytes],
        tls: ssl.SSLContext | None = None,
        limits: ListenerLimits = ListenerLimits(),
    ) -> None:
        self._answer = answer
        self._refuse = refuse
        self._tls = tls
        self._limits = limits
        self._turn = threading.Lock()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        try:
            self._socket = socket.create_server((host, port))
        except OSError as error:
            detail = error.strerror or "The address is taken or not of this machine"
            raise Unavailable("Orders cannot come in by HL7", detail, "Check hl7_listen in settings.toml") from error
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, name="hl7 listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No message is taken any more; one that is being stored is answered first."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        with self._lock:
            threads = dict(self._open)
        for thread, connection in threads.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
            thread.join(5.0)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if self._closing.is_set():
                    return
                time.sleep(0.1)  # out of descriptors: they come back
                continue
            with self._lock:
                if len(self._open) >= self._limits.connections:
                    connection.close()
                    continue
                thread = threading.Thread(target=self._serve, args=(connection,), name="hl7 engine", daemon=True)
                self._open[thread] = connection
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
                closing.enter_context(plain)
                plain.settimeout(self._limits.message)
                connection = closing.enter_context(self._tls.wrap_socket(plain, server_side=True)) if self._tls else plain
                self._talk(connection)
        finally:
            with self._lock:
                self._open.pop(threading.current_thread(), None)

    def _talk(self, connection: socket.socket) -> None:
        frames = Frames(self._limits.size)
        begun = time.monotonic()
        while not self._closing.is_set():
            if not frames.is_inside:
                begun = time.monotonic()
            left = begun + (self._limits.message if frames.is_inside else self._limits.idle) - time.monotonic()
            if left <= 0:
                return
            connection.settimeout(left)
            data = connection.recv(65536)
            if not data:
                return
            try:
                for content in frames.feed(data):
                    with self._turn:
                        answer = self._answer(content)
                    connection.sendall(framed(answer))
            except Overflow as error:
                logger.warning("an HL7 message was longer than allowed: its connection was closed")
                connection.sendall(framed(self._refuse(control_id_of(error.head))))
                return
