"""What each kind of archive implements inside the process, and which one an archive gets."""

from __future__ import annotations

from collections.abc import Callable

from workstation.domain.archive import Archive, ArchiveConnection, ArchiveKind

Connect = Callable[[Archive, str, bytes], ArchiveConnection]
"""Made of an archive, its secret (password or token, "" for none) and the key for what is received
(b"" when nothing is sealed). Used by one thread; only `cancelled` looks at another's doing. What
takes longer than `Archive.timeout_seconds` without a callback is the peer's fault and is given up."""


def connect(archive: Archive, secret: str, incoming_key: bytes) -> ArchiveConnection:
    """Imports what the archive's protocol needs, and only that. Raises Refused for a set-up that cannot work."""
    if archive.kind is ArchiveKind.DIMSE:
        from workstation.archives.gateway.dimse import DimseConnection

        return DimseConnection(archive, secret, incoming_key)
    if archive.kind is ArchiveKind.DICOMWEB:
        from workstation.archives.gateway.dicomweb import DicomWebConnection

        return DicomWebConnection(archive, secret, incoming_key)
    from workstation.archives.gateway.folder import FolderConnection

    return FolderConnection(archive, secret, incoming_key)
