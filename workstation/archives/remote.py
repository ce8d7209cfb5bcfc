"""RemoteConnection: an archive as the program sees it; processes of their own do the talking.

Nothing an archive sends is interpreted here but JSON of our own making. A process that hangs is
killed, one that died is started again, and what was under way fails in words.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from workstation.archives.gateway import wire
from workstation.archives.remote_process import GatewayProcess
from workstation.child_process import ProcessGone
from workstation.domain.archive import (
    Archive,
    FoundInstance,
    FoundSeries,
    FoundStudy,
    ReceivedFile,
    RetrieveMethod,
    SendResult,
    StudyQuery,
    TestStep,
)
from workstation.domain.scheduled_step import ScheduledStep
from workstation.errors import Unavailable

T = TypeVar("T")
OnEvent = Callable[[wire.Message], None]

POLL_SECONDS = 0.05
"""How soon it is noticed that nobody wants the answer any more."""
CANCEL_SECONDS = 3.0
"""What a process may take to stop politely (C-CANCEL, release) before it is killed."""

MOST_NOTES = 100


def _never() -> bool:
    return False


class _Lane:
    """Processes for one kind of request: so many at a time, kept while they live."""

    def __init__(self, start: Callable[[], GatewayProcess], most: int) -> None:
        self._start = start
        self._free = threading.Semaphore(most)
        self._lock = threading.Lock()
        self._idle: list[GatewayProcess] = []
        self._busy: list[GatewayProcess] = []
        self._is_warming = False
        self._closed = False

    def warm(self) -> None:
        """Has a process there before it is asked for: starts one in the background where none lives."""
        with self._lock:
            is_there = self._is_warming or self._busy or any(process.is_alive for process in self._idle)
            if is_there or self._closed:
                return
            self._is_warming = True
        threading.Thread(target=self._warm, name="archive start", daemon=True).start()

    def _warm(self) -> None:
        try:
            with self.borrowed(_never):
                pass
        except Unavailable:  # whoever asks is told why
            return
        finally:
            self._is_warming = False

    @contextmanager
    def borrowed(self, cancelled: Callable[[], bool]) -> Iterator[tuple[GatewayProcess, bool]]:
        """A process, and whether it was just started. It comes back only if the borrower left it in good order."""
        while not self._free.acquire(timeout=POLL_SECONDS):
            if cancelled():
                raise Unavailable("Cancelled")
        try:
            process, is_new = self._take()
            try:
                yield process, is_new
            except BaseException:
                # Whatever was under way, its answers must not reach the next borrower.
                self._forget(process)
                raise
            self._give_back(process)
        finally:
            self._free.release()

    def _take(self) -> tuple[GatewayProcess, bool]:
        with self._lock:
            if self._closed:
                raise Unavailable("The connection to the archive is closed")
            while self._idle:
                process = self._idle.pop()
                if process.is_alive:
                    self._busy.append(process)
                    return process, False
                process.end()
        process = self._start()
        if self._is_wanted(process):
            return process, True
        process.end()
        raise Unavailable("The connection to the archive is closed")

    def _is_wanted(self, process: GatewayProcess) -> bool:
        """Not where this was closed while the process started."""
        with self._lock:
            if not self._closed:
                self._busy.append(process)
            return not self._closed

    def _give_back(self, process: GatewayProcess) -> None:
        with self._lock:
            if process.is_alive and not self._closed:
                self._busy.remove(process)
                self._idle.append(process)
                return
        self._forget(process)

    def _forget(self, process: GatewayProcess) -> None:
        with self._lock:
            self._busy.remove(process)
        process.end()

    @property
    def pids(self) -> tuple[int, ...]:
        with self._lock:
            return tuple(process.pid for process in (*self._idle, *self._busy))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for process in self._busy:
                process.kill()
        for process in idle:
            process.end()


class RemoteConnection:
    """Implements `ArchiveConnection`; thread-safe. Asking, fetching and sending never wait for each other.

    Processes start at first use, end when idle for two minutes, and are started again when needed.
    """

    def __init__(self, archive: Archive, secret: str = "", incoming_key: bytes = b"") -> None:
        self.archive = archive
        self.notes: deque[str] = deque(maxlen=MOST_NOTES)
        """What archives said and what was turned away, in words without patient data; the latest last."""

        def start() -> GatewayProcess:
            return GatewayProcess(archive, secret, incoming_key)

        # Only one C-MOVE at a time: there is one port to listen at.
        fetching = 1 if archive.retrieve is RetrieveMethod.C_MOVE and archive.listen_port else max(archive.connections, 1)
        self._asking = _Lane(start, 1)
        self._fetching = _Lane(start, fetching)
        self._sending = _Lane(start, 1)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that are alive or were a moment ago."""
        return tuple(pid for lane in self._lanes for pid in lane.pids)

    def warm(self, fetching: bool = False) -> None:
        """Somebody is about to ask, or to fetch: the process for it starts now, in the background."""
        (self._fetching if fetching else self._asking).warm()

    def test(self) -> tuple[TestStep, ...]:
        try:
            return self._results(TestStep, self._asking, {"do": "test"})
        except Unavailable as reason:
            return (TestStep("Connection", False, str(reason)),)

    def find_studies(self, query: StudyQuery, cancelled: Callable[[], bool] = _never) -> tuple[FoundStudy, ...]:
        request = {"do": "find_studies", "query": wire.encode(query)}
        found = self._results(FoundStudy, self._asking, request, cancelled)
        if found:
            self.warm(fetching=True)  # what was sought and found is often fetched next
        return found

    def find_series(self, study_instance_uid: str) -> tuple[FoundSeries, ...]:
        return self._results(FoundSeries, self._asking, {"do": "find_series", "study": study_instance_uid})

    def find_instances(self, study_instance_uid: str, series_instance_uid: str = "") -> tuple[FoundInstance, ...]:
        request = {"do": "find_instances", "study": study_instance_uid, "series": series_instance_uid}
        return self._results(FoundInstance, self._asking, request)

    def scheduled_steps(self, cancelled: Callable[[], bool] = _never) -> tuple[ScheduledStep, ...]:
        return self._results(ScheduledStep, self._asking, {"do": "scheduled_steps"}, cancelled)

    def retrieve(
        self,
        study_instance_uid: str,
        wanted: Sequence[FoundInstance],
        into: Path,
        on_file: Callable[[ReceivedFile], None],
        on_bytes: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = _never,
        kilobits: int = 0,
    ) -> None:
        def on_event(event: wire.Message) -> None:
            if "bytes" in event:
                on_bytes(int(event["bytes"]))
            elif "file" in event:
                on_file(_file_in(into.absolute(), event["file"]))

        request = {
            "do": "retrieve",
            "study": study_instance_uid,
            "wanted": wire.encode(tuple(wanted)),
            "into": str(into.absolute()),
            "kilobits": kilobits,
        }
        self._ask(self._fetching, request, cancelled, on_event)

    def send(self, files: Sequence[Path], cancelled: Callable[[], bool] = _never) -> tuple[SendResult, ...]:
        request = {"do": "send", "files": [str(path.absolute()) for path in files]}
        return self._results(SendResult, self._sending, request, cancelled)

    def prove(self, objects: Sequence[FoundInstance], study_instance_uid: str) -> tuple[SendResult, ...]:
        request = {"do": "prove", "objects": wire.encode(tuple(objects)), "study": study_instance_uid}
        return self._results(SendResult, self._asking, request)

    def close(self) -> None:
        """Ends the processes; calls under way fail."""
        for lane in self._lanes:
            lane.close()

    @property
    def _lanes(self) -> tuple[_Lane, ...]:
        return self._asking, self._fetching, self._sending

    def _results(
        self, kind: type[T], lane: _Lane, request: wire.Message, cancelled: Callable[[], bool] = _never
    ) -> tuple[T, ...]:
        answer = self._ask(lane, request, cancelled, lambda _: None)
        try:
            return wire.decode_many(kind, answer or ())
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable("The archive process gave no sense") from error

    def _ask(self, lane: _Lane, request: wire.Message, cancelled: Callable[[], bool], on_event: OnEvent) -> Any:
        while True:
            with lane.borrowed(cancelled) as (process, is_new):
                heard = False

                def hear(event: wire.Message) -> None:
                    nonlocal heard
                    heard = True
                    on_event(event)

                try:
                    answer = self._converse(process, request, cancelled, hear)
                except ProcessGone as error:
                    if not is_new and not heard:
                        # It had ended for want of work just when it was asked.
                        again = True
                    else:
                        raise Unavailable(
                            "The connection to the archive ended", "The process that talks to it died", "Try again"
                        ) from error
                else:
                    again = False
            if not again:
                if "error" in answer:
                    raise wire.decode_error(answer["error"])
                return answer["finished"]

    def _converse(
        self, process: GatewayProcess, request: wire.Message, cancelled: Callable[[], bool], on_event: OnEvent
    ) -> wire.Message:
        """The last word. Raises ProcessGone, and Unavailable for a process that is silent for too long."""
        process.send(request)
        patience = self.archive.timeout_seconds * 2
        heard = asked_to_stop = time.monotonic()
        is_stopping = False
        while True:
            message = process.receive(POLL_SECONDS)
            now = time.monotonic()
            if message is not None:
                if "finished" in message or "error" in message:
                    return message
                if "note" in message:
                    self.notes.append(str(message["note"]))
                on_event(message)
                heard = time.monotonic()
            if not is_stopping and cancelled():
                process.send({"cancel": True})
                is_stopping, asked_to_stop = True, now
            elif is_stopping and now - asked_to_stop > CANCEL_SECONDS:
                raise Unavailable("Cancelled", "The archive did not stop sending and was cut off")
            if now - heard > patience:
                raise Unavailable(
                    "The archive does not answer", f"Nothing for {patience:.0f} s", "Try again later; test the archive"
                )


def _file_in(folder: Path, told: wire.Message) -> ReceivedFile:
    """A file that lies where it was asked to be written: whoever gets it removes it, so it must be no other."""
    try:
        file = wire.decode(ReceivedFile, told)
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable("The archive process gave no sense") from error
    if file.path.parent != folder or file.path.is_symlink():
        raise Unavailable("The archive process gave no sense", "It named a file that it was not asked for")
    return file
