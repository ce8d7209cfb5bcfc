"""One file of the decoded store: the frames of a series in reading order, as stored values.

    preamble   magic, sealed or plain, 16 random bytes (the file's id), where the two sections lie
    frames     from the first page on; equal frames side by side, each block on a page of its own
    about      JSON: the series' key, its UIDs, shape and dtype of each block, notes on what was found in the frames
    positions  JSON: SOP Instance UID and frame number of each position; then 16 bytes of proof for each

Sealed: frames and sections are AES-256-GCM blocks under the file's own key; the nonce is the
position, and the data that is authenticated beside it binds file id, position, shape and
series key. Opening a frame is its check. Plain: frames lie as they are, so that they can be
mapped; their proof is a GMAC, which a processor takes four times faster than SHA-256. Its key
follows from the file, so it shows accidents (F16), not forgery: for that a cache must be sealed.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import struct
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from rendering.frame_layout import FrameKind, FrameLayout, frame_bytes
from workstation.at_rest.vault import Purpose, Vault
from workstation.errors import Refused

MAGIC = b"LYSKFRM1"
PREAMBLE = struct.Struct("<8s?7x16sQQQQ")
PAGE = 4096
TAG = 16
NO_PROOF = bytes(TAG)
ABOUT, POSITIONS = 1, 2

_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_SEEKING = threading.Lock()

# Of all files together: as many as frames were ever read at a time, none larger than this.
_ROOMS: deque[bytearray] = deque(maxlen=4)
LARGEST_KEPT = 32 << 20

# One frame is one call of the cipher, which takes less than 2 GB.
LARGEST_FRAME = (1 << 31) - PAGE


class DamagedEntry(Refused):
    """Decoded images on disk that are not what was written. They are thrown away and decoded again."""


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """What an entry is of. `frames` are (SOP Instance UID, 0-based frame) in reading order.

    `key` is our own hash over everything the decoded values follow from: see `rendering.series_frames`.
    """

    key: str
    study_uid: str
    series_uid: str
    layout: FrameLayout
    frames: tuple[tuple[str, int], ...]


@contextmanager
def _scratch(size: int) -> Iterator[memoryview]:
    """Room for a sealed frame on its way. Memory that was used before: fresh pages cost more than reading into them."""
    try:
        room = _ROOMS.pop()
    except IndexError:
        room = bytearray()
    if not size <= len(room) <= max(LARGEST_KEPT, size):
        room = bytearray(size)
    try:
        yield memoryview(room)[:size]
    finally:
        if len(room) <= LARGEST_KEPT:
            _ROOMS.append(room)


class Cipher:
    """Seals or proves the frames and sections of one file. Thread-safe."""

    def __init__(self, key: bytes, file_id: bytes, series_key: str) -> None:
        """`key` is b"" for a plain file."""
        self.is_sealing = bool(key)
        self._bound = file_id + series_key.encode()
        self._aead = AESGCM(key or hashlib.sha256(b"lyskasse frames " + self._bound).digest())

    @property
    def overhead(self) -> int:
        """Bytes by which a frame is longer on disk than in memory."""
        return TAG if self.is_sealing else 0

    def about_frame(self, position: int, kind: FrameKind) -> bytes:
        return self._bound + f" {position} {kind[0]} {kind[1]}".encode()

    def seal(self, position: int, kind: FrameKind, frame: memoryview, into: memoryview) -> None:
        self._aead.encrypt_into(_nonce(position), frame, self.about_frame(position, kind), into)

    def open(self, position: int, kind: FrameKind, sealed: memoryview, into: memoryview) -> None:
        """Raises DamagedEntry; `into` then holds nothing of use."""
        try:
            self._aead.decrypt_into(_nonce(position), sealed, self.about_frame(position, kind), into)
        except InvalidTag as error:
            raise damaged() from error

    def proof(self, position: int, frame: memoryview) -> bytes:
        return self._aead.encrypt(_nonce(position), b"", frame)

    def check(self, position: int, frame: memoryview, proof: bytes) -> None:
        """Raises DamagedEntry."""
        try:
            self._aead.decrypt(_nonce(position), proof, frame)
        except InvalidTag as error:
            raise damaged() from error

    def section(self, number: int, text: bytes, preamble: bytes) -> bytes:
        """A section as it lies in the file."""
        nonce = _nonce(number, b"section")
        return self._aead.encrypt(nonce, text, preamble) if self.is_sealing else text + self._aead.encrypt(nonce, b"", text)

    def read_section(self, number: int, data: bytes, preamble: bytes) -> bytes:
        nonce = _nonce(number, b"section")
        try:
            if self.is_sealing:
                return self._aead.decrypt(nonce, data, preamble)
            self._aead.decrypt(nonce, data[-TAG:], data[:-TAG])
            return data[:-TAG]
        except InvalidTag as error:
            raise damaged() from error


def _nonce(number: int, kind: bytes = b"") -> bytes:
    """Never the same for two things under one key: a file's frames are written once each."""
    return kind.rjust(7, b"\0") + number.to_bytes(5, "little")


def damaged() -> DamagedEntry:
    return DamagedEntry("The decoded images on disk are damaged", "They are thrown away and decoded again")


def bytes_of(array: NDArray[Any]) -> memoryview:
    """The memory of a contiguous array."""
    return array.reshape(-1).view(np.uint8).data


def offsets_of(layout: FrameLayout, overhead: int) -> list[int]:
    """Where each block begins; one more: where the last one ends."""
    offsets = [PAGE]
    for shape, dtype in layout.blocks:
        end = offsets[-1] + shape[0] * (frame_bytes((shape[1:], dtype)) + overhead)
        offsets.append(math.ceil(end / PAGE) * PAGE)
    return offsets


class EntryWriter:
    """Writes one entry into `path`, a file that nobody looks for yet. Frames may come in any order, each once.

    Used by one thread. Raises OSError as the disk does.
    """

    def __init__(self, path: Path, series: StoredSeries, vault: Vault) -> None:
        self._series = series
        self._id = os.urandom(16)
        self._cipher = Cipher(vault.file_key(Purpose.DECODED, self._id), self._id, series.key)
        self._offsets = offsets_of(series.layout, self._cipher.overhead)
        self._proofs = [NO_PROOF] * len(series.frames)
        self._scratch = bytearray()
        self.notes: dict[str, Any] = {}
        """What was found in the frames, as JSON; who opens them later need not look again."""
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)

    @property
    def count(self) -> int:
        """Frames written."""
        return sum(proof is not NO_PROOF for proof in self._proofs)

    def put(self, position: int, frame: NDArray[Any]) -> None:
        """Raises ValueError for a frame of another shape or dtype than the layout's."""
        kind = self._series.layout.kind(position)
        if frame.shape != kind[0] or frame.dtype != np.dtype(kind[1]):
            raise ValueError("the frame is of another kind than its place")
        if self._proofs[position] is not NO_PROOF:
            return
        data, size = bytes_of(np.ascontiguousarray(frame)), frame_bytes(kind) + self._cipher.overhead
        slot = self._series.layout.slots[position]
        proof = bytes([1] * TAG)
        if self._cipher.is_sealing:
            if len(self._scratch) != size:
                self._scratch = bytearray(size)
            self._cipher.seal(position, kind, data, memoryview(self._scratch))
            data = memoryview(self._scratch)
        else:
            proof = self._cipher.proof(position, data)
        self._write(self._offsets[slot.block] + slot.index * size, data)
        self._proofs[position] = proof

    def finish(self) -> None:
        """Writes what makes it whole and sees it safely on the disk."""
        series, at = self._series, self._offsets[-1]
        about: dict[str, Any] = {"key": series.key, "study": series.study_uid, "series": series.series_uid}
        about |= {"blocks": series.layout.blocks, "notes": self.notes}
        positions = json.dumps(series.frames).encode() + b"".join(self._proofs)
        sizes = [len(json.dumps(about).encode()) + TAG, len(positions) + TAG]
        places = (at, sizes[0], at + sizes[0], sizes[1])
        preamble = PREAMBLE.pack(MAGIC, self._cipher.is_sealing, self._id, *places)
        self._write(at, memoryview(self._cipher.section(ABOUT, json.dumps(about).encode(), preamble)))
        self._write(at + sizes[0], memoryview(self._cipher.section(POSITIONS, positions, preamble)))
        self._write(0, memoryview(preamble))
        os.fsync(self._fd)
        self.close()

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _write(self, offset: int, data: memoryview) -> None:
        os.lseek(self._fd, offset, os.SEEK_SET)
        while data:
            data = data[os.write(self._fd, data) :]


class DecodedFile:
    """An entry that is open for reading. Thread-safe; stays readable when its file is removed."""

    def __init__(self, path: Path, key: str, vault: Vault) -> None:
        """Raises DamagedEntry when this is not whole or not the entry of `key`, FileNotFoundError when it is not there."""
        self._fd = -1
        self._fd = os.open(path, os.O_RDONLY | _FLAGS)
        self._size = os.fstat(self._fd).st_size
        self._preamble = self._read(0, PREAMBLE.size) if self._size > PAGE else b""
        if self._preamble[: len(MAGIC)] != MAGIC:
            raise damaged()
        _, sealed, file_id, *self._places = PREAMBLE.unpack(self._preamble)
        secret = vault.file_key(Purpose.DECODED, file_id)
        if bool(secret) != sealed or self._places[2] + self._places[3] != self._size:
            raise damaged()
        self._cipher = Cipher(secret, file_id, key)
        about = json.loads(self._section(ABOUT))
        if about["key"] != key:
            raise damaged()
        self.key = key
        self.study_uid: str = about["study"]
        self.series_uid: str = about["series"]
        self.notes: dict[str, Any] = about.get("notes", {})
        self.blocks: tuple[FrameKind, ...] = tuple((tuple(shape), dtype) for shape, dtype in about["blocks"])
        self._layout = FrameLayout((), ())
        self._proofs: Sequence[bytes] = ()
        self._offsets: list[int] = []

    @property
    def is_sealed(self) -> bool:
        return self._cipher.is_sealing

    def match(self, series: StoredSeries) -> None:
        """Makes ready to read the frames of `series`. Raises DamagedEntry when they are not what lies here (I6, F17)."""
        data = self._section(POSITIONS)
        split = len(data) - TAG * len(series.frames)
        expected = json.dumps(series.frames).encode()
        uids = (self.study_uid, self.series_uid)
        if data[:split] != expected or self.blocks != series.layout.blocks or uids != (series.study_uid, series.series_uid):
            raise damaged()
        self._layout = series.layout
        self._proofs = [data[at : at + TAG] for at in range(split, len(data), TAG)]
        self._offsets = offsets_of(series.layout, self._cipher.overhead)
        if self._offsets[-1] > self._size:
            raise damaged()

    @property
    def held_count(self) -> int:
        """Frames that lie here; the others could not be decoded when it was written."""
        return sum(proof != NO_PROOF for proof in self._proofs)

    def holds(self, position: int) -> bool:
        return self._proofs[position] != NO_PROOF

    def mapped(self) -> list[NDArray[Any]]:
        """The blocks of a plain file, mapped: no frame may be looked at before `check`. Raises Refused.

        What is written to them stays in this process.
        """
        try:
            whole = mmap.mmap(self._fd, self._size, access=mmap.ACCESS_COPY)
        except (OSError, ValueError, OverflowError) as error:
            raise Refused("There is no room to map these images", f"{self._size / 1e6:.0f} MB were asked for") from error
        return [
            np.frombuffer(whole, dtype, math.prod(shape), offset).reshape(shape)
            for (shape, dtype), offset in zip(self.blocks, self._offsets[:-1], strict=True)
        ]

    def check(self, position: int, frame: NDArray[Any]) -> None:
        """Whether a mapped frame is what was written. Raises DamagedEntry."""
        self._cipher.check(position, bytes_of(frame), self._proofs[position])

    def read_into(self, position: int, frame: NDArray[Any]) -> None:
        """Opens a sealed frame straight into `frame`, or reads and checks a plain one.

        Raises DamagedEntry; `frame` then holds nothing of use.
        """
        kind, slot = self._layout.kind(position), self._layout.slots[position]
        size = frame_bytes(kind) + self._cipher.overhead
        if not self.is_sealed:
            self._read_to(bytes_of(frame), self._offsets[slot.block] + slot.index * size)
            self.check(position, frame)
            return
        with _scratch(size) as scratch:
            self._read_to(scratch, self._offsets[slot.block] + slot.index * size)
            self._cipher.open(position, kind, scratch, bytes_of(frame))

    def close(self) -> None:
        """Not needed: an entry closes itself when nobody holds it any more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()

    def _section(self, number: int) -> bytes:
        offset, length = self._places[2 * number - 2], self._places[2 * number - 1]
        if not TAG <= length <= self._size - offset:
            raise damaged()
        return self._cipher.read_section(number, self._read(offset, length), self._preamble)

    def _read(self, offset: int, length: int) -> bytes:
        data = bytearray(length)
        self._read_to(memoryview(data), offset)
        return bytes(data)

    def _read_to(self, into: memoryview, offset: int) -> None:
        try:
            while into:
                count = _read_at(self._fd, into, offset)
                if not count:
                    raise damaged()
                into, offset = into[count:], offset + count
        except OSError as error:
            raise DamagedEntry(
                "The decoded images cannot be read from the disk", error.strerror or "", "Check the disk"
            ) from error


def _read_at(fd: int, into: memoryview, offset: int) -> int:
    """Bytes read; 0 at the end of the file."""
    if hasattr(os, "preadv"):
        return os.preadv(fd, [into], offset)
    with _SEEKING:
        os.lseek(fd, offset, os.SEEK_SET)
        data = os.read(fd, len(into))
    into[: len(data)] = data
    return len(data)
