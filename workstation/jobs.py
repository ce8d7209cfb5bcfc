"""The one module where threads meet.

Work runs in lanes; values come back to the main thread. A lane with one worker keeps order
(`DATABASE` owns the report store's writes), a `slot` keeps only the latest request, for
anything a scroll wheel can ask for faster than it can be answered.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)

DATABASE = "database"
OPENING = "opening"
IMAGES = "images"
BESIDE = "beside"
FILES = "files"
PICTURES = "pictures"
NETWORK = "network"
DECODING = "decoding"
ARCHIVES = "archives"
RETRIEVALS = "retrievals"
REGISTRATION = "registration"
MODELS = "models"
RELEASE = "release"
WORKLIST = "worklist"

# Loading keeps one thread busy waiting for the decode worker; two let a second series start.
# A retrieval takes minutes: neither the RIS nor a question to an archive waits behind one.
LANES = {
    DATABASE: 1,
    # What a case is made of, and nothing else: it never waits behind other work (F63).
    OPENING: 2,
    # Frames of the open case.
    IMAGES: 2,
    # What is read and reckoned besides: objects, reports, priors in order, lesions, what 3D hides.
    BESIDE: 2,
    # What takes minutes: imports, exports.
    FILES: 2,
    PICTURES: 2,
    NETWORK: 1,
    ARCHIVES: 2,
    RETRIEVALS: 3,
    DECODING: 1,
    REGISTRATION: 1,
    MODELS: 1,
    RELEASE: 1,
    # One takes up what changed, the other pages meanwhile.
    WORKLIST: 2,
}


class Cancel:
    """Asked by the work now and then; set when nobody wants the answer any more."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        self._event.set()


@dataclass(slots=True)
class Job:
    """A piece of work under way. `cancel.set()` asks it to stop; its answer is then dropped."""

    lane: str = ""
    cancel: Cancel = field(default_factory=Cancel)
    finished: threading.Event = field(default_factory=threading.Event)


class MainQueue:
    """The main thread's letter box for programs without an event loop; Qt has its own poster."""

    def __init__(self) -> None:
        self._letters: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def post(self, call: Callable[[], None]) -> None:
        self._letters.put(call)

    def pump(self, timeout: float = 0.0) -> bool:
        """Run one waiting call, waiting up to `timeout` seconds for it. False when none came."""
        try:
            call = self._letters.get(timeout=timeout) if timeout else self._letters.get_nowait()
        except queue.Empty:
            return False
        call()
        return True


class Jobs:
    """Lanes of threads. `post` hands a call to the main thread, in order."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._pools = {lane: ThreadPoolExecutor(workers, thread_name_prefix=lane) for lane, workers in LANES.items()}
        self._slots: dict[str, Job] = {}
        # The garbage collector may call in the middle of a call.
        self._lock = threading.RLock()
        self._jobs: dict[int, Job] = {}
        self._closed = False

    def run(
        self,
        lane: str,
        work: Callable[[Cancel], T],
        done: Callable[[T], object] | None = None,
        failed: Callable[[Exception], object] | None = None,
        slot: str = "",
    ) -> Job:
        """Start `work` in `lane`; `done(value)` or `failed(error)` follow on the main thread.

        With a `slot`, an earlier job of the same slot is cancelled and its answer dropped.
        An error that nobody takes is logged by type only: its text may come from outside.
        After `close` nothing is started any more: the job comes back finished and unanswered.
        """
        job = Job(lane)
        with self._lock:  # whoever closes waits until the pool has it: a thread that asks meanwhile gets no error
            if self._closed:
                job.cancel.set()
                job.finished.set()
                return job
            if slot:
                earlier = self._slots.get(slot)
                self._slots[slot] = job
                if earlier is not None:
                    earlier.cancel.set()
            self._jobs[id(job)] = job
            self._pools[lane].submit(self._work, job, work, done, failed)
        return job

    def is_busy(self, lane: str) -> bool:
        """Whether work of this lane waits, runs or has not told its answer yet. Any thread."""
        with self._lock:
            return any(job.lane == lane for job in self._jobs.values())

    def on_main(self, call: Callable[[], None]) -> None:
        """Run `call` on the main thread soon."""
        self._post(call)

    def wait_idle(self, pump: Callable[[float], bool], timeout: float) -> bool:
        """For programs without an event loop and for tests: pump until no job is left."""
        import time

        end = time.monotonic() + timeout
        while time.monotonic() < end:
            pumped = pump(0.01)
            with self._lock:
                if not self._jobs and not pumped:
                    return True
        return False

    def close(self) -> None:
        """Cancel everything, let running work see it, and end the threads."""
        with self._lock:
            self._closed = True
            for job in self._jobs.values():
                job.cancel.set()
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        with self._lock:  # those that never began
            for job in self._jobs.values():
                job.finished.set()
            self._jobs.clear()

    def _work(
        self,
        job: Job,
        work: Callable[[Cancel], T],
        done: Callable[[T], object] | None,
        failed: Callable[[Exception], object] | None,
    ) -> None:
        if job.cancel():
            self._forget(job)
            return
        try:
            value = work(job.cancel)
        except Exception as error:
            self._post(lambda error=error: self._finish(job, failed or _log, error))  # type: ignore[misc]  # mypy infers no lambda with a default
        else:
            self._post(lambda: self._finish(job, done, value))

    def _finish(self, job: Job, receiver: Callable[[Any], object] | None, value: object) -> None:
        self._forget(job)
        if receiver is not None and not job.cancel():
            receiver(value)

    def _forget(self, job: Job) -> None:
        job.finished.set()
        with self._lock:
            self._jobs.pop(id(job), None)


def _log(error: Exception) -> None:
    logger.error("a job failed: %s", type(error).__name__)
