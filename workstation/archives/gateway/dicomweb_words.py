"""What went wrong with an HTTP archive, for the reader. Nothing the server says is in it but numbers."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx2

from workstation.archives.gateway.tls import words_for
from workstation.archives.gateway.wire import LONGEST_WAIT
from workstation.errors import Unavailable, WorkstationError

if TYPE_CHECKING:
    from workstation.archives.gateway.dicomweb_wire import Answer

BROKEN = "The connection to the archive broke"
AGAIN = "Try again; what was received is kept"
ADDRESS = "Check the archive's address"
PORTAL = "Check the archive's address, and whether a log-in page stands between"


class HttpRefusal(Unavailable):
    """A whole answer whose status says no. `status` for those who know what to do about it."""

    def __init__(self, status: int, title: str, detail: str, hint: str) -> None:
        super().__init__(title, detail, hint)
        self.status = status


def words_for_failure(error: Exception) -> WorkstationError:
    """Why there was no answer: name, network, TLS or the connection."""
    about_tls = words_for(error)
    if about_tls is not None:
        return Unavailable(*about_tls)
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return Unavailable(
                "The archive's name is not known", "The network's name service (DNS) has no such host", _proxy_hint()
            )
        if isinstance(cause, ConnectionRefusedError):
            return Unavailable("The archive does not answer", "Nothing listens at its port", _proxy_hint())
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Unavailable("The archive cannot be reached", "No connection to its address came about", _proxy_hint())
    if isinstance(error, httpx2.TimeoutException):
        return Unavailable("The archive does not answer", "It fell silent", AGAIN)
    if isinstance(error, httpx2.RemoteProtocolError) and any("illegal" in str(cause) for cause in causes):
        return Unavailable("The archive does not answer", "What answers at its address does not speak HTTP", ADDRESS)
    return Unavailable(BROKEN, "It ended in the middle", AGAIN)


def _proxy_hint() -> str:
    """Archives are in the hospital's own network: a proxy from the environment is not asked (F44)."""
    named = [name for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY") if os.environ.get(name)]
    hint = "Check the archive's address and the network (VPN)"
    return f"{hint}; {named[0]} is set and is not used for archives" if named else hint


_STATUS: dict[int, tuple[str, str, str]] = {
    400: ("The archive does not understand the question", "", "Ask who runs the archive"),
    401: (
        "The archive refused our credentials",
        "It does not know the user, password or token",
        "Check the archive's credentials",
    ),
    403: ("The archive gives no access", "It knows us, and this user may not do that", "Ask who runs the archive for access"),
    404: ("The archive does not have this", "", "Check the archive's address if it should"),
    406: ("The archive cannot give its images in a form that we read", "", "Ask who runs the archive"),
    407: ("A proxy stands between us and the archive", "It wants a log-in of its own", "Ask who runs the network"),
    413: ("The archive finds this too large", "", "Ask who runs the archive for a larger limit"),
    429: ("The archive is busy", "It asks us to come back later", "It is asked again by itself"),
    500: ("The archive failed", "It has an error of its own", "Try again; if it stays so, tell who runs the archive"),
    501: ("The archive cannot do this", "", "Ask who runs the archive"),
    502: ("The archive cannot be reached", "The server in front of it gets no answer", "Try again later"),
    503: ("The archive is busy", "It is not ready now", "It is asked again by itself"),
    504: ("The archive cannot be reached", "The server in front of it gets no answer", "Try again later"),
}


def refusal(answer: Answer) -> HttpRefusal:
    """An answer's status in words; how long the archive asks to be left in peace is its `retry_after`."""
    status = answer.status
    title, detail, hint = _STATUS.get(status, ("The archive did not do what it was asked", "", "Ask who runs the archive"))
    seconds = _retry_after(answer.headers.get("retry-after", ""))
    pause = "" if seconds is None else f"retry after {seconds:.0f} s"
    error = HttpRefusal(status, title, "; ".join(part for part in (detail, f"HTTP status {status}", pause) if part), hint)
    error.retry_after = seconds
    return error


def _retry_after(value: str) -> float | None:
    """Seconds (RFC 9110 10.2.3: a number or a date), at most a day."""
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        seconds = int(value) if value.isdigit() else int(parsedate_to_datetime(value).timestamp() - time.time())
        return float(min(max(seconds, 0), LONGEST_WAIT))
    return None


def not_dicomweb(answer: Answer) -> Unavailable:
    """A whole answer that is something else: a log-in page, a status page (F31)."""
    kind = "a web page" if "html" in answer.media_type else "no DICOM"
    return Unavailable("What answers is not a DICOMweb archive", f"It sent {kind}", PORTAL)
