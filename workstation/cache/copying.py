"""Files copied ahead of their reading, by threads of their own, and given out in order.

Reading, hashing, sealing and writing all let go of the interpreter: while the worker reads what
one batch of files says, the next is copied.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from workstation.cache.found import SourceFile
from workstation.cache.store import Staged
from workstation.errors import DiskFull, Refused

# As many as the reader asks for at once: with fewer it waits for us.
AHEAD = 96
THREADS = 2

Stage = Callable[[SourceFile], Staged]


class CopyingAhead:
    """Used once, as a context: what was copied and not given out is dropped when it is left."""

    def __init__(self, stage: Stage, again: Stage, drop: Callable[[Staged], None]) -> None:
        """`stage` is called in our threads, `again` in the taking one for a file that the disk had no room for."""
        self._stage, self._again, self._drop = stage, again, drop
        self._pool = ThreadPoolExecutor(THREADS, "copy")
        self._waiting: deque[tuple[SourceFile, Future[Staged] | None]] = deque()

    def __enter__(self) -> CopyingAhead:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)
        for _, future in self._waiting:
            if future is not None and not future.cancelled() and not future.exception():
                self._drop(future.result())

    def copies(self, files: Iterable[SourceFile]) -> Iterator[tuple[SourceFile, Staged | None]]:
        """Each of `files` with its copy, or without where it must be read as it lies. Raises Unavailable."""
        for file in files:
            self._waiting.append((file, self._pool.submit(self._stage, file) if file.to_copy_first else None))
            if len(self._waiting) > AHEAD:
                yield self._next()
        while self._waiting:
            yield self._next()

    def _next(self) -> tuple[SourceFile, Staged | None]:
        file, future = self._waiting.popleft()
        try:
            return file, future.result() if future else None
        except DiskFull:
            return file, self._again(file)
        except Refused:
            return file, None  # whoever reads it where it lies says what is wrong with it
