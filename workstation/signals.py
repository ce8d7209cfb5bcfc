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


class Owners:
    """Whether the owner of a bound method still is what it was. The window plugs in what it knows of widgets:
    one that Qt has deleted may live on in Python for a while, held by a circle of references.
    """

    are_there: Callable[[object], bool] = staticmethod(lambda _: True)


class Signal(Generic[T]):
    """Calls every connected listener with one payload, in the order they connected.

    Bound methods are held weakly, so a closed widget hears nothing more; everything
    else (functions, lambdas, built-in methods) is held strongly and stay until disconnected.
    A listener that raises keeps no other from hearing; what the first one raised is raised at the end.
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[[], Callable[[T], object] | None]] = []

    def connect(self, listener: Callable[[T], object]) -> None:
        self._listeners.append(_reference(listener))

    def disconnect(self, listener: Callable[[T], object]) -> None:
        self._listeners = [ref for ref in self._listeners if ref() not in (None, listener)]

    def emit(self, payload: T) -> None:
        assert threading.current_thread() is threading.main_thread(), "signals belong to the main thread"
        failed: Exception | None = None
        for reference in list(self._listeners):
            listener = reference()
            if listener is None or not Owners.are_there(getattr(listener, "__self__", None)):
                self._listeners = [ref for ref in self._listeners if ref is not reference]
                continue
            try:
                listener(payload)
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed


def _reference(listener: Callable[[T], object]) -> Callable[[], Callable[[T], object] | None]:
    if inspect.ismethod(listener):
        return weakref.WeakMethod(listener)
    return lambda: listener
