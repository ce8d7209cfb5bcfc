"""How much disk the images may take, and what goes first when it is more.

Decoded copies go before originals, whole studies before single files, what was used longest ago
first. What is open, to be read today, not yet delivered, or nowhere else is never removed,
however full the disk is (I7).
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workstation.cache.usage import LastUsed
from workstation.errors import WorkstationError
from workstation.ports import DecodedImages

logger = logging.getLogger(__name__)

GB = 1_000_000_000
SHARE = 0.6
AT_LEAST = 20 * GB
SPARE = 0.02
"""Of the disk's size: kept free for reports and for the machine itself, at most MOST_SPARE."""
MOST_SPARE = 2 * GB
BALLAST = 16 << 20
BALLAST_SHARE = 32

NOWHERE_ELSE = "It is in no archive that has proved to hold it"


class Studies(Protocol):
    """`workstation.cache.cache.StudyCache`."""

    def sizes(self) -> Mapping[str, tuple[int, int]]: ...
    def remove(self, study_instance_uid: str) -> int: ...
    def alone(self) -> AbstractContextManager[object]:
        """Nobody else adds or removes files while the block runs. May be entered again by the same thread."""
        ...


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes: of received files, of decoded copies, what they may be together, and what the disk has free."""

    objects: int
    decoded: int
    limit: int
    free: int
    spare: int

    @property
    def used(self) -> int:
        return self.objects + self.decoded

    @property
    def excess(self) -> int:
        """What must go, by the quota or for want of free disk."""
        return max(self.used - self.limit, self.spare - self.free, 0)


@dataclass(frozen=True, slots=True)
class Eviction:
    """`freed` bytes as they were counted; `studies` and `decoded` are how many went. `lacking` bytes could not."""

    freed: int = 0
    studies: int = 0
    decoded: int = 0
    lacking: int = 0

    def in_words(self) -> str:
        gone = f"{self.studies} studies and {self.decoded} decoded series were removed from this machine"
        kept = f"; {self.lacking / GB:.2f} GB more cannot go: open, to be read, not delivered, or in no archive"
        return gone + (kept if self.lacking else "")


def default_limit(objects_and_decoded: int, free: int) -> int:
    """60 % of what is free or ours, but 20 GB where there is so much."""
    room = objects_and_decoded + free
    return max(int(SHARE * room), min(AT_LEAST, room))


class Quota:
    """Thread-safe. `pins` says which studies must stay, with the reason in words; `held_elsewhere` which
    ones an archive has proved to hold: all others stay too."""

    def __init__(
        self,
        root: Path,
        studies: Studies,
        used: LastUsed,
        pins: Callable[[], Mapping[str, str]],
        held_elsewhere: Callable[[], Collection[str]],
        decoded: Callable[[], DecodedImages | None] = lambda: None,
        limit: int = 0,
    ) -> None:
        """`limit` in bytes; 0: `default_limit`."""
        self._root = root
        self._studies = studies
        self._pins = pins
        self._held_elsewhere = held_elsewhere
        self._decoded = decoded
        self._limit = limit
        self._ballast = root / "ballast"
        self.used = used
        self.evicted: Callable[[str], None] = lambda _study_uid: None
        """Called once a study has gone."""
        self._lay_ballast()

    def usage(self) -> Usage:
        objects = sum(size for _, size in self._studies.sizes().values())
        shelf = self._decoded()
        decoded = shelf.bytes if shelf is not None else 0
        disk = shutil.disk_usage(self._root)
        limit = self._limit or default_limit(objects + decoded, disk.free)
        return Usage(objects, decoded, limit, disk.free, min(int(SPARE * disk.total), MOST_SPARE))

    def pinned(self) -> dict[str, str]:
        """Every study that must stay, with the reason."""
        elsewhere = self._held_elsewhere()
        alone = {uid: NOWHERE_ELSE for uid in self._studies.sizes() if uid not in elsewhere}
        return {**alone, **self._pins()}

    def keep_within(self, share: float = 1.0) -> Eviction:
        """Remove what is too much: more than `share` of the limit, or the disk's last free bytes."""
        usage = self.usage()
        excess = max(usage.used - int(share * usage.limit), usage.spare - usage.free, 0)
        return self._evict(excess) if excess else Eviction()

    def make_room(self, size: int) -> bool:
        """The disk refused a write of `size` bytes. True when as much could be removed (F14)."""
        self._ballast.unlink(missing_ok=True)  # the index needs a little disk to forget a study
        try:
            return self._evict(max(size, 1)).lacking == 0
        except WorkstationError as error:
            logger.warning("no room could be made: %s", error.title)
            return False
        finally:
            self._lay_ballast()

    def make_room_for_decoded(self, size: int) -> bool:
        """As `make_room`, by other decoded copies alone: no original goes for what can be made again."""
        with self._studies.alone():
            return self._drop_decoded(max(size, 1), self._pins())[0] >= size

    def why_full(self, share: float = 1.0) -> str:
        """Why no more may be fetched in the background; empty when it may. Makes room first."""
        lacking = self.keep_within(share).lacking
        if not lacking:
            return ""
        usage = self.usage()
        if usage.free < usage.spare:
            return f"The disk is nearly full ({usage.free / GB:.1f} GB free)"
        return f"The images take all they may ({usage.used / GB:.1f} of {usage.limit / GB:.1f} GB)"

    def close(self) -> None:
        self.used.close()

    def _evict(self, wanted: int) -> Eviction:
        # The cache's own lock: room is made from within an import, which holds it already.
        with self._studies.alone():
            pinned = self.pinned()
            freed, decoded = self._drop_decoded(wanted, self._pins())
            studies = 0
            sizes = self._studies.sizes()
            for uid in sorted((uid for uid in sizes if uid not in pinned), key=lambda uid: (self.used.of(uid), uid)):
                if freed >= wanted:
                    break
                # Asked again just before: a case may have been opened meanwhile.
                if uid in self._pins():
                    continue
                self._studies.remove(uid)
                freed += sizes[uid][1]
                studies += 1
                self.evicted(uid)
            if studies:
                self.used.keep_only(self._studies.sizes())
            return Eviction(freed, studies, decoded, max(wanted - freed, 0))

    def _drop_decoded(self, wanted: int, pins: Mapping[str, str]) -> tuple[int, int]:
        """Decoded copies can be made again from their originals: only those of pinned studies are spared."""
        shelf = self._decoded()
        freed = count = 0
        for entry in shelf.entries() if shelf is not None else ():
            if freed >= wanted:
                break
            if entry.study_uid not in pins and shelf is not None:
                shelf.remove(entry.key)
                freed, count = freed + entry.bytes, count + 1
        return freed, count

    def _lay_ballast(self) -> None:
        """A few megabytes that are given up first when the disk is full."""
        with contextlib.suppress(OSError):
            size = min(BALLAST, shutil.disk_usage(self._root).total // BALLAST_SHARE)
            if self._ballast.is_file() and self._ballast.stat().st_size >= size:
                return
            with self._ballast.open("wb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.write(bytes(size))
