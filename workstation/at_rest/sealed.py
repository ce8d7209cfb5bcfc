"""Sealed files: AES-256-GCM by blocks, so that any part of a file is read without the rest of it.

A file is a head in plain and blocks of ciphertext. The head (32 bytes, little-endian): magic (8),
version (1), purpose (1), zeros (2), block size (4), random file id (16). Each block is `BLOCK` bytes of
plaintext, the last one 0 to `BLOCK`, and a tag of 16 bytes; its nonce is its number. The additional
data of each block are the head, its number and whether it is the last: a block that was moved, left
out or brought from another file does not open, nor does a file that was cut. The key is the file's
own: HKDF-SHA256 (RFC 5869) of the purpose's key and the file id.

Nothing here knows the master key: a process that may read one file is given that file's key.
All sizes are in bytes.
"""

from __future__ import annotations

import hmac
import io
import os
import struct
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workstation.errors import Refused

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"LYSKSEAL"
VERSION = 1
BLOCK = 128 << 10
TAG = 16
FILE_ID = 16
HEAD = struct.Struct(f"<8sBBHI{FILE_ID}s")
_PLACE = struct.Struct("<QB")
_NONCE = struct.Struct("<QI")

BROKEN = (
    "The stored file is damaged",
    "Its seal is broken, or it was sealed with another key",
    "Import it again from its source",
)
NO_KEY = (
    "The stored file is encrypted",
    "There is no key for it here",
    "Set at_rest = true in settings.toml, or bring the key back",
)
UNKNOWN_VERSION = ("The stored file is of a newer version of this program", "", "Use that version")


class Purpose(StrEnum):
    """What a file is for; each has a key of its own."""

    OBJECT = "object"
    DECODED = "decoded"
    INCOMING = "incoming"
    QUARANTINE = "quarantine"
    AUDIO = "audio"
    LOG = "log"


# The byte in the head: never renumbered.
_NUMBERS = {purpose: number for number, purpose in enumerate(Purpose, start=1)}
_PURPOSES = {number: purpose for purpose, number in _NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class Head:
    """What a sealed file says of itself in plain; `raw` is bound into every block."""

    purpose: Purpose
    block: int
    file_id: bytes
    raw: bytes


def derived(key: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) without salt, 32 bytes."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def key_of_file(purpose_key: bytes, file_id: bytes) -> bytes:
    """The key of the file with this id."""
    return derived(purpose_key, b"lyskasse file " + file_id)


def head_of(start: bytes) -> Head | None:
    """From the first bytes of a file; None for one that is not sealed. Raises Refused for a head that cannot be."""
    if not start.startswith(MAGIC):
        return None
    if len(start) < HEAD.size:
        raise Refused(*BROKEN)
    _, version, purpose, zeros, block, file_id = HEAD.unpack_from(start)
    if version != VERSION:
        raise Refused(*UNKNOWN_VERSION)
    if purpose not in _PURPOSES or zeros or not 0 < block <= 1 << 24:
        raise Refused(*BROKEN)
    return Head(_PURPOSES[purpose], block, file_id, start[: HEAD.size])


def head_at(path: Path) -> Head | None:
    """As `head_of`. Raises OSError when the file cannot be opened."""
    # A FIFO that somebody put there must not hold us up.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        return head_of(os.read(descriptor, HEAD.size))
    finally:
        os.close(descriptor)


def is_sealed(path: Path) -> bool:
    """Whether the file begins as a sealed one does; False for one that cannot be read."""
    try:
        return head_at(path) is not None
    except OSError:
        return False
    except Refused:
        return True


def create_sealed(path: Path, purpose: Purpose, purpose_key: bytes) -> BinaryIO:
    """A new file (0600) that is sealed while it is written. Whole when `close` returns.

    Left by an exception, or never closed, it stays without its last block and is refused by every
    reader. Raises OSError as `open` does, FileExistsError when there is one.
    """
    return cast(BinaryIO, SealedWriter(path, purpose, purpose_key))


def open_sealed(path: Path, file_key: bytes) -> BinaryIO:
    """A seekable reader. Raises Refused, here or when read, for what is damaged or not of this key; OSError as `open`."""
    return io.BufferedReader(_SealedStream(SealedFile(path, file_key)))


class SealedWriter(io.RawIOBase):
    """See `create_sealed`."""

    def __init__(self, path: Path, purpose: Purpose, purpose_key: bytes) -> None:
        file_id = os.urandom(FILE_ID)
        self._head = HEAD.pack(MAGIC, VERSION, _NUMBERS[purpose], 0, BLOCK, file_id)
        self._cipher = AESGCM(key_of_file(purpose_key, file_id))
        self._pending = bytearray()
        self._number = 0
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb")
        self._file.write(self._head)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, data: ReadableBuffer, /) -> int:
        view = memoryview(data).cast("B")
        written = len(view)
        while len(self._pending) + len(view) > BLOCK:
            # More follows, so this block is not the last one.
            taken = BLOCK - len(self._pending)
            if self._pending:
                self._pending += view[:taken]
                self._seal(self._pending, is_last=False)
                self._pending = bytearray()
            else:
                self._seal(view[:taken], is_last=False)
            view = view[taken:]
        self._pending += view
        return written

    def close(self) -> None:
        if self.closed:
            return
        try:
            self._seal(self._pending, is_last=True)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Closes the file without its last block: nobody will take it for whole."""
        self._pending = bytearray()
        try:
            self._file.close()
        finally:
            # The base class calls `flush` of what it takes for open.
            super().close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __del__(self) -> None:
        if hasattr(self, "_file") and not self.closed:
            self.abandon()

    def _seal(self, block: bytearray | memoryview, is_last: bool) -> None:
        number = self._number
        self._file.write(self._cipher.encrypt(_NONCE.pack(number, 0), block, self._head + _PLACE.pack(number, is_last)))
        self._number += 1


class SealedFile:
    """The plaintext of a sealed file, any part of it at any time. Thread-safe. `size` is that of the plaintext.

    Raises Refused at opening for a file that was cut or is not of this key, and on reading a damaged block.
    """

    def __init__(self, path: Path, file_key: bytes) -> None:
        self._file = path.open("rb", buffering=0)
        try:
            head = head_of(self._file.read(HEAD.size))
            if not file_key:
                raise Refused(*NO_KEY)
            if head is None:
                raise Refused(*BROKEN)
            self._head = head
            self._cipher = AESGCM(file_key)
            self._lock = threading.Lock()
            length = os.fstat(self._file.fileno()).st_size - HEAD.size
            self._last = max(0, (length - 1) // (head.block + TAG))
            self._last_size = length - self._last * (head.block + TAG) - TAG
            if self._last_size < 0:
                raise Refused(*BROKEN)
            self.size = self._last * head.block + self._last_size
            # Proves the size: a file that was cut after a whole block has no last one.
            self._end = self._opened(self._last)
            self._kept = (-1, b"")
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """May be called twice; done by itself when nobody holds the file any more."""
        self._file.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def read_into(self, offset: int, target: WriteableBuffer) -> int:
        """Plaintext from `offset` into `target`, as much as there is; how much that was."""
        view = memoryview(target).cast("B")[: max(0, self.size - offset)]
        block, done = self._head.block, 0
        while done < len(view):
            number, start = divmod(offset + done, block)
            size = self._last_size if number == self._last else block
            taken = min(size - start, len(view) - done)
            if taken == size and number not in (self._kept[0], self._last):
                self._open_into(number, view[done : done + taken])
            else:
                view[done : done + taken] = memoryview(self._block(number))[start : start + taken]
            done += taken
        return done

    def read(self, offset: int, length: int) -> bytearray:
        """Plaintext, shorter than `length` only at the end of the file."""
        found = bytearray(max(0, min(length, self.size - offset)))
        self.read_into(offset, found)
        return found

    def _block(self, number: int) -> bytes:
        if number == self._last:
            return self._end
        kept = self._kept
        if kept[0] != number:
            kept = self._kept = (number, self._opened(number))
        return kept[1]

    def _opened(self, number: int) -> bytes:
        try:
            return self._cipher.decrypt(_NONCE.pack(number, 0), self._sealed(number), self._place(number))
        except InvalidTag:
            raise Refused(*BROKEN) from None

    def _open_into(self, number: int, target: memoryview) -> None:
        try:
            self._cipher.decrypt_into(_NONCE.pack(number, 0), self._sealed(number), self._place(number), target)
        except InvalidTag:
            raise Refused(*BROKEN) from None

    def _place(self, number: int) -> bytes:
        return self._head.raw + _PLACE.pack(number, number == self._last)

    def _sealed(self, number: int) -> bytes:
        size = (self._last_size if number == self._last else self._head.block) + TAG
        at = HEAD.size + number * (self._head.block + TAG)
        if hasattr(os, "pread"):
            found = os.pread(self._file.fileno(), size, at)
        else:
            with self._lock:
                self._file.seek(at)
                found = self._file.read(size)
        if len(found) != size:
            raise Refused(*BROKEN)
        return found


class _SealedStream(io.RawIOBase):
    """A SealedFile as a stream; owns it."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.size}[whence]
        if base + offset < 0:
            raise ValueError("Before the beginning of the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, target: WriteableBuffer, /) -> int:
        read = self._file.read_into(self._at, target)
        self._at += read
        return read

    def readall(self) -> bytes:
        found = bytes(self._file.read(self._at, self._file.size - self._at))
        self._at += len(found)
        return found

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
