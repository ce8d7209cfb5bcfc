"""Studies read where they lie: nothing is imported, nothing is kept."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from workstation.at_rest.vault import Vault
from workstation.cache.admission import Answer
from workstation.cache.claims import HeldFolder, abandoned
from workstation.cache.found import RefusedFile, SourceFile, reason_of
from workstation.cache.gathering import Gathering
from workstation.cache.quarantine import REASONS, QuarantineKind
from workstation.cache.soundness import flaw_of
from workstation.cache.sources import Sources
from workstation.domain.study import Study
from workstation.errors import Refused, Unavailable
from workstation.ports import InstanceReader

COPY = "A copy of a file that was already read"


class StudiesRead(NamedTuple):
    """`refused` is (file as the user knows it, reason) for every file that is in no study."""

    studies: tuple[Study, ...]
    refused: tuple[tuple[str, str], ...]


@contextlib.contextmanager
def studies_in(paths: Iterable[Path], reader: InstanceReader) -> Iterator[StudiesRead]:
    """The studies of any mix of files, folders, DICOMDIRs and zip archives, newest first.

    Instances' paths are the files themselves; what came out of an archive is gone afterwards.
    Raises Unavailable when there is no place to unpack one.
    """
    held = _own_folder()
    try:
        yield _read(paths, reader, held.path)
    finally:
        _leave(held)


def read_studies(paths: Iterable[Path], reader: InstanceReader) -> StudiesRead:
    """As `studies_in`, for programs that end soon: unpacked files last until then."""
    held = _own_folder()
    atexit.register(_leave, held)
    return _read(paths, reader, held.path)


def _own_folder() -> HeldFolder:
    """For what is unpacked: nobody else may look into it, and what a killed run left there goes at the next one (F89).

    It is not encrypted: these commands read other people's files, and neither have nor make a key.
    """
    user = os.getuid() if hasattr(os, "getuid") else "me"
    parent = Path(tempfile.gettempdir()) / f"lyskasse-reading-{user}"
    try:
        parent.mkdir(mode=0o700, exist_ok=True)
        if not _is_ours_alone(parent):
            parent = Path(tempfile.mkdtemp(prefix="lyskasse-reading-"))
        for left in abandoned(parent):
            shutil.rmtree(left, ignore_errors=True)
        return HeldFolder(parent)
    except OSError as error:
        raise Unavailable("Archives cannot be unpacked", error.strerror or "", "Check the folder for temporary files") from error


def _is_ours_alone(folder: Path) -> bool:
    """Not another user's folder, or link, of our name."""
    found = folder.lstat()
    mine = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)
    return stat.S_ISDIR(found.st_mode) and mine


def _leave(held: HeldFolder) -> None:
    shutil.rmtree(held.path, ignore_errors=True)
    held.close()


def _read(paths: Iterable[Path], reader: InstanceReader, folder: Path) -> StudiesRead:
    gathering, refused = Gathering(), []
    handed: deque[SourceFile] = deque()

    def to_read() -> Iterator[Path]:
        for found in Sources(paths, reader, folder, Vault.plain()):
            if isinstance(found, RefusedFile):
                refused.append((found.shown, found.reason))
            else:
                handed.append(found)
                yield found.path

    for _, outcome in reader.parse_many(to_read()):
        source = handed.popleft()
        reason = reason_of(outcome) if isinstance(outcome, Refused) else flaw_of(outcome) or _reason(gathering.add(outcome))
        if reason:
            refused.append((source.shown, reason))
    return StudiesRead(gathering.studies(), tuple(refused))


def _reason(answer: Answer | QuarantineKind) -> str:
    if isinstance(answer, QuarantineKind):
        return REASONS[answer]
    return COPY if answer is Answer.DUPLICATE else ""
