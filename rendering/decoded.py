"""DecodedStore: each series decoded once, kept on disk, opened by a map and not by a decode.

A file below `folder` is named by our own hash of everything its values follow from: another
byte in a file of the series, another order or another decoder is another entry. Everything here
can be made again from the received files; what is damaged or left half written is thrown away.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rendering.decoded_file import LARGEST_FRAME, DamagedEntry, DecodedFile, EntryWriter, StoredSeries
from rendering.frame_layout import frame_bytes
from workstation.at_rest.vault import Vault
from workstation.cache.claims import HeldFolder, abandoned
from workstation.durable import sync_folder
from workstation.errors import DiskFull, Refused, Unavailable

__all__ = ["DecodedStore", "StoredEntry"]

SUFFIX = ".frames"


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One series on disk: its size in bytes and when it was last opened (seconds since 1970)."""

    key: str
    bytes: int
    used: float
    study_uid: str
    series_uid: str


class DecodedStore:
    """Thread-safe; several programs may use one folder."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        """Makes the folder and takes away what killed programs left half written (F04). Raises Unavailable."""
        self._folder = folder
        self._vault = vault
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, str]] = {}
        with _writing():
            half = folder / "writing"
            half.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in abandoned(half):
                shutil.rmtree(left, ignore_errors=True)
            self._held = HeldFolder(half)

    def close(self) -> None:
        shutil.rmtree(self._held.path, ignore_errors=True)
        self._held.close()

    def find(self, series: StoredSeries) -> DecodedFile | None:
        """The entry of these very frames, ready to be read; None when there is none or it was damaged."""
        path = self._path(series.key)
        try:
            entry = DecodedFile(path, series.key, self._vault)
            entry.match(series)
            with contextlib.suppress(OSError):
                os.utime(path)
        except FileNotFoundError:
            return None
        except (DamagedEntry, OSError, ValueError, KeyError, TypeError):
            self.remove(series.key)
            return None
        self._known[series.key] = (series.study_uid, series.series_uid)
        return entry

    def holds(self, key: str) -> bool:
        return self._path(key).is_file()

    @contextlib.contextmanager
    def writer(self, series: StoredSeries) -> Iterator[EntryWriter]:
        """Write an entry; it is there, whole, when the block ends, and not at all when it raises.

        Entries of the same series as it was before are removed. Raises DiskFull, Unavailable when
        the disk fails, Refused when a frame is too large to be kept.
        """
        if any(frame_bytes((shape[1:], dtype)) > LARGEST_FRAME for shape, dtype in series.layout.blocks):
            raise Refused("These images are too large to be kept decoded")
        half = self._held.path / uuid.uuid4().hex
        with _writing():
            writer = EntryWriter(half, series, self._vault)
            try:
                yield writer
                writer.finish()
                path = self._path(series.key)
                path.parent.mkdir(mode=0o700, exist_ok=True)
                half.replace(path)
                sync_folder(path.parent)
            finally:
                writer.close()
                half.unlink(missing_ok=True)
        self._known[series.key] = (series.study_uid, series.series_uid)
        self._remove_older(series)

    def entries(self) -> tuple[StoredEntry, ...]:
        """Every entry, the one used longest ago first."""
        found = (self._entry(path) for path in self._paths())
        return tuple(sorted((entry for entry in found if entry is not None), key=lambda e: e.used))

    def entries_of(self, study_uid: str) -> tuple[StoredEntry, ...]:
        return tuple(entry for entry in self.entries() if entry.study_uid == study_uid)

    @property
    def bytes(self) -> int:
        """On disk, of all entries."""
        total = 0
        for path in self._paths():
            with contextlib.suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def remove(self, key: str) -> None:
        """Takes an entry away; whoever has it open keeps reading. Nothing happens when it is not there."""
        with contextlib.suppress(OSError):
            self._path(key).unlink()
        self._known.pop(key, None)

    def _entry(self, path: Path) -> StoredEntry | None:
        key = path.parent.name + path.stem
        try:
            found = path.stat()
            if key not in self._known:
                entry = DecodedFile(path, key, self._vault)
                self._known[key] = (entry.study_uid, entry.series_uid)
            return StoredEntry(key, found.st_size, found.st_mtime, *self._known[key])
        except FileNotFoundError:
            return None
        except (DamagedEntry, OSError, ValueError, KeyError, TypeError):
            self.remove(key)
            return None

    def _remove_older(self, series: StoredSeries) -> None:
        for entry in self.entries():
            same = (entry.study_uid, entry.series_uid) == (series.study_uid, series.series_uid)
            if same and entry.key != series.key:
                self.remove(entry.key)

    def _paths(self) -> Iterator[Path]:
        for shard in sorted(self._folder.iterdir()):
            if len(shard.name) == 2 and shard.is_dir():
                yield from (path for path in sorted(shard.iterdir()) if path.suffix == SUFFIX)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}{SUFFIX}"


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Converts the errors of a disk that cannot take more."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("The disk is full", "No more decoded images can be kept", "Free space on the disk") from error
        raise Unavailable("Decoded images cannot be written", error.strerror or "", "Check the disk") from error
