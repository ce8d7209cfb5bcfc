"""A loopback HTTP proxy that does to one request what networks do: drop, hold, double, garble."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        """(status, body, headers) of the target's answer."""
        host, _, root = self.target.removeprefix("http://").partition("/")
        with contextlib.closing(HTTPConnection(host, timeout=30)) as connection:
            connection.request(method, f"/{root}{path}" if root else path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())

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
                self._answer(*answer)

        def _hold(self) -> None:
            proxy.held.set()
            proxy.release.wait(60)

        def _forward(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "content-length")}
            return proxy.forward(self.command, self.path, headers, body)

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            with contextlib.suppress(OSError):  # who asked may have given up
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


class Chance:
    """Picks a trouble for so many of a hundred requests; `met` counts them. Safe from any thread."""

    def __init__(self, percent: float, seed: int) -> None:
        self.met: Counter[str] = Counter()
        self._percent = percent
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def __call__(self, _method: str, _path: str) -> Trouble | None:
        with self._lock:
            if self._random.random() * 100 >= self._percent:
                return None
            trouble = self._random.choice(list(Trouble))
            self.met[trouble.name] += 1
            return trouble


@contextmanager
def troubled_process(target: str, percent: float, seed: int) -> Iterator[str]:
    """The base URL of a proxy in a process of its own, so that it takes no time from who is measured."""
    command = [sys.executable, __file__, target, str(percent), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


if __name__ == "__main__":
    with FaultProxy(sys.argv[1]) as served:
        served.trouble_for = Chance(float(sys.argv[2]), int(sys.argv[3]))
        print(served.base_url, flush=True)
        sys.stdin.read()
