"""The sound of words that are written already, for who dictated them: to hear again what was said.

In memory for as long as the program runs, up to some minutes. On disk only where the reader has asked
for it, for so many days, and only sealed: it is speech about a patient.
"""

from __future__ import annotations

import contextlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from dictation.recording import SEALED, WAV, PendingAudio
from workstation.at_rest.vault import Vault
from workstation.durable import sync_folder
from workstation.errors import Refused, Unavailable

KEPT = "kept"
MEMORY_BYTES = 20 << 20
"""Ten minutes of sound."""
DAY_SECONDS = 24 * 3600.0


class KeptSound:
    """`folder` is that of the recordings. Used from one thread."""

    def __init__(self, folder: Path, vault: Vault, keep_days: int = 0) -> None:
        self._folder = folder
        self._vault = vault
        self._days = keep_days if vault.is_sealing else 0
        self._memory: dict[str, bytes] = {}
        self.forget_old()

    @property
    def is_on_disk(self) -> bool:
        return self._days > 0

    def keep(self, segment_id: str) -> None:
        """Its words are on disk, and its recording goes next. What cannot be kept is not: words matter, sound does not."""
        path = self._path(segment_id)
        if path is None:
            return
        with contextlib.suppress(OSError, Refused):
            self._remember(segment_id, self._pcm(segment_id, path))
            if self.is_on_disk and path.suffix == SEALED:
                kept = self._folder / KEPT
                kept.mkdir(mode=0o700, exist_ok=True)
                os.utime(path)  # its age counts from here
                path.replace(kept / path.name)
                sync_folder(kept)
        self.forget_old()

    def pcm(self, segment_id: str) -> bytes:
        """What was said, s16le at 16 kHz. Raises Unavailable where it is not there any more, or was never."""
        if segment_id in self._memory:
            return self._memory[segment_id]
        try:
            path = self._path(segment_id) or self._kept(segment_id)
            return self._pcm(segment_id, path)
        except (OSError, Refused) as error:
            hint = "Only the sound of this session is there" if not self.is_on_disk else f"Sound is kept for {self._days} days"
            raise Unavailable("The sound of these words is not kept", "", hint) from error

    def forget_old(self) -> None:
        """What is older than it may be; everything, where nothing is kept any more."""
        oldest = time.time() - self._days * DAY_SECONDS
        for path in (self._folder / KEPT).glob(f"*{SEALED}"):
            with contextlib.suppress(OSError):
                if not self.is_on_disk or path.stat().st_mtime < oldest:
                    path.unlink()

    def _remember(self, segment_id: str, pcm: bytes) -> None:
        self._memory[segment_id] = pcm
        held = sum(map(len, self._memory.values()))
        for oldest in list(self._memory)[:-1]:
            if held <= MEMORY_BYTES:
                break
            held -= len(self._memory.pop(oldest))

    def _kept(self, segment_id: str) -> Path:
        if not segment_id.isalnum():
            raise FileNotFoundError
        return self._folder / KEPT / f"{segment_id}{SEALED}"

    def _path(self, segment_id: str) -> Path | None:
        if not segment_id.isalnum():  # ours are hexadecimal; a name from elsewhere names no file
            return None
        found = (self._folder / f"{segment_id}{suffix}" for suffix in (SEALED, WAV))
        return next((path for path in found if path.is_file()), None)

    def _pcm(self, segment_id: str, path: Path) -> bytes:
        return PendingAudio(segment_id, path, 0.0, datetime.now(UTC), self._vault).pcm()
