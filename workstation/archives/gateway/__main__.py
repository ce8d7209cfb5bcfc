"""The archive process: one JSON request a line in, JSON lines out (see `wire`). Ends with its standard input.

It yields to the reader (nice), may hold so much memory and no more, leaves no core file behind and
writes nothing to standard error: what an archive sends is full of patients.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from workstation.archives.gateway import wire
from workstation.archives.gateway.connection import connect
from workstation.domain.archive import Archive, ArchiveConnection, FoundInstance, ReceivedFile, StudyQuery, TestStep
from workstation.domain.scheduled_step import WorklistConnection
from workstation.errors import Refused, Unavailable, WorkstationError

if sys.platform != "win32":
    import resource

MEMORY = 2 << 30
"""Bytes of address space. Objects are written as they come, so that their size does not count."""
IDLE_SECONDS = 120.0
"""An archive that nobody asks for so long costs no process."""
_NICENESS = 10
_TELL_SECONDS = 0.1


class Gateway:
    """Answers one request at a time; the thread that reads the next ones sees to cancelling and to the end."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._incoming = requests
        self._answers = answers
        self._requests: queue.SimpleQueue[wire.Message] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._untold = 0
        self._told = 0.0

    def serve(self) -> None:
        hello = wire.read_line(self._incoming)
        if hello is None:
            return
        connection = _connection(hello)
        if hasattr(connection, "on_note"):
            connection.on_note = self._tell_note
        self._answer({"ready": os.getpid()})
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        while True:
            try:
                request = self._requests.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                return
            self._answer(self._outcome(connection, request))

    def _read(self) -> None:
        while (request := wire.read_line(self._incoming)) is not None:
            if "cancel" in request:
                self._cancelled.set()
            else:
                self._cancelled.clear()
                self._requests.put(request)
        # Whoever asked is gone, however: nothing that is under way is of use to anybody.
        os._exit(0)

    def _outcome(self, connection: ArchiveConnection | Refused, request: wire.Message) -> wire.Message:
        if isinstance(connection, Refused):
            if request["do"] == "test":
                return {"finished": wire.encode((TestStep("Set-up", False, str(connection)),))}
            return {"error": wire.encode_error(connection)}
        try:
            return {"finished": wire.encode(self._do(connection, request))}
        except WorkstationError as error:
            return {"error": wire.encode_error(error)}
        except MemoryError:
            return {
                "error": ["Unavailable", "The archive's answer takes more memory than is allowed", "", "Ask for less at once"]
            }
        except Exception as error:
            # The class alone: its text may hold what the archive sent.
            return {
                "error": ["Unavailable", "Talking to the archive failed", type(error).__name__, "Try again; test the archive"]
            }

    def _do(self, connection: ArchiveConnection, request: wire.Message) -> Any:
        cancelled = self._cancelled.is_set
        match request["do"]:
            case "test":
                return connection.test()
            case "find_studies":
                return connection.find_studies(wire.decode(StudyQuery, request["query"]), cancelled)
            case "find_series":
                return connection.find_series(request["study"])
            case "find_instances":
                return connection.find_instances(request["study"], request["series"])
            case "scheduled_steps" if isinstance(connection, WorklistConnection):
                return connection.scheduled_steps(cancelled)
            case "retrieve":
                wanted = wire.decode_many(FoundInstance, request["wanted"])
                into, kilobits = Path(request["into"]), int(request["kilobits"])
                return connection.retrieve(request["study"], wanted, into, self._tell_file, self._tell_bytes, cancelled, kilobits)
            case "send":
                return connection.send([Path(path) for path in request["files"]], cancelled)
            case "prove":
                return connection.prove(wire.decode_many(FoundInstance, request["objects"]), request["study"])
            case _:
                raise Unavailable("The archive process does not know this request")

    def _tell_file(self, file: ReceivedFile) -> None:
        self._answer({"file": wire.encode(file)})

    def _tell_bytes(self, count: int) -> None:
        """Bytes arrive in pieces of some KB: told ten times a second, also when there are none, as a sign of life."""
        with self._lock:
            self._untold += count
            now = time.monotonic()
            if now - self._told < _TELL_SECONDS:
                return
            self._told = now
            self._tell_untold()

    def _tell_untold(self) -> None:
        wire.write_line(self._answers, {"bytes": self._untold})
        self._untold = 0

    def _tell_note(self, words: str) -> None:
        self._answer({"note": words})

    def _answer(self, message: wire.Message) -> None:
        """From any thread: a library's own read what an archive sends."""
        with self._lock:
            if "finished" in message and self._untold:
                self._tell_untold()
            wire.write_line(self._answers, message)


def _connection(hello: wire.Message) -> ArchiveConnection | Refused:
    """The connection, or why this archive's set-up cannot work."""
    archive = wire.decode(Archive, hello["archive"])
    try:
        return connect(archive, str(hello["secret"]), wire.decode_bytes(hello["incoming_key"]))
    except Refused as reason:
        return reason


def _limit_self() -> None:
    if sys.platform == "win32":
        return
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main() -> None:
    """Serve until standard input ends."""
    _limit_self()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library prints must not get between the lines.
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    try:
        Gateway(sys.stdin.buffer, answers).serve()
    except OSError:
        # The program is gone.
        os._exit(0)
    # Without waiting for a library's threads: a half-open association's may never end.
    os._exit(0)


if __name__ == "__main__":
    main()
