"""When each study was last opened or added to: small, outside the index, and no loss when it is lost.

The file holds hashes of Study Instance UIDs and times, nothing that says whose they are. Without
it the times of the files stand in.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

WRITE_SECONDS = 5.0
"""A touch is on disk at the latest with the first one after so many seconds, or when closed."""


class LastUsed:
    """Times in seconds since 1970. Thread-safe; never raises for its file."""

    def __init__(self, path: Path, arrived: Callable[[str], float], now: Callable[[], float] = time.time) -> None:
        """`arrived` says when a study's newest file came, for studies that the file does not know."""
        self._path = path
        self._arrived = arrived
        self._now = now
        self._lock = threading.Lock()
        self._written = 0.0
        self._times: dict[str, float] = {}
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stored = json.loads(path.read_text(encoding="utf-8"))
            self._times = {str(key): float(value) for key, value in stored.items()}

    def touch(self, study_instance_uids: Iterable[str]) -> None:
        now = self._now()
        with self._lock:
            self._times |= dict.fromkeys(map(_key, study_instance_uids), now)
            if abs(now - self._written) >= WRITE_SECONDS:
                self._write()

    def of(self, study_instance_uid: str) -> float:
        with self._lock:
            known = self._times.get(_key(study_instance_uid))
        return self._arrived(study_instance_uid) if known is None else known

    def keep_only(self, study_instance_uids: Iterable[str]) -> None:
        """Forget studies that are gone."""
        keys = set(map(_key, study_instance_uids))
        with self._lock:
            self._times = {key: value for key, value in self._times.items() if key in keys}
            self._write()

    def close(self) -> None:
        with self._lock:
            self._write()

    def _write(self) -> None:
        self._written = self._now()
        half = self._path.with_suffix(".part")
        # On a full disk the times of the files stand in at the next start.
        with contextlib.suppress(OSError):
            half.write_text(json.dumps(self._times), encoding="utf-8")
            half.chmod(0o600)
            half.replace(self._path)


def _key(study_instance_uid: str) -> str:
    return hashlib.sha256(study_instance_uid.encode()).hexdigest()[:32]
