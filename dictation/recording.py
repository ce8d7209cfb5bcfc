"""The raw sound of each segment, on disk before anything recognises it (reliability F01, F78).

A recording stays until `settle` says that its text is safe in the report's journal; what is
still there when the program starts again was never acknowledged and is offered as pending.
"""

from __future__ import annotations

import os
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dictation.audio import BYTES_PER_SECOND, SAMPLE_RATE
from workstation.durable import sync_folder
from workstation.errors import Unavailable

HEADER_BYTES = 44
SYNC_SECONDS = 0.5

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

    def pcm(self) -> bytes:
        return self.path.read_bytes()[HEADER_BYTES:]


class Recorder:
    """Writes one WAV per segment into a private folder (0700, files 0600)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        except OSError as error:
            raise Unavailable("Dictation cannot be recorded", error.strerror or "", "Check the disk") from error
        self._forget_rejected()

    def open(self, segment_id: str) -> Recording:
        return Recording(self.path(segment_id))

    def path(self, segment_id: str) -> Path:
        return self._folder / f"{segment_id}.wav"

    def settle(self, segment_id: str) -> None:
        """The segment's text is safe elsewhere: its sound is no longer needed."""
        self.path(segment_id).unlink(missing_ok=True)

    def reject(self, segment_id: str) -> None:
        """No words were found in it: its sound is kept for a while, for the case that there are some.
        Raises OSError."""
        folder = self._folder / REJECTED
        folder.mkdir(exist_ok=True, mode=0o700)
        os.utime(self.path(segment_id))  # it may have waited for its engine for days
        self.path(segment_id).rename(folder / self.path(segment_id).name)
        self._forget_rejected()

    def _forget_rejected(self) -> None:
        """The oldest beyond `REJECTED_BYTES`, and all beyond `REJECTED_SECONDS`."""
        kept, now = 0, time.time()
        found = sorted((path.stat().st_mtime, path) for path in (self._folder / REJECTED).glob("*.wav"))
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


def pending_audio(folder: Path) -> tuple[PendingAudio, ...]:
    """Unacknowledged recordings, oldest first; headers of files cut short by a crash are mended."""
    found = []
    for path in folder.glob("*.wav"):
        size = path.stat().st_size - HEADER_BYTES
        if size < 2:
            path.unlink()
            continue
        _mend(path, size // 2 * 2)
        recorded_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        found.append(PendingAudio(path.stem, path, size / BYTES_PER_SECOND, recorded_at))
    return tuple(sorted(found, key=lambda pending: (pending.recorded_at, pending.segment_id)))


def rejected_audio(folder: Path) -> tuple[PendingAudio, ...]:
    """Recordings in which no words were found, as long as they are kept, oldest first."""
    return pending_audio(folder / REJECTED)


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
