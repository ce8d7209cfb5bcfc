"""Reads every hand microphone and pedal that is plugged in, in a thread of its own; plugged in later, too.

The thread sleeps until a device says something; now and then it looks which devices there are. What it tells comes on
that thread.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dictation.hand_controls.hidraw import NODES, SYSTEM, Node, missing, nodes, refused
from workstation.domain.hand_button import HandButton
from workstation.errors import Unavailable

LOOK_SECONDS = 1.5
"""So long after it was plugged in a device is known."""
MOST_BYTES = 4096
TIMES_REFUSED = 2
"""The first time the system may not yet have said who may read what was plugged in a moment ago."""


@dataclass(frozen=True, slots=True)
class Connected:
    name: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Pulled out, with what was held down then."""

    name: str
    held: frozenset[HandButton]


@dataclass(frozen=True, slots=True)
class Pressed:
    button: HandButton
    at: float
    """Seconds of `time.monotonic`, when it was read: the window may be busy."""


@dataclass(frozen=True, slots=True)
class Released:
    button: HandButton
    at: float


HandEvent = Connected | Gone | Pressed | Released | Unavailable


@dataclass(slots=True)
class _Open:
    node: Node
    descriptor: int
    held: frozenset[HandButton] = field(default_factory=frozenset)


def opened(path: Path) -> int:
    """Its file descriptor: for its light, too, where that is allowed. Raises OSError."""
    flags = os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(path, os.O_RDWR | flags)
    except PermissionError:
        return os.open(path, os.O_RDONLY | flags)


class HandReader:
    """`tell` hears what happens, on the reader's thread. Started and stopped on any one thread."""

    def __init__(
        self,
        tell: Callable[[HandEvent], object],
        system: Path = SYSTEM,
        folder: Path = NODES,
        look_seconds: float = LOOK_SECONDS,
        opened: Callable[[Path], int] = opened,
    ) -> None:
        self._tell, self._opened = tell, opened
        self._system, self._folder, self._look_seconds = system, folder, look_seconds
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] = (-1, -1)
        self._lock = threading.Lock()
        self._open: dict[Path, _Open] = {}
        self._refused: Counter[Path] = Counter()
        self._is_lit = False
        self._is_over = False

    @property
    def unavailable(self) -> Unavailable | None:
        """Why there are none on this computer, or None."""
        return missing(self._system)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the devices that are read now."""
        with self._lock:
            return tuple(open_.node.device.name for open_ in self._open.values())

    def start(self) -> None:
        """Nothing where this computer shows no such devices."""
        if self._thread is not None or self.unavailable is not None:
            return
        self._is_over = False
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="hand microphones", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Lights go out, devices are let go."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._is_over = True
        os.write(self._wake[1], b"\0")
        thread.join()
        for end in self._wake:
            os.close(end)

    def light(self, on: bool) -> None:
        """The record light of every device whose light is known."""
        with self._lock:
            if self._is_lit is not on:
                self._is_lit = on
                for open_ in self._open.values():
                    _shine(open_, on)

    # ---- the thread --------------------------------------------------------------------

    def _run(self) -> None:
        looked_at = -self._look_seconds
        while not self._is_over:
            if time.monotonic() - looked_at >= self._look_seconds:
                self._look()
                looked_at = time.monotonic()
            self._listen(self._look_seconds)
        for open_ in list(self._open.values()):
            _shine(open_, False)
            self._close(open_)

    def _look(self) -> None:
        """Takes up what was plugged in."""
        there = {node.path: node for node in nodes(self._system, self._folder)}
        self._refused = Counter({path: times for path, times in self._refused.items() if path in there})
        for path, open_ in list(self._open.items()):
            if path not in there:
                self._lose(open_)
        for path, node in there.items():
            if path not in self._open:
                self._take_up(node)

    def _take_up(self, node: Node) -> None:
        try:
            descriptor = self._opened(node.path)
        except PermissionError:
            self._refused[node.path] += 1
            if self._refused[node.path] == TIMES_REFUSED:
                self._tell(refused(node.device))
            return
        except OSError:  # pulled out meanwhile, or its file is not yet made
            return
        del self._refused[node.path]
        open_ = _Open(node, descriptor)
        with self._lock:
            self._open[node.path] = open_
            if self._is_lit:
                _shine(open_, True)
        self._tell(Connected(node.device.name))

    def _listen(self, seconds: float) -> None:
        poll = select.poll()
        poll.register(self._wake[0], select.POLLIN)
        by_descriptor = {open_.descriptor: open_ for open_ in self._open.values()}
        for descriptor in by_descriptor:
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(1000 * seconds):
            if descriptor in by_descriptor:
                self._read(by_descriptor[descriptor])

    def _read(self, open_: _Open) -> None:
        try:
            read = os.read(open_.descriptor, MOST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            read = b""
        if not read:
            self._lose(open_)
            return
        down = open_.node.device.buttons(open_.node.report(read))
        if down is None:
            return
        before, open_.held, now = open_.held, down, time.monotonic()
        for button in sorted(before - down):
            self._tell(Released(button, now))
        for button in sorted(down - before):
            self._tell(Pressed(button, now))

    def _lose(self, open_: _Open) -> None:
        self._close(open_)
        self._tell(Gone(open_.node.device.name, open_.held))

    def _close(self, open_: _Open) -> None:
        with self._lock:
            del self._open[open_.node.path]
        with contextlib.suppress(OSError):
            os.close(open_.descriptor)


def _shine(open_: _Open, on: bool) -> None:
    said = open_.node.light(on)
    if said:
        with contextlib.suppress(OSError):  # its light is a nicety
            os.write(open_.descriptor, said)
