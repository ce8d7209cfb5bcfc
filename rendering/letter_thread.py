"""One thread that does what is brought to it, in order. Unlike an executor it also takes work from a finalizer.

The garbage collector runs in the middle of any call. `ThreadPoolExecutor.submit` holds a lock of all executors while it
makes objects: a finalizer that submits work then waits for the lock of its own thread, for good.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class LetterThread:
    """Begun with the first `submit`; ends with the program, after what was brought by then."""

    def __init__(self, name: str) -> None:
        self._name = name
        # Its `put` may be called again in the middle of itself.
        self._letters: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._beginning = threading.Lock()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """What `work` gives, later. Not for finalizers."""
        future: Future[T] = Future()
        self._begin()
        self._letters.put(lambda: _answer(future, work))
        return future

    def leave(self, work: Callable[[], object]) -> None:
        """Have `work` done after what waits; what it gives or raises is dropped. Takes no lock. Nothing before a `submit`."""
        if self._thread is not None:
            self._letters.put(lambda: _answer(Future(), work))

    def _begin(self) -> None:
        with self._beginning:
            if self._thread is None:
                # Python joins other threads before it calls `_end`: this one would be waited for in vain.
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
                atexit.register(self._end)

    def _work(self) -> None:
        while self._is_next():
            pass

    def _is_next(self) -> bool:
        # A frame of its own: what was done is held by nobody while the next is waited for.
        letter = self._letters.get()
        if letter is not None:
            letter()
        return letter is not None

    def _end(self) -> None:
        self._letters.put(None)
        if self._thread is not None:
            self._thread.join()


def _answer(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        value = work()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(value)
