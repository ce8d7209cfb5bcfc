"""The raw sound of each segment, on disk before anything recognises it (reliability F01, F78).

A recording stays until `settle` says that its text is safe in the report's journal; what is
still there when the program starts again was never acknowledged and is offered as pending.
It is speech about a patient: sealed as it comes, one record for each piece of sound (some 80 ms),
or an ordinary WAV where this site does not seal.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

from dictation.audio import BYTES_PER_SECOND, SAMPLE_RATE
from workstation.at_rest.records import Records, RecordWriter, read_records
from workstation.at_rest.vault import Purpose, Vault
from workstation.durable import sync_folder
from workstation.errors import Refused, Unavailable

HEADER_BYTES = 44
SYNC_SECONDS = 0.5
SEALED = ".sound"
WAV = ".wav"

REJECTED = "rejected"
REJECTED_BYTES = 4 << 20
"""Two minutes of sound, five segments at least."""
REJECTED_SECONDS = 8 * 3600.0
"""A shift: afterwards nobody remembers what was said."""


@dataclass(frozen=True, slots=True)
class PendingAudio:
    """A recorded segment whose text was never acknowledged. `seconds` of sound at `path`."""

    segment_id: str
    path: Path
    seconds: float
    recorded_at: datetime
    vault: Vault = field(default_factory=Vault.plain, compare=False, repr=False)

    def pcm(self) -> bytes:
        """Raises OSError, and Refused without the key."""
        if self.path.suffix == SEALED:
            return _sound(_records(self.path, self.vault))
        return self.path.read_bytes()[HEADER_BYTES:]


class Recorder:
    """Writes one recording per segment into a private folder (0700, files 0600), sealed as `vault` says."""

    def __init__(self, folder: Path, vault: Vault | None = None) -> None:
        self._folder = folder
        self._vault = vault or Vault.plain()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
            seal_all(folder, self._vault)
        except OSError as error:
            raise Unavailable("Dictation cannot be recorded", error.strerror or "", "Check the disk") from error
        self._forget_rejected()

    def open(self, segment_id: str) -> Recording:
        """Raises OSError."""
        if self._vault.is_sealing:
            return SealedRecording(self._folder / f"{segment_id}{SEALED}", self._vault)
        return Recording(self._folder / f"{segment_id}{WAV}")

    def path(self, segment_id: str) -> Path:
        """Where its sound is; the name that a plain one would have when there is none."""
        sealed = self._folder / f"{segment_id}{SEALED}"
        return sealed if sealed.exists() else self._folder / f"{segment_id}{WAV}"

    def settle(self, segment_id: str) -> None:
        """The segment's text is safe elsewhere: its sound is no longer needed."""
        self.path(segment_id).unlink(missing_ok=True)

    def reject(self, segment_id: str) -> None:
        """No words were found in it: its sound is kept for a while, for the case that there are some.
        Raises OSError."""
        folder = self._folder / REJECTED
        folder.mkdir(exist_ok=True, mode=0o700)
        path = self.path(segment_id)
        os.utime(path)  # it may have waited for its engine for days
        path.rename(folder / path.name)
        self._forget_rejected()

    def _forget_rejected(self) -> None:
        """The oldest beyond `REJECTED_BYTES`, and all beyond `REJECTED_SECONDS`."""
        kept, now = 0, time.time()
        found = sorted((path.stat().st_mtime, path) for path in _recordings(self._folder / REJECTED))
        for recorded_at, path in reversed(found):
            kept += path.stat().st_size
            if kept > REJECTED_BYTES or now - recorded_at > REJECTED_SECONDS:
                path.unlink(missing_ok=True)


class Recording:
    """One growing WAV file. Each `append` survives a crash of the program, and after at most
    half a second of sound one of the machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._file.write(_wav_header(0))
        self._bytes = 0
        self._synced = time.monotonic()
        sync_folder(path.parent)

    def append(self, pcm: bytes) -> None:
        self._file.write(pcm)
        self._bytes += len(pcm)
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()

    def close(self) -> None:
        """Complete the header: the file is an ordinary WAV from here on."""
        if self._file.closed:
            return
        self._file.seek(0)
        self._file.write(_wav_header(self._bytes))
        os.fsync(self._file.fileno())
        self._file.close()


class SealedRecording(Recording):
    """As a `Recording`; each piece of sound is a record that nobody without the key can read."""

    def __init__(self, path: Path, vault: Vault) -> None:
        self.path = path
        self._records = RecordWriter(path, partial(vault.file_key, Purpose.AUDIO))
        self._number = 0
        self._is_open = True
        self._synced = time.monotonic()

    def append(self, pcm: bytes) -> None:
        sync = time.monotonic() - self._synced >= SYNC_SECONDS
        self._records.append(self._number, pcm, sync)
        self._number += 1
        if sync:
            self._synced = time.monotonic()

    def close(self) -> None:
        """Bring it to disk; there is nothing to complete."""
        if self._is_open:
            self._is_open = False
            try:
                self._records.sync()
            finally:
                self._records.close()


def pending_audio(folder: Path, vault: Vault | None = None) -> tuple[PendingAudio, ...]:
    """Unacknowledged recordings, oldest first; files cut short by a crash are mended.

    What the vault has no key for is left alone: see `unreadable_audio`.
    """
    vault = vault or Vault.plain()
    found = []
    for path in _recordings(folder):
        size = _mended(path, vault)
        if size is None:
            continue
        if size < 2:
            path.unlink()
            continue
        recorded_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        found.append(PendingAudio(path.stem, path, size / BYTES_PER_SECOND, recorded_at, vault))
    return tuple(sorted(found, key=lambda pending: (pending.recorded_at, pending.segment_id)))


def rejected_audio(folder: Path, vault: Vault | None = None) -> tuple[PendingAudio, ...]:
    """Recordings in which no words were found, as long as they are kept, oldest first."""
    return pending_audio(folder / REJECTED, vault)


def unreadable_audio(folder: Path, vault: Vault) -> frozenset[str]:
    """The segments whose recordings are sealed with a key that is not here. They stay."""
    return frozenset(path.stem for path in folder.glob(f"*{SEALED}") if _mended(path, vault) is None)


def seal_all(folder: Path, vault: Vault) -> None:
    """Seal what was recorded in plain before. Raises OSError; what is not sealed then is still whole."""
    if not vault.is_sealing:
        return
    for path in chain(folder.glob(f"*{WAV}"), (folder / REJECTED).glob(f"*{WAV}")):
        _seal(path, vault)


def _seal(path: Path, vault: Vault) -> None:
    half = path.with_suffix(f"{SEALED}.part")
    half.unlink(missing_ok=True)
    times = path.stat()
    pcm = path.read_bytes()[HEADER_BYTES:]
    if pcm:
        records = RecordWriter(half, partial(vault.file_key, Purpose.AUDIO))
        with contextlib.closing(records):
            records.append(0, pcm, sync=True)
        os.utime(half, ns=(times.st_atime_ns, times.st_mtime_ns))
        half.replace(path.with_suffix(SEALED))
        sync_folder(path.parent)
    path.unlink()


def _recordings(folder: Path) -> list[Path]:
    return [*folder.glob(f"*{WAV}"), *folder.glob(f"*{SEALED}")]


def _mended(path: Path, vault: Vault) -> int | None:
    """The bytes of sound in it; None for one that cannot be opened."""
    if path.suffix == SEALED:
        try:
            records = _records(path, vault)
        except Refused:
            return None
        return None if records.is_foreign else len(_sound(records))
    size = path.stat().st_size - HEADER_BYTES
    if size >= 2:
        _mend(path, size // 2 * 2)
    return size


def _records(path: Path, vault: Vault) -> Records:
    return read_records(path, partial(vault.held_file_key, Purpose.AUDIO))


def _sound(records: Records) -> bytes:
    """The pieces in order, as far as none is missing."""
    in_order = [pcm for place, (number, pcm) in enumerate(records.entries) if place == number]
    pcm = b"".join(in_order)
    return pcm[: len(pcm) // 2 * 2]


def _mend(path: Path, size: int) -> None:
    times = path.stat()
    with path.open("r+b") as file:
        if file.read(HEADER_BYTES) == _wav_header(size):
            return
        file.seek(0)
        file.write(_wav_header(size))
        file.truncate(HEADER_BYTES + size)
        os.fsync(file.fileno())
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _wav_header(size: int) -> bytes:
    form = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE")
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SAMPLE_RATE, BYTES_PER_SECOND, 2, 16)
    return form + layout + struct.pack("<4sI", b"data", size)
