"""Files out of a zip archive, one at a time, under names of our own and within limits.

Names in the archive are only shown, never used as paths, so nothing can be written outside
the folder we unpack into. Sizes are counted while unpacking: what the archive says of itself is
not believed (zip bombs, overlapping entries).
"""

from __future__ import annotations

import errno
import stat
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workstation.at_rest.vault import Purpose, Vault
from workstation.cache.found import Found, RefusedFile, SourceFile
from workstation.cache.media import is_dicomdir
from workstation.cache.names import shown
from workstation.cache.preamble import could_be_dicom

SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
ENCRYPTED = 0x1  # general purpose bit 0, APPNOTE.TXT 4.4.4
CHUNK = 1 << 20

DAMAGED_HERE = "The archive is damaged at this file"
TABLE_OF_CONTENTS = "A DICOMDIR; every file of the archive is read without it"
NESTED = "An archive inside an archive is not opened"
NO_DISK_ROOM = "There is no room on the disk to unpack it"


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Caps of one archive. `ratio` of unpacked to packed bytes holds past `ratio_free` bytes.

    Deflate shrinks at most 1032:1; a study with much air reaches about 20:1 as a whole.
    """

    entries: int = 200_000
    entry_bytes: int = 8 << 30
    total_bytes: int = 64 << 30
    ratio: int = 100
    ratio_free: int = 256 << 20


DEFAULT_LIMITS = ArchiveLimits()


class _TooMuch(Exception):
    pass


class Archive:
    """One zip file. `entry_count` is what its directory lists, folders left out."""

    def __init__(self, path: Path, limits: ArchiveLimits = DEFAULT_LIMITS) -> None:
        self._path = path
        self._limits = limits
        self._packed = path.stat().st_size
        self._unpacked = 0

    @staticmethod
    def is_archive(head: bytes) -> bool:
        """From a file's first 132 bytes. A DICOM file may carry anything in its preamble."""
        return head.startswith(SIGNATURES) and head[128:132] != b"DICM"

    def entry_count(self) -> int:
        """0 for an archive that cannot be opened; `files` says why."""
        try:
            with zipfile.ZipFile(self._path) as archive:
                return sum(not info.is_dir() for info in archive.infolist())
        except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
            return 0

    def files(self, folder: Path, vault: Vault) -> Iterator[Found]:
        """Each file in the archive's order, unpacked into `folder` through `vault`. The reader of it removes it."""
        name = shown(self._path)
        try:
            with zipfile.ZipFile(self._path) as archive:
                entries = [info for info in archive.infolist() if not info.is_dir()]
                if len(entries) > self._limits.entries:
                    yield RefusedFile(name, f"The archive holds more than {self._limits.entries} files")
                    return
                for info in entries:
                    yield self._file(archive, info, folder, vault)
        except _TooMuch as error:
            yield RefusedFile(name, str(error))
        except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
            yield RefusedFile(name, "The archive is damaged and cannot be opened")

    def _file(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path, vault: Vault) -> Found:
        name = f"{shown(self._path)}/{shown(info.filename)}"
        if is_dicomdir(Path(info.filename).name):
            return RefusedFile(name, TABLE_OF_CONTENTS)
        if info.flag_bits & ENCRYPTED:
            return RefusedFile(name, "Encrypted: archives with a password are not opened")
        if stat.S_ISLNK(info.external_attr >> 16):
            return RefusedFile(name, "A link, not a file")
        target = folder / f"{uuid.uuid4().hex}.part"
        try:
            head = self._unpack(archive, info, target, vault)
        except _TooMuch:
            target.unlink(missing_ok=True)
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError):
            target.unlink(missing_ok=True)
            return RefusedFile(name, DAMAGED_HERE)
        except (NotImplementedError, RuntimeError):
            target.unlink(missing_ok=True)
            return RefusedFile(name, "Packed in a way that is not supported")
        except OSError as error:
            target.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _TooMuch(NO_DISK_ROOM) from None
            return RefusedFile(name, DAMAGED_HERE)
        if not head or self.is_archive(head):
            target.unlink()
            return RefusedFile(name, NESTED if head else "Not a DICOM file: it is empty")
        return SourceFile(target, name, temporary=True, to_copy_first=could_be_dicom(head))

    def _unpack(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, vault: Vault) -> bytes:
        """The first 132 bytes of what was written. Raises `_TooMuch` when a limit is passed."""
        head, size = b"", 0
        with archive.open(info) as packed, vault.create(target, Purpose.INCOMING) as kept:
            while chunk := packed.read(CHUNK):
                head = head or chunk[:132]
                size += len(chunk)
                self._unpacked += len(chunk)
                self._check(size)
                kept.write(chunk)
        return head

    def _check(self, size: int) -> None:
        limits = self._limits
        if size > limits.entry_bytes or self._unpacked > limits.total_bytes:
            raise _TooMuch("The archive unpacks to more than is allowed")
        if self._unpacked > limits.ratio_free and self._unpacked > limits.ratio * self._packed:
            raise _TooMuch(f"The archive unpacks to more than {limits.ratio} times its size")
