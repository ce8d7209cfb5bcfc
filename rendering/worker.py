"""ImageWorker: the parent's handle of the limited process that parses and decodes received bytes.

Nothing of a received file is interpreted in this process. One file that kills or hangs the
worker is refused alone; the worker comes back and goes on with the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rendering.header import ImageHeader
from rendering.shared_frames import SharedFrames
from workstation.domain.study import ParsedInstance
from workstation.errors import Refused

__all__ = ["DecodeJob", "ImageWorker", "SharedFrames", "WorkerLimits"]


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Caps of the worker: bytes above its block, seconds for one file, bytes of one file and frame."""

    memory: int = 2 << 30
    seconds: float = 10.0
    file_bytes: int = 8 << 30
    frame_bytes: int = 1 << 30
    threads: int = 0


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """Frame `frame` (0-based) of the file at `path` into slot `slot`.

    `sha256` (hex, empty for unchecked) is of the file's bytes: others are refused.
    """

    path: str
    header: ImageHeader
    frame: int
    slot: int
    sha256: str = ""


def _never() -> bool:
    return False


class ImageWorker:
    """Thread-safe; starts its process at first use and again after it died."""

    def __init__(self, limits: WorkerLimits = WorkerLimits()) -> None:
        self.limits = limits

    def parse(self, path: Path) -> ParsedInstance:
        """What the file is. Raises Refused."""
        raise NotImplementedError

    def parse_many(self, paths: Iterable[Path]) -> Iterator[tuple[Path, ParsedInstance | Refused]]:
        """Each file in order. Never raises for a bad file."""
        raise NotImplementedError

    def media_files(self, dicomdir: Path) -> Sequence[tuple[str, ...]]:
        """The ReferencedFileID components (0004,1500) of a DICOMDIR, unchecked. Raises Refused."""
        raise NotImplementedError

    def decode(
        self,
        jobs: Sequence[DecodeJob],
        target: SharedFrames,
        on_frame: Callable[[int, Refused | None], None],
        cancelled: Callable[[], bool] = _never,
    ) -> None:
        """Decodes `jobs` into the slots of `target`; blocks until done or cancelled.

        `on_frame(slot, None)` is called from this thread when a slot is filled, or with the
        reason why it never will be. Frames may arrive in any order near the given one.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Ends the process."""

    def __enter__(self) -> ImageWorker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
