"""One running workstation for each data folder (reliability F08).

The operating system holds the lock for the process, so one that was killed leaves none behind:
a lock file of a dead process is simply taken over. The file says which process has it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from workstation.errors import Unavailable, WorkstationError


class AlreadyOpen(WorkstationError):
    """Another process works on this folder. `pid` is 0 when it did not say."""

    def __init__(self, pid: int) -> None:
        process = f"Process {pid} works on the same data folder" if pid else "Another process works on the same data folder"
        super().__init__("Lyskasse is already open", process, "Go to the window that is open, or close it first")
        self.pid = pid


@contextlib.contextmanager
def sole_instance(folder: Path) -> Iterator[None]:
    """Hold the folder for this process. Raises AlreadyOpen, or Unavailable when the folder cannot be used."""
    path = folder / "lyskasse.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable("The data folder cannot be used", error.strerror or type(error).__name__, "Check the disk") from error
    try:
        try:
            _lock(descriptor)
        except OSError as error:
            raise AlreadyOpen(_owner(descriptor)) from error
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)  # lets go of the lock; the file stays, or two others could each hold one of two files


def _sign(descriptor: int) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, b"%d\n" % os.getpid())


def _owner(descriptor: int) -> int:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return int(os.read(descriptor, 32))
    except (OSError, ValueError):
        return 0


if sys.platform == "win32":
    import msvcrt

    # A place far behind the process id: Windows locks bytes against reading too.
    _FAR = 1 << 20

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
