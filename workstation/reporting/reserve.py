"""Room on the disk that is the report store's own (reliability F14).

A file of zeros beside the database. When the disk is nearly full it is given up, and the words that
are being said still have room; it is made again when there is room enough.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from workstation.errors import Unavailable, WorkstationError

RESERVE_BYTES = 4 << 20
LOW_BYTES = 1 << 20
"""Of free disk: less than this, and the reserve is given up."""

GIVEN_UP = (
    "The disk is full",
    "The report store has given up its reserve of {} MiB: reports are still saved, but not for long",
    "Free space on the disk now",
)
NOT_MADE = ("The disk is nearly full", "There is no room for the report store's reserve", "Free space on the disk")


class Reserve:
    """`tell` is called, in the writing thread, when the reserve is given up."""

    def __init__(self, database: Path, tell: Callable[[WorkstationError], None]) -> None:
        self._path = database.with_name(f"{database.name}.reserve")
        self._tell = tell
        if not self.is_held and not self._make():
            tell(Unavailable(*NOT_MADE))

    @property
    def is_held(self) -> bool:
        return self._path.exists()

    def look(self) -> None:
        """Call before each transaction: gives the reserve up, or makes it again, as the disk allows."""
        try:
            free = shutil.disk_usage(self._path.parent).free
        except OSError:
            return
        if free < LOW_BYTES:
            self.give_up()
        elif free > LOW_BYTES + 2 * RESERVE_BYTES and not self.is_held:
            self._make()

    def give_up(self) -> None:
        """Also called when SQLite says FULL: a quota does not show in the free space."""
        with contextlib.suppress(OSError):
            self._path.unlink()
            title, detail, hint = GIVEN_UP
            self._tell(Unavailable(title, detail.format(RESERVE_BYTES >> 20), hint))

    def _make(self) -> bool:
        half = self._path.with_name(f"{self._path.name}.part")
        try:
            descriptor = os.open(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                _allocate(descriptor)
            finally:
                os.close(descriptor)
            half.replace(self._path)
        except OSError:
            half.unlink(missing_ok=True)
            return False
        return True


def _allocate(descriptor: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
    else:
        os.write(descriptor, bytes(RESERVE_BYTES))
