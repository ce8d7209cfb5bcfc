"""A TLS server in front of a plain HTTP one, as hospitals put one before their archive.

Debian's Orthanc 1.10.1 dies of its own HTTPS (signal 11, whatever the certificate), so that DICOMweb
over TLS is tested with this in front of it.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from certificates import shake_hands


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target_port: int, context: ssl.SSLContext) -> None:
        self.target_port = target_port
        super().__init__(("127.0.0.1", 0), _Handler)
        # The handshake is made in the connection's own thread.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_: object) -> None:
        """A client that was turned away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        shake_hands(self.request)
        super().setup()

    def _forward(self) -> None:
        assert isinstance(self.server, _Server)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.server.target_port, timeout=30)) as inner:
            inner.request(self.command, self.path, body, headers)
            answer = inner.getresponse()
            content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "keep-alive", "content-length", "transfer-encoding", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def do_OPTIONS(self) -> None:
        self._forward()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextlib.contextmanager
def tls_front(target_port: int, context: ssl.SSLContext):  # type: ignore[no-untyped-def]
    """Its port, for as long as the block lasts."""
    server = _Server(target_port, context)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
