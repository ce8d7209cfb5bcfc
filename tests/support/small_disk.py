"""A real disk of a few MiB, to be filled, and to be made read-only: a tmpfs of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOUNT = "/usr/bin/mount"
UMOUNT = "/usr/bin/umount"


class NotPermitted(Exception):
    """This machine lets the tests mount nothing (they run without root)."""


@contextmanager
def small_disk(place: Path, mebibytes: int) -> Iterator[Path]:
    """A file system of that size at `place`. Raises NotPermitted."""
    place.mkdir()
    options = f"size={mebibytes}m,mode=700"
    done = subprocess.run([MOUNT, "-t", "tmpfs", "-o", options, "tests", str(place)], check=False, capture_output=True)
    if done.returncode:
        raise NotPermitted(done.stderr.decode())
    try:
        yield place
    finally:
        subprocess.run([UMOUNT, "-l", str(place)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """A file that takes all room but `leave` bytes; removed, the room is there again."""
    filler = disk / "filler"
    facts = os.statvfs(disk)
    with filler.open("wb") as file:
        left = facts.f_bavail * facts.f_frsize - leave
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))
    return filler


def make_read_only(disk: Path, read_only: bool = True) -> None:
    """Remount: every write then fails with EROFS."""
    mode = "ro" if read_only else "rw"
    subprocess.run([MOUNT, "-o", f"remount,{mode}", str(disk)], check=True, capture_output=True)
