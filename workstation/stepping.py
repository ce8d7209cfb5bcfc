"""A thread that takes one step after the other of work that lies on disk, and sleeps while none is due."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from workstation.errors import WorkstationError

logger = logging.getLogger(__name__)
T = TypeVar("T")

LONGEST_SLEEP = 60.0


def _nobody(_: object) -> None:
    """Nobody listens."""


class Stepper(Generic[T]):
    """`step` does one thing and says which rows changed; none means that nothing was due.

    `seconds_until_due` says when something will be, None when nothing waits. `on_change` and `on_error` are
    called from the thread. An error ends the step, never the thread.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Sequence[T]],
        seconds_until_due: Callable[[], float | None],
        on_change: Callable[[T], object] = _nobody,
        on_error: Callable[[WorkstationError], object] = _nobody,
        longest_sleep: float = LONGEST_SLEEP,
    ) -> None:
        self._name = name
        self._step = step
        self._seconds_until_due = seconds_until_due
        self._on_change = on_change
        self._on_error = on_error
        self._longest_sleep = longest_sleep
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Step now, whatever was due when."""
        self._woken.set()

    def end(self) -> None:
        """No further step; does not wait for the one under way."""
        self._stopping.set()
        self._woken.set()

    def stop(self, timeout: float = 10.0, hasten: Callable[[], object] | None = None) -> None:
        """End the thread once its step is done. `hasten` is called again and again until it is."""
        if self._thread is None:
            return
        self.end()
        deadline = time.monotonic() + timeout
        while hasten is not None and self._thread.is_alive() and time.monotonic() < deadline:
            hasten()
            self._thread.join(0.1)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            changed: Sequence[T] = ()
            wait: float | None = self._longest_sleep
            try:
                changed = self._step()
                wait = 0.0 if changed else self._seconds_until_due()
            except WorkstationError as error:
                logger.warning("%s: %s", self._name, error.title)
                self._on_error(error)
            for row in changed:
                self._on_change(row)
            if wait != 0.0 and not self._stopping.is_set():
                self._woken.wait(self._longest_sleep if wait is None else min(wait, self._longest_sleep))
