"""Associations with a DIMSE archive (PS3.8), and in words why there is none."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.presentation import PresentationContext, build_context, build_role

from workstation.archives.gateway.dimse_link import MAXIMUM_LENGTH, DimseLink, close_for_good
from workstation.archives.gateway.tls import client_context, words_for
from workstation.domain.archive import Archive
from workstation.errors import Refused, Unavailable, WorkstationError

_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False

MOST_WAIT = 30.0
"""Seconds: nothing that is asked of the network waits longer (ARTIM, PS3.8 9.1.5)."""

NATIVE = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
IMPLEMENTATION_UID = "1.2.826.0.1.3680043.10.1743.1"

# PS3.8 table 9-21: (source, reason) of an A-ASSOCIATE-RJ.
_REJECTED = {
    (1, 2): ("It does not know the DICOM application context", "Ask who runs the archive"),
    (1, 3): ("It does not know our AE title", "Have the archive's staff enter our calling AE title and address"),
    (1, 7): ("It does not answer to the AE title that we called it by", "Check the archive's called_ae"),
    (2, 2): ("It speaks another version of the protocol", "Ask who runs the archive"),
    (3, 1): ("It is busy", "Try again in a moment"),
    (3, 2): ("It has as many connections as it takes", "Try again in a moment, or lower the archive's connections"),
}


class _Entity(AE):
    def _create_socket(self, *arguments: Any) -> Any:
        made = super()._create_socket(*arguments)
        close_for_good(made)
        return made


def own_ae(archive: Archive) -> Any:
    """Our application entity, with every wait of it limited."""
    ae = _Entity(ae_title=archive.calling_ae)
    wait = patience(archive)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = wait
    ae.implementation_class_uid = IMPLEMENTATION_UID
    ae.implementation_version_name = "LYSKASSE"
    return ae


def patience(archive: Archive) -> float:
    return min(archive.timeout_seconds, MOST_WAIT)


def check(archive: Archive) -> None:
    """Raises Refused for a set-up that cannot work."""
    for name, title in (("called_ae", archive.called_ae), ("calling_ae", archive.calling_ae)):
        if not title.strip() or len(title) > 16 or "\\" in title or not title.isascii() or not title.isprintable():
            raise Refused("The archive's set-up is wrong", f"{name} is 1 to 16 plain characters", f"Correct {name}")
    if not archive.host or not 0 < archive.port < 65536:
        raise Refused("The archive's set-up is wrong", "It has no host or no port", "Give the archive host and port")


class _Held:
    """Stands for an association's checkpoint and keeps its thread standing there.

    pynetdicom stops that thread for each request and lets it go on after; with requests close behind each
    other it sometimes took an answer from under the one who waited for it: an image missing in the
    archive's list. Only for requestors; an acceptor's thread serves.
    """

    def __init__(self) -> None:
        self._go, self._is_there = threading.Event(), threading.Event()

    @classmethod
    def holding(cls, association: Any) -> _Held:
        held = cls()
        association._reactor_checkpoint = held
        held._is_there.wait(association.acse_timeout)
        return held

    def wait(self) -> None:
        self._is_there.set()
        self._go.wait()

    def let_go(self) -> None:
        self._go.set()

    def set(self) -> None:
        """Not yet."""

    def clear(self) -> None:
        """It stands already."""


@contextmanager
def associated(
    archive: Archive,
    contexts: Sequence[tuple[str, Sequence[str]]],
    link: DimseLink | None = None,
    *,
    stored_here: Sequence[str] = (),
    handlers: Sequence[tuple[Any, Any]] = (),
) -> Iterator[Any]:
    """An association that is released at the end, or aborted when the body raised.

    `contexts` are (abstract syntax, transfer syntaxes); of the SOP classes in `stored_here` we are the
    SCP (PS3.7 D.3.3.4), as C-GET needs it. Raises Unavailable or Refused, with words from `link` first.
    """
    link = link or DimseLink(patience(archive))
    association = _requested(archive, contexts, link, stored_here, handlers)
    if _unanswered(association, link):
        # Orthanc closes, without a word, a connection whose request is a second late: a busy machine is no fault of the set-up.
        association = _requested(archive, contexts, link, stored_here, handlers)
    if not association.is_established:
        link.close()
        raise link.problem or _why_not(archive, association)
    held = _Held.holding(association)
    try:
        yield association
        if association.is_established:
            association.release()
        elif association.is_alive():
            association.abort()
    except BaseException as error:
        association.abort()
        if link.problem is not None and not isinstance(error, Refused):
            raise link.problem from error
        raise
    finally:
        held.let_go()
        association.join(patience(archive))
        link.close()


def _requested(
    archive: Archive,
    contexts: Sequence[tuple[str, Sequence[str]]],
    link: DimseLink,
    stored_here: Sequence[str],
    handlers: Sequence[tuple[Any, Any]],
) -> Any:
    tls = client_context(archive.tls, archive.host)
    proposed: list[PresentationContext] = [build_context(uid, list(syntaxes)) for uid, syntaxes in contexts]
    try:
        return own_ae(archive).associate(
            archive.host,
            archive.port,
            contexts=proposed,
            ae_title=archive.called_ae,
            max_pdu=MAXIMUM_LENGTH,
            ext_neg=[build_role(uid, scp_role=True) for uid in dict.fromkeys(stored_here)],
            tls_args=(tls, archive.host) if tls is not None else None,
            evt_handlers=[(evt.EVT_CONN_OPEN, lambda event: link.attach(event.assoc)), *handlers],
        )
    except OSError as error:
        raise unreachable(archive, error) from error


def _unanswered(association: Any, link: DimseLink) -> bool:
    """The connection was taken and closed again with no answer of any kind."""
    return not association.is_established and association.acceptor.primitive is None and link.attached and link.problem is None


def _why_not(archive: Archive, association: Any) -> WorkstationError:
    answer = association.acceptor.primitive
    if association.is_rejected and answer is not None:
        detail, hint = _REJECTED.get(
            (answer.result_source, answer.diagnostic), ("It does not say why", "Ask who runs the archive; check the AE titles")
        )
        return Refused("The archive rejects the association", detail, hint)
    if answer is not None and answer.result == 0:
        return Refused(
            "The archive offers none of what was asked", "No presentation context was accepted", "Ask who runs the archive"
        )
    try:
        reach(archive).close()
    except WorkstationError as reason:
        return reason
    return Unavailable(
        "The archive ended the connection",
        "It took it and closed it without an answer to the association request",
        "Check that the port is a DICOM port, whether it wants TLS, and the AE titles",
    )


def reach(archive: Archive) -> socket.socket:
    """A connection to the archive's port, with TLS where it is set up. Raises Unavailable or Refused in words."""
    context = client_context(archive.tls, archive.host)
    try:
        raw = socket.create_connection((archive.host, archive.port), timeout=patience(archive))
    except OSError as error:
        raise unreachable(archive, error) from error
    if context is None:
        return raw
    try:
        return context.wrap_socket(raw, server_hostname=archive.host)
    except OSError as error:
        with contextlib.suppress(OSError):
            raw.close()
        raise unreachable(archive, error) from error


def unreachable(archive: Archive, error: OSError) -> WorkstationError:
    where = f"{archive.host}, port {archive.port}"
    if words := words_for(error):
        return (Refused if isinstance(error, ssl.SSLCertVerificationError) else Unavailable)(*words)
    if isinstance(error, socket.gaierror):
        return Unavailable("The archive's host name is not known", archive.host, "Check the host; is the VPN up?")
    if isinstance(error, TimeoutError):
        return Unavailable(
            "The archive does not answer", where, "Check host and port; is the VPN up, does a firewall stand between?"
        )
    if isinstance(error, ConnectionRefusedError):
        return Unavailable("Nothing listens at the archive's port", where, "Check the port; is the archive running?")
    return Unavailable("The archive cannot be reached", f"{where}: {error.strerror or type(error).__name__}", "Is the VPN up?")


def failure(operation: str, status: Any) -> WorkstationError:
    """What a DIMSE status (PS3.7 annex C) that is not success means; an empty one is a broken association."""
    code = getattr(status, "Status", None)
    if code is None:
        return Unavailable("The archive ended the connection", f"In the middle of {operation}", "Try again")
    meanings = {
        0x0122: "It does not offer this",
        0x0124: "It does not authorise us",
        0xA700: "It is out of resources",
        0xA701: "It is out of resources: it cannot count the matches",
        0xA702: "It is out of resources: it cannot send",
        0xA801: "It does not know our AE title as a place to send to",
        0xA900: "It says that the request does not fit",
    }
    detail = f"{meanings.get(code, 'It failed')} (status {code:04X})"
    hint = "Have the archive's staff enter our AE title, address and port" if code == 0xA801 else "Ask who runs the archive"
    return Refused(f"The archive refuses {operation}", detail, hint)
