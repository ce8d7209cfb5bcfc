"""What a description of an archive must keep to, each breach in words.

AE titles: PS3.5 6.2 (VR AE), host and port: PS3.15 Annex H (network AE). A secret never stands
in a description, and none may leave over a link that others can read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from workstation.domain.archive import Archive, ArchiveKind, RetrieveMethod

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")
HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}")
LONGEST_TEXT = 64  # VR LO
MOST_CONNECTIONS = 16
LONGEST_TIMEOUT = 600.0

# Keys that only one kind has; a value in another's is a mistake that somebody must see.
KEYS_OF_KIND: dict[ArchiveKind, tuple[str, ...]] = {
    ArchiveKind.DIMSE: ("host", "port", "called_ae", "calling_ae", "retrieve", "listen_port", "worklist"),
    ArchiveKind.DICOMWEB: ("url",),
    ArchiveKind.FOLDER: ("folder",),
}

Breach = tuple[str, str]
"""The key, and what is wrong with it."""


def breaches(archive: Archive) -> tuple[Breach, ...]:
    """All of them, empty for a sound description."""
    by_kind = {ArchiveKind.DIMSE: _dimse, ArchiveKind.DICOMWEB: _dicomweb, ArchiveKind.FOLDER: _folder}
    return (*_common(archive), *_foreign(archive), *by_kind[archive.kind](archive), *_tls(archive))


def is_loopback(host: str) -> bool:
    """Whether what is sent there never leaves this machine."""
    if host.casefold() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def flaw_of_ae_title(title: str) -> str:
    """VR AE: 1 to 16 characters of the default repertoire without backslash and control characters."""
    if not title.strip():
        return "an AE title is missing"
    if len(title) > 16:
        return "an AE title has at most 16 characters"
    if not (title.isascii() and title.isprintable()) or "\\" in title:
        return "an AE title has ASCII letters, digits and signs, no backslash and no control characters"
    return "an AE title neither begins nor ends with a space" if title != title.strip() else ""


def _common(archive: Archive) -> Iterator[Breach]:
    if not NAME.fullmatch(archive.name):
        yield "name", "letters, digits and dashes, at most 32, beginning with a letter or digit"
    texts = [(key, str(getattr(archive, key))) for key in ("title", "user", "issuer", "tenant")]
    for key, text in [*texts, *(("shared_tenants", tenant) for tenant in archive.shared_tenants)]:
        if len(text) > LONGEST_TEXT:
            yield key, f"at most {LONGEST_TEXT} characters"
        if text != text.strip() or not text.isprintable() or "\\" in text:
            yield key, "no backslash, no control character, no space at either end"
    if archive.shared_tenants and not archive.tenant:
        yield "shared_tenants", "needs a tenant of the archive's own"
    if archive.kilobits < 0:
        yield "kilobits", "0 for no cap, or more"
    if not 1 <= archive.connections <= MOST_CONNECTIONS:
        yield "connections", f"from 1 to {MOST_CONNECTIONS}"
    if not 0 < archive.timeout_seconds <= LONGEST_TIMEOUT:
        yield "timeout_seconds", f"more than 0 and at most {LONGEST_TIMEOUT:g}"


def _foreign(archive: Archive) -> Iterator[Breach]:
    blank = Archive("", archive.kind)
    for kind, keys in KEYS_OF_KIND.items():
        for key in keys if kind is not archive.kind else ():
            if getattr(archive, key) != getattr(blank, key):
                yield key, f"does not belong to an archive of kind {archive.kind.value!r}"


def _dimse(archive: Archive) -> Iterator[Breach]:
    if not HOST.fullmatch(archive.host):
        yield "host", "a host name or an address is missing" if not archive.host else "not a host name or an address"
    if not 1 <= archive.port <= 65535:
        yield "port", "from 1 to 65535"
    for key in ("called_ae", "calling_ae"):
        if flaw := flaw_of_ae_title(getattr(archive, key)):
            yield key, flaw
    if archive.retrieve is RetrieveMethod.C_MOVE and not 1 <= archive.listen_port <= 65535:
        yield "listen_port", "C-MOVE needs the port, from 1 to 65535, that the archive sends to"
    if archive.retrieve is RetrieveMethod.C_GET and archive.listen_port:
        yield "listen_port", "only C-MOVE has one; C-GET needs no way in"
    if archive.user and archive.tls is None and not is_loopback(archive.host):
        yield "user", "a password needs TLS, or anybody on the way can read it"


def _dicomweb(archive: Archive) -> Iterator[Breach]:
    try:
        url = urlsplit(archive.url)
        host, _ = url.hostname or "", url.port
    except ValueError:
        yield "url", "not an address"
        return
    if url.scheme not in {"http", "https"} or not host or not archive.url.isprintable() or " " in archive.url:
        yield "url", "an address that begins with https:// is missing"
        return
    if url.username is not None or url.password is not None:
        yield "url", "no user and no password in the address: set `user`; the password goes into the keyring"
    if url.query or url.fragment:
        yield "url", "only the address of the service, without ? and #"
    if url.scheme == "http" and not is_loopback(host):
        yield "url", "https:// is needed: anybody on the way could read the images"


def _folder(archive: Archive) -> Iterator[Breach]:
    if not archive.folder or not Path(archive.folder).is_absolute():
        yield "folder", "the whole path of a folder is missing"
    if archive.user:
        yield "user", "a folder asks for no user"
    if archive.can_store:
        yield "can_store", "a folder is only read"


def _tls(archive: Archive) -> Iterator[Breach]:
    tls = archive.tls
    if tls is None:
        return
    if archive.kind is ArchiveKind.FOLDER:
        yield "tls", "a folder needs none"
    if archive.kind is ArchiveKind.DICOMWEB and archive.url.startswith("http://"):
        yield "tls", "an address that begins with http:// has none"
    for key in ("ca_file", "certificate_file", "key_file"):
        value = getattr(tls, key)
        if value and not Path(value).is_absolute():
            yield f"tls.{key}", "the whole path of a PEM file is needed"
    if tls.key_file and not tls.certificate_file:
        yield "tls.key_file", "a key without its certificate"
