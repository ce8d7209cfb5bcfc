"""A registration process as its parent sees it: one question, an answer, an end. It is killed as soon as nobody waits for it.

While the reader scrolls it is stopped where it stands (on systems that can), and it goes on after.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from rendering.registration.reduce import Reduced
from rendering.registration.wire import Message, described, read_message, read_numbers, write_numbers
from workstation.child_environment import child_environment
from workstation.errors import Unavailable

_ROOT = Path(__file__).resolve().parent.parent.parent
_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from rendering.registration.host import main
main(sys.argv[2:])
"""
MEMORY = 2 << 30
SECONDS = 120.0
LOOK_SECONDS = 0.05
# A reader who never stops scrolling (cine) does not hold it for ever: it then goes on, at its low priority.
MOST_PAUSE_SECONDS = 10.0
CAN_PAUSE = sys.platform != "win32"


class Stopped(Exception):
    """Nobody waits for the answer any more."""


class Courtesy:
    """Whether the reader is moving images just now. `moved` may be called from any thread."""

    SECONDS = 0.4

    def __init__(self) -> None:
        self._moved = float("-inf")

    def moved(self) -> None:
        self._moved = time.monotonic()

    @property
    def asks(self) -> bool:
        return time.monotonic() - self._moved < self.SECONDS


class RegistrationProcess:
    """Used by one thread, once. Raises Unavailable when it cannot be started."""

    def __init__(self, courtesy: Courtesy | None = None) -> None:
        self._courtesy = courtesy or Courtesy()
        environment = child_environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MALLOC_ARENA_MAX="2")
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-B", "-c", _PROGRAM, str(_ROOT), str(MEMORY), str(SECONDS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        except OSError as error:
            raise Unavailable("Images cannot be aligned", error.strerror or "") from error
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._field: NDArray[np.float32] | None = None
        self._is_paused = False
        self._threads: list[threading.Thread] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(
        self,
        question: Message,
        fixed: Reduced,
        moving: Reduced,
        cancelled: Callable[[], bool],
        progress: Callable[[float], object],
    ) -> tuple[dict[str, Any], NDArray[np.float32] | None]:
        """The answer, and the numbers that came with it. The process is gone when this returns or raises.

        Raises Stopped when cancelled, Unavailable with why there is no answer.
        """
        talk = {**question, "fixed": described(fixed), "moving": described(moving)}
        self._threads = [
            threading.Thread(target=self._send, args=(talk, fixed, moving), name="registration question", daemon=True),
            threading.Thread(target=self._read, name="registration answers", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        try:
            return self._wait(cancelled, progress), self._field
        finally:
            self.end()

    def end(self) -> None:
        """Kills it, paused or not; may be called twice."""
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                continue  # what was still buffered for a process that is gone

    def _send(self, talk: Message, fixed: Reduced, moving: Reduced) -> None:
        stream: BinaryIO = self._process.stdin  # type: ignore[assignment]
        try:
            write_numbers(stream, talk, fixed.values, moving.values)
        except (OSError, ValueError):
            return  # it has gone; that there is no answer says so

    def _read(self) -> None:
        stream: BinaryIO = self._process.stdout  # type: ignore[assignment]
        try:
            while (message := read_message(stream)) is not None:
                if "shape" in message.get("found", {}):
                    self._field = read_numbers(stream, message["found"]["shape"])
                self._answers.put(message)
        except (OSError, ValueError):
            pass
        self._answers.put(None)

    def _wait(self, cancelled: Callable[[], bool], progress: Callable[[float], object]) -> dict[str, Any]:
        left, before, paused = SECONDS, time.monotonic(), 0.0
        while not cancelled():
            now = time.monotonic()
            if self._is_paused:
                paused += now - before
            else:
                left -= now - before
                paused = max(0.0, paused - (now - before))
            before = now
            self._pause(self._courtesy.asks and paused < MOST_PAUSE_SECONDS)
            if left <= 0:
                raise Unavailable("it takes too long")
            try:
                message = self._answers.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            if message is None:
                raise Unavailable("the registration ended by itself")
            if "progress" in message:
                progress(float(message["progress"]))
            elif "refused" in message:
                raise Unavailable(str(message["refused"]))
            else:
                return dict(message["found"])
        raise Stopped

    def _pause(self, is_asked: bool) -> None:
        if CAN_PAUSE and is_asked is not self._is_paused:
            os.kill(self._process.pid, signal.SIGSTOP if is_asked else signal.SIGCONT)
            self._is_paused = is_asked
