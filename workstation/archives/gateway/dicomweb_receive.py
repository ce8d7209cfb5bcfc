"""Objects as they come off the wire, each straight into a file of its own: bit for bit, never decoded, never held in memory."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from workstation.archives.gateway.dicomweb_part10 import HEAD, file_meta
from workstation.archives.gateway.dicomweb_wire import Answer
from workstation.archives.gateway.dicomweb_words import not_dicomweb
from workstation.archives.gateway.disk_words import not_written
from workstation.archives.gateway.http_limits import HttpLimits
from workstation.archives.gateway.multipart import Malformed, MultipartParser, PartBegins, PartData, boundary_of, media_type
from workstation.at_rest.sealed import Purpose, create_sealed
from workstation.domain.archive import ReceivedFile
from workstation.errors import DiskFull

_DICOM = "application/dicom"
_LOOK_AT_DISK = 64 * 1024 * 1024


class Receiver:
    """Writes into the folder `into`; sealed with `incoming_key` when it is not empty."""

    def __init__(self, into: Path, incoming_key: bytes, limits: HttpLimits) -> None:
        self._into = into
        self._key = incoming_key
        self._limits = limits

    def objects(self, answer: Answer, pieces: Iterable[bytes], most: int) -> Iterator[ReceivedFile]:
        """Each object of the answer when it is whole; at most so many. Raises `Unavailable` for what is not whole."""
        self.check_room(answer.length or 0)
        if answer.media_type == _DICOM:
            yield self._single(answer, pieces)
        elif answer.media_type == "multipart/related":
            yield from self._parts(answer, pieces, most)
        else:
            raise not_dicomweb(answer)

    def _single(self, answer: Answer, pieces: Iterable[bytes]) -> ReceivedFile:
        """One object without a multipart around it: whole only when the framing says so."""
        if not answer.is_framed:
            raise Malformed("Nothing says where its object ends")
        file = _Incoming(self, self._into, self._key)
        with file:
            for piece in pieces:
                file.write(piece)
                if file.size > self._limits.part:
                    raise Malformed("One of its objects does not end")
            return file.whole()

    def _parts(self, answer: Answer, pieces: Iterable[bytes], most: int) -> Iterator[ReceivedFile]:
        parser = MultipartParser(boundary_of(answer.content_type), self._limits)
        file: _Incoming | None = None
        count = epilogue = 0
        try:
            for piece in pieces:
                for event in parser.feed(piece):
                    if isinstance(event, PartBegins):
                        _check_kind(event)
                        count += 1
                        if count > most:
                            raise Malformed("It holds more objects than were asked for")
                        file = _Incoming(self, self._into, self._key)
                    elif file is None:
                        raise AssertionError
                    elif isinstance(event, PartData):
                        file.write(event.data)
                    else:
                        received, file = file.whole(), None
                        yield received
                # Read to the answer's end where it has one, so that the line can be used again.
                epilogue += len(piece) if parser.is_done else 0
                if parser.is_done and (not answer.is_framed or epilogue > self._limits.epilogue):
                    return
            parser.finish()
        finally:
            if file is not None:
                file.abandon()

    def check_room(self, coming: int) -> None:
        """Before the disk is full: our own records have to be written too (F01)."""
        if shutil.disk_usage(self._into).free < coming + self._limits.free_disk:
            raise DiskFull(
                "No room for the archive's images", "The disk is too full for what it sends", "Free some space and try again"
            )


class _Incoming:
    """One file on its way: under another name until it is whole, and gone if it never is."""

    def __init__(self, receiver: Receiver, into: Path, key: bytes) -> None:
        self._receiver = receiver
        self._path = into / f"{secrets.token_hex(16)}.dcm"
        self._partial = self._path.with_suffix(".part")
        self._file = create_sealed(self._partial, Purpose.INCOMING, key) if key else _create(self._partial)
        self._head = b""
        self.size = 0

    def __enter__(self) -> _Incoming:
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()

    def write(self, data: bytes) -> None:
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        before = self.size // _LOOK_AT_DISK
        self.size += len(data)
        if self.size // _LOOK_AT_DISK != before:
            self._receiver.check_room(0)
        try:
            self._file.write(data)
        except OSError as error:
            raise not_written(error) from error

    def whole(self) -> ReceivedFile:
        try:
            self._file.close()
            self._partial.replace(self._path)
        except OSError as error:
            raise not_written(error) from error
        meta = file_meta(self._head)
        return ReceivedFile(self._path, self.size, meta.sop_instance_uid if meta else "")

    def abandon(self) -> None:
        with contextlib.suppress(OSError):
            abandon = getattr(self._file, "abandon", self._file.close)
            abandon()
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb")


def _check_kind(part: PartBegins) -> None:
    kind = part.headers.get("content-type", _DICOM)
    coding = part.headers.get("content-transfer-encoding", "binary").lower()
    if (
        media_type(kind) != _DICOM
        or coding not in ("binary", "8bit")
        or part.headers.get("content-encoding", "identity") != "identity"
    ):
        raise Malformed("One of its parts is no DICOM object")
