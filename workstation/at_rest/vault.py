"""Vault: what is written to this machine's disk goes through it, sealed or plain, and comes back.

It holds the master key and derives from it (HKDF-SHA256) a key for each purpose, file and database.
Plain files are always read as they are: a cache from before, or from a site that does not seal,
stays readable.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workstation.at_rest.sealed import (
    BROKEN,
    NO_KEY,
    Head,
    Purpose,
    create_sealed,
    derived,
    head_at,
    is_sealed,
    key_of_file,
    open_sealed,
)
from workstation.errors import Refused

__all__ = ["Purpose", "Vault", "is_sealed"]

MASTER = 32
LINE_MARK = "~"


class Vault:
    """Immutable, thread-safe. See the module."""

    def __init__(self, master: bytes, is_sealing: bool) -> None:
        """Not for callers: `plain` or `with_key`."""
        self._master = master
        self.is_sealing = is_sealing

    @classmethod
    def plain(cls) -> Vault:
        """Writes plain files, reads plain files, refuses sealed ones."""
        return cls(b"", False)

    @classmethod
    def with_key(cls, master: bytes, is_sealing: bool = True) -> Vault:
        """Reads sealed and plain files; writes sealed ones, or plain ones where a site does not seal any more."""
        if len(master) != MASTER:
            raise ValueError("A master key has 32 bytes")
        return cls(master, is_sealing)

    def create(self, path: Path, purpose: Purpose) -> BinaryIO:
        """A new file, 0600, whole when `close` returns. Raises OSError, FileExistsError when there is one."""
        if self.is_sealing:
            return create_sealed(path, purpose, self.purpose_key(purpose))
        return open(path, "xb", opener=_private)

    def open(self, path: Path) -> BinaryIO:
        """A seekable reader of the plaintext. Raises Refused for a damaged file or a foreign key, OSError as `open`."""
        head = head_at(path)
        return path.open("rb") if head is None else open_sealed(path, self._key(head))

    def key_of(self, path: Path) -> bytes:
        """The key of that one file, all that a worker process is given; b"" for a file that is plain or cannot be opened.

        Raises Refused for a sealed file that this vault has no key for.
        """
        try:
            head = head_at(path)
        except OSError:
            return b""
        return b"" if head is None else self._key(head)

    def seal_line(self, text: str, purpose: Purpose) -> str:
        """One line of a log that grows: base64 of nonce and ciphertext, or `text` itself when not sealing."""
        if not self.is_sealing:
            return text
        nonce = os.urandom(12)
        sealed = AESGCM(self.purpose_key(purpose)).encrypt(nonce, text.encode(), str(purpose).encode())
        return LINE_MARK + base64.b64encode(nonce + sealed).decode("ascii")

    def open_line(self, line: str, purpose: Purpose) -> str:
        """The inverse, of plain lines too. Raises Refused for a damaged line, or without a key."""
        if not line.startswith(LINE_MARK):
            return line
        if not self._master:
            raise Refused(*NO_KEY)
        try:
            data = base64.b64decode(line[len(LINE_MARK) :], validate=True)
            key = derived(self._master, f"lyskasse purpose {purpose}".encode())
            return AESGCM(key).decrypt(data[:12], data[12:], str(purpose).encode()).decode()
        except (ValueError, InvalidTag):
            raise Refused(*BROKEN) from None

    @property
    def has_key(self) -> bool:
        """Whether sealed files can be opened."""
        return bool(self._master)

    def purpose_key(self, purpose: Purpose) -> bytes:
        """b"" when not sealing."""
        return derived(self._master, f"lyskasse purpose {purpose}".encode()) if self.is_sealing else b""

    def file_key(self, purpose: Purpose, file_id: bytes) -> bytes:
        """The key of a file with this id; b"" when not sealing."""
        return key_of_file(self.purpose_key(purpose), file_id) if self.is_sealing else b""

    def database_key(self, name: str) -> str:
        """64 hex digits, SQLCipher's raw key of the database called `name`; "" when not sealing."""
        return self.held_database_key(name) if self.is_sealing else ""

    def held_database_key(self, name: str) -> str:
        """As `database_key`, also where new files are not sealed any more: it opens the old one. "" without a master key."""
        return derived(self._master, f"lyskasse database {name}".encode()).hex() if self._master else ""

    def held_file_key(self, purpose: Purpose, file_id: bytes) -> bytes:
        """As `file_key`, also where new files are not sealed any more. Raises Refused without a master key."""
        if not self._master:
            raise Refused(*NO_KEY)
        return key_of_file(derived(self._master, f"lyskasse purpose {purpose}".encode()), file_id)

    def _key(self, head: Head) -> bytes:
        if not self._master:
            raise Refused(*NO_KEY)
        return key_of_file(derived(self._master, f"lyskasse purpose {head.purpose}".encode()), head.file_id)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
