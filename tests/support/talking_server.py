"""A server on loopback that says what it is told to, and a DICOMweb connection with short patience to it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from workstation.archives.gateway.dicomweb import DicomWebConnection
from workstation.archives.gateway.http_limits import HttpLimits
from workstation.domain.archive import Archive, ArchiveKind

Talk = Callable[[socket.socket, bytes], Any]
Serve = Callable[[Talk], str]

LIMITS = HttpLimits(
    connect=2.0,
    answer=0.6,
    silence=0.4,
    slowest=2000.0,
    slow_window=0.5,
    json_body=100_000,
    part=200_000,
    surplus_parts=2,
    preamble=2000,
    page=2,
    rows=50,
)
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n"
OBJECTS = b'HTTP/1.1 200 OK\r\nContent-Type: multipart/related; type="application/dicom"; boundary=bb\r\n'
ONE = b"--bb\r\nContent-Type: application/dicom\r\n\r\n"


@contextlib.contextmanager
def talking_server() -> Iterator[Serve]:
    """Answers every connection with the given talk, which gets the request's head; returns a base URL."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(talk: Talk) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def one(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    head += piece
                talk(connection, head)

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threads.append(threading.Thread(target=one, args=(connection,)))
                    threads[-1].start()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/dicom-web"

    yield start
    for listener in listeners:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(15)


@contextlib.contextmanager
def connected(url: str, user: str = "", secret: str = "", **more: Any) -> Iterator[DicomWebConnection]:
    connection = DicomWebConnection(Archive("a", ArchiveKind.DICOMWEB, url=url, user=user, **more), secret, b"", LIMITS)
    try:
        yield connection
    finally:
        connection.close()


def saying(answer: bytes) -> Talk:
    return lambda connection, head: connection.sendall(answer)


def body(content: bytes, start: bytes = JSON) -> bytes:
    return start + b"Content-Length: %d\r\n\r\n" % len(content) + content


def dripping(start: bytes, byte: bytes) -> Talk:
    def talk(connection: socket.socket, head: bytes) -> None:
        connection.sendall(start)
        for _ in range(300):
            connection.sendall(byte)
            time.sleep(0.05)

    return talk


def without_end(start: bytes, piece: bytes) -> Talk:
    def talk(connection: socket.socket, head: bytes) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return talk
