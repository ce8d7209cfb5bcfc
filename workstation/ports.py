"""What the core needs from rooms above it. `main.py` plugs the rooms in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from workstation.domain.study import ParsedInstance, Study
from workstation.domain.viewing import Arrangement
from workstation.errors import Refused


class InstanceReader(Protocol):
    """Reads received files in a limited worker process (rendering.worker.ImageWorker)."""

    def parse_many(self, paths: Iterable[Path]) -> Iterator[tuple[Path, ParsedInstance | Refused]]:
        """Each file in order: what it is, or why it is refused. Never raises for a bad file.

        A file that kills or hangs the worker is a `Refused` with that reason.
        """
        ...

    def media_files(self, dicomdir: Path) -> Sequence[tuple[str, ...]]:
        """The ReferencedFileID components (0004,1500) of a DICOMDIR, unchecked text from outside."""
        ...


class Hanger(Protocol):
    """Chooses and applies a hanging protocol (hanging_protocols.engine)."""

    def hang(self, current: Study, priors: Sequence[Study], stage: int = 0) -> Arrangement: ...


Progress = Callable[[int, int, str], None]
"""done, total (0 when unknown), what is being worked on: a phrase without patient data."""
