"""The storage SCP: listens only while a C-MOVE or a storage commitment is under way.

It takes associations from the archive that was asked, by AE title and address, a few at a time,
and of them only objects of the requested study (`Intake`).
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pynetdicom import AllStoragePresentationContexts, evt
from pynetdicom.presentation import build_context

from workstation.archives.gateway.dimse_association import own_ae
from workstation.archives.gateway.dimse_contexts import TRANSFER_SYNTAXES
from workstation.archives.gateway.dimse_link import MAXIMUM_LENGTH, DimseLink
from workstation.archives.gateway.tls import harden, no_password
from workstation.domain.archive import Archive, Tls
from workstation.errors import Refused, Unavailable

MOST_ASSOCIATIONS = 4
_IDLE_SECONDS = 30.0
_NOTHING_KNOWN, _CALLING_UNKNOWN = (0x01, 0x01, 0x01), (0x01, 0x01, 0x03)


@contextmanager
def listening(
    archive: Archive,
    link: DimseLink,
    handlers: Sequence[tuple[Any, Any]],
    attach: Callable[[Any], None] = lambda _: None,
    contexts: Sequence[Any] | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Iterator[None]:
    """Listens at `archive.listen_port` until the body ends. Raises Unavailable when the port is taken."""
    ae = own_ae(archive)
    ae.maximum_pdu_size = MAXIMUM_LENGTH
    ae.maximum_associations = MOST_ASSOCIATIONS
    ae.network_timeout = min(ae.network_timeout, _IDLE_SECONDS)
    ae.require_called_aet = True
    if contexts is None:
        contexts = [build_context(str(c.abstract_syntax), list(TRANSFER_SYNTAXES)) for c in AllStoragePresentationContexts]
    addresses = _addresses(archive)

    def opened(event: Any) -> None:
        link.attach(event.assoc)
        attach(event.assoc)

    def requested(event: Any) -> None:
        requestor = event.assoc.requestor
        if requestor.address not in addresses:
            on_note("Turned away an association from another address")
            event.assoc.acse.send_reject(*_NOTHING_KNOWN)
            event.assoc.kill()
        elif str(requestor.primitive.calling_ae_title).strip() != archive.called_ae.strip():
            on_note("Turned away an association of another AE title")
            event.assoc.acse.send_reject(*_CALLING_UNKNOWN)
            event.assoc.kill()

    try:
        server = ae.start_server(
            ("0.0.0.0", archive.listen_port),
            block=False,
            ssl_context=_server_context(archive.tls),
            evt_handlers=[(evt.EVT_CONN_OPEN, opened), (evt.EVT_REQUESTED, requested), *handlers],
            contexts=list(contexts),
        )
    except OSError as error:
        raise Unavailable(
            "The images cannot be received",
            f"Port {archive.listen_port} of this computer cannot be listened at: {error.strerror or type(error).__name__}",
            "Choose another listen_port, and tell the archive's staff",
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        link.cut()


def _addresses(archive: Archive) -> frozenset[str]:
    """All the archive's addresses: it may answer from another than it was asked at."""
    try:
        return frozenset(str(entry[4][0]) for entry in socket.getaddrinfo(archive.host, None))
    except OSError as error:
        raise Unavailable("The archive's host name is not known", archive.host, "Check the host; is the VPN up?") from error


def _server_context(tls: Tls | None) -> ssl.SSLContext | None:
    """Where the archive is reached by TLS it has to come by TLS too, with a certificate of its authority."""
    if tls is None:
        return None
    if not tls.certificate_file or not tls.ca_file:
        raise Refused(
            "C-MOVE by TLS needs a certificate of ours",
            "The archive connects to us and has to trust us, and we it",
            "Set certificate_file, key_file and ca_file, or use C-GET",
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    harden(context)
    try:
        context.load_cert_chain(tls.certificate_file, tls.key_file or None, password=no_password)
        context.load_verify_locations(tls.ca_file)
    except (OSError, ValueError) as error:
        raise Refused("Our own certificate cannot be used", "", "Check certificate_file, key_file and ca_file") from error
    context.verify_mode = ssl.CERT_REQUIRED
    return context
