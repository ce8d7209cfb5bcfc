"""A process that the program talks to over its standard streams: start, send, answers with a time limit, end.

What the messages look like is the caller's; what comes back is data, whatever the process read.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from workstation.child_environment import child_environment

M = TypeVar("M")

ROOT = Path(__file__).resolve().parent.parent
"""Where the program's rooms lie: a child is given it as its first argument."""


class ProcessGone(Exception):
    """The process ended or was ended; how far it got is unknown."""


class ChildProcess(Generic[M]):
    """Not thread-safe but for `kill`: one borrower at a time.

    `program` is Python text, run without the user's site and working folder; `arguments` follow `ROOT`.
    Secrets go in as messages, never as an argument or in the environment, where every program could read them.
    """

    def __init__(
        self,
        name: str,
        program: str,
        arguments: Sequence[str],
        environment: dict[str, str],
        read: Callable[[BinaryIO], M | None],
        write: Callable[[BinaryIO, M], object],
    ) -> None:
        """Raises OSError when the process does not start. `read` gives None when the other side has gone."""
        self._write = write
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-c", program, str(ROOT), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # One BLAS thread and few malloc arenas: each would reserve address space that counts.
            env=child_environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MALLOC_ARENA_MAX="2", **environment),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._answers: queue.SimpleQueue[M | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._pump, args=(self._process.stdout, read), name=f"{name} answers", daemon=True)
        self._reader.start()

    def _pump(self, stream: BinaryIO, read: Callable[[BinaryIO], M | None]) -> None:
        try:
            while (message := read(stream)) is not None:
                self._answers.put(message)
        except (OSError, ValueError):
            pass
        self._answers.put(None)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it lives."""
        return self._process.poll()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def send(self, message: M) -> None:
        """Raises ProcessGone."""
        try:
            self._write(self._requests, message)
        except OSError as error:
            raise ProcessGone from error

    def receive(self, seconds: float) -> M | None:
        """The next answer, None when there was none in `seconds`. Raises ProcessGone when there will be none."""
        try:
            message = self._answers.get(timeout=seconds)
        except queue.Empty:
            return None
        if message is None:
            self._answers.put(None)
            raise ProcessGone
        return message

    def kill(self) -> None:
        """May be called from any thread: whoever waits for an answer gets ProcessGone."""
        self._process.kill()

    def end(self) -> None:
        """Kills the process and waits for it; may be called twice."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    # A request that was still buffered for a process that is gone.
                    continue
