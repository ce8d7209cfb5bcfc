"""One archive process as the program sees it: start, request, events with a time limit, end."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from workstation.archives.gateway import wire
from workstation.child_environment import child_environment
from workstation.domain.archive import Archive
from workstation.errors import Unavailable

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from workstation.archives.gateway.__main__ import main
main()
"""
_START_SECONDS = 60.0


class GatewayDied(Exception):
    """The process ended or was ended; how far it got is unknown."""


class GatewayProcess:
    """Not thread-safe: one borrower at a time. Secrets go in through standard input, never as an
    argument or in the environment, where every program of the machine could read them."""

    def __init__(self, archive: Archive, secret: str, incoming_key: bytes) -> None:
        """Raises Unavailable when the process does not start."""
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-B", "-c", _PROGRAM, str(_ROOT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MALLOC_ARENA_MAX="2"),
            )
        except OSError as error:
            raise Unavailable("The archive process cannot be started", error.strerror or "") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._answers: queue.SimpleQueue[wire.Message | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), name="archive answers", daemon=True)
        self._reader.start()
        self._greet({"archive": wire.encode(archive), "secret": secret, "incoming_key": wire.encode(incoming_key)})

    def _greet(self, hello: wire.Message) -> None:
        try:
            self.send(hello)
            ready = self.receive(_START_SECONDS)
        except GatewayDied as error:
            self.end()
            raise Unavailable("The archive process cannot be started") from error
        if ready is None:
            self.end()
            raise Unavailable("The archive process does not start", f"Nothing for {_START_SECONDS:.0f} s")

    def _read(self, stream: BinaryIO) -> None:
        try:
            while (message := wire.read_line(stream)) is not None:
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

    def send(self, message: wire.Message) -> None:
        """Raises GatewayDied."""
        try:
            wire.write_line(self._requests, message)
        except OSError as error:
            raise GatewayDied from error

    def receive(self, seconds: float) -> wire.Message | None:
        """The next answer, None when there was none in `seconds`. Raises GatewayDied when there will be none."""
        try:
            message = self._answers.get(timeout=seconds)
        except queue.Empty:
            return None
        if message is None:
            self._answers.put(None)
            raise GatewayDied
        return message

    def kill(self) -> None:
        """May be called from any thread: whoever waits for an answer gets GatewayDied."""
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
