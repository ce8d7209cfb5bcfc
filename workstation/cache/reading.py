"""Studies read where they lie: nothing is imported, nothing is kept."""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from workstation.at_rest.vault import Vault
from workstation.cache.admission import Answer
from workstation.cache.found import RefusedFile, SourceFile, reason_of
from workstation.cache.gathering import Gathering
from workstation.cache.quarantine import REASONS, QuarantineKind
from workstation.cache.soundness import flaw_of
from workstation.cache.sources import Sources
from workstation.domain.study import Study
from workstation.errors import Refused
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
    """
    folder = Path(tempfile.mkdtemp(prefix="lyskasse-"))
    try:
        yield _read(paths, reader, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_studies(paths: Iterable[Path], reader: InstanceReader) -> StudiesRead:
    """As `studies_in`, for programs that end soon: unpacked files last until then."""
    folder = Path(tempfile.mkdtemp(prefix="lyskasse-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _read(paths, reader, folder)


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
