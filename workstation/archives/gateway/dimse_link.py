"""One association's socket, guarded: how much is read, how fast, and when the other side counts as gone.

pynetdicom reads a PDU in 4 KB pieces, of any length that its head names, for as long as it takes.
`DimseLink.attach` puts its own reading in the place of that (PS3.8 9.3: a PDU's head is 6 bytes).
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from workstation.archives.gateway.tls import words_for
from workstation.errors import Unavailable

MOST_PDU = 4 << 20
"""Bytes of one PDU. We ask for 256 KB; association requests may be longer than they need to be."""
MAXIMUM_LENGTH = 256 << 10
"""The Maximum Length (PS3.8 D.1) that we ask for: a few system calls for an image instead of a few dozen."""
_LEAST_RATE = 8_000
"""Bytes a second below which a PDU that has begun is given up."""
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_WATCH_SECONDS = 0.05
_GOODBYE_SECONDS = 1.0


class Pacer:
    """A token bucket: `spend` sleeps so that not more than `kilobits` a second go through (0: no cap)."""

    def __init__(self, kilobits: int) -> None:
        self._rate = kilobits * 125.0
        self._free_at = time.monotonic()
        self._lock = threading.Lock()

    def spend(self, count: int) -> None:
        if not self._rate:
            return
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic() - 0.1) + count / self._rate
            wait = self._free_at - time.monotonic()
        if wait > 0:
            time.sleep(wait)


class DimseLink:
    """`problem` says in words what ended the association, when it was us or the network that did."""

    def __init__(self, timeout: float, on_bytes: Callable[[int], None] = lambda _: None, kilobits: int = 0) -> None:
        self.timeout = timeout
        self.heard = time.monotonic()
        self.problem: Unavailable | None = None
        self._on_bytes = on_bytes
        self._pacer = Pacer(kilobits)
        self._sockets: list[Any] = []

    def attach(self, association: Any) -> None:
        """To be called when the connection is open (EVT_CONN_OPEN), before anything is read."""
        wrapped = association.dul.socket
        raw: socket.socket = wrapped.socket
        raw.settimeout(self.timeout)
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets.append(wrapped)
        close_for_good(wrapped)
        wrapped.recv = lambda count: self._read(raw, count)

    @property
    def attached(self) -> bool:
        return bool(self._sockets)

    def alive(self) -> None:
        self.heard = time.monotonic()

    def blame(self, problem: Unavailable) -> None:
        """The first thing that went wrong is what the reader is told."""
        self.problem = self.problem or problem

    def cut(self) -> None:
        """Ends every connection of this link now; whoever waits for bytes of it waits no more."""
        for wrapped in self._sockets:
            raw = wrapped.socket
            if raw is not None:
                with contextlib.suppress(OSError):
                    # Not SSLSocket's own, which takes the TLS state from under the thread that reads.
                    socket.socket.shutdown(raw, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close what is still open once nobody needs it: pynetdicom's thread may have ended without."""
        self.cut()
        for wrapped in self._sockets:
            raw = wrapped.socket
            if raw is not None:
                with contextlib.suppress(OSError):
                    raw.close()

    def _read(self, raw: socket.socket, count: int) -> bytearray:
        if count > MOST_PDU:
            self.blame(Unavailable("The archive breaks the protocol", f"A PDU of {count} bytes", "It was cut off"))
            raise OSError("PDU too long")
        buffer = bytearray(count)
        view, got = memoryview(buffer), 0
        until = time.monotonic() + self.timeout + count / _LEAST_RATE
        try:
            while got < count:
                _acknowledge_at_once(raw)
                if time.monotonic() > until:
                    raise TimeoutError
                read = raw.recv_into(view[got:])
                if not read:
                    return buffer[:got]
                got += read
                self.heard = time.monotonic()
        except OSError as error:
            self._explain(error)
            raise
        self._on_bytes(got)
        self._pacer.spend(got)
        self.heard = time.monotonic()
        return buffer

    def _explain(self, error: OSError) -> None:
        if words := words_for(error):
            self.blame(Unavailable(*words))
        elif isinstance(error, TimeoutError):
            self.blame(silent(self.timeout))


def close_for_good(wrapped: Any) -> None:
    """pynetdicom leaves a socket open whose shutdown fails: one that never connected, or was cut."""

    def close() -> None:
        raw = wrapped.socket
        if raw is not None:
            with contextlib.suppress(OSError):
                raw.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                raw.close()

    wrapped._shutdown_socket = close


def _acknowledge_at_once(raw: socket.socket) -> None:
    """Archives with Nagle's algorithm send an image's pixels when its command is acknowledged, which the
    system puts off by 40 ms: 20 images a second, whatever the line. It has to be asked for again and again."""
    if _QUICK_ACK is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)


def silent(seconds: float) -> Unavailable:
    return Unavailable(
        "The archive does not answer any more", f"Nothing for {seconds:.0f} s in the middle of the transfer", "Try again"
    )


@contextmanager
def watched(
    link: DimseLink, association: Any, cancelled: Callable[[], bool], stop: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """While the body waits for messages: ends it when nothing is heard, when the association's own
    thread died, and, after a polite `stop`, when it is cancelled."""
    over = threading.Event()

    def watch() -> None:
        stopping_since = 0.0
        while not over.wait(_WATCH_SECONDS):
            now = time.monotonic()
            if stopping_since:
                if now - stopping_since > _GOODBYE_SECONDS:
                    link.cut()
            elif cancelled():
                stopping_since = now
                stop()
            if now - link.heard > link.timeout:
                link.blame(silent(link.timeout))
                link.cut()
            if not association.dul.is_alive():
                # It ended without telling who waits for its messages.
                association.dimse.msg_queue.put((None, None))

    link.alive()
    thread = threading.Thread(target=watch, name="association watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
