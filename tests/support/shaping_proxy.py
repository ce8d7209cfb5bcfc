"""A TCP proxy on loopback that is as slow, as far away and as unreliable as it is told to be.

In a thread (`ShapingProxy`) or, so that it takes no time from who is measured, in a process of its own
(`proxy_process`). All connections share one link of `kilobits` each way. Bytes are counted as delivered.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue

CHUNK = 16 * 1024
_BURST = 0.01
"""Seconds of a link that was not used and is made up for."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is done to the bytes. Counts are of bytes from the target, over all connections.

    `kilobits` per second each way (0: no cap), `latency` in ms each way (setting up a connection
    costs a round trip too). After `cut_after` bytes every connection is reset and later ones are refused
    until the shape is changed; after `silent_after` bytes the link accepts everything and gives nothing;
    after `drip_after` bytes it gives one byte every `drip_seconds`. -1 means never.
    """

    kilobits: float = 0
    latency: float = 0
    cut_after: int = -1
    silent_after: int = -1
    drip_after: int = -1
    drip_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Bytes and connections since the proxy started."""

    to_target: int
    from_target: int
    connections: int


class ShapingProxy:
    """Forwards connections to 127.0.0.1:`port` to (`host`, `target_port`). Change `shape` at any time."""

    def __init__(self, target_port: int, shape: Shape | None = None, host: str = "127.0.0.1") -> None:
        self.shape = shape or Shape()
        self._target = (host, target_port)
        self._lock = threading.Lock()
        self._free_at = {"to": 0.0, "from": 0.0}
        self._counted = {"to": 0, "from": 0}
        self._connections = 0
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def counts(self) -> Counts:
        with self._lock:
            return Counts(self._counted["to"], self._counted["from"], self._connections)

    def cut(self) -> None:
        """Reset every connection there is now."""
        with self._lock:
            sockets = list(self._sockets)
        for each in sockets:
            _reset(each)

    def close(self) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in list(self._threads):
            thread.join(5)

    def __enter__(self) -> ShapingProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, work, *arguments) -> None:  # type: ignore[no-untyped-def]
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._connections += 1
            is_cut = 0 <= self.shape.cut_after <= self._counted["from"]
        if is_cut:
            _reset(client)
            return
        time.sleep(self.shape.latency * 2 / 1000)
        try:
            target = socket.create_connection(self._target, 10)
        except OSError:
            _reset(client)
            return
        target.settimeout(None)
        with self._lock:
            self._sockets |= {client, target}
        for each in (client, target):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pump(client, target, "to")
        self._pump(target, client, "from")

    def _pump(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        """One direction: read as fast as the delay line has room, deliver at the link's pace."""
        line: Queue[tuple[float, bytes]] = Queue(maxsize=self._line_length())
        self._start(self._read, source, line)
        self._start(self._deliver, line, source, sink, way)

    def _line_length(self) -> int:
        under_way = self.shape.kilobits * 125 * self.shape.latency / 1000
        return 4 + int(2 * under_way / CHUNK)

    def _read(self, source: socket.socket, line: Queue[tuple[float, bytes]]) -> None:
        data = b"-"
        while data:
            try:
                data = source.recv(CHUNK)
            except OSError:
                data = b""
            line.put((time.monotonic() + self.shape.latency / 1000, data))

    def _deliver(self, line: Queue[tuple[float, bytes]], source: socket.socket, sink: socket.socket, way: str) -> None:
        broken = False
        while True:
            due, data = line.get()
            if not data:
                break
            if broken:
                continue
            try:
                self._send(due, data, sink, way)
            except OSError:
                broken = True
                _reset(source)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _send(self, due: float, data: bytes, sink: socket.socket, way: str) -> None:
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        while data:
            piece = self._piece(data) if way == "from" else data
            self._take_turn(len(piece), way)
            sink.sendall(piece)
            with self._lock:
                self._counted[way] += len(piece)
            data = data[len(piece) :]

    def _piece(self, data: bytes) -> bytes:
        """As much of `data` as may go now; waits where it must drip, never returns where it is silent."""
        shape, done = self.shape, self.counts.from_target
        if 0 <= shape.cut_after <= done:
            self.cut()
            raise ConnectionResetError
        if 0 <= shape.silent_after <= done:
            while self.shape.silent_after == shape.silent_after:
                if self._closed.wait(0.05):
                    raise ConnectionResetError
        if 0 <= shape.drip_after <= done:
            if self._closed.wait(shape.drip_seconds):
                raise ConnectionResetError
            return data[:1]
        limits = [limit - done for limit in (shape.cut_after, shape.silent_after, shape.drip_after) if limit > done]
        return data[: min(limits)] if limits else data

    def _take_turn(self, size: int, way: str) -> None:
        """Wait until the shared link has carried these bytes."""
        if not self.shape.kilobits:
            return
        with self._lock:
            # Who wakes up late catches up: a link does not slow down because nobody looked.
            self._free_at[way] = max(self._free_at[way], time.monotonic() - _BURST) + size / (self.shape.kilobits * 125)
            done = self._free_at[way]
        wait = done - time.monotonic()
        if wait > 0.0005:  # sleeping for less would only add the sleep's own slowness
            time.sleep(wait)


def _reset(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        each.shutdown(socket.SHUT_RDWR)
    each.close()


class RemoteProxy:
    """A `ShapingProxy` in another process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.port = int(self._ask())

    @property
    def counts(self) -> Counts:
        self._tell("counts")
        return Counts(**json.loads(self._ask()))

    def change(self, shape: Shape) -> None:
        self._tell(json.dumps(asdict(shape)))
        self._ask()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _ask(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextlib.contextmanager
def proxy_process(target_port: int, shape: Shape) -> Iterator[RemoteProxy]:
    """A proxy in a process of its own for as long as the block lasts."""
    command = [sys.executable, str(Path(__file__).resolve()), str(target_port), json.dumps(asdict(shape))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield RemoteProxy(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


def _serve_by_lines() -> None:
    with ShapingProxy(int(sys.argv[1]), Shape(**json.loads(sys.argv[2]))) as proxy:
        print(proxy.port, flush=True)
        for line in sys.stdin:
            if line.strip() == "counts":
                print(json.dumps(asdict(proxy.counts)), flush=True)
            else:
                proxy.shape = Shape(**json.loads(line))
                print("changed", flush=True)


if __name__ == "__main__":
    _serve_by_lines()
