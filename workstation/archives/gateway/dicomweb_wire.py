"""HTTP to one archive: lines that are kept alive, with limits on all of it, and words for what went wrong.

The server is not trusted to be well or to be the archive: it may drip, never end, redirect,
compress without end, or be a hotel's log-in page. Credentials go to the configured origin only.
Nothing that it says reaches an error's text but numbers.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from workstation.archives.gateway.dicomweb_words import ADDRESS, AGAIN, BROKEN, PORTAL, words_for_failure
from workstation.archives.gateway.http_limits import HttpLimits
from workstation.archives.gateway.tls import client_context
from workstation.domain.archive import Archive, Tls
from workstation.errors import Refused, Unavailable, WorkstationError

# They would write addresses with patient identifiers and headers with credentials into the log.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Cancelled(Exception):
    """The caller wants no more. Never leaves the connection's methods."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the archive is, taken apart. `base` is the path without a slash at its end."""

    is_https: bool
    host: str
    port: int
    base: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_https else 'http'}://{host}:{self.port}"


def place_of(archive: Archive, has_secret: bool) -> Place:
    """Raises `Refused` for an address that cannot be used, or that would show a password to everybody."""
    parts = urlsplit(archive.url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or parts.username or parts.query:
        raise Refused("The archive's address cannot be used", "It is no http:// or https:// address", ADDRESS)
    is_https = parts.scheme == "https"
    if not is_https and archive.tls is not None:
        raise Refused("The archive's address is not secure", "TLS is set up and the address begins with http://", ADDRESS)
    if not is_https and has_secret and not _is_loopback(parts.hostname):
        raise Refused(
            "The password would be sent in the open", "The archive's address begins with http://", "Use an https:// address"
        )
    return Place(is_https, parts.hostname, port or (443 if is_https else 80), parts.path.rstrip("/"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def authorization(user: str, secret: str) -> str:
    """The Authorization header's value; "" where the archive asks for nothing."""
    if user == "bearer" and secret:
        return f"Bearer {secret}"
    if user or secret:
        return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode("ascii")
    return ""


class Throttle:
    """A token bucket for all lines of one fetch. 0 kilobits per second: no cap."""

    def __init__(self, kilobits: int) -> None:
        self._bytes_per_second = kilobits * 125.0
        self._lock = threading.Lock()
        self._free_at = 0.0

    def take(self, size: int) -> None:
        """Wait until these bytes may have been received."""
        if not self._bytes_per_second:
            return
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic() - 0.1) + size / self._bytes_per_second
            wait = self._free_at - time.monotonic()
        if wait > 0:
            time.sleep(wait)


class Watchdog:
    """Cuts lines whose time is over, or whose fetch was cancelled: read timeouts alone let a drip go on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deadlines: dict[Line, float] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.cancelled: Callable[[], bool] = lambda: False

    @contextlib.contextmanager
    def watch(self, line: Line, seconds: float) -> Iterator[None]:
        """Cut `line` if the block takes longer."""
        with self._lock:
            self._deadlines[line] = time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._deadlines.pop(line, None)

    def close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.05):
            is_cancelled = self.cancelled()
            with self._lock:
                now = time.monotonic()
                late = [line for line, deadline in self._deadlines.items() if is_cancelled or deadline < now]
            for line in late:
                line.cut()


class Answer:
    """One answer whose body is still to be read. Header names are in lower case."""

    def __init__(self, line: Line, response: httpx2.Response) -> None:
        self._line = line
        self._response = response
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def media_type(self) -> str:
        return self.content_type.split(";", 1)[0].strip().lower()

    @property
    def length(self) -> int | None:
        """As announced."""
        said = self.headers.get("content-length", "")
        return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else None

    @property
    def is_framed(self) -> bool:
        """Whether its end can be told from a broken connection."""
        return self.length is not None or "chunked" in self.headers.get("transfer-encoding", "").lower()

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes. Raises `Unavailable` where it breaks, drips or falls silent."""
        return self._line.pieces(self._response)

    def body(self, most: int) -> bytes:
        """All of it, if it is not more than `most` bytes."""
        if (self.length or 0) > most:
            raise _too_long()
        body = bytearray()
        for piece in self.pieces():
            body += piece
            if len(body) > most:
                raise _too_long()
        return bytes(body)


def _too_long() -> Unavailable:
    return Unavailable("The archive's answer does not end", "It is longer than any list of images", "Ask for less at once")


class Line:
    """One connection that is kept alive, for one thread at a time."""

    def __init__(self, place: Place, headers: Mapping[str, str], tls: Tls | None, limits: HttpLimits, dog: Watchdog) -> None:
        self._place = place
        self._limits = limits
        self._dog = dog
        self._socket: socket.socket | None = None
        self._was_cut = False
        self.is_used = False
        context = client_context((tls or Tls()) if place.is_https else None, place.host)
        self._client = httpx2.Client(
            headers={"Accept-Encoding": "identity", "User-Agent": "Lyskasse", **headers},
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60.0),
            follow_redirects=False,
            trust_env=False,
            verify=context if context is not None else False,  # for http:// only, where there is nothing to verify
        )

    def __enter__(self) -> Line:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def cut(self) -> None:
        """End whatever is under way, from another thread."""
        self._was_cut = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        content: Iterable[bytes] | bytes | None = None,
        seconds: float = 0.0,
    ) -> Iterator[Answer]:
        """The answer, whatever its status. `target` (below the base, with its query) goes out as it is spelt.

        `seconds` is how long it may take until the answer's head is here (0: as limited).
        """
        address = f"{self._place.origin}{self._place.base}/{target}"
        for _ in range(self._limits.redirects + 1):
            response = self._sent(method, address, headers or {}, content, seconds or self._limits.answer)
            with contextlib.closing(response):
                if response.status_code not in (301, 302, 303, 307, 308) or method != "GET":
                    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                        raise Unavailable("The archive's answer cannot be used", "It was compressed unasked", PORTAL)
                    yield Answer(self, response)
                    return
                address = self._redirected(address, response.headers.get("location", ""))
        raise Unavailable("The archive does not answer", "It sends us in circles", ADDRESS)

    def _redirected(self, address: str, location: str) -> str:
        there = urlsplit(urljoin(address, location))
        origin = Place(there.scheme == "https", there.hostname or "", there.port or (443 if there.scheme == "https" else 80), "")
        if there.scheme not in ("http", "https") or origin.origin != self._place.origin:
            raise Unavailable("The archive sends us to another server", "We do not follow: it would get the password", PORTAL)
        return there._replace(fragment="").geturl()

    def _sent(
        self, method: str, address: str, headers: Mapping[str, str], content: Iterable[bytes] | bytes | None, seconds: float
    ) -> httpx2.Response:
        parts = urlsplit(address)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        extensions = {"trace": self._trace, "target": target.encode("ascii")}
        # The watchdog ends what takes too long; the time-outs here only back it up.
        patience = httpx2.Timeout(seconds + 5, connect=self._limits.connect)
        request = self._client.build_request(
            method, self._place.origin, headers=headers, content=content, extensions=extensions, timeout=patience
        )
        self._was_cut = False
        for is_last_try in (False, True):
            was_used, self.is_used = self.is_used, True
            try:
                with self._dog.watch(self, seconds):
                    return self._client.send(request, stream=True)
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
                # A server may end a line that it thinks idle just when we use it: nothing was lost, once.
                is_stale = was_used and isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError | httpx2.WriteError)
                if is_last_try or self._was_cut or not is_stale or method != "GET":
                    raise self._words(error) from error
        raise AssertionError

    def pieces(self, response: httpx2.Response) -> Iterator[bytes]:
        limits = self._limits
        came, waited = 0, 0.0
        pieces = response.iter_raw()
        while True:
            start = time.monotonic()
            try:
                with self._dog.watch(self, limits.silence):
                    piece = next(pieces, None)
            except (httpx2.HTTPError, httpx2.StreamError, OSError, ValueError) as error:
                raise self._words(error) from error
            if piece is None:
                if self._was_cut:  # an answer without a length ends like this too
                    raise self._words(ConnectionAbortedError())
                return
            waited += time.monotonic() - start
            came += len(piece)
            if waited > limits.slow_window:
                if came < waited * limits.slowest:
                    raise Unavailable(BROKEN, f"Less than {limits.slowest:.0f} bytes came in a second", AGAIN)
                came, waited = 0, 0.0
            yield piece

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx's `trace` request extension: tells of the connection's socket."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self._was_cut:
                self.cut()

    def _words(self, error: Exception) -> WorkstationError | Cancelled:
        was_cut, self._was_cut = self._was_cut, False
        if was_cut and self._dog.cancelled():
            return Cancelled()
        if was_cut:
            return Unavailable("The archive does not answer", "It took too long", AGAIN)
        return words_for_failure(error)
