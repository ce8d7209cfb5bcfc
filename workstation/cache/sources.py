"""Which files a user means by a mix of files, folders, DICOMDIRs and zip archives.

In a fixed order, nothing left out silently: each file comes as one to read or one refused with
a reason. Links are not followed. Only names are handled here; bytes are read elsewhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from workstation.at_rest.sealed import MAGIC
from workstation.at_rest.vault import Vault
from workstation.cache import preamble
from workstation.cache.archives import DEFAULT_LIMITS, Archive, ArchiveLimits
from workstation.cache.found import Found, RefusedFile, SourceFile, reason_of
from workstation.cache.media import is_dicomdir, referenced_file
from workstation.cache.names import shown
from workstation.errors import WorkstationError

HEAD = 132  # the preamble and `DICM` (PS3.10 7.1)
LARGE = 512 << 20

ABSENT = "There is no such file or folder"
EMPTY = "Not a DICOM file: it is empty"
SPECIAL = "Not a DICOM file: neither a file nor a folder"
LINK_INSIDE = "A link; the file it points to is read at its own place"
LINK_OUTSIDE = "A link that leads out of the folder is not followed"


class MediaReader(Protocol):
    """Reads a DICOMDIR in the limited process (`InstanceReader`)."""

    def media_files(self, dicomdir: Path) -> Sequence[tuple[str, ...]]: ...


class Sources:
    """The files behind `paths`. Folders are listed at once, archives unpacked as they are reached.

    What is unpacked goes through `vault`. `total` is the number of files to come as far as known, `directories` the number of
    DICOMDIR files that were read as tables of contents.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        media: MediaReader,
        unpack_into: Path,
        vault: Vault,
        limits: ArchiveLimits = DEFAULT_LIMITS,
    ) -> None:
        self._vault = vault
        self._media = media
        self._unpack_into = unpack_into
        self._limits = limits
        self._items: list[Found | Archive] = []
        self.total = 0
        self.directories = 0
        for path in paths:
            self._named(path)

    def __iter__(self) -> Iterator[Found]:
        for item in self._items:
            if isinstance(item, Archive):
                yield from item.files(self._unpack_into, self._vault)
            else:
                yield item

    def _named(self, path: Path) -> None:
        """A path that the user gave; here, and only here, a link is what it points to."""
        try:
            place = path.resolve(strict=True) if path.is_symlink() else path
            status = place.stat()
            if stat.S_ISDIR(status.st_mode):
                self._walk(path, path.resolve())
            elif is_dicomdir(place.name):
                self._dicomdir(path, with_files=True)
            else:
                self._file(path, status)
        except (OSError, ValueError, RuntimeError) as error:
            self._refuse(path, ABSENT if isinstance(error, FileNotFoundError) else _cannot_open(error))

    def _walk(self, folder: Path, root: Path) -> None:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self._refuse(folder, _cannot_open(error))
            return
        for entry in entries:
            path = folder / entry.name
            try:
                if entry.is_symlink():
                    self._refuse(path, LINK_INSIDE if path.resolve().is_relative_to(root) else LINK_OUTSIDE)
                elif entry.is_dir(follow_symlinks=False):
                    self._walk(path, root)
                elif is_dicomdir(entry.name):
                    self._dicomdir(path, with_files=False)
                else:
                    self._file(path, entry.stat(follow_symlinks=False))
            except (OSError, RuntimeError) as error:
                self._refuse(path, _cannot_open(error))

    def _file(self, path: Path, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            self._refuse(path, SPECIAL)
            return
        if status.st_size == 0:
            self._refuse(path, EMPTY)
            return
        with path.open("rb") as file:
            head = file.read(HEAD)
        if Archive.is_archive(head):
            archive = Archive(path, self._limits)
            self.total += archive.entry_count()
            self._items.append(archive)
        else:
            likely = preamble.could_be_dicom(head) or head.startswith(MAGIC)
            self._take(SourceFile(path, shown(path), to_copy_first=likely and status.st_size < LARGE))

    def _dicomdir(self, path: Path, with_files: bool) -> None:
        """A folder that is walked whole needs only what the DICOMDIR cannot rightly name."""
        try:
            references = self._media.media_files(path)
        except WorkstationError as error:
            self._refuse(path, reason_of(error))
            return
        self.directories += 1
        for components in dict.fromkeys(references):
            found = referenced_file(path, components)
            if with_files or isinstance(found, RefusedFile):
                self._take(found)

    def _refuse(self, path: Path, reason: str) -> None:
        self._take(RefusedFile(shown(path), reason))

    def _take(self, item: Found) -> None:
        self.total += 1
        self._items.append(item)


def _cannot_open(error: Exception) -> str:
    why = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not usable"
    return f"Cannot be opened: {why}"
