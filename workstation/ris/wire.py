"""One HTTP exchange with limits on everything: time, size, encoding, and where it may lead.

The RIS is not trusted to be well: it may drip, never end, redirect, compress without end, or be
a hotel's log-in page. Whatever is not a whole answer from that very server is `NoAnswer`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx2

from workstation.ris.no_answer import NoAnswer
from workstation.ris.tls import reason_of

# They would write addresses with patient identifiers and headers with credentials into the log.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WireLimits:
    """Seconds and bytes. `total` bounds a whole exchange, so that a slow drip ends too; `patience` is the
    silence that is enough for a request that may be asked again, as long as such requests are answered.
    """

    connect: float = 5.0
    silence: float = 10.0
    patience: float = 1.0
    total: float = 30.0
    body: int = 8 * 1024 * 1024


DEFAULT_LIMITS = WireLimits()


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def json(self) -> Mapping[str, Any]:
        """The JSON object of the body. `NoAnswer` when it is none, whatever the header says."""
        if self.media_type not in ("application/fhir+json", "application/json"):
            raise NoAnswer("The RIS did not answer in FHIR", f"It sent {self.media_type or 'no content type'}", _PORTAL_HINT)
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise NoAnswer("The RIS did not answer in FHIR", "Its JSON cannot be read", _PORTAL_HINT) from error
        if not isinstance(value, dict):
            raise NoAnswer("The RIS did not answer in FHIR", "Its JSON is not an object", _PORTAL_HINT)
        return value


_UNAUTHORIZED = 401
_PORTAL_HINT = "Check the address of the RIS and whether a log-in page stands between"
_REACH_HINT = "Reports stay in the outbox and go when the RIS answers again"


class Authorization(Protocol):
    """Our sign-in, beside the request itself."""

    def headers(self) -> Mapping[str, str]: ...

    def turned_away(self, used: Mapping[str, str]) -> bool:
        """The server answered 401 (RFC 9110 15.5.2): it did nothing. Whether to ask once more."""
        ...

    def close(self) -> None: ...


class Wire:
    """Requests to one base URL. Thread-safe. A connection for each request: none is left half-open."""

    def __init__(
        self,
        base_url: str,
        limits: WireLimits = DEFAULT_LIMITS,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        transport: httpx2.BaseTransport | None = None,
        authorization: Authorization | None = None,
    ) -> None:
        self._authorization = authorization
        self.clock_skew = 0.0
        """Seconds by which this computer's clock is ahead of the server's, by its last answer's Date."""
        self.base_url = base_url.rstrip("/")
        self._limits = limits
        self._patience = min(limits.patience, limits.silence)
        self._watched: set[_Watch] = set()
        self._lock = threading.Lock()
        self._client = httpx2.Client(
            base_url=f"{self.base_url}/",
            headers={"Accept": "application/fhir+json", "Accept-Encoding": "identity", **(headers or {})},
            timeout=httpx2.Timeout(limits.silence, connect=limits.connect),
            limits=httpx2.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
            verify=tls if tls is not None else True,
            transport=transport,
        )

    def request(
        self,
        method: str,
        path: str,
        params: Query | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        hurried: bool = False,
    ) -> Reply:
        """The whole answer, whatever its status. Raises `NoAnswer`. `hurried`: it will be asked again anyway."""
        sent = dict(headers or {})
        if content is not None:
            sent.setdefault("Content-Type", "application/fhir+json; charset=UTF-8")
        silence = self._patience if hurried else self._limits.silence
        if self._authorization is None:
            return self._asked(method, path, params, content, sent, silence)
        ours = self._authorization.headers()
        reply = self._asked(method, path, params, content, {**sent, **ours}, silence)
        if reply.status == _UNAUTHORIZED and self._authorization.turned_away(ours):
            reply = self._asked(method, path, params, content, {**sent, **self._authorization.headers()}, silence)
        return reply

    def _asked(
        self, method: str, path: str, params: Query | None, content: bytes | None, sent: dict[str, str], silence: float
    ) -> Reply:
        with self._watch() as watch:
            try:
                began = time.monotonic()
                reply = self._exchange(method, path, params, content, sent, watch, silence)
                self._answered(time.monotonic() - began)
                return reply
            except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, OSError, ValueError) as error:
                if isinstance(error, httpx2.TimeoutException):
                    self._patience = min(self._limits.silence, 2 * self._patience)
                reason = "It took too long" if watch.fired else _reason(error)
                raise NoAnswer("The RIS did not answer", reason, _REACH_HINT) from error

    def _exchange(
        self,
        method: str,
        path: str,
        params: Query | None,
        content: bytes | None,
        headers: Mapping[str, str],
        watch: _Watch,
        silence: float,
    ) -> Reply:
        request = self._client.build_request(
            method,
            path,
            params=params or None,
            content=content,
            headers=headers,
            timeout=httpx2.Timeout(silence, connect=self._limits.connect),
            extensions={"trace": watch.trace},
        )
        with contextlib.closing(self._client.send(request, stream=True)) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise NoAnswer("The RIS did not answer in FHIR", "It compressed the answer unasked", _PORTAL_HINT)
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > self._limits.body:
                    raise NoAnswer("The RIS did not answer", "Its answer does not end", _REACH_HINT)
            self._compare_clocks(response.headers.get("date", ""))
            return Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, bytes(body))

    def _compare_clocks(self, date: str) -> None:
        """Date (RFC 9110 6.6.1) has whole seconds; one that cannot be read says nothing."""
        with contextlib.suppress(ValueError, TypeError):
            self.clock_skew = time.time() - parsedate_to_datetime(date).timestamp()

    def _answered(self, seconds: float) -> None:
        """A slow RIS keeps the patience that it needs; a quick one loses what a lost answer gave it."""
        self._patience = min(self._limits.silence, max(self._limits.patience, min(self._patience, 4 * seconds)))

    @contextlib.contextmanager
    def _watch(self) -> Iterator[_Watch]:
        watch = _Watch(self._limits.total)
        with self._lock:
            self._watched.add(watch)
        try:
            yield watch
        finally:
            watch.end()
            with self._lock:
                self._watched.discard(watch)

    def abort(self) -> None:
        """Cut the connections of all requests under way."""
        with self._lock:
            for watch in self._watched:
                watch.cut()

    def close(self) -> None:
        self.abort()
        self._client.close()
        if self._authorization is not None:
            self._authorization.close()


class _Watch:
    """Cuts one exchange's connection when its time is over: read timeouts alone let a drip go on."""

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.daemon = True
        self._timer.start()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx's `trace` request extension: tells of the connection's socket."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.fired:
                self.cut()

    def cut(self) -> None:
        self.fired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self._timer.cancel()
        self._timer.join()


def _reason(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return reason_of(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return "It cannot be reached"
    if isinstance(error, httpx2.TimeoutException):
        return "It took too long"
    return "The connection broke"
