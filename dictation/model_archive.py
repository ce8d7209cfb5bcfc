"""A model out of a zip, a wheel or a folder that somebody brought: files are taken, nothing is run (F88).

What comes is hostile until it has proven otherwise: no path leads outside, nothing but ordinary files,
caps on their number, size and compression; sizes are counted while unpacking, not believed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from workstation.errors import Refused

MOST_FILES = 2000
MOST_BYTES = 8 << 30
"""The largest models of today have 5 GB."""
MOST_RATIO = 100
"""What unpacks to more than so many times its size is a bomb. Models hardly shrink: 1 to 3."""
SMALL_BYTES = 1 << 20
"""Lists of words and of zeros shrink more; so small a file harms nobody."""
MOST_NAME = 240
MOST_DEPTH = 12
PIECE = 1 << 20
SPARE_BYTES = 500 << 20
"""What the disk must have left afterwards: reports are written there too."""

Progress = Callable[[float, str], None]
"""How much is done, 0..1, and of what."""
Cancelled = Callable[[], bool]


class NotImported(Refused):
    """The archive or folder is refused; nothing of it is left here."""


class Stopped(Exception):
    """Whoever asked for it does not want it any more."""


@dataclass(frozen=True, slots=True)
class _Member:
    name: PurePosixPath
    size: int
    open: Callable[[], IO[bytes]]


def unpack(source: Path, into: Path, progress: Progress, cancelled: Cancelled) -> str:
    """Put the files of `source` below the empty folder `into`, readable only, none executable.

    The answer is the SHA-256 of the archive, "" for a folder. Raises NotImported, Stopped.
    """
    try:
        if source.is_dir():
            _copy(list(_in_folder(source)), into, progress, cancelled)
            return ""
        digest = file_sha256(source, progress, cancelled)
        with zipfile.ZipFile(source) as archive:
            _copy(list(_in_zip(archive)), into, progress, cancelled)
        return digest
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _refused("It is no whole zip archive", str(error)[:200]) from error
    except ValueError as error:  # zlib, and names that cannot be
        raise _refused("It is damaged", str(error)[:200]) from error
    except OSError as error:
        raise _refused("It cannot be read or stored", error.strerror or type(error).__name__) from error


def file_sha256(path: Path, progress: Progress = lambda *_: None, cancelled: Cancelled = lambda: False) -> str:
    """Raises OSError, Stopped."""
    digest, done, size = hashlib.sha256(), 0, max(1, path.stat().st_size)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            if cancelled():
                raise Stopped
            digest.update(piece)
            done += len(piece)
            progress(done / size, "Reading")
    return digest.hexdigest()


def _in_zip(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        if info.is_dir():
            continue
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise _refused("It holds links or devices")
        if info.flag_bits & 1:
            raise _refused("It is encrypted")
        if info.file_size > SMALL_BYTES and info.file_size > MOST_RATIO * max(1, info.compress_size):
            raise _refused("It unpacks to far more than it is")
        yield _Member(_safe(info.filename), info.file_size, lambda info=info: archive.open(info))  # type: ignore[misc]


def _in_folder(folder: Path) -> Iterator[_Member]:
    """Links are refused, not followed: they lead to what nobody meant to bring."""
    for place, folders, names in os.walk(folder, followlinks=False):
        for name in sorted([*folders, *names]):
            path = Path(place) / name
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                raise _refused("It holds links or devices")
            inner = path.relative_to(folder).as_posix()
            yield _Member(_safe(inner), path.stat().st_size, lambda path=path: path.open("rb"))  # type: ignore[misc]


def _safe(name: str) -> PurePosixPath:
    """The name below the folder. Raises NotImported for one that leads elsewhere or nowhere."""
    path = PurePosixPath(name)
    plain = name.isprintable() and not set(name) & set('\\:*?"<>|') and len(name) <= MOST_NAME
    inside = not path.is_absolute() and bool(path.parts) and not set(path.parts) & {"..", "."} and len(path.parts) <= MOST_DEPTH
    if not plain or not inside:
        raise _refused("A name in it leads outside, or cannot be a file's name")
    return path


def _copy(members: list[_Member], into: Path, progress: Progress, cancelled: Cancelled) -> None:
    total = sum(member.size for member in members)
    _check(members, total, into)
    done = 0
    for member in members:
        target = into / member.name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with member.open() as stream, open(target, "xb", opener=_private) as file:
            left = member.size
            while piece := stream.read(PIECE):
                if cancelled():
                    raise Stopped
                left -= len(piece)
                if left < 0:
                    raise _refused("A file in it is larger than it says")
                file.write(piece)
                done += len(piece)
                progress(done / max(1, total), "Unpacking")
            os.fsync(file.fileno())


def _check(members: list[_Member], total: int, into: Path) -> None:
    if len(members) > MOST_FILES:
        raise _refused("It holds too many files", f"{len(members)}, and a model has some dozens")
    if total > MOST_BYTES:
        raise _refused("It is too large", f"{total >> 20} MB")
    if len({str(member.name).casefold() for member in members}) < len(members):
        raise _refused("It holds the same name twice")
    if shutil.disk_usage(into).free < total + SPARE_BYTES:
        raise _refused("There is no room for it on the disk", f"{(total >> 20) + 1} MB and some to spare are needed")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _refused(title: str, detail: str = "") -> NotImported:
    return NotImported(
        "The model was not imported", ". ".join(part for part in (title, detail) if part), "Get it again from its publisher"
    )
