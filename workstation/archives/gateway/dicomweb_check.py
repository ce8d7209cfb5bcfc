"""Testing a DICOMweb archive, step by step, in words. Nothing is stored and no patient's images are read."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from workstation.archives.gateway.dicomweb_query import ACCEPT_JSON, datasets
from workstation.archives.gateway.dicomweb_retrieve import ACCEPTS
from workstation.archives.gateway.dicomweb_wire import Answer, Line, Place
from workstation.archives.gateway.dicomweb_words import HttpRefusal, refusal, words_for_failure
from workstation.archives.gateway.http_limits import HttpLimits
from workstation.archives.gateway.tls import client_context
from workstation.domain.archive import Archive, TestStep, Tls
from workstation.errors import WorkstationError

MOST_SKEW = 60.0
"""Seconds that the archive's clock and ours may differ (F43)."""

_NO_STUDY = "2.25.1"
"""A UID that no archive has a study for."""


def checked(archive: Archive, place: Place, line: Callable[[], Line], limits: HttpLimits) -> tuple[TestStep, ...]:
    """The steps until one fails without which the next would make no sense."""
    return tuple(_steps(archive, place, line, limits))


def _steps(archive: Archive, place: Place, line: Callable[[], Line], limits: HttpLimits) -> Iterator[TestStep]:
    for name, work in (
        ("Find its name", lambda: _resolve(place)),
        ("Connect", lambda: _connect(place, limits)),
        ("TLS", lambda: _secure(archive, place, limits)),
    ):
        step = _tried(name, work)
        yield step
        if not step.succeeded:
            return
    clock: list[TestStep] = []
    found = list(_asked(line, limits, clock))
    yield from found
    if not found[-1].succeeded:
        yield from clock
        return
    yield _tried("Fetch (WADO-RS)", lambda: _fetch(line()))
    if archive.can_store:
        yield _tried("Store (STOW-RS)", lambda: _store(line()))
    yield from clock


def _tried(name: str, work: Callable[[], str]) -> TestStep:
    try:
        return TestStep(name, True, work())
    except WorkstationError as error:
        return TestStep(name, False, str(error))
    except (OSError, ValueError) as error:
        return TestStep(name, False, str(words_for_failure(error)))


def _resolve(place: Place) -> str:
    addresses = {str(found[4][0]) for found in socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)}
    return ", ".join(sorted(addresses))


def _connect(place: Place, limits: HttpLimits) -> str:
    start = time.monotonic()
    with socket.create_connection((place.host, place.port), limits.connect):
        return f"{(time.monotonic() - start) * 1000:.0f} ms"


def _secure(archive: Archive, place: Place, limits: HttpLimits) -> str:
    context = client_context((archive.tls or Tls()) if place.is_https else None, place.host)
    if context is None:
        return "not used: anybody on the way can read along"
    with socket.create_connection((place.host, place.port), limits.connect) as plain:
        plain.settimeout(limits.connect)
        with context.wrap_socket(plain, server_hostname=place.host) as secure:
            # With TLS 1.3 a server says only after the handshake that it wants another certificate of ours.
            secure.settimeout(0.3)
            with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
                secure.recv(1)
            return secure.version() or ""


def _asked(line: Callable[[], Line], limits: HttpLimits, clock: list[TestStep]) -> Iterator[TestStep]:
    """Credentials and QIDO-RS by the same question, and the clock by its answer."""
    try:
        with line().ask("GET", "studies?limit=1", ACCEPT_JSON) as answer:
            clock.extend(_clock(answer))
            if answer.status in (401, 403, 407):
                yield TestStep("Credentials", False, str(refusal(answer)))
                return
            yield TestStep("Credentials", True)
            datasets(answer, limits)
        yield TestStep("Search (QIDO-RS)", True)
    except WorkstationError as error:
        yield TestStep("Search (QIDO-RS)", False, str(error))


def _fetch(line: Line) -> str:
    """A study that nobody has: an archive that gives studies says that it is not there."""
    with line.ask("GET", f"studies/{_NO_STUDY}", {"Accept": ACCEPTS[0]}) as answer:
        if answer.status in (200, 204, 404, 410):
            return ""
        if answer.status == 400:
            return "it answers, and does not like our form"
        raise refusal(answer)


def _store(line: Line) -> str:
    """What may be done at the address for storing. Many archives do not say, which is no failure."""
    with line.ask("OPTIONS", "studies") as answer:
        allowed = answer.headers.get("allow", "").upper()
        if answer.status in (401, 403):
            raise refusal(answer)
        if allowed and "POST" not in allowed:
            raise HttpRefusal(405, "The archive takes no objects", "It does not allow POST", "Ask who runs the archive")
        return "" if allowed else "it does not say; the first object that is sent will tell"


def _clock(answer: Answer) -> Iterator[TestStep]:
    """By the Date header (RFC 9110 6.6.1). A clock that is wrong spoils certificates and the order of reports."""
    with contextlib.suppress(ValueError, TypeError):
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
        skew = (datetime.now(UTC) - theirs.astimezone(UTC)).total_seconds()
        if abs(skew) > MOST_SKEW:
            side = "ahead of" if skew > 0 else "behind"
            yield TestStep(
                "Clock", False, f"This computer's clock is {abs(skew):.0f} s {side} the archive's. Set the wrong one right"
            )
        else:
            yield TestStep("Clock", True, f"{abs(skew):.0f} s apart")
