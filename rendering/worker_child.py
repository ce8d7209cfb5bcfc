"""One worker process as its parent sees it: started when it is first asked, silent ones told from dead ones."""

from __future__ import annotations

import signal
import sys

from rendering.worker_pipe import Message, read_message, write_message
from workstation.child_process import ChildProcess, ProcessGone
from workstation.errors import Unavailable

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
        arguments = (str(memory), str(seconds), str(file_bytes), str(threads))
        # Memory of the last file is used for the next: to hand it back each time costs more than to read a file.
        keeps = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
        try:
            self._process = ChildProcess[Message]("image worker", _PROGRAM, arguments, keeps, read_message, write_message)
        except OSError as error:
            raise Unavailable("The image worker cannot be started", error.strerror or "") from error
        self._is_ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive

    def send(self, request: Message) -> None:
        """Raises ChildDied, or Unavailable when the process never came up."""
        if not self._is_ready:
            self._await_ready()
        try:
            self._process.send(request)
        except ProcessGone as error:
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
            message = self._process.receive(seconds)
        except ProcessGone as error:
            raise ChildDied from error
        if message is None:
            raise ChildSilent
        return message

    @property
    def fell_by_itself(self) -> bool:
        """Of a process that has ended."""
        code = self._process.exit_code
        if code is None or sys.platform == "win32":
            return code is not None and code > 0x7FFFFFFF  # NTSTATUS of an error
        return -code in _FALLS

    def end(self) -> None:
        """Kills the process and waits for it; may be called twice."""
        self._process.end()
