"""MLLP, release 1: `0x0B message 0x1C 0x0D`, and one message with its acknowledgement on a connection of its own.

A connection for each message: none is left half open, and no late acknowledgement of an earlier message can
be taken for that of a later one. One bound on the whole exchange, so that a slow drip ends too.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from workstation.ris.no_answer import NoAnswer
from workstation.ris.tls import reason_of

START = b"\x0b"
END = b"\x1c\r"
_REACH_HINT = "Reports stay in the outbox and go when the RIS answers again"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class MllpLimits:
    """Seconds and bytes. `total` must be longer than receivers take at most before they answer (25 s is common)."""

    connect: float = 5.0
    total: float = 40.0
    answer: int = 1024 * 1024


class Overflow(ValueError):
    """A frame that does not end within its limit. `head` is its beginning."""

    def __init__(self, head: bytes) -> None:
        super().__init__("a frame that does not end")
        self.head = head


class Frames:
    """Bytes as they come, messages as they are whole. What lies between frames is dropped."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._buffer = bytearray()
        self._is_inside = False
        self._looked = 0

    @property
    def is_inside(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._is_inside

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that `data` completes. Raises `Overflow`."""
        self._buffer += data
        while self._begin():
            end = self._buffer.find(END, self._looked)
            if end < 0:
                self._looked = max(0, len(self._buffer) - 1)
                if len(self._buffer) > self._most:
                    raise Overflow(bytes(self._buffer[:4096]))
                return
            content = bytes(self._buffer[:end])
            del self._buffer[: end + len(END)]
            self._is_inside = False
            if len(content) > self._most:
                raise Overflow(content[:4096])
            # A frame that began anew within a frame: the sender gave the first one up.
            yield content.rpartition(START)[2]

    def _begin(self) -> bool:
        if not self._is_inside:
            start = self._buffer.find(START)
            del self._buffer[: start + 1 if start >= 0 else len(self._buffer)]
            self._is_inside = start >= 0
            self._looked = 0
        return self._is_inside


def framed(content: bytes) -> bytes:
    return START + content + END


class MllpLink:
    """Sends to one host and port. Thread-safe."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None, limits: MllpLimits = MllpLimits()) -> None:
        self._address = (host, port)
        self._tls = tls
        self._limits = limits
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def exchange(self, content: bytes, answer_in: Callable[[bytes], Found | None]) -> Found:
        """Send, and wait for the frame in which `answer_in` finds the answer; other frames are passed over. Raises `NoAnswer`."""
        deadline = time.monotonic() + self._limits.total
        try:
            with self._connected(deadline) as connection:
                connection.sendall(framed(content))
                return self._wait(connection, deadline, answer_in)
        except ssl.SSLError as error:
            raise NoAnswer("No secure connection to the RIS", reason_of(error), _REACH_HINT) from error
        except (OSError, Overflow) as error:
            raise NoAnswer("The RIS did not answer", _reason(error), _REACH_HINT) from error

    def is_available(self) -> str:
        """Empty when somebody takes a connection there, else why not."""
        try:
            with self._connected(time.monotonic() + self._limits.connect):
                return ""
        except ssl.SSLError as error:
            return reason_of(error)
        except OSError as error:
            return _reason(error)

    def abort(self) -> None:
        """Cut the exchanges under way; each says that no answer came."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def _connected(self, deadline: float) -> Iterator[socket.socket]:
        with contextlib.ExitStack() as closing:
            plain = closing.enter_context(socket.create_connection(self._address, self._limits.connect))
            with self._lock:
                self._open.add(plain)
            closing.callback(self._forget, plain)
            plain.settimeout(max(0.1, deadline - time.monotonic()))
            if self._tls is None:
                yield plain
                return
            secured = closing.enter_context(self._tls.wrap_socket(plain, server_hostname=self._address[0]))
            with self._lock:  # the plain one was given up for it
                self._open.add(secured)
            closing.callback(self._forget, secured)
            yield secured

    def _forget(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def _wait(self, connection: socket.socket, deadline: float, answer_in: Callable[[bytes], Found | None]) -> Found:
        frames = Frames(self._limits.answer)
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            data = connection.recv(65536)
            if not data:
                raise ConnectionError("closed")
            for content in frames.feed(data):
                found = answer_in(content)
                if found is not None:
                    return found
        raise TimeoutError


def _reason(error: Exception) -> str:
    if isinstance(error, Overflow):
        return "Its answer does not end"
    if isinstance(error, TimeoutError):
        return "It took too long"
    if isinstance(error, ConnectionRefusedError | socket.gaierror):
        return "It cannot be reached"
    return "The connection broke"
