"""Our end of an engine's process: start it, feed it, hear from it, notice its death."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from dictation.engines import wire
from dictation.models import EngineModel
from workstation.child_environment import child_environment

ROOT = Path(__file__).resolve().parent.parent.parent
START = "import sys; sys.path.insert(0, sys.argv[1]); from dictation.engines.host import main; main(*sys.argv[2:])"


class EngineProcess:
    """One started engine. `on_message` comes from a thread of ours; after `{"is": "dead"}` no more.

    `send` never blocks: what the engine has not taken yet waits in a queue, and dies with it.
    """

    def __init__(self, model: EngineModel, language: str, on_message: Callable[[EngineProcess, wire.Message], None]) -> None:
        self._on_message = on_message
        self._outgoing: queue.SimpleQueue[tuple[wire.Message, bytes] | None] = queue.SimpleQueue()
        arguments = [str(ROOT), model.kind, str(model.path), language, str(_threads())]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-c", START, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            close_fds=True,
            bufsize=0,
        )
        self._threads = [
            threading.Thread(target=self._read, name="engine-reader", daemon=True),
            threading.Thread(target=self._write, name="engine-writer", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: wire.Message, payload: bytes = b"") -> None:
        self._outgoing.put((message, payload))

    def kill(self) -> None:
        """End it now, whatever it does; its death is reported as usual."""
        self._process.kill()

    def close(self) -> None:
        """End it and wait until it and our threads are gone."""
        self._process.kill()
        self._process.wait()
        self._outgoing.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                _close_quietly(stream)

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while (received := wire.read(self._process.stdout)) is not None:
                self._on_message(self, received[0])
        except wire.BrokenWire:
            self._process.kill()
        self._process.wait()
        self._on_message(self, {"is": "dead", "status": self._process.returncode})

    def _write(self) -> None:
        assert self._process.stdin is not None
        while (item := self._outgoing.get()) is not None:
            try:
                wire.write(self._process.stdin, *item)
            except OSError:
                return


def _close_quietly(stream: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        stream.close()


def _threads() -> int:
    """Cores for decoding: images come first, so half of them, four at most."""
    return max(1, min(4, (os.cpu_count() or 1) // 2))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in child_environment().items() if not name.lower().endswith("_proxy")}
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return kept | offline | {"OMP_NUM_THREADS": str(_threads()), "PYTHONWARNINGS": "ignore"}
