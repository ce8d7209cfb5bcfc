"""Folders that one running program holds; those of programs that ended without tidying are found.

A lock of the operating system says who still runs: it falls with the process, however that ends.
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

LOCK_NAME = "held"
GRACE_SECONDS = 60


class HeldFolder:
    """A new folder below `parent`, ours until `close`."""

    def __init__(self, parent: Path) -> None:
        self.path = parent / uuid.uuid4().hex
        self.path.mkdir(mode=0o700, parents=True)
        self._lock = (self.path / LOCK_NAME).open("wb")
        _try_lock(self._lock)

    def close(self) -> None:
        """Let go of the folder; what lies in it stays for `abandoned` to find."""
        self._lock.close()


def abandoned(parent: Path) -> Iterator[Path]:
    """The folders below `parent` that nobody holds."""
    for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
        if folder.is_dir() and not folder.is_symlink() and not _is_held(folder):
            yield folder


def _is_held(folder: Path) -> bool:
    try:
        with (folder / LOCK_NAME).open("r+b") as lock:
            return not _try_lock(lock)
    except FileNotFoundError:
        # Between making a folder and its lock lies a moment in which it looks abandoned.
        return time.time() - folder.stat().st_mtime < GRACE_SECONDS
    except OSError:
        return True


def _try_lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
