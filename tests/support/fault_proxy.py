"""A loopback HTTP proxy that does to one request what networks do: drop, hold, double, garble."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2


class Trouble(Enum):
    DROP_BEFORE = "close the connection, nothing forwarded"
    DROP_AFTER = "forward, then close the connection without the answer"
    HOLD_BEFORE = "keep the request until released, then drop it"
    HOLD_AFTER = "forward, then keep the answer until released"
    DOUBLE = "forward twice, give the second answer"
    ERROR = "503, nothing forwarded"
    ERROR_AFTER = "forward, then 503"
    HTML = "a log-in page with status 200, nothing forwarded"
    DELAY = "forward, and answer a second later"
    LATE = "close the connection, and forward a second later: after what is asked next"


class FaultProxy:
    """Forwards everything to `target` (a base URL) but the requests that `trouble_for` picks.

    `held` is set when a request or answer is being held; `release` lets it go. `requests` lists (method, path).
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.trouble_for: Callable[[str, str], Trouble | None] = lambda method, path: None
        self.requests: list[tuple[str, str]] = []
        self.held = threading.Event()
        self.release = threading.Event()
        self.late: list[threading.Timer] = []
        self._client = httpx2.Client(trust_env=False, timeout=30, limits=httpx2.Limits(max_keepalive_connections=0))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def once(self, method: str, trouble: Trouble) -> None:
        """The next request with this method meets this trouble, later ones none."""
        left = [trouble]
        self.trouble_for = lambda asked, path: left.pop() if asked == method and left else None

    def writes(self) -> list[tuple[str, str]]:
        return [request for request in self.requests if request[0] != "GET"]

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for timer in self.late:
            timer.join()
        self._client.close()

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx2.Response:
        return self._client.request(method, self.target + path, headers=headers, content=body)

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            proxy.requests.append((self.command, self.path))
            trouble = proxy.trouble_for(self.command, self.path)
            self.close_connection = True
            if trouble is Trouble.ERROR:
                self._answer(503, b"", {})
            elif trouble is Trouble.HTML:
                self._answer(200, b"<html>Log in</html>", {"Content-Type": "text/html"})
            elif trouble is Trouble.HOLD_BEFORE:
                self._hold()
            elif trouble is Trouble.LATE:
                proxy.late.append(threading.Timer(1.0, self._forward, (body,)))
                proxy.late[-1].start()
            elif trouble is not Trouble.DROP_BEFORE:
                self._forward_and_answer(body, trouble)

        def _forward_and_answer(self, body: bytes, trouble: Trouble | None) -> None:
            if trouble is Trouble.DOUBLE:
                self._forward(body)
            answer = self._forward(body)
            if trouble is Trouble.DELAY:
                time.sleep(1.0)
            if trouble is Trouble.HOLD_AFTER:
                self._hold()
            elif trouble is Trouble.ERROR_AFTER:
                self._answer(503, b"", {})
            elif trouble is not Trouble.DROP_AFTER:
                self._answer(answer.status_code, answer.content, dict(answer.headers))

        def _hold(self) -> None:
            proxy.held.set()
            proxy.release.wait(60)

        def _forward(self, body: bytes) -> httpx2.Response:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "content-length")}
            return proxy.forward(self.command, self.path, headers, body)

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
