"""A received file's bytes, read once: in memory, mapped when large, opened by blocks when large and sealed.

Runs in the worker process, which is given the key of each sealed file it may read, and no other.
Offsets and sizes are those of the plaintext, in bytes.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.at_rest.sealed import MAGIC, NO_KEY, SealedFile
from workstation.errors import Refused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Above this a file is not held in memory: it is mapped, or its blocks are opened as they are wanted.
MAPPED_FROM = 64 << 20

_CHUNK = 4 << 20


class SealedBytes:
    """A large sealed file as its plaintext, to be sliced; nothing of it is kept. Thread-safe.

    Slices raise Refused for damaged blocks.
    """

    def __init__(self, file: SealedFile) -> None:
        self._file = file

    def __len__(self) -> int:
        return self._file.size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(len(self))
        return bytes(self._file.read(start, stop - start))

    def stream(self) -> io.BufferedReader:
        return io.BufferedReader(_Stream(self._file))


FileBytes = bytes | bytearray | mmap.mmap | SealedBytes


class _Stream(io.RawIOBase):
    """The file is not closed with the stream: others read it too."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.size}[whence] + offset
        return self._at

    def readinto(self, target: WriteableBuffer, /) -> int:
        read = self._file.read_into(self._at, target)
        self._at += read
        return read


def read_file(path: Path, most: int, key: bytes = b"", whole: bool = True) -> FileBytes:
    """The file's bytes; `key` opens a sealed one. Raises Refused, also for more than `most` bytes.

    Not `whole`: only what is asked for is read, as of a large file. For files that nobody else writes.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Refused("Not a file")
        if key:
            return _opened(SealedFile(path, key), most, whole)
        size = _checked(found.st_size, most)
        with path.open("rb") as file:
            data = file.read() if _is_held(size, whole) else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise Refused("The file cannot be read", error.strerror or type(error).__name__) from error
    if data[: len(MAGIC)] == MAGIC:
        raise Refused(*NO_KEY)
    return data


def _is_held(size: int, whole: bool) -> bool:
    """Whether the bytes are held in memory; nothing can be mapped of an empty file."""
    return size == 0 or (whole and size < MAPPED_FROM)


def _opened(file: SealedFile, most: int, whole: bool) -> FileBytes:
    if not _is_held(_checked(file.size, most), whole):
        return SealedBytes(file)
    try:
        return file.read(0, file.size)
    finally:
        file.close()


def _checked(size: int, most: int) -> int:
    if size > most:
        raise Refused("The file is larger than is allowed", f"{size / 1e9:.1f} GB")
    return size


def sha256_of(data: FileBytes) -> str:
    """Hexadecimal."""
    if not isinstance(data, SealedBytes):
        return hashlib.sha256(data).hexdigest()
    digest = hashlib.sha256()
    for start in range(0, len(data), _CHUNK):
        digest.update(data[start : start + _CHUNK])
    return digest.hexdigest()


def unpacked(kind: str, data: FileBytes, at: int) -> tuple[Any, ...]:
    """`struct.unpack_from`, of any kind of bytes. Raises struct.error when they end before."""
    return struct.unpack(kind, data[at : at + struct.calcsize(kind)])


def stream_of(data: FileBytes) -> Any:
    """A seekable binary stream."""
    if isinstance(data, SealedBytes):
        return data.stream()
    return data if isinstance(data, mmap.mmap) else io.BytesIO(data)
