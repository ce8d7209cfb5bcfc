"""Small typed signals, declared on the class that owns the state.

Emitted on the main thread only: work done elsewhere arrives there through `workstation.jobs`.
No string topics, no global bus.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Signal(Generic[T]):
    """Calls every connected listener with one payload, in the order they connected.

    Bound methods are held weakly, so a closed widget hears nothing more; everything
    else (functions, lambdas, built-in methods) is held strongly and stay until disconnected.
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[[], Callable[[T], object] | None]] = []

    def connect(self, listener: Callable[[T], object]) -> None:
        self._listeners.append(_reference(listener))

    def disconnect(self, listener: Callable[[T], object]) -> None:
        self._listeners = [ref for ref in self._listeners if ref() not in (None, listener)]

    def emit(self, payload: T) -> None:
        assert threading.current_thread() is threading.main_thread(), "signals belong to the main thread"
        for reference in list(self._listeners):
            listener = reference()
            if listener is None:
                self._listeners.remove(reference)
            else:
                listener(payload)


def _reference(listener: Callable[[T], object]) -> Callable[[], Callable[[T], object] | None]:
    if inspect.ismethod(listener):
        return weakref.WeakMethod(listener)
    return lambda: listener
