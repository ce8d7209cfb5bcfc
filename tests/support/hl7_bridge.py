"""`hl7v2-fhir-bridge` in a process, in front of a FHIR server; and a road to it on which messages get lost."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from certificates import shake_hands

from workstation.domain import hl7
from workstation.ris.hl7.mllp import MllpLink

STARTING_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def bridge(folder: Path, fhir_base_url: str) -> Iterator[int]:
    """Its port. It refuses within seconds when the FHIR server does not answer."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "bridge.toml"
    config.write_text(
        f'[listener]\nport = {port}\n[output]\nout_dir = ""\nfhir_base_url = "{fhir_base_url}"\nfhir_retries = 0\n'
        'fhir_timeout_seconds = 30\n[mapping]\ndefault_timezone = "Europe/Oslo"\ndefault_assigning_authority = ""\n',
        encoding="utf-8",
    )
    program = Path(sys.executable).with_name("hl7v2-fhir-bridge")
    process = subprocess.Popen(
        [str(program), "serve", "--config", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        _await(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while MllpLink("127.0.0.1", port).is_available():
        assert process.poll() is None, "the bridge ended"
        assert time.monotonic() < deadline, "the bridge does not come up"
        time.sleep(0.05)


class Road(socketserver.ThreadingTCPServer):
    """Takes bytes to `target` and back. `sent` holds what went there, one entry a connection.

    `lose_answers`: so many answers are dropped and their connections closed. `change` may replace an answer.
    While `held` is set, answers wait; `waiting` says that one does.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target: int, tls: ssl.SSLContext | None = None) -> None:
        self.target = target
        self.tls = tls
        self.sent: list[bytes] = []
        self.lose_answers = 0
        self.change: Callable[[bytes], bytes] = lambda answer: answer
        self.held = threading.Event()
        self.waiting = threading.Event()
        super().__init__(("127.0.0.1", 0), _Traveller)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """A traveller that was turned away."""

    def close(self) -> None:
        self.held.clear()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def __enter__(self) -> Road:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Traveller(socketserver.BaseRequestHandler):
    server: Road

    def handle(self) -> None:
        if self.server.tls is None:
            self._carry(self.request)
            return
        secured = self.server.tls.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
        with secured as near, contextlib.suppress(OSError):
            shake_hands(near)
            self._carry(near)

    def _carry(self, near: socket.socket) -> None:
        road = self.server
        sent = _frame(near)
        if not sent:
            return
        road.sent.append(sent)
        with socket.create_connection(("127.0.0.1", road.target), 60) as far:
            far.sendall(sent)
            answer = _frame(far)
        road.waiting.set()
        while road.held.is_set():
            time.sleep(0.02)
        if road.lose_answers:
            road.lose_answers -= 1
            return
        with contextlib.suppress(OSError):
            near.sendall(road.change(answer))


def _frame(connection: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\x1c\r"):
        data = connection.recv(65536)
        if not data:
            return b""
        got += data
    return got


def say(port: int, segments: list[str]) -> hl7.Message:
    """What an engine sends by itself, and the answer."""
    content = hl7.message(segments, "UNICODE UTF-8")
    return MllpLink("127.0.0.1", port).exchange(content, hl7.read_message)
