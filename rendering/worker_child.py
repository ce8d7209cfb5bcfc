"""One worker process as its parent sees it: start, requests, answers with a time limit, end."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from rendering.worker_pipe import Message, read_message, write_message
from workstation.child_environment import child_environment
from workstation.errors import Unavailable

_ROOT = Path(__file__).resolve().parent.parent
# pydicom brings a downloader of test files along, which this process has no business with and
# whose import is a fifth of its start.
_PROGRAM = """
import sys
sys.modules["requests"] = None
sys.path.insert(0, sys.argv[1])
from rendering.worker_process import main
main(sys.argv[2:])
"""
_START_SECONDS = 60.0
_FALLS = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGFPE})


class ChildDied(Exception):
    """The process ended or was ended; what it was doing is unknown.

    `by_itself`: it fell over its own work (SIGSEGV, SIGABRT, …), and nobody shot it (SIGKILL: the
    system for want of memory, or a person).
    """

    by_itself = False


class ChildSilent(ChildDied):
    """No answer in time."""


class Child:
    """Not thread-safe: one borrower at a time."""

    def __init__(self, memory: int, seconds: float, file_bytes: int, threads: int) -> None:
        """Raises Unavailable when the process does not start."""
        arguments = [str(_ROOT), str(memory), str(seconds), str(file_bytes), str(threads)]
        # One BLAS thread and few malloc arenas: each would reserve address space that counts. Memory of
        # the last file is used for the next: to hand it back each time costs more than to read a file.
        environment = child_environment(
            OPENBLAS_NUM_THREADS="1",
            OMP_NUM_THREADS="1",
            MALLOC_ARENA_MAX="2",
            MALLOC_MMAP_THRESHOLD_=str(32 << 20),
            MALLOC_TRIM_THRESHOLD_=str(64 << 20),
        )
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-B", "-c", _PROGRAM, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        except OSError as error:
            raise Unavailable("The image worker cannot be started", error.strerror or "") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), name="image worker answers", daemon=True)
        self._reader.start()
        self._is_ready = False

    def _read(self, stream: BinaryIO) -> None:
        try:
            while (message := read_message(stream)) is not None:
                self._answers.put(message)
        except (OSError, ValueError):
            pass
        self._answers.put(None)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def send(self, request: Message) -> None:
        """Raises ChildDied, or Unavailable when the process never came up."""
        if not self._is_ready:
            self._await_ready()
        try:
            write_message(self._requests, request)
        except OSError as error:
            raise ChildDied from error

    def _await_ready(self) -> None:
        try:
            self.receive(_START_SECONDS)
        except ChildDied as error:
            self.end()
            raise Unavailable("The image worker cannot be started") from error
        self._is_ready = True

    def receive(self, seconds: float) -> Message:
        """The next answer. Raises ChildSilent after `seconds`, ChildDied when there will be none."""
        try:
            message = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise ChildSilent from None
        if message is None:
            raise ChildDied
        return message

    @property
    def fell_by_itself(self) -> bool:
        """Of a process that has ended."""
        code = self._process.poll()
        if code is None or sys.platform == "win32":
            return code is not None and code > 0x7FFFFFFF  # NTSTATUS of an error
        return -code in _FALLS

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
