"""The files of the cache: `objects/ab/cdef….dcm`, named by the SHA-256 of the bytes kept.

A file is copied into a folder that only this program holds, synced, and renamed into its
place, so no half file ever has a name in `objects`. Nothing a received file says becomes part
of a path. The preamble is zeroed and no file is executable. A list of the renames under way
lies beside the copies: after a kill, files that no index knows are taken away again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from workstation.at_rest.sealed import NO_KEY
from workstation.at_rest.sealing import seal_file
from workstation.at_rest.vault import Purpose, Vault, is_sealed
from workstation.cache import preamble
from workstation.cache.claims import HeldFolder, abandoned
from workstation.durable import sync_folder
from workstation.errors import DiskFull, Refused, Unavailable

CHUNK = 256 << 10
HEAD = preamble.LENGTH + len(preamble.PREFIX)
SUFFIX = ".dcm"
RECORD = ".json"
UNDER_WAY = "renames"
REMOVALS = "removals"
# A file system writes its journal once for all who wait for it at that moment.
SYNCS_AT_ONCE = 16
_OWN = threading.local()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256 of the bytes as they came and as we keep them, their size, and what the preamble held."""

    source_sha256: str
    sha256: str
    size: int
    preamble: str


@dataclass(frozen=True, slots=True)
class Staged:
    """A copy that is whole but not yet in its place."""

    path: Path
    fingerprint: Fingerprint


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Converts the errors of a disk that cannot take more."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("The disk is full", _what_is_full(error), "Free space on the disk") from error
        raise Unavailable("The image cache cannot be written", error.strerror or "", "Check the disk") from error


def _what_is_full(error: OSError) -> str:
    """Bytes, or the number of files: a disk may have gigabytes free and no inode for one more file (F26)."""
    folder = Path(error.filename).parent if isinstance(error.filename, str) else None
    while folder is not None and hasattr(os, "statvfs"):
        with contextlib.suppress(OSError):
            return "No more images can be kept" if os.statvfs(folder).f_favail else "It can hold no more files (no free inodes)"
        folder = folder.parent if folder != folder.parent else None
    return "No more images can be kept"


class ObjectStore:
    """The files below `root`, sealed when `vault` seals. Thread-safe: every copy has a name of its own."""

    def __init__(self, root: Path, vault: Vault) -> None:
        self.vault = vault
        self._objects = root / "objects"
        self._quarantine = root / "quarantine"
        self._incoming = root / "incoming"
        with writing():
            for folder in (self._objects, self._quarantine, self._incoming):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._held = HeldFolder(self._incoming)

    def close(self) -> None:
        shutil.rmtree(self._held.path, ignore_errors=True)
        self._held.close()

    def tidy(self, is_known: Callable[[str], bool]) -> None:
        """Take away what programs that were killed left: half files, and files no index knows."""
        for folder in abandoned(self._incoming):
            for note in (UNDER_WAY, REMOVALS):
                with contextlib.suppress(FileNotFoundError):
                    self._take_back(folder / note, is_known)
            shutil.rmtree(folder, ignore_errors=True)

    def _take_back(self, note: Path, is_known: Callable[[str], bool]) -> None:
        for sha256 in note.read_text(encoding="ascii").split():
            if not is_known(sha256):
                self.object_path(sha256).unlink(missing_ok=True)

    def object_path(self, sha256: str) -> Path:
        return _sharded(self._objects, sha256)

    @staticmethod
    def hash_in_name(path: Path) -> str:
        """The inverse of `object_path`."""
        return path.parent.name + path.stem

    def quarantine_path(self, sha256: str) -> Path:
        return _sharded(self._quarantine, sha256)

    def objects(self) -> Iterator[Path]:
        """Every kept file, in the order of the hashes."""
        return (path for path in _in_shards(self._objects) if path.suffix == SUFFIX)

    def everything(self) -> Iterator[Path]:
        """All that lies in the folder of kept files, ours or not."""
        for shard in sorted(self._objects.iterdir()):
            yield from sorted(shard.iterdir()) if shard.is_dir() and not shard.is_symlink() else (shard,)

    def quarantine_records(self) -> Iterator[Path]:
        """The record beside each file that was set aside."""
        return (path for path in _in_shards(self._quarantine) if path.suffix == RECORD)

    def read_record(self, path: Path) -> str:
        """JSON. Raises Refused for one whose seal is broken, OSError and ValueError for one that cannot be read."""
        with self.vault.open(path) as file:
            return file.read().decode()

    def check_key(self) -> None:
        """Raises Refused when files are sealed and there is no key: each would look damaged, and none is."""
        if not self.vault.has_key and any(map(is_sealed, self.objects())):
            raise Refused(*NO_KEY)

    def seal_existing(self, progress: Callable[[int, int], None]) -> int:
        """Seal, one by one, what lies here in plain; how many that were. A kill leaves each file as it was or sealed."""
        found = [(path, Purpose.OBJECT) for path in self.objects()]
        found += [(path, Purpose.QUARANTINE) for path in _in_shards(self._quarantine) if path.suffix in (SUFFIX, RECORD)]
        sealed = 0
        for done, (path, purpose) in enumerate(found, start=1):
            with writing(), contextlib.suppress(FileNotFoundError):
                sealed += seal_file(path, self.vault, purpose)
            progress(done, len(found))
        return sealed

    @contextlib.contextmanager
    def unpacking_folder(self) -> Iterator[Path]:
        """A place for temporary files, empty again afterwards, and after a kill at the next start."""
        folder = self._held.path / uuid.uuid4().hex
        with writing():
            folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def stage(self, source: Path, expected: str = "") -> Staged:
        """A copy of `source` as we keep it. Any thread.

        Raises Refused when the bytes read are not those `expected`, or somebody wrote them meanwhile.
        """
        part = self._held.path / f"{uuid.uuid4().hex}.part"
        try:
            before = _state(source)
            original = self.vault.open(source)
        except OSError as error:
            raise Refused("Cannot be opened", error.strerror or "") from error
        try:
            with original, writing(), self.vault.create(part, Purpose.OBJECT) as copy:
                fingerprint = _copied(original, copy)
            if (expected and fingerprint.source_sha256 != expected) or _state(source) != before:
                raise Refused("The file changed while it was read")
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Staged(part, fingerprint)

    def sync(self, staged: Sequence[Staged]) -> None:
        """Bytes on disk, a batch at once."""
        with writing(), ThreadPoolExecutor(SYNCS_AT_ONCE) as pool:
            list(pool.map(_sync_file, (copy.path for copy in staged)))

    @contextlib.contextmanager
    def renaming(self, staged: Sequence[Staged], is_known: Callable[[str], bool]) -> Iterator[None]:
        """Around the renames of a batch and the commit that makes them known; taken back when that fails.

        What is taken back is staged again: with more room the same batch may be tried once more.
        """
        note = self._noted(UNDER_WAY, [copy.fingerprint.sha256 for copy in staged])
        try:
            yield
        except BaseException:
            for copy in staged:
                self._stage_again(copy, is_known)
            note.unlink()
            raise
        note.unlink()

    @contextlib.contextmanager
    def removing(self, hashes: Sequence[str], is_known: Callable[[str], bool]) -> Iterator[None]:
        """Around the commit that makes the index forget these; their files go after it.

        A kill in between leaves files that no index knows: they go at the next start.
        """
        note = self._noted(REMOVALS, hashes)
        try:
            yield
        finally:
            self._take_back(note, is_known)
            note.unlink()

    def _noted(self, name: str, hashes: Sequence[str]) -> Path:
        note = self._held.path / name
        with writing():
            note.write_text("\n".join(hashes), encoding="ascii")
            _sync_file(note)
        return note

    def _stage_again(self, staged: Staged, is_known: Callable[[str], bool]) -> None:
        place = self.object_path(staged.fingerprint.sha256)
        if not staged.path.exists() and place.exists() and not is_known(staged.fingerprint.sha256):
            place.replace(staged.path)

    def keep(self, staged: Staged) -> None:
        self._move(staged, self.object_path(staged.fingerprint.sha256))

    def set_aside(self, staged: Staged, record: str) -> None:
        """Into quarantine, with `record` (JSON) beside it. The record is written first."""
        place = self.quarantine_path(staged.fingerprint.sha256)
        with writing():
            place.parent.mkdir(mode=0o700, exist_ok=True)
            half = staged.path.with_suffix(".record")
            half.unlink(missing_ok=True)
            with self.vault.create(half, Purpose.QUARANTINE) as file:
                file.write(record.encode())
            half.replace(place.with_suffix(RECORD))
        if staged.path.exists():  # not there when a batch is tried again: it lies in its place
            self._move(staged, place)

    def drop(self, staged: Staged) -> None:
        staged.path.unlink(missing_ok=True)

    def condemn(self, place: Path, sha256: str, record: str) -> None:
        """A kept file into quarantine, under the hash its bytes have now."""
        part = self._held.path / f"{uuid.uuid4().hex}.part"
        with writing():
            place.replace(part)
        self.set_aside(Staged(part, Fingerprint(sha256, sha256, part.stat().st_size, "")), record)

    def record_missing(self, sha256: str, record: str) -> None:
        """As for a file set aside, of one that is not there any more."""
        place = self.quarantine_path(sha256).with_suffix(RECORD)
        with writing():
            place.parent.mkdir(mode=0o700, exist_ok=True)
            half = self._held.path / f"{uuid.uuid4().hex}.record"
            half.unlink(missing_ok=True)
            with self.vault.create(half, Purpose.QUARANTINE) as file:
                file.write(record.encode())
            half.replace(place)

    def drop_quarantined(self, sha256: str) -> None:
        place = self.quarantine_path(sha256)
        place.unlink(missing_ok=True)
        place.with_suffix(RECORD).unlink(missing_ok=True)

    def put_astray(self, path: Path) -> None:
        """What somebody else put among our files: kept, in a folder that nothing is read from."""
        folder = self._objects.parent / "astray"
        with writing():
            folder.mkdir(mode=0o700, exist_ok=True)
            path.replace(folder / uuid.uuid4().hex)

    def sync_folders(self, staged: Sequence[Staged]) -> None:
        """Make the renames of `staged` last."""
        with writing():
            shards = {_shard(s.fingerprint.sha256) for s in staged}
            places = (folder / shard for folder in (self._objects, self._quarantine) for shard in shards)
            with ThreadPoolExecutor(SYNCS_AT_ONCE) as pool:
                list(pool.map(sync_folder, filter(Path.is_dir, places)))

    def _move(self, staged: Staged, place: Path) -> None:
        with writing():
            try:
                staged.path.replace(place)
            except FileNotFoundError:
                place.parent.mkdir(mode=0o700, exist_ok=True)
                staged.path.replace(place)


def fingerprint_of(source: Path, vault: Vault) -> Fingerprint:
    """What `source` would be kept as. Raises Refused when it cannot be read, or its seal is broken."""
    try:
        with vault.open(source) as file:
            return _copied(file, None)
    except OSError as error:
        raise Refused("Cannot be opened", error.strerror or "") from error


def hash_on_disk(source: Path) -> str:
    """SHA-256 of the bytes on the disk, sealed or not. Raises Refused when it cannot be read."""
    try:
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Refused("Cannot be opened", error.strerror or "") from error


def _state(path: Path) -> tuple[int, int, int]:
    """What cannot but differ when somebody has written to the file or put another in its place."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _copied(source: BinaryIO, copy: BinaryIO | None) -> Fingerprint:
    """Each byte is read once; the hash is that of what was written, not of a second look."""
    # One buffer of each thread: to take fresh memory for each piece costs more than to hash it.
    buffer = _buffer()
    kept, came, kind, size = hashlib.sha256(), None, "", 0
    while count := source.readinto(buffer):  # type: ignore[attr-defined]  # both kinds of reader have it
        chunk = buffer[:count]
        if not size and (kind := preamble.kind(bytes(chunk[:HEAD]))):
            came = hashlib.sha256(chunk)
            chunk[: preamble.LENGTH] = preamble.ZEROS
        elif came:
            came.update(chunk)
        kept.update(chunk)
        size += count
        if copy is not None:
            copy.write(chunk)
    return Fingerprint((came or kept).hexdigest(), kept.hexdigest(), size, kind)


def _buffer() -> memoryview:
    if not hasattr(_OWN, "buffer"):
        _OWN.buffer = memoryview(bytearray(CHUNK))
    buffer: memoryview = _OWN.buffer
    return buffer


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sharded(folder: Path, sha256: str) -> Path:
    return folder / _shard(sha256) / f"{sha256[2:]}{SUFFIX}"


def _shard(sha256: str) -> str:
    return sha256[:2]


def _in_shards(folder: Path) -> Iterator[Path]:
    for shard in sorted(filter(Path.is_dir, folder.iterdir())):
        yield from sorted(shard.iterdir())
