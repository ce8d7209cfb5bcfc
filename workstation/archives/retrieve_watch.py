"""LateImages: asks again for the lists of open and listed studies, so that late images announce themselves (F59)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from workstation.errors import WorkstationError

logger = logging.getLogger(__name__)

EVERY_SECONDS = 180.0


class Checks(Protocol):
    """`Retrievals`, as far as it is asked here."""

    def check_again(self, study_instance_uid: str, cancelled: Callable[[], bool]) -> object: ...


class LateImages:
    """A thread of its own. `studies` names those that matter now; `look` has one checked at once, as when it is opened."""

    def __init__(self, retrievals: Checks, studies: Callable[[], Iterable[str]], every: float = EVERY_SECONDS) -> None:
        self._retrievals = retrievals
        self._studies = studies
        self._every = every
        self._lock = threading.Lock()
        self._first: list[str] = []
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="late images", daemon=True)
            self._thread.start()

    def look(self, study_instance_uid: str) -> None:
        """Soon, before the others."""
        with self._lock:
            self._first.append(study_instance_uid)
        self._woken.set()

    def stop(self) -> None:
        """What is being fetched is put away; what has come stays."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._woken.wait(self._every):
                self._check(self._studies())
            self._woken.clear()
            with self._lock:
                first, self._first = self._first, []
            self._check(dict.fromkeys(first))

    def _check(self, studies: Iterable[str]) -> None:
        for study in studies:
            if self._stopping.is_set():
                return
            try:
                self._retrievals.check_again(study, self._stopping.is_set)
            except WorkstationError as error:
                logger.info("late images: %s", error.title)
