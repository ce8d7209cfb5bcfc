"""Files that grow by records, each whole or not there: sound while it is spoken, changes as they are made.

A file is a head in plain and records. Head (24 bytes): magic (8), random file id (16). Record: length of
its body in bytes (u32, little-endian), number (u64), body. Sealed: the body is a nonce (12) and the
AES-256-GCM of the content, bound to file id and number by the additional data. Nonces are random: a
record that a crash tore is written anew under the same number, never under the same nonce. Plain: the
content and its CRC-32. What a crash left of the last record is found out and cut off.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workstation.durable import sync_folder
from workstation.errors import Refused

SEALED = b"LYSKRECS"
PLAIN = b"LYSKRECP"
FILE_ID = 16
HEAD_BYTES = len(SEALED) + FILE_ID
NONCE = 12
_RECORD = struct.Struct("<IQ")
_CRC = struct.Struct("<I")

KeyOf = Callable[[bytes], bytes]
"""The key of the file with this id; b"" to write it in plain."""

FOREIGN = ("The records were sealed with another key, or are damaged", "Nothing was changed", "")
UNKNOWN = ("This is no file of records", "", "")


@dataclass(frozen=True, slots=True)
class Records:
    """What `read_records` found: numbers and contents in file order; `sound_bytes` of the file are good, `is_whole` all.

    `is_foreign`: not even the first one opens, although it is all there: another key, or damage.
    """

    entries: tuple[tuple[int, bytes], ...]
    sound_bytes: int
    is_whole: bool
    is_foreign: bool = False


def read_records(path: Path, key_of: KeyOf) -> Records:
    """All up to the first that is torn or changed. Raises OSError, and Refused for a foreign file or a missing key."""
    data = path.read_bytes()
    if len(data) < HEAD_BYTES and (SEALED + PLAIN).find(data[:8]) >= 0:
        return Records((), 0, is_whole=False)  # torn in its head
    code = _Code.of(data[:HEAD_BYTES], key_of)
    entries: list[tuple[int, bytes]] = []
    at, is_foreign = HEAD_BYTES, False
    while len(data) - at >= _RECORD.size:
        length, number = _RECORD.unpack_from(data, at)
        content = code.opened(number, data[at + _RECORD.size : at + _RECORD.size + length], length)
        if content is None:
            is_foreign = not entries and at + _RECORD.size + length <= len(data)
            break
        entries.append((number, content))
        at += _RECORD.size + length
    return Records(tuple(entries), at, at == len(data), is_foreign)


class RecordWriter:
    """Appends to a file, from any process. A record is written by one call, and not at all when the disk refuses it."""

    def __init__(self, path: Path, key_of: KeyOf, append: bool = False) -> None:
        """A new file (0600), or with `append` an old one that is cut behind its last sound record.

        Raises OSError, FileExistsError for a new one that is there, and Refused as `read_records` does.
        """
        self.path = path
        exists = append and path.exists() and path.stat().st_size >= HEAD_BYTES
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | (0 if append else os.O_EXCL)
        self._file = os.open(path, flags, 0o600)
        try:
            if exists:
                with _locked(self._file):
                    found = read_records(path, key_of)
                    if found.is_foreign:
                        raise Refused(*FOREIGN)
                    os.ftruncate(self._file, found.sound_bytes)
                self._code = _Code.of(_first(path), key_of)
            else:
                file_id = os.urandom(FILE_ID)
                head = (SEALED if key_of(file_id) else PLAIN) + file_id
                self._code = _Code.of(head, key_of)
                os.ftruncate(self._file, 0)
                self._write(head)
                sync_folder(path.parent)
        except BaseException:
            os.close(self._file)
            raise

    def append(self, number: int, content: bytes, sync: bool = False) -> None:
        """With `sync` on disk when it returns. Raises OSError; the file then ends as before."""
        body = self._code.closed(number, content)
        with _locked(self._file):
            self._write(_RECORD.pack(len(body), number) + body)
            if sync:
                os.fsync(self._file)

    def sync(self) -> None:
        os.fsync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, data: bytes) -> None:
        end = os.fstat(self._file).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, end)
            raise


class _Code:
    """Contents to bodies and back, of one file."""

    def __init__(self, file_id: bytes, key: bytes) -> None:
        self._file_id = file_id
        self._cipher = AESGCM(key) if key else None

    @classmethod
    def of(cls, head: bytes, key_of: KeyOf) -> _Code:
        magic, file_id = head[:8], head[8:]
        if magic not in (SEALED, PLAIN) or len(file_id) != FILE_ID:
            raise Refused(*UNKNOWN)
        return cls(file_id, key_of(file_id) if magic == SEALED else b"")

    def closed(self, number: int, content: bytes) -> bytes:
        bound = self._bound(number)
        if self._cipher is None:
            return content + _CRC.pack(zlib.crc32(bound + content))
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, content, bound)

    def opened(self, number: int, body: bytes, length: int) -> bytes | None:
        if len(body) != length:
            return None
        bound = self._bound(number)
        if self._cipher is None:
            content, sum_ = body[: -_CRC.size], body[-_CRC.size :]
            return content if len(body) >= _CRC.size and _CRC.pack(zlib.crc32(bound + content)) == sum_ else None
        try:
            return self._cipher.decrypt(body[:NONCE], body[NONCE:], bound)
        except (InvalidTag, ValueError):
            return None

    def _bound(self, number: int) -> bytes:
        return self._file_id + number.to_bytes(8, "little")


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


if sys.platform == "win32":

    @contextlib.contextmanager
    def _locked(descriptor: int) -> Iterator[None]:
        """Appending is one call of the system there; only one window writes."""
        yield

else:
    import fcntl

    @contextlib.contextmanager
    def _locked(descriptor: int) -> Iterator[None]:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
